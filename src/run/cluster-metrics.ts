import { AggregatorRegistry, Counter, Gauge, Registry } from 'prom-client';
import type { MetricsOfProcess } from './messages';

/** A worker that does not tell its metrics within this time is told with those that are known of it. */
const PATIENCE_MS = 2_000;

/** A worker, as far as its metrics go. */
export interface MeasuredWorker {
  readonly id: number;
  /** Asks it for its metrics, which come to `take`. */
  readonly ask: () => void;
}

/**
 * The metrics of all workers as one, by prom-client's own rules. What a worker counted stays counted when it is gone:
 * a sum that fell back would look to Prometheus like a restart, and everything before it like a burst of new events.
 */
export class ClusterMetrics {
  private readonly own = new Registry();
  private readonly workers = new Gauge({
    name: 'billing_workers',
    help: 'Server processes that run now',
    registers: [this.own],
  });
  private readonly restarts = new Counter({
    name: 'billing_worker_restarts_total',
    help: 'Server processes that ended by themselves and were replaced',
    registers: [this.own],
  });
  private readonly last = new Map<number, MetricsOfProcess>();
  private readonly waiting = new Map<number, Set<() => void>>();
  /** What workers counted that are gone. */
  private departed: MetricsOfProcess = [];

  /** The metrics in Prometheus' text format. */
  async read(workers: readonly MeasuredWorker[]): Promise<string> {
    this.workers.set(workers.length);
    await Promise.all(workers.map((worker) => this.hear(worker)));
    const own = await this.own.getMetricsAsJSON();
    return AggregatorRegistry.aggregate([own, ...this.last.values(), this.departed]).metrics();
  }

  /** What a worker told of itself. */
  take(id: number, metrics: MetricsOfProcess): void {
    this.last.set(id, metrics);
    for (const heard of this.waiting.get(id) ?? []) heard();
  }

  /** A worker is gone: what it counted is kept, what it was is not. */
  gone(id: number): void {
    const counted = this.last.get(id)?.filter(accumulates) ?? [];
    this.last.delete(id);
    for (const heard of this.waiting.get(id) ?? []) heard();
    if (counted.length === 0) return;
    const sums = AggregatorRegistry.aggregate([this.departed, counted]).getMetricsAsArray();
    // What it aggregates carries its values with it; its types do not tell.
    this.departed = sums.map((metric) => ({ ...(metric as MetricsOfProcess[number]) }));
  }

  /** A worker is replaced. */
  replaced(): void {
    this.restarts.inc();
  }

  private hear({ id, ask }: MeasuredWorker): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.waiting.get(id) ?? new Set();
      this.waiting.set(id, waiting);
      const heard = (): void => {
        clearTimeout(timer);
        waiting.delete(heard);
        if (waiting.size === 0) this.waiting.delete(id);
        resolve();
      };
      const timer = setTimeout(heard, PATIENCE_MS);
      waiting.add(heard);
      ask();
    });
  }
}

/** The type goes over the channel as a word. */
const accumulates = ({ type }: MetricsOfProcess[number]): boolean =>
  ['counter', 'histogram'].includes(String(type));
