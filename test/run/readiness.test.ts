import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { withClient } from '../../src/embedded-database';
import { Lifecycle } from '../../src/http/lifecycle';
import { A, codesOf, schemaWith } from '../cases/support';
import { eventually } from '../embedded/support';
import { createTestDatabase, type TestDatabase, testCluster } from '../support/database';
import { startTestServer, type TestServer } from '../support/server';

let db: TestDatabase;
let server: TestServer;
let lifecycle: Lifecycle;
/** Lets the field `clinics` answer. */
let release: () => void;
/** How many requests wait for that. */
let held: number;

beforeEach(async () => {
  db = await createTestDatabase({ demo: true });
  lifecycle = new Lifecycle();
  held = 0;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const schema = schemaWith({
    'Query.clinics': async () => {
      held += 1;
      await released;
      return null;
    },
  });
  server = await startTestServer({ db, schema, watching: { lifecycle } });
});
afterEach(async () => {
  release();
  await server.close();
  await db.drop();
});

async function statusOf(path: string): Promise<[number, unknown]> {
  const response = await fetch(`${server.url}${path}`);
  return [response.status, await response.json()];
}
const READY = [200, { status: 'ready' }];
const notReady = (reason: string) => [503, { status: 'not ready', reason }];
const ALIVE = [200, { status: 'ok' }];
/** Until what it found out last is too old. */
const forgotten = () => pause(600);

describe('/readyz', () => {
  it('is 503 while the database does not answer, and 200 when it does again; the process lives all the time', async () => {
    expect(await statusOf('/readyz')).toEqual(READY);
    const allow = (connections: boolean): Promise<unknown> =>
      withClient(testCluster().adminUrl, async (client) => {
        await client.query(`ALTER DATABASE ${db.name} ALLOW_CONNECTIONS ${connections}`);
        await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
          db.name,
        ]);
      });
    await allow(false);
    try {
      await forgotten();
      expect(await statusOf('/readyz')).toEqual(notReady('database'));
      expect(await statusOf('/healthz')).toEqual(ALIVE);
    } finally {
      await allow(true);
    }
    expect(await eventually(async () => (await statusOf('/readyz'))[0] === 200)).toBe(true);
    // Told when it changed, and not with each probe.
    const told = server.logged.filter((line) => /not ready|ready again/.test(line));
    expect(told.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      'not ready',
      'ready again',
    ]);
  });

  it('is 503 while the database has other migrations than this version', async () => {
    expect(await statusOf('/readyz')).toEqual(READY);
    await db.query("INSERT INTO migrations (timestamp, name) VALUES (9999999999999, 'FromTheFuture1')");
    await forgotten();
    expect(await statusOf('/readyz')).toEqual(notReady('migrations'));
    expect(await statusOf('/healthz')).toEqual(ALIVE);
    await db.query("DELETE FROM migrations WHERE name = 'FromTheFuture1'");
    await forgotten();
    expect(await statusOf('/readyz')).toEqual(READY);
  });

  it('does not wait for a database that is too busy, and asks it once for many probes', async () => {
    const busy = await Promise.all(Array.from({ length: 5 }, () => server.database.pool.connect()));
    try {
      const began = performance.now();
      const answers = await Promise.all(Array.from({ length: 20 }, () => statusOf('/readyz')));
      expect(answers).toEqual(Array.from({ length: 20 }, () => notReady('database')));
      expect(performance.now() - began).toBeLessThan(4_500);
      expect(server.database.pool.waitingCount).toBe(1);
    } finally {
      for (const one of busy) one.release();
    }
  });
});

describe('a server that is told to stop', () => {
  const WAITING = 'query Waiting { clinics { nodes { name } } viewer { email } }';

  it('answers what it works on, refuses what is new, and says so to who watches it', async () => {
    await server.tokenOf(A);
    const waiting = [server.ask(A, WAITING), server.ask(A, WAITING)];
    expect(await eventually(() => held === 2)).toBe(true);
    const draining = lifecycle.drain(20_000);
    expect(await statusOf('/readyz')).toEqual(notReady('stopping'));
    expect(await statusOf('/healthz')).toEqual(ALIVE);
    const refused = await server.ask(A, '{ viewer { email } }');
    expect([refused.status, codesOf(refused), refused.headers.get('retry-after')]).toEqual([
      503,
      ['UNAVAILABLE'],
      '1',
    ]);
    expect(refused.headers.get('connection')).toBe('close');
    release();
    for (const answer of await Promise.all(waiting)) {
      expect([answer.status, answer.data]).toEqual([200, { clinics: null, viewer: { email: A } }]);
      expect(answer.headers.get('connection')).toBe('close');
    }
    await draining;
  });

  it('cuts off what takes longer than it has, with an answer', async () => {
    await server.tokenOf(A);
    const waiting = server.ask(A, WAITING);
    expect(await eventually(() => held === 1)).toBe(true);
    const began = performance.now();
    await lifecycle.drain(300);
    expect(performance.now() - began).toBeLessThan(10_000);
    const answer = await waiting;
    expect([answer.status, codesOf(answer)]).toEqual([503, ['UNAVAILABLE']]);
    expect(answer.errors?.[0]?.message).toMatch(/server process ends/);
  });

  it('does not wait for clients that are connected and ask nothing', async () => {
    await statusOf('/healthz');
    const began = performance.now();
    await lifecycle.drain(20_000);
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});
