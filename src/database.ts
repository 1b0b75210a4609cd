import { createHash } from 'node:crypto';
import { isNativeError } from 'node:util/types';
import pg from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver';
import { dataSourceOptions } from '../ormconfig';
import { unavailable } from './errors';
import type { Statements, Told, Transactions } from './sql';
import { StatementCanceller } from './statement-cancel';
import { queryAsTold } from './told-query';

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

  private constructor(
    readonly source: DataSource,
    private readonly canceller: StatementCanceller,
  ) {}

  /** Opens the pool. Raises the driver's error when the database cannot be reached or the role is missing. */
  static async open(options: {
    url: string;
    poolSize: number;
    statementTimeoutMs: number;
    onPoolError: (error: unknown) => void;
  }): Promise<Database> {
    const source = new DataSource({
      ...dataSourceOptions(options.url),
      poolSize: options.poolSize,
      poolErrorHandler: options.onPoolError,
      extra: {
        types,
        options: `-c role=${API_ROLE} -c timezone=UTC`,
        statement_timeout: options.statementTimeoutMs,
        connectionTimeoutMillis: 5_000,
        application_name: 'billing-access-delegation',
      },
    });
    await source.initialize();
    return new Database(source, new StatementCanceller(options.url, options.onPoolError));
  }

  /** The database for one request: when the signal is aborted, what runs is cancelled and nothing more is begun. */
  until(signal: AbortSignal): Transactions {
    return {
      query: (text, values, told) => this.query(text, values, told, signal),
      transaction: (work) => this.transaction(work, signal),
    };
  }

  /** Runs a statement, prepared once per connection. Raises UNAVAILABLE when the database cannot answer now. */
  async query<Row extends object>(
    text: string,
    values: readonly unknown[],
    told?: Told,
    signal?: AbortSignal,
  ): Promise<Row[]> {
    return this.onConnection((client) => this.run<Row>(client, text, values, signal, told));
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
  private async onConnection<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.pool.connect().catch((error: unknown) => {
      throw meansUnavailable(error) ? unavailable(error) : error;
    });
    // Without a listener of its own, the end of a connection would be the end of the process.
    let broken: Error | undefined;
    const breaks = (error: Error): void => {
      broken = error;
    };
    client.on('error', breaks);
    try {
      return await work(client);
    } finally {
      client.off('error', breaks);
      client.release(broken);
    }
  }

  private once<Result>(
    work: (transaction: Statements) => Promise<Result>,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    return this.onConnection(async (client) => {
      const transaction: Statements = { query: (text, values) => this.run(client, text, values, signal) };
      try {
        await transaction.query('BEGIN', []);
        const result = await work(transaction);
        await transaction.query('COMMIT', []);
        return result;
      } catch (error) {
        // A connection on which not even this works is not used again.
        await client.query('ROLLBACK').catch((cause: Error) => client.emit('error', cause));
        throw error;
      }
    });
  }

  private async run<Row extends object>(
    client: pg.PoolClient,
    text: string,
    values: readonly unknown[],
    signal: AbortSignal | undefined,
    told?: Told,
  ): Promise<Row[]> {
    const statement = { name: this.nameOf(text), text, values: [...values] };
    const ask = (): Promise<pg.QueryResult<Row>> =>
      told === undefined ? client.query<Row>(statement) : queryAsTold<Row>(client, statement, told);
    try {
      return (await this.canceller.run(client, signal, ask)).rows;
    } catch (error) {
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

  /** Statements are few and fixed (values are always parameters), so this map stays small. */
  private nameOf(text: string): string {
    let name = this.names.get(text);
    if (name === undefined) {
      name = createHash('sha256').update(text).digest('base64url').slice(0, 32);
      this.names.set(text, name);
    }
    return name;
  }
}
