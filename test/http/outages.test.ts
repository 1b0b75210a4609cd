import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { withClient } from '../../src/embedded-database';
import type { Limits } from '../../src/http/limits';
import { A, codesOf, logOf, schemaWith } from '../cases/support';
import { createTestDatabase, type TestDatabase, testCluster } from '../support/database';
import { throughPgBouncer } from '../support/pgbouncer';
import { startTestServer, type TestServer } from '../support/server';

let db: TestDatabase;
let server: TestServer | undefined;

beforeAll(async () => {
  db = await createTestDatabase({ demo: true });
});

afterEach(async () => {
  await server?.close();
  server = undefined;
});

afterAll(() => db.drop());

/** The field `clinics` sleeps in PostgreSQL; `visits`, in a transaction, after a change. */
const sleeping = () =>
  schemaWith({
    'Query.clinics': async (_root, _args, context) => {
      await context.statements.query('SELECT pg_sleep(30)', []);
      return null;
    },
    'Query.visits': (_root, _args, context) =>
      context.statements.transaction(async (transaction) => {
        await transaction.query("INSERT INTO attempts (key, points) VALUES ('slept', 1)", []);
        await transaction.query('SELECT pg_sleep(31)', []);
        return null;
      }),
  });

async function start(options: { limits?: Partial<Limits>; poolSize?: number; statementTimeoutMs?: number }) {
  server = await startTestServer({ db, schema: sleeping(), ...options });
  await server.tokenOf(A);
  return server;
}

const SLEEP = 'query Sleep { clinics { nodes { name } } }';
const SLEEP_IN_TRANSACTION = 'query Sleep { visits { nodes { reason } } }';
const READ = '{ viewer { email } patients { nodes { name } } }';

/** How many statements of ours sleep in PostgreSQL now. */
async function asleep(): Promise<number> {
  const [row] = await withClient(testCluster().adminUrl, async (client) => {
    const active = `SELECT count(*)::int AS count FROM pg_stat_activity
      WHERE datname = $1 AND state = 'active' AND query LIKE 'SELECT pg_sleep(3%'`;
    return (await client.query<{ count: number }>(active, [db.name])).rows;
  });
  return row?.count ?? 0;
}

async function until(condition: () => Promise<boolean>, milliseconds: number): Promise<boolean> {
  for (const end = performance.now() + milliseconds; performance.now() < end; await pause(20)) {
    if (await condition()) return true;
  }
  return condition();
}

/** The lines that say why, each with the request's id. */
const failures = (from: number) =>
  (server === undefined ? [] : logOf(server))
    .slice(from)
    .filter((line) => line.level === 'error') as unknown as { requestId: string; err: { message: string } }[];

describe('a request that takes too long', () => {
  it.each([SLEEP, SLEEP_IN_TRANSACTION])('is answered, and nothing of it runs on: %s', async (query) => {
    const slow = await start({ limits: { requestTimeoutMs: 700 } });
    const from = slow.logged.length;
    const began = performance.now();
    const answering = slow.ask(A, query);
    expect(await until(async () => (await asleep()) === 1, 600)).toBe(true);
    const answer = await answering;
    expect(performance.now() - began).toBeLessThan(2_500);
    expect([answer.status, codesOf(answer), answer.headers.get('retry-after')]).toEqual([
      503,
      ['UNAVAILABLE'],
      '5',
    ]);
    expect(answer.errors?.[0]?.extensions.requestId).toBe(answer.headers.get('x-request-id'));
    expect(answer.errors?.[0]?.message).toMatch(/stopped after 0\.7 seconds/);
    expect(await until(async () => (await asleep()) === 0, 1_500)).toBe(true);
    expect(await db.query("SELECT FROM attempts WHERE key = 'slept'")).toEqual([]);
    const told = logOf(slow).slice(from);
    expect(told).toHaveLength(2);
    expect(told).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          level: 'error',
          err: expect.objectContaining({ message: answer.errors?.[0]?.message }),
        }),
        expect.objectContaining({ msg: 'request', status: 503, operation: 'Sleep', codes: ['UNAVAILABLE'] }),
      ]),
    );
    // And its connection serves others.
    for (let at = 0; at < 6; at += 1) expect(codesOf(await slow.ask(A, READ))).toEqual([]);
  });
});

