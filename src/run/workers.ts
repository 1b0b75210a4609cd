import cluster, { type Worker } from 'node:cluster';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { ClusterMetrics } from './cluster-metrics';
import type { Place } from './database';
import { isMessage, type ToFirst, type ToWorker } from './messages';

/** Connections come to this process and are handed to workers: after so many turns, those that waited have been. */
const HAND_OUT_TURNS = 15;
const TURN_MS = 10;
/** How long a worker has beyond the time of its requests, to close what it holds. */
const MARGIN_MS = 6_000;
/** A worker that served this long did not end for the reason that the one before it did. */
const LONG_ENOUGH_MS = 60_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;

/** How long to wait before a worker is replaced, in milliseconds: longer with each that ended early, up to 30 seconds. */
export const pauseAfter = (earlyEnds: number): number =>
  Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, Math.min(earlyEnds, 30) - 1));

export interface WorkersOptions {
  readonly count: number;
  readonly place: Place;
  readonly shutdownSeconds: number;
  readonly log: Logger;
}

/** The workers could not be started; what was wrong, the worker itself has told. */
export class WorkersError extends Error {}

/**
 * Server processes on one port. They share nothing but the database: this process gives each its address and the key,
 * replaces those that end, and hands out connections.
 */
export class Workers {
  readonly metrics = new ClusterMetrics();
  private readonly running = new Set<Worker>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private stopping = false;
  private up = false;

  constructor(private readonly options: WorkersOptions) {}

  /**
   * Starts all of them and answers where they listen. The first one alone, so that what is wrong is told once.
   * Raises WorkersError when one ends before it listens.
   */
  async start(): Promise<string> {
    const address = await this.fork(0);
    await Promise.all(Array.from({ length: this.options.count - 1 }, () => this.fork(0)));
    this.up = true;
    return address;
  }

  /** The metrics of all of them. */
  read(): Promise<string> {
    const connected = [...this.running].filter((worker) => worker.isConnected());
    return this.metrics.read(
      connected.map((worker) => ({ id: worker.id, ask: () => tell(worker, { type: 'metrics' }) })),
    );
  }

  /** Lets each finish what it does, and ends those that do not. */
  async stop(): Promise<void> {
    this.stopping = true;
    for (const timer of this.timers) clearTimeout(timer);
    const ends = [...this.running].map(
      (worker) => new Promise<void>((resolve) => worker.once('exit', () => resolve())),
    );
    for (const worker of this.running) tell(worker, { type: 'stop' });
    for (let turn = 0; turn < HAND_OUT_TURNS; turn += 1) await pause(TURN_MS);
    for (const worker of this.running) tell(worker, { type: 'end' });
    const kill = setTimeout(
      () => {
        for (const worker of this.running) worker.process.kill('SIGKILL');
      },
      this.options.shutdownSeconds * 1000 + MARGIN_MS,
    );
    await Promise.all(ends);
    clearTimeout(kill);
  }

  /** @param earlyEnds how many in a row ended early in the place that it takes */
  private fork(earlyEnds: number): Promise<string> {
    const { log, place } = this.options;
    const began = performance.now();
    const worker = cluster.fork();
    const names = { worker: worker.id, pid: worker.process.pid };
    this.running.add(worker);
    log.info(names, 'a worker starts');
    tell(worker, { type: 'start', ...place });
    // A message that no longer reaches it: its end is told by itself.
    worker.on('error', (error) => log.warn({ ...names, err: error }, 'a worker cannot be told'));
    // After all that it has sent was read.
    worker.once('disconnect', () => this.metrics.gone(worker.id));
    return new Promise((resolve, reject) => {
      worker.on('message', (message: unknown) => {
        if (!isMessage(message, 'listening', 'metrics')) return;
        const told = message as ToFirst;
        if (told.type === 'listening') resolve(told.address);
        else this.metrics.take(worker.id, told.metrics);
      });
      worker.once('exit', (code, signal) => {
        this.running.delete(worker);
        reject(new WorkersError('a worker ended before it served'));
        if (this.stopping || !this.up) return;
        const early = performance.now() - began < LONG_ENOUGH_MS ? earlyEnds + 1 : 1;
        const pauseMilliseconds = pauseAfter(early);
        log.error({ ...names, code, signal, pauseMilliseconds }, 'a worker ended; it will be replaced');
        this.replace(early, pauseMilliseconds);
      });
    });
  }

  private replace(earlyEnds: number, milliseconds: number): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.metrics.replaced();
      // If it ends early too, that is seen to where it ends.
      this.fork(earlyEnds).catch(() => undefined);
    }, milliseconds);
    this.timers.add(timer);
  }
}

function tell(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, () => undefined);
}
