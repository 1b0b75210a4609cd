import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database, MOST_PREPARED } from '../../src/database';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { throughPgBouncer } from '../support/pgbouncer';

// Behind PgBouncer nothing is kept prepared.
const direct = throughPgBouncer() ? describe.skip : describe;

let db: TestDatabase;
let database: Database;

beforeAll(async () => {
  db = await createTestDatabase();
  database = await Database.open({
    url: db.apiUrl,
    poolSize: 1,
    statementTimeoutMs: 10_000,
    onPoolError: () => undefined,
  });
});
afterAll(async () => {
  await database?.close();
  await db?.drop();
});

/** The connection's process, and how many statements it keeps prepared. */
async function connection(): Promise<{ process: number; prepared: number }> {
  const [row] = await database.query<{ process: number; prepared: number }>(
    'SELECT pg_backend_pid() AS process, (SELECT count(*)::int FROM pg_prepared_statements) AS prepared',
    [],
  );
  if (row === undefined) throw new Error('no row');
  return row;
}

direct('the statements that a connection keeps prepared', () => {
  it('are kept: the same text is prepared once', async () => {
    const before = await connection();
    for (let time = 0; time < 20; time += 1) await database.query('SELECT 1 WHERE $1 = 1', [time]);
    const after = await connection();
    expect(after.process).toBe(before.process);
    expect(after.prepared).toBeLessThanOrEqual(before.prepared + 2);
  });

  it('are no more than so many, however many texts come', async () => {
    const { process } = await connection();
    const processes = new Set<number>();
    for (let text = 0; text < 2 * MOST_PREPARED + 20; text += 1) {
      const [row] = await database.query<{ text: number }>(`SELECT ${text} AS text`, []);
      expect(row?.text).toBe(text);
      if (text % 50 === 0) {
        const now = await connection();
        processes.add(now.process);
        expect(now.prepared).toBeLessThanOrEqual(MOST_PREPARED + 1);
      }
    }
    // Each that had its fill was replaced.
    expect(new Set([process, ...processes]).size).toBe(3);
  });
});