describe('a statement that takes too long', () => {
  it('is UNAVAILABLE, told once, and over', async () => {
    const slow = await start({ statementTimeoutMs: 300 });
    const from = slow.logged.length;
    const answer = await slow.ask(A, '{ a: clinics { nodes { name } } b: clinics { nodes { name } } }');
    expect(answer.data).toEqual({ a: null, b: null });
    expect([answer.status, codesOf(answer), answer.headers.get('retry-after')]).toEqual([
      503,
      ['UNAVAILABLE', 'UNAVAILABLE'],
      '5',
    ]);
    const [line, ...more] = failures(from);
    expect(more).toEqual([]);
    // PgBouncer does not pass the timeout on; that of its account is longer, and the server gives up by itself.
    expect(line?.err.message).toMatch(throughPgBouncer() ? /read timeout/ : /statement timeout/);
    expect(line?.requestId).toBe(answer.errors?.[0]?.extensions.requestId);
    if (!throughPgBouncer()) expect(await asleep()).toBe(0);
    expect(codesOf(await slow.ask(A, READ))).toEqual([]);
  });

  it('is no success in the media type of GraphQL: the answer has no data', async () => {
    const slow = await start({ statementTimeoutMs: 300 });
    const response = await fetch(`${slow.url}/graphql`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await slow.tokenOf(A)}`,
        ...{ 'content-type': 'application/json', accept: 'application/graphql-response+json' },
      },
      body: JSON.stringify({ query: SLEEP }),
    });
    expect([response.status, Object.keys((await response.json()) as object)]).toEqual([503, ['errors']]);
  });

  it('leaves the rest of an answer as it is, with 200', async () => {
    const slow = await start({ statementTimeoutMs: 300 });
    const answer = await slow.ask<{ viewer: unknown; clinics: unknown }>(
      A,
      '{ viewer { email } clinics { nodes { name } } }',
    );
    expect([answer.status, codesOf(answer), answer.headers.get('retry-after')]).toEqual([
      200,
      ['UNAVAILABLE'],
      '5',
    ]);
    expect(answer.data).toEqual({ viewer: { email: A }, clinics: null });
  });
});

describe('a pool without a free connection', () => {
  it('is UNAVAILABLE until there is one again', async () => {
    const small = await start({ poolSize: 1 });
    const from = small.logged.length;
    const held = await small.database.pool.connect();
    try {
      const answer = await small.ask<Record<string, unknown>>(A, READ);
      expect(Object.values(answer.data)).toEqual([null, null]);
      expect([answer.status, new Set(codesOf(answer))]).toEqual([503, new Set(['UNAVAILABLE'])]);
      expect(failures(from)).toHaveLength(1);
      expect(failures(from)[0]?.requestId).toBe(answer.headers.get('x-request-id'));
    } finally {
      held.release();
    }
    const after = await small.ask(A, READ);
    expect([after.status, codesOf(after)]).toEqual([200, []]);
  });
});

describe('more requests than the process takes at once', () => {
  it('are shed with 503, and taken again when it has worked off', async () => {
    const busy = await start({ limits: { concurrent: 2, requestTimeoutMs: 1_500 } });
    const working = [busy.ask(A, SLEEP), busy.ask(A, SLEEP)];
    expect(await until(async () => (await asleep()) === 2, 1_000)).toBe(true);
    const began = performance.now();
    const shed = await busy.ask(A, READ);
    expect(performance.now() - began).toBeLessThan(400);
    expect([shed.status, codesOf(shed), shed.headers.get('retry-after')]).toEqual([
      503,
      ['UNAVAILABLE'],
      '1',
    ]);
    expect(shed.data).toBeUndefined();
    expect((await Promise.all(working)).map((answer) => answer.status)).toEqual([503, 503]);
    // Their places are free once what they ran has been cancelled, not when they were answered.
    expect(await until(async () => (await busy.ask(A, READ)).status === 200, 2_000)).toBe(true);
  });
});
