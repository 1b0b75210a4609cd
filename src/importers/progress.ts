import { Presets, SingleBar } from 'cli-progress';

/** Shows how far a long task is. */
export interface ProgressView {
  show(progress: { phase: string; done: number; total: number }): void;
  stop(): void;
}

/** A bar on a terminal; elsewhere (a log, a pipe) one line for each phase. */
export function progressView(stream: NodeJS.WriteStream): ProgressView {
  return stream.isTTY ? barView(stream) : lineView(stream);
}

function barView(stream: NodeJS.WriteStream): ProgressView {
  const format = '{phase} [{bar}] {percentage} %';
  const bar = new SingleBar({ stream, format, hideCursor: true, clearOnComplete: true }, Presets.legacy);
  let phase: string | undefined;
  return {
    show(progress) {
      if (progress.phase !== phase) {
        phase = progress.phase;
        bar.stop();
        bar.start(Math.max(progress.total, 1), progress.done, { phase: phase.padEnd(24) });
      }
      bar.update(progress.done);
    },
    stop: () => bar.stop(),
  };
}

function lineView(stream: NodeJS.WritableStream): ProgressView {
  let phase: string | undefined;
  return {
    show(progress) {
      if (progress.phase === phase) return;
      phase = progress.phase;
      stream.write(`${phase}\n`);
    },
    stop: () => undefined,
  };
}
