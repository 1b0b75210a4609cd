import { createHash } from 'node:crypto';
import { isNativeError } from 'node:util/types';
import pg from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver';
import { dataSourceOptions } from '../ormconfig';
import { putBounded } from './bounded';
import { unavailable } from './errors';
import type { Statements, Told, Transactions } from './sql';
import { StatementCanceller } from './statement-cancel';
import { queryAsTold } from './told-query';
import { type StatementWatch, watchStatement } from './watching/tracing';

/** The role that the API runs under; migrations create it. */
export const API_ROLE = 'billing_api';

/** Calendar dates stay text: as a JavaScript Date they would move with the server's time zone. */
const DATE_OID = 1082;
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === DATE_OID
      ? (value: string) => value
      : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
};

/** SQLSTATE classes and codes that say "not now" rather than "wrong". */
const UNAVAILABLE_STATES = /^(08|53|57P|57014|58|25006|40001|40P01|55P03)/;
const UNAVAILABLE_SYSTEM = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EPIPE',
  'EAI_AGAIN',
]);

/** Whether an error of the driver means that the database cannot answer now. */
export function meansUnavailable(error: unknown): boolean {
  // Not instanceof: errors of the system are none where code runs in a realm of its own, as under jest.
  if (!isNativeError(error)) return false;
  // What ends a connection, or lets none begin: no client of ours can do anything about it.
  if ((error as { severity?: unknown }).severity === 'FATAL') return true;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') {
    return UNAVAILABLE_SYSTEM.has(code) || (code.length === 5 && UNAVAILABLE_STATES.test(code));
  }
  // The pool and the client tell these by their text alone.
  return /connection terminated|timeout exceeded|cannot use a pool after|client has encountered a connection error|query read timeout/i.test(
    error.message,
  );
}

/** SQLSTATEs after which a connection is of no more use: it is ending, or leads to a database that takes no changes. */
const ENDING_STATES = /^(08|57P0|25006)/;

/** Whether a connection must not be lent again after this error: it is gone, silent, or leads to the wrong database. */
function endsConnection(error: Error): boolean {
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  if (severity === 'FATAL') return true;
  if (typeof code === 'string') return UNAVAILABLE_SYSTEM.has(code) || ENDING_STATES.test(code);
  return meansUnavailable(error);
}

/** How long after the end of its time a statement may stay unanswered before its connection counts as dead. */
const SILENCE_MS = 2_000;
/** When the system begins to ask whether a connection that says nothing is still there. */
const KEEP_ALIVE_MS = 10_000;

/**
 * Keeps no statement prepared, whoever names it: behind a PgBouncer before 1.21 the next transaction may be on another
 * connection, where it is unknown, or known as another's.
 */
class UnpreparedClient extends pg.Client {
  // The driver's own signatures are many; whatever is given is passed on, but for a name.
  override query = ((...given: unknown[]): unknown => {
    const [config, ...rest] = given;
    const named = typeof config === 'object' && config !== null && 'name' in config && !('submit' in config);
    const nameless = named ? { ...config, name: undefined } : config;
    return (super.query as (...args: unknown[]) => unknown)(nameless, ...rest);
  }) as pg.Client['query'];
}

/** "Cannot connect now": after a failover the same address leads to the primary again. */
const CANNOT_CONNECT_NOW = '57P03';

/**
 * Looks at a new connection, and refuses it
 * - to a standby, unless one is wanted: what decides access is read from the primary, and a standby may be behind. A
 *   connection that is open need not be asked again: no primary becomes a standby without ending its connections;
 * - when the session is not as it was asked for. PgBouncer leaves out what it does not know, the role among it.
 */
function inspect(client: pg.ClientBase, standby: boolean, done: (error?: Error) => void): void {
  client
    .query<Session>(
      `SELECT pg_is_in_recovery() AS standby, current_user AS role, session_user AS account,
         current_setting('TimeZone') AS zone, current_setting('statement_timeout') AS timeout`,
    )
    .then(({ rows: [session] }) => done(session && problemOf(session, standby)), done);
}

