import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ErrorCode } from '../errors';
import type { RequestRecord } from '../http/request-record';
import { NONE, type OperationNames } from './operations';

/** What a request is told of when several things went wrong with it: the first of these. */
const CODES: readonly ErrorCode[] = [
  'INTERNAL',
  'UNAVAILABLE',
  'RATE_LIMITED',
  'UNAUTHENTICATED',
  'PASSWORD_REQUIRED',
  'FORBIDDEN',
  'NOT_FOUND',
  'CONFLICT',
  'BAD_USER_INPUT',
];
/** What somebody was not let do, or see. */
const DENIALS: readonly ErrorCode[] = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'PASSWORD_REQUIRED',
  'RATE_LIMITED',
];
const TYPES = new Set(['query', 'mutation', 'subscription']);

/** In seconds; what a statement and what a request usually take, and the limits that end them. */
const STATEMENT_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];

/** The pool of connections, as far as it is counted. */
export interface CountedPool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

/** The read replica, as far as it is counted. */
export interface CountedReplica {
  /** Reads of bills by who answered them, and why the primary did. */
  readonly counts: Readonly<Record<'answered' | 'failed' | 'unusable' | 'changed', number>>;
  readonly maxLag: number;
  usable(): boolean;
  /** In milliseconds; null: that cannot be told. */
  lag(): number | null;
}

/**
 * What a server process counts of itself, for Prometheus. Labels are only ever words of this file, and what
 * OperationNames makes of the names of operations.
 */
export class Metrics {
  readonly registry = new Registry();
  private readonly requests: Counter<'operation' | 'type' | 'outcome'>;
  private readonly durations: Histogram<'operation' | 'type'>;
  private readonly statements: Histogram<'outcome'>;
  private readonly denials: Counter<'code'>;
  private readonly locked: Counter;
  private readonly defects: Counter;

  constructor(private readonly names: OperationNames) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.requests = new Counter({
      name: 'billing_requests_total',
      help: 'GraphQL requests answered, by operation, its type, and how it ended (OK, an error code, ABANDONED)',
      labelNames: ['operation', 'type', 'outcome'],
      registers,
    });
    this.durations = new Histogram({
      name: 'billing_request_duration_seconds',
      help: 'Time from the head of a GraphQL request to its answer',
      labelNames: ['operation', 'type'],
      buckets: REQUEST_BUCKETS,
      registers,
    });
    this.statements = new Histogram({
      name: 'billing_sql_statement_duration_seconds',
      help: 'Time of an SQL statement, waiting for a connection not included',
      labelNames: ['outcome'],
      buckets: STATEMENT_BUCKETS,
      registers,
    });
    this.denials = new Counter({
      name: 'billing_denials_total',
      help: 'GraphQL requests that were refused something, once for each code',
      labelNames: ['code'],
      registers,
    });
    this.locked = new Counter({
      name: 'billing_confirmations_locked_total',
      help: 'Changes refused since confirmation is locked for their user after wrong passwords',
      registers,
    });
    this.defects = new Counter({
      name: 'billing_shield_defects_total',
      help: 'Times a resolver handed out what its viewer may not have, and the shield refused it; each is a defect',
      registers,
    });
    // A counter that only appears with its first event has no rate to alert on.
    for (const code of DENIALS) this.denials.inc({ code }, 0);
    for (const outcome of ['ok', 'failed']) this.statements.zero({ outcome });
  }

  /** Counts the GraphQL requests of a server. */
  watch(app: FastifyInstance): void {
    app.addHook('onRequest', async (request, reply) => {
      const { record, routeOptions } = request;
      if (record === undefined || routeOptions.url !== '/graphql' || request.method === 'OPTIONS') return;
      // Comes for every answer, also for one that nobody waited for.
      reply.raw.once('close', () => this.request(record, reply.raw.writableFinished));
    });
  }

  /** Counts a request that has ended. @param sent whether its answer was sent in full */
  private request(record: RequestRecord, sent: boolean): void {
    const labels = { operation: this.names.labelOf(record), type: typeLabel(record) };
    this.requests.inc({ ...labels, outcome: sent ? outcomeOf(record.codes) : 'ABANDONED' });
    this.durations.observe(labels, (performance.now() - record.began) / 1000);
    for (const code of DENIALS) if (record.codes.has(code)) this.denials.inc({ code });
    const defects = record.context?.decisions.defects ?? 0;
    if (defects > 0) this.defects.inc(defects);
  }

  /** Counts an SQL statement. */
  statement(seconds: number, outcome: 'ok' | 'failed'): void {
    this.statements.observe({ outcome }, seconds);
  }

  /** Counts a change that was refused since its user's confirmation is locked. */
  confirmationLocked(): void {
    this.locked.inc();
  }

  /** Tells of a pool whenever somebody asks. @param limit how many connections it opens at most */
  watchPool(pool: CountedPool, limit: number): void {
    this.gauge('pool_limit', 'Database connections that are opened at most', () => limit);
    this.gauge('pool_connections', 'Database connections that are open', () => pool.totalCount);
    this.gauge('pool_idle_connections', 'Database connections that nobody uses now', () => pool.idleCount);
    this.gauge('pool_waiting', 'Pieces of work that wait for a database connection', () => pool.waitingCount);
  }

  /** Tells of a read replica whenever somebody asks. */
  watchReplica(replica: CountedReplica): void {
    new Counter({
      name: 'billing_replica_reads_total',
      help: 'Reads of bills: the replica answered, or the primary, since it failed there (failed), since the replica is gone or too far behind (unusable), or since their request had changed something (changed)',
      labelNames: ['read'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [read, count] of Object.entries(replica.counts)) this.inc({ read }, count);
      },
    });
    this.gauge('replica_usable', 'Server processes that send reads of bills to the replica now', () =>
      replica.usable() ? 1 : 0,
    );
    const seconds = (milliseconds: number | null) => (milliseconds === null ? null : milliseconds / 1000);
    this.gauge(
      'replica_lag_seconds',
      'What the replica shows is no older than this; missing while that cannot be told',
      () => seconds(replica.lag()),
      'max',
    );
    this.gauge(
      'replica_max_lag_seconds',
      'What the replica shows may be so old while it is asked',
      () => seconds(replica.maxLag),
      'max',
    );
  }

  /** A value that is read when somebody asks; null: there is none now. Over several processes it is added up, or the highest. */
  private gauge(name: string, help: string, read: () => number | null, over: 'sum' | 'max' = 'sum'): void {
    new Gauge({
      name: `billing_${name}`,
      help,
      aggregator: over,
      registers: [this.registry],
      collect() {
        const value = read();
        if (value === null) this.remove();
        else this.set(value);
      },
    });
  }
}

const typeLabel = ({ type }: RequestRecord): string => (type !== null && TYPES.has(type) ? type : NONE);

/** The code that says most of a request; OK: it has none. What is no code of ours is a defect of ours. */
function outcomeOf(codes: ReadonlySet<string>): string {
  if (codes.size === 0) return 'OK';
  return CODES.find((code) => codes.has(code)) ?? 'INTERNAL';
}
