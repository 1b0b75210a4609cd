import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { withClient } from '../../src/embedded-database';
import { toGlobalId } from '../../src/global-id';
import { createTestDatabase, DEMO_PASSWORD, type TestDatabase, testCluster } from '../support/database';
import { throughPgBouncer } from '../support/pgbouncer';
import { startTestServer, type TestServer } from '../support/server';
import { A, billsWhoeverAsks, codesOf, DEMO_ID, demoUserId, logOf, STRANGER, schemaWith } from './support';

let db: TestDatabase;
let server: TestServer;
let wire: Wire;

/** The wire between the server and its database, which can be cut: connections break, and new ones are refused. */
class Wire {
  private readonly sockets = new Set<Socket>();
  private listener: Server | null = null;
  private port = 0;

  constructor(private readonly target: URL) {}

  /** The address of the database through the wire. */
  get url(): string {
    const url = new URL(this.target);
    url.host = `127.0.0.1:${this.port}`;
    return url.toString();
  }

  async mend(): Promise<void> {
    const listener = createServer((client) => {
      const upstream = connect(Number(this.target.port), this.target.hostname);
      for (const socket of [client, upstream]) {
        this.sockets.add(socket);
        socket.on('close', () => this.sockets.delete(socket));
        socket.on('error', () => undefined);
      }
      client.on('close', () => upstream.destroy());
      upstream.on('close', () => client.destroy());
      client.pipe(upstream).pipe(client);
    });
    await new Promise<void>((resolve) => listener.listen(this.port, '127.0.0.1', resolve));
    const address = listener.address();
    if (typeof address === 'object' && address !== null) this.port = address.port;
    this.listener = listener;
  }

  async cut(): Promise<void> {
    const { listener } = this;
    this.listener = null;
    const closed = new Promise((resolve) => (listener === null ? resolve(null) : listener.close(resolve)));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

beforeEach(async () => {
  db = await createTestDatabase({ demo: true });
  wire = new Wire(new URL(db.apiUrl));
  await wire.mend();
  server = await startTestServer({ db: { ...db, apiUrl: wire.url } });
});

afterEach(async () => {
  await server.close();
  await wire.cut();
  await db.drop();
});

/** The ways in which a database is not there: how to take it away and to give it back. */
const OUTAGES: Readonly<Record<string, { begin: () => Promise<unknown>; end: () => Promise<unknown> }>> = {
  'stopped, connections refused': { begin: () => wire.cut(), end: () => wire.mend() },
  'cut off, no new connections allowed': {
    begin: () =>
      withClient(testCluster().adminUrl, async (client) => {
        await client.query(`ALTER DATABASE ${db.name} ALLOW_CONNECTIONS false`);
        await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
          db.name,
        ]);
      }),
    end: async () => {
      await withClient(testCluster().adminUrl, (client) =>
        client.query(`ALTER DATABASE ${db.name} ALLOW_CONNECTIONS true`),
      );
      // PgBouncer tries again after its server_login_retry.
      if (throughPgBouncer()) await pause(2_500);
    },
  },
};

const QUERIES = [
  '{ viewer { email } }',
  '{ clinics { nodes { name } } }',
  '{ dashboard { bills(first: 2) { totalCount nodes { number provider { name } } } totals { count billed } } }',
  '{ visits(first: 2) { nodes { reason insuredBills { nodes { number } } } } }',
  '{ patients(first: 2) { nodes { name } } }',
];

// Reported at maticzav/graphql-shield#964: a rule that throws reads as a refusal, and so hides an outage.
it.each(Object.entries(OUTAGES))('case 7: with the database %s', async (_how, outage) => {
  const before = await Promise.all(QUERIES.map((query) => server.ask(A, query)));
  expect(before.map(codesOf)).toEqual(QUERIES.map(() => []));
  await server.tokenOf(STRANGER);
  const quiet = server.logged.length;

  await outage.begin();
  for (const who of [A, STRANGER]) {
    for (const query of QUERIES) {
      const answer = await server.ask<Record<string, unknown>>(who, query);
      expect([query, codesOf(answer)]).toEqual([query, ['UNAVAILABLE']]);
      expect(Object.values(answer.data)).toEqual([null]);
      expect(answer.text).not.toMatch(/connect|terminat|ECONN|127\.0\.0\.1|postgres|database|billing_/i);
    }
  }
  const signIn = await server.ask(
    null,
    `mutation { signIn(email: "${A}", password: "${DEMO_PASSWORD}") { token } }`,
  );
  expect(codesOf(signIn)).toEqual(['UNAVAILABLE']);
  // Each of them left a line that says why.
  const failures = logOf(server)
    .slice(quiet)
    .filter((line) => line.level === 'error');
  expect(failures.length).toBeGreaterThanOrEqual(2 * QUERIES.length + 1);
  expect(failures.every((line) => (line.err?.message ?? '').length > 0)).toBe(true);

  await outage.end();
  const after = await Promise.all(QUERIES.map((query) => server.ask(A, query)));
  expect(after.map(({ data, errors }) => ({ data, errors }))).toEqual(
    before.map(({ data, errors }) => ({ data, errors })),
  );
});

it('case 7: with the database stopping between the read and the rule, nothing is shown and nothing refused', async () => {
  let cutBefore = false;
  const schema = schemaWith({
    'Query.bill': async (_root, _args, context) => {
      const [bill] = await billsWhoeverAsks(context, 'b.provider_id = $1::uuid LIMIT 1', [
        demoUserId('provider.a'),
      ]);
      if (cutBefore) await wire.cut();
      return bill;
    },
  });
  const behind = await startTestServer({ db: { ...db, apiUrl: wire.url }, schema });
  try {
    const query = `{ bill(id: "${toGlobalId('Bill', DEMO_ID, DEMO_ID)}") { number total } }`;
    expect((await behind.ask(A, query)).errors).toBeUndefined();
    cutBefore = true;
    for (const who of [A, STRANGER]) {
      await wire.cut();
      await wire.mend();
      await behind.tokenOf(who);
      const answer = await behind.ask<{ bill: null }>(who, query);
      expect(answer.data).toEqual({ bill: null });
      expect(new Set(codesOf(answer))).toEqual(new Set(['UNAVAILABLE']));
    }
    const lines = logOf(behind);
    expect(lines.filter((line) => line.level === 'error').length).toBeGreaterThanOrEqual(2);
    expect(lines.some((line) => line.defect === true)).toBe(false);
  } finally {
    await wire.mend();
    await behind.close();
  }
});
