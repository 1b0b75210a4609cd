import { Client, DatabaseError, type QueryResultRow } from 'pg';

/** Runs one thing on a connection of its own. */
export async function connected<Result>(
  url: string,
  use: (client: Client) => Promise<Result>,
  options?: string,
): Promise<Result> {
  const client = new Client({ connectionString: url, ...(options === undefined ? {} : { options }) });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** What refuses a statement: "code constraint", or just the code; "allowed" when nothing does. Nothing is kept. */
export async function refusalOf(client: Client, sql: string, values: unknown[] = []): Promise<string> {
  await client.query('BEGIN');
  try {
    await client.query(sql, values);
    // Deferred rules would speak at the end only.
    await client.query('SET CONSTRAINTS ALL IMMEDIATE');
    return 'allowed';
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    return [error.code, error.constraint].filter((part) => part !== undefined).join(' ');
  } finally {
    await client.query('ROLLBACK');
  }
}

/** The SQLSTATE codes that the tests expect. */
export const STATES = {
  check: '23514',
  foreignKey: '23503',
  unique: '23505',
  notNull: '23502',
  /** What a trigger of ours raises. */
  restrict: '23001',
  privilege: '42501',
} as const;

/** The rows of a statement. */
export const rowsOf = async <Row extends QueryResultRow>(
  client: Client,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> => (await client.query<Row>(sql, values)).rows;