interface Session {
  readonly standby: boolean;
  readonly role: string;
  readonly account: string;
  readonly zone: string;
  readonly timeout: string;
}

function problemOf(session: Session, standby: boolean): Error | undefined {
  if (session.standby && !standby) {
    const message = 'The address of the database leads to a standby; it must lead to the primary.';
    return Object.assign(new Error(message), { code: CANNOT_CONNECT_NOW });
  }
  if (session.role === API_ROLE && session.zone === 'UTC' && session.timeout !== '0') return undefined;
  const { account } = session;
  const ask = [`role = '${API_ROLE}'`, "timezone = 'UTC'", "statement_timeout = '10s'"].map(
    (setting) => `ALTER ROLE ${pg.escapeIdentifier(account)} SET ${setting};`,
  );
  return new Error(
    `The session of ${account} has not the role, time zone and statement timeout that were asked for. Behind PgBouncer an administrator of the database sets them, once:\n  ${ask.join('\n  ')}\nThen restart PgBouncer: it goes on telling clients what its first session was like.`,
  );
}

/** A connection while somebody has it. */
interface Lent {
  readonly client: pg.PoolClient;
  /** Why it must not be lent again. */
  broken?: Error;
  /** The names of the statements that are prepared on it. */
  readonly prepared: Set<string>;
}

/**
 * How many statements a connection keeps prepared, each with its plan, before it is replaced by a new one: texts follow
 * from what clients select and filter by, and nobody says how many different ones there will be.
 */
export const MOST_PREPARED = 200;
/** Of how many statements the names are remembered. */
const MOST_NAMES = 1_000;

/** How often a transaction that lost a race is tried in all. */
const ATTEMPTS = 3;

/** A deadlock or a serialization failure: PostgreSQL took everything back and the same work can be done again. */
function isLostRace(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return ['40P01', '40001'].includes(String((cause as { code?: unknown } | undefined)?.code));
}

/** The connection pool of a server process, opened through TypeORM under the API's restricted role. */
export class Database implements Transactions {
  private readonly names = new Map<string, string>();
  private readonly prepared = new WeakMap<pg.PoolClient, Set<string>>();

  private constructor(
    readonly source: DataSource,
    private readonly canceller: StatementCanceller,
    private readonly onStatement: StatementWatch | undefined,
    private readonly prepares: boolean,
  ) {}

  /** Opens the pool. Raises the driver's error when the database cannot be reached or the role is missing. */
  static async open(options: {
    url: string;
    poolSize: number;
    statementTimeoutMs: number;
    onPoolError: (error: unknown) => void;
    /** Told of every statement. */
    onStatement?: StatementWatch;
    /** The address is that of a standby, for reads that may be behind; otherwise a standby is refused. */
    standby?: boolean;
    /** Whether statements are kept prepared on their connection; without it, they are. */
    preparedStatements?: boolean;
  }): Promise<Database> {
    const prepares = options.preparedStatements ?? true;
    const source = new DataSource({
      ...dataSourceOptions(options.url),
      poolSize: options.poolSize,
      poolErrorHandler: options.onPoolError,
      extra: {
        types,
        // Statements are few and come again and again: planning one that reads a page takes longer than running it.
        options: `-c role=${API_ROLE} -c timezone=UTC -c plan_cache_mode=force_generic_plan`,
        statement_timeout: options.statementTimeoutMs,
        connectionTimeoutMillis: 5_000,
        // A database that vanishes without a word must not hold a connection, and a request, for as long as TCP waits.
        query_timeout: options.statementTimeoutMs + SILENCE_MS,
        keepAlive: true,
        keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
        verify: (client: pg.ClientBase, done: (error?: Error) => void) =>
          inspect(client, options.standby ?? false, done),
        application_name: 'billing-access-delegation',
        ...(prepares ? {} : { Client: UnpreparedClient }),
      },
    });
    await source.initialize();
    const canceller = new StatementCanceller(options.url, options.onPoolError);
    return new Database(source, canceller, options.onStatement, prepares);
  }

