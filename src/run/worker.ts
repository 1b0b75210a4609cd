import cluster from 'node:cluster';
import { readConfig } from '../config';
import { createLogger } from '../logging';
import type { Metrics } from '../watching/metrics';
import type { Place } from './database';
import { isMessage, type ToFirst, type ToWorker } from './messages';
import { Running } from './running';
import { fail } from './say';
import { serve } from './serve';

/** Resolves when it is sent, or cannot be. */
const tell = (message: ToFirst): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, () => resolve());
  });

/** A worker that was told to stop, but not by the first process, waits so long at most before it ends. */
const END_MS = 1_000;

/** One of several server processes: serves as the first process says, until that tells it to stop, or is gone. */
class WorkerProcess {
  private readonly running = new Running();
  private metrics: Metrics | null = null;
  private allowEnd: () => void = () => undefined;
  private readonly endAllowed = new Promise<void>((resolve) => {
    this.allowEnd = resolve;
  });

  run(): void {
    // Otherwise Node would end this process at once when the first one is gone, and not let requests finish.
    if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
    const end = (): void => void this.running.stop().then(() => process.exit(0), fail);
    // Ctrl-C in a terminal reaches every process.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end);
    process.on('disconnect', end);
    process.on('message', (message: unknown) => {
      if (!isMessage(message, 'start', 'stop', 'end', 'metrics')) return;
      const told = message as ToWorker;
      if (told.type === 'start') void this.start(told);
      else if (told.type === 'metrics') void this.tellMetrics();
      else if (told.type === 'end') this.allowEnd();
      else end();
    });
  }

  private async start(place: Place): Promise<void> {
    const { running } = this;
    try {
      const config = readConfig();
      const log = createLogger(config.logLevel).child({ worker: cluster.worker?.id });
      // Last of all, so that what it counted is not lost with it.
      running.onStop(() => this.tellMetrics());
      const { address, metrics } = await serve(config, place, log, running, () => this.mayEnd());
      this.metrics = metrics;
      await tell({ type: 'listening', address });
    } catch (error) {
      const stopped = running.stopping;
      await running.stop();
      // Told to stop while it started: what was still starting failed on that account.
      if (stopped) process.exit(0);
      fail(error);
    }
  }

  private async mayEnd(): Promise<void> {
    const timer = setTimeout(this.allowEnd, END_MS);
    await this.endAllowed;
    clearTimeout(timer);
  }

  private async tellMetrics(): Promise<void> {
    await tell({ type: 'metrics', metrics: (await this.metrics?.registry.getMetricsAsJSON()) ?? [] });
  }
}

/** Makes this process a worker. */
export function runWorker(): void {
  new WorkerProcess().run();
}
