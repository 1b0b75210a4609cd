import { permittedByPrimary } from '../access/permitted-by-primary';
import { PERMITTED_BY_PRIMARY, type Statements, type Told, type Transactions } from '../sql';

/** The one action that only shows bills. The others look for whose a bill is, to decide something about it. */
const VIEW = 'VIEW_BILL';

/** The standby, as one request sees it. */
export interface Replica {
  /** Whether a read of bills may be sent there now. */
  usable(): boolean;
  /** Runs a statement there. Raises UNAVAILABLE, and whatever PostgreSQL says. */
  query<Row extends object>(
    text: string,
    values: readonly unknown[],
    told: Told,
    signal: AbortSignal,
  ): Promise<Row[]>;
  /** A statement failed there that will be answered by the primary. */
  failed(error: unknown): void;
  /** A read of bills was sent to the primary: the replica must not be asked, or the request has changed something. */
  passedOver(why: PassedOver): void;
}

/** Why a read of bills is not sent to the replica at all. */
export type PassedOver = 'unusable' | 'changed';

/**
 * The statements of one request where there is a read replica. A read of bills is run on the replica, restricted to the
 * providers whose bills the primary permits, which is asked in this very request; on top of that hold the statement's
 * own predicate and the row-level policies, by what the replica knows. So a revoke holds at once, and a grant as soon
 * as both know it. Everything else goes to the primary, as does every read after a change in the same request, and
 * every read that the replica fails.
 */
export class ReplicaReads implements Transactions {
  /** What the primary permits, by viewer and clinic, in this request. */
  private readonly permitted = new Map<string, Promise<readonly string[]>>();
  private changed = false;

  constructor(
    private readonly primary: Transactions,
    private readonly replica: Replica,
    private readonly signal: AbortSignal,
  ) {}

  async query<Row extends object>(text: string, values: readonly unknown[], told?: Told): Promise<Row[]> {
    if (told === undefined || !this.mayGoToReplica(values, told)) {
      return this.primary.query<Row>(text, values, told);
    }
    const permitted = await this.permittedBy(told);
    try {
      const restricted = values.map((value) => (value === PERMITTED_BY_PRIMARY ? permitted : value));
      return await this.replica.query<Row>(text, restricted, told, this.signal);
    } catch (error) {
      if (this.signal.aborted) throw error;
      this.replica.failed(error);
      return this.primary.query<Row>(text, values, told);
    }
  }

  async transaction<Result>(work: (transaction: Statements) => Promise<Result>): Promise<Result> {
    this.changed = true;
    return this.primary.transaction(work);
  }

  /** A statement that cannot be restricted stays on the primary, whatever it is. */
  private mayGoToReplica(values: readonly unknown[], told: Told): boolean {
    if (told.action !== VIEW || !values.includes(PERMITTED_BY_PRIMARY)) return false;
    if (!this.changed && this.replica.usable()) return true;
    this.replica.passedOver(this.changed ? 'changed' : 'unusable');
    return false;
  }

  private permittedBy(told: Told): Promise<readonly string[]> {
    const key = `${told.clinic}/${told.viewer}/${told.now}`;
    let permitted = this.permitted.get(key);
    if (permitted === undefined) {
      permitted = permittedByPrimary(this.primary, told);
      this.permitted.set(key, permitted);
    }
    return permitted;
  }
}