  /** The database for one request: when the signal is aborted, what runs is cancelled and nothing more is begun. */
  until(signal: AbortSignal): Transactions {
    return {
      query: (text, values, told) => this.query(text, values, told, signal),
      transaction: (work) => this.transaction(work, signal),
    };
  }

  /** Runs a statement, by default prepared once per connection. Raises UNAVAILABLE when the database cannot answer now. */
  async query<Row extends object>(
    text: string,
    values: readonly unknown[],
    told?: Told,
    signal?: AbortSignal,
  ): Promise<Row[]> {
    return this.onConnection((lent) => this.run<Row>(lent, text, values, signal, told));
  }

  async transaction<Result>(
    work: (transaction: Statements) => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.once(work, signal);
      } catch (error) {
        if (!(isLostRace(error) && attempt < ATTEMPTS)) throw error;
      }
    }
  }

  /** Lends a connection of the pool. One that breaks meanwhile is thrown away, never handed to another request. */
  private async onConnection<Result>(work: (lent: Lent) => Promise<Result>): Promise<Result> {
    const client = await this.pool.connect().catch((error: unknown) => {
      throw meansUnavailable(error) ? unavailable(error) : error;
    });
    const prepared = this.prepared.get(client) ?? new Set();
    this.prepared.set(client, prepared);
    const lent: Lent = { client, prepared };
    // Without a listener of its own, the end of a connection would be the end of the process.
    const breaks = (error: Error): void => {
      lent.broken = error;
    };
    client.on('error', breaks);
    try {
      return await work(lent);
    } finally {
      client.off('error', breaks);
      client.release(lent.broken ?? prepared.size > MOST_PREPARED);
    }
  }

  private once<Result>(
    work: (transaction: Statements) => Promise<Result>,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    return this.onConnection(async (lent) => {
      const transaction: Statements = { query: (text, values) => this.run(lent, text, values, signal) };
      try {
        await transaction.query('BEGIN', []);
        const result = await work(transaction);
        await transaction.query('COMMIT', []);
        return result;
      } catch (error) {
        // With its connection a transaction ends by itself; and one on which not even this works is not used again.
        if (lent.broken === undefined) {
          await lent.client.query('ROLLBACK').catch((cause: Error) => {
            lent.broken = cause;
          });
        }
        throw error;
      }
    });
  }

  private async run<Row extends object>(
    lent: Lent,
    text: string,
    values: readonly unknown[],
    signal: AbortSignal | undefined,
    told?: Told,
  ): Promise<Row[]> {
    const { client } = lent;
    const name = this.prepares ? this.nameOf(text) : undefined;
    if (name !== undefined) lent.prepared.add(name);
    const statement = { ...(name === undefined ? {} : { name }), text, values: [...values] };
    const ask = (): Promise<pg.QueryResult<Row>> =>
      told === undefined ? client.query<Row>(statement) : queryAsTold<Row>(client, statement, told);
    try {
      const watched = () => watchStatement(text, this.onStatement, ask);
      return (await this.canceller.run(client, signal, watched)).rows;
    } catch (error) {
      if (isNativeError(error) && endsConnection(error)) lent.broken = error;
      throw meansUnavailable(error) ? unavailable(error) : error;
    }
  }

  /**
   * The driver's own pool. TypeORM has no public way to name a prepared statement, and naming it saves the planning
   * of every statement; its driver and its pool are public, so this is the least reaching around it.
   */
  get pool(): pg.Pool {
    return (this.source.driver as PostgresDriver).master as pg.Pool;
  }

  async close(): Promise<void> {
    if (this.source.isInitialized) await this.source.destroy();
  }

  /** The name under which a statement is prepared: the same for the same text, as values are always parameters. */
  private nameOf(text: string): string {
    let name = this.names.get(text);
    if (name === undefined) {
      name = createHash('sha256').update(text).digest('base64url').slice(0, 32);
      putBounded(this.names, text, name, MOST_NAMES);
    }
    return name;
  }
}
