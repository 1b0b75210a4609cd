import { Presets, SingleBar } from 'cli-progress';

/** Shows how far a run is. */
export interface Progress {
  /** What is done now. */
  now(note: string): void;
  /** One step is done; what it measured. */
  done(note: string): void;
  stop(): void;
}

/** A bar on a terminal; elsewhere (a log, a pipe) a line for each step. */
export function progressOf(stream: NodeJS.WriteStream, steps: number): Progress {
  let done = 0;
  if (stream.isTTY) {
    const format = '[{bar}] {percentage} % | {eta_formatted} left | {note}';
    // Redrawn now and then only: the client that measures runs in this process.
    const bar = new SingleBar(
      { stream, format, hideCursor: true, clearOnComplete: true, fps: 1, etaBuffer: 50 },
      Presets.legacy,
    );
    bar.start(steps, 0, { note: '' });
    return {
      now: (note) => bar.update(done, { note }),
      done: (note) => bar.update(++done, { note }),
      stop: () => bar.stop(),
    };
  }
  return {
    now: () => undefined,
    done: (note) =>
      void stream.write(`  ${String(++done).padStart(String(steps).length)}/${steps} ${note}\n`),
    stop: () => undefined,
  };
}
