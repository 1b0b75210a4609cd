import type { Database } from '../database';
import type { Statements, Told, Transactions } from '../sql';
import { type PassedOver, type Replica, ReplicaReads } from './reads';
import { positionOf, Staleness } from './staleness';

/** How long one look at the primary and the replica may take, in milliseconds. */
const CHECK_TIMEOUT = 2_000;
const SHORTEST_INTERVAL = 100;
const LONGEST_INTERVAL = 1_000;

export interface ReplicaOptions {
  readonly primary: Database;
  /** Opens the replica's pool; called again while it cannot be opened. */
  readonly open: () => Promise<Database>;
  /** What the replica shows may be so old; while it is older, or that cannot be told, the primary is read. */
  readonly maxLagSeconds: number;
  /** Told when reads begin to go to the replica, or to the primary instead and why. */
  readonly onChange?: (state: {
    readonly usable: boolean;
    readonly reason: string;
    readonly error?: unknown;
  }) => void;
}

/**
 * A standby that takes reads of bills from the primary. Whose bills may be read is decided by the primary alone, in
 * every request (`ReplicaReads`); here is told whether the standby may be asked at all: it answers, it is a standby,
 * and it is no further behind than is allowed.
 */
export class ReadReplica implements Replica {
  /**
   * Reads of bills that it answered, and that the primary answered: since they failed here, since it was not to be
   * asked, and since their request had changed something.
   */
  readonly counts = { answered: 0, failed: 0, unusable: 0, changed: 0 };
  private readonly staleness = new Staleness();
  private database: Database | null = null;
  /** Why it must not be asked; null: nothing is wrong with it. */
  private wrong: string | null = 'it has not been looked at yet';
  private told: boolean | null = null;
  private timer: NodeJS.Timeout | undefined;
  private checking: Promise<void> = Promise.resolve();
  private closed = false;

  private constructor(private readonly options: ReplicaOptions) {}

  /** Begins to look after a replica; answers after the first looks, whatever they showed. Never raises. */
  static async start(options: ReplicaOptions): Promise<ReadReplica> {
    const replica = new ReadReplica(options);
    // The first tells where the primary is, the second whether the replica has got there.
    await replica.check();
    await replica.check();
    replica.checkAgain();
    return replica;
  }

  /** The statements of one request: its reads of bills go to the replica where that is right, all else to `primary`. */
  readsFor(primary: Transactions, signal: AbortSignal): Transactions {
    return new ReplicaReads(primary, this, signal);
  }

  /** Whether a read of bills may be sent here now. */
  usable(): boolean {
    return this.reasonNotTo() === null;
  }

  /** What it shows is no older than so many milliseconds; null: that cannot be told. */
  lag(): number | null {
    return this.staleness.at(performance.now());
  }

  /** Runs a statement on the replica. Raises UNAVAILABLE, and whatever PostgreSQL says. */
  async query<Row extends object>(
    text: string,
    values: readonly unknown[],
    told: Told,
    signal: AbortSignal,
  ): Promise<Row[]> {
    if (this.database === null) throw new Error('the replica is not open');
    const rows = await this.database.query<Row>(text, values, told, signal);
    this.counts.answered += 1;
    return rows;
  }

  /** A statement failed here that will be answered by the primary: nothing more is sent until it was looked at again. */
  failed(error: unknown): void {
    this.counts.failed += 1;
    this.become('a statement failed on it', error);
  }

  /** A read of bills was sent to the primary instead. */
  passedOver(why: PassedOver): void {
    this.counts[why] += 1;
  }

  /** How old what it shows may be while it is asked, in milliseconds. */
  get maxLag(): number {
    return this.options.maxLagSeconds * 1000;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.checking;
    await this.database?.close();
  }

  private reasonNotTo(): string | null {
    if (this.wrong !== null) return this.wrong;
    const lag = this.lag();
    if (lag !== null && lag <= this.maxLag) return null;
    return lag === null ? 'it has not caught up yet' : `it is ${Math.round(lag / 100) / 10} seconds behind`;
  }

  private checkAgain(): void {
    if (this.closed) return;
    // Often enough that a replica that keeps up is never taken for late.
    const interval = Math.min(
      LONGEST_INTERVAL,
      Math.max(SHORTEST_INTERVAL, this.options.maxLagSeconds * 200),
    );
    this.timer = setTimeout(() => {
      this.checking = this.check().then(() => this.checkAgain());
    }, interval);
    this.timer.unref();
  }

  private async check(): Promise<void> {
    try {
      this.become(await this.look());
    } catch (error) {
      this.become('it cannot be looked at', error);
    }
  }

  /** Why the replica must not be asked; null: nothing. Raises what the databases say. */
  private async look(): Promise<string | null> {
    const signal = AbortSignal.timeout(CHECK_TIMEOUT);
    this.database ??= await this.options.open();
    const replica = await first<{ standby: boolean; lsn: string | null }>(
      this.database.until(signal),
      'SELECT pg_is_in_recovery() AS standby, pg_last_wal_replay_lsn()::text AS lsn',
    );
    // After the replica: whatever it has replayed, a primary that it follows has had by now.
    const at = performance.now();
    const primary = await first<{ lsn: string }>(
      this.options.primary.until(signal),
      'SELECT pg_current_wal_insert_lsn()::text AS lsn',
    );
    const [replayed, written] = [replica.lsn && positionOf(replica.lsn), positionOf(primary.lsn)];
    if (!replica.standby || !replayed || replayed > written) {
      this.staleness.forget();
      return 'it is no standby of the primary';
    }
    this.staleness.replicaHasReplayed(replayed);
    this.staleness.primaryWasAt(at, written);
    return null;
  }

  private become(wrong: string | null, error?: unknown): void {
    this.wrong = wrong;
    const reason = this.reasonNotTo();
    const usable = reason === null;
    if (usable === this.told || this.closed) return;
    this.told = usable;
    this.options.onChange?.({
      usable,
      reason: reason ?? 'it keeps up',
      ...(error === undefined ? {} : { error }),
    });
  }
}

async function first<Row extends object>(statements: Statements, text: string): Promise<Row> {
  const [row] = await statements.query<Row>(text, []);
  if (row === undefined) throw new Error('PostgreSQL answered no row');
  return row;
}
