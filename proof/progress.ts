import { Presets, SingleBar } from 'cli-progress';

/** Shows how far a part of the proof is. */
export interface Progress {
  show(done: number, note: string): void;
  stop(): void;
}

/** Seconds between two lines where there is no terminal. */
const EVERY = 15;

/** A bar on a terminal; elsewhere (a log, a pipe) a line now and then. */
export function progressOf(stream: NodeJS.WriteStream, what: string, total: number): Progress {
  if (stream.isTTY) {
    const format = `${what} [{bar}] {percentage} % | {eta_formatted} left | {note}`;
    const bar = new SingleBar({ stream, format, hideCursor: true, clearOnComplete: true }, Presets.legacy);
    bar.start(total, 0, { note: '' });
    return { show: (done, note) => bar.update(done, { note }), stop: () => bar.stop() };
  }
  stream.write(`${what} ...\n`);
  let told = performance.now();
  return {
    show(done, note) {
      if (performance.now() - told < EVERY * 1000) return;
      told = performance.now();
      stream.write(`  ${Math.floor((100 * done) / total)} %, ${note}\n`);
    },
    stop: () => undefined,
  };
}
