import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { withClient } from '../../src/embedded-database';
import { StatementCanceller } from '../../src/statement-cancel';
import { A, codesOf } from '../cases/support';
import { createTestDatabase, type TestDatabase, testCluster } from '../support/database';
import { throughPgBouncer } from '../support/pgbouncer';
import { startTestServer, type TestServer } from '../support/server';

/** A way to the database that can fall silent, as a network does, or a machine that loses its power. */
class Way {
  private readonly pairs = new Set<Socket>();
  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    readonly port: number,
  ) {}

  static async to(port: number): Promise<Way> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const way = new Way(server, address !== null && typeof address === 'object' ? address.port : 0);
    server.on('connection', (socket) => {
      const onwards = connect(port, '127.0.0.1');
      for (const [one, other] of [
        [socket, onwards],
        [onwards, socket],
      ] as const) {
        way.pairs.add(one);
        one.on('error', () => undefined);
        one.on('close', () => {
          way.pairs.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
    return way;
  }

  /** Nothing passes any more on the connections that there are now, and nobody is told. New ones are good. */
  fallSilent(): void {
    for (const socket of this.pairs) socket.unpipe().pause();
  }

  async close(): Promise<void> {
    for (const socket of this.pairs) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

let db: TestDatabase;
let way: Way;
let server: TestServer;

beforeEach(async () => {
  db = await createTestDatabase({ demo: true });
  const direct = new URL(db.apiUrl);
  way = await Way.to(Number(direct.port));
  direct.port = String(way.port);
  server = await startTestServer({
    db: { ...db, apiUrl: direct.toString() },
    poolSize: 2,
    statementTimeoutMs: 300,
  });
  await server.tokenOf(A);
});

afterEach(async () => {
  await server.close();
  await way.close();
  await db.drop();
});

const READ = '{ viewer { email } patients { nodes { name } } }';
const read = () => server.ask(A, READ);

it('gives up connections that have fallen silent, and is back by itself', async () => {
  // Both connections of the pool are open.
  await Promise.all([read(), read(), read(), read()]);
  way.fallSilent();
  const began = performance.now();
  const answers = await Promise.all([read(), read()]);
  expect(answers.map((answer) => [answer.status, new Set(codesOf(answer))])).toEqual([
    [503, new Set(['UNAVAILABLE'])],
    [503, new Set(['UNAVAILABLE'])],
  ]);
  expect(performance.now() - began).toBeLessThan(6_000);
  // Not even one request fails after them.
  for (let at = 0; at < 4; at += 1) expect(codesOf(await read())).toEqual([]);
});

it('gives up a transaction on a connection that has fallen silent at once, without asking it to take anything back', async () => {
  const sleep = server.database.transaction(async (transaction) => {
    await transaction.query('SELECT 1', []);
    way.fallSilent();
    await transaction.query('SELECT 2', []);
  });
  const began = performance.now();
  await expect(sleep).rejects.toMatchObject({ extensions: { code: 'UNAVAILABLE' } });
  expect(performance.now() - began).toBeLessThan(4_500);
  expect(server.database.pool.totalCount).toBeLessThan(2);
  expect(codesOf(await read())).toEqual([]);
});

// PgBouncer keeps connections of its own, which were opened before.
const direct = throughPgBouncer() ? it.skip : it;

direct(
  'throws away a connection to a database that takes no changes: the next one may lead to the primary',
  async () => {
    const name = db.name;
    const readOnly = (on: boolean) =>
      withClient(testCluster().adminUrl, (client) =>
        client.query(`ALTER DATABASE ${name} SET default_transaction_read_only = ${on ? 'on' : 'off'}`),
      );
    const save = () => server.database.query("INSERT INTO attempts (key, points) VALUES ('saved', 1)", []);
    await readOnly(true);
    const old = await Promise.all([server.database.pool.connect(), server.database.pool.connect()]);
    for (const client of old) client.release(new Error('opened before'));
    await expect(save()).rejects.toMatchObject({ extensions: { code: 'UNAVAILABLE' } });
    await expect(
      server.database.transaction((one) => one.query('DELETE FROM attempts', [])),
    ).rejects.toMatchObject({ extensions: { code: 'UNAVAILABLE' } });
    await readOnly(false);
    await save();
    await server.database.transaction((one) => one.query("DELETE FROM attempts WHERE key = 'saved'", []));
  },
);

it('cancels a statement by process and secret: with the number alone, another one would be hit', async () => {
  const client = await server.database.pool.connect();
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
  const cancel = async (secret: number): Promise<void> => {
    const trouble: unknown[] = [];
    const aborted = new AbortController();
    const known = { processID, secretKey: secret } as unknown as typeof client;
    const waiting = new StatementCanceller(db.apiUrl, (error) => trouble.push(error)).run(
      known,
      aborted.signal,
      () => pause(100),
    );
    aborted.abort();
    await waiting;
    expect(trouble).toEqual([]);
  };
  try {
    // As after a failover, where the address leads to a server that has given the number to somebody else.
    const spared = client.query('SELECT pg_sleep(0.25)');
    await pause(50);
    await cancel(secretKey === 1 ? 2 : 1);
    await spared;
    const hit = client.query('SELECT pg_sleep(0.25)');
    hit.catch(() => undefined);
    await pause(50);
    await cancel(secretKey);
    await expect(hit).rejects.toMatchObject({ code: '57014' });
  } finally {
    client.release();
  }
});
