/** The run was ended before its time: by whoever started it, or because it took too long. No stack is of use. */
export class Stopped extends Error {}

/**
 * Runs `act` with a signal that ends it: at Ctrl-C (a second one ends the process at once) and when told to end. Servers
 * are stopped and the database is put back by `act` on its way out.
 */
export async function stoppable<Result>(act: (stop: AbortController) => Promise<Result>): Promise<Result> {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(130);
    process.stderr.write('\nStopping: putting the database back. Once more to end at once.\n');
    stop.abort(new Stopped('Stopped before it was done; nothing was written.'));
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  try {
    return await act(stop);
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}
