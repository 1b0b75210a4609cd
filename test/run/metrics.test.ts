import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MOST_OPERATIONS } from '../../src/config';
import { toGlobalId } from '../../src/global-id';
import { createLogger } from '../../src/logging';
import { Metrics } from '../../src/watching/metrics';
import { type MetricsServer, startMetricsServer } from '../../src/watching/metrics-server';
import { OperationNames, shippedOperations } from '../../src/watching/operations';
import { A, billsWhoeverAsks, DEMO_ID, demoUserId, STRANGER, schemaWith } from '../cases/support';
import { save } from '../delegation/support';
import { eventually } from '../embedded/support';
import { startTestServer, type TestServer } from '../support/server';
import { samplesOf, sumOf } from './metrics-text';
import { lockVisits, VISITS } from './support';

/** What labels may say: everything there is, so that a new value is looked at before it is let in. */
const VALUES: Readonly<Record<string, ReadonlySet<string> | RegExp>> = {
  operation: new Set(['Known', 'other', 'anonymous', 'none']),
  outcome: new Set([
    ...['OK', 'ABANDONED', 'UNAUTHENTICATED', 'FORBIDDEN', 'NOT_FOUND', 'BAD_USER_INPUT', 'CONFLICT'],
    ...['PASSWORD_REQUIRED', 'RATE_LIMITED', 'UNAVAILABLE', 'INTERNAL', 'ok', 'failed'],
  ]),
  code: new Set(['UNAUTHENTICATED', 'FORBIDDEN', 'NOT_FOUND', 'PASSWORD_REQUIRED', 'RATE_LIMITED']),
  read: new Set(['answered', 'failed', 'unusable', 'changed']),
  le: /^(\d+(\.\d+)?|\+Inf)$/,
  // Of prom-client: of the process, and of Node.
  type: /^(query|mutation|subscription|none|[A-Z][A-Za-z]+)$/,
  kind: new Set(['major', 'minor', 'incremental', 'weakcb']),
  space:
    /^(read_only|new|old|code|shared|trusted|shared_trusted|new_large_object|large_object|code_large_object|shared_large_object|trusted_large_object|shared_trusted_large_object)$/,
  version: /^v[\d.]+$/,
  major: /^\d+$/,
  minor: /^\d+$/,
  patch: /^\d+$/,
};
/** What is put into every place of a request that a value can be put in. */
const SECRET = 'PatientZebedee';

let server: TestServer;
let metrics: Metrics;
let page: MetricsServer;
const read = (): Promise<string> => metrics.registry.metrics();

beforeAll(async () => {
  const operationNames = new OperationNames(['Known']);
  metrics = new Metrics(operationNames);
  const schema = schemaWith({
    // A resolver that is wrong: it hands out bills whoever asks.
    'Query.bill': async (_root, _args, context) =>
      (await billsWhoeverAsks(context, 'b.provider_id = $1', [demoUserId('provider.a')]))[0],
    'Query.clinics': () => {
      throw new Error(`a defect about ${SECRET}`);
    },
  });
  server = await startTestServer({ schema, watching: { metrics, operationNames } });
  metrics.watchPool(server.database.pool, 5);
  metrics.watchReplica({
    counts: { answered: 3, failed: 1, unusable: 2, changed: 4 },
    maxLag: 5_000,
    usable: () => false,
    lag: () => null,
  });
  page = await startMetricsServer({
    host: '127.0.0.1',
    port: 0,
    read,
    log: createLogger('silent'),
  });
});
afterAll(async () => {
  await page.close();
  await server.close();
});

/** By how much something rises. */
async function rise(
  act: () => Promise<unknown>,
  name: string,
  labels: Record<string, string> = {},
): Promise<number> {
  // What is counted, is when the answer has been sent: a moment after the client has it.
  const settled = () => new Promise((resolve) => setTimeout(resolve, 50));
  await settled();
  const before = sumOf(await read(), name, labels);
  await act();
  await settled();
  return sumOf(await read(), name, labels) - before;
}

const REQUESTS = 'billing_requests_total';

describe('what is counted', () => {
  it.each<[string, string | null, string, Record<string, string>]>([
    [
      'a known operation',
      A,
      'query Known { viewer { email } }',
      { operation: 'Known', type: 'query', outcome: 'OK' },
    ],
    [
      'one whose name is on no list',
      A,
      `query ${SECRET} { viewer { email } }`,
      { operation: 'other', outcome: 'OK' },
    ],
    ['one without a name', A, '{ viewer { email } }', { operation: 'anonymous', outcome: 'OK' }],
    [
      'a refusal',
      null,
      'query Known { viewer { email } }',
      { operation: 'Known', outcome: 'UNAUTHENTICATED' },
    ],
    ['what does not parse', A, `{ ${SECRET}`, { operation: 'none', type: 'none', outcome: 'BAD_USER_INPUT' }],
    ['what is not valid', A, `{ ${SECRET} }`, { operation: 'none', type: 'none', outcome: 'BAD_USER_INPUT' }],
    ['a defect', A, '{ clinics { nodes { name } } }', { operation: 'anonymous', outcome: 'INTERNAL' }],
  ])('%s', async (_what, who, query, labels) => {
    if (who !== null) await server.tokenOf(who);
    expect(await rise(() => server.ask(who, query), REQUESTS, labels)).toBe(1);
    const { operation } = labels;
    const timed = { ...(operation === undefined ? {} : { operation }) };
    expect(await rise(() => server.ask(who, query), 'billing_request_duration_seconds_count', timed)).toBe(1);
  });

  it('a request that the client did not wait for', async () => {
    const lock = await lockVisits(server.db);
    const token = await server.tokenOf(A);
    const leave = new AbortController();
    const abandon = async (): Promise<void> => {
      const answer = fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query: VISITS }),
        signal: leave.signal,
      }).catch(() => null);
      await lock.waiting(1);
      leave.abort();
      await answer;
      await eventually(async () => sumOf(await read(), REQUESTS, { outcome: 'ABANDONED' }) > 0);
    };
    try {
      expect(await rise(abandon, REQUESTS, { outcome: 'ABANDONED' })).toBe(1);
    } finally {
      await lock.release();
    }
  });

  it('denials, once a request and code', async () => {
    const twice = () => server.ask(null, '{ a: viewer { email } b: viewer { email } }');
    expect(await rise(twice, 'billing_denials_total', { code: 'UNAUTHENTICATED' })).toBe(1);
    const attempt = () =>
      server.ask(null, 'mutation ($p: String!) { signIn(email: "x@y.example", password: $p) { token } }', {
        p: SECRET,
      });
    expect(await rise(attempt, 'billing_denials_total', { code: 'UNAUTHENTICATED' })).toBe(1);
  });

  it('confirmations that are locked, and not the failures before', async () => {
    const provider = toGlobalId('User', DEMO_ID, demoUserId('provider.b'));
    const clerk = toGlobalId('User', DEMO_ID, demoUserId('clerk'));
    const attempt = () =>
      save(
        server,
        'provider.b@demo.example',
        [{ providerId: provider, addUsers: [{ userId: clerk }] }],
        SECRET,
      );
    const five = async () => {
      for (let at = 0; at < 5; at += 1) await attempt();
    };
    expect(await rise(five, 'billing_confirmations_locked_total')).toBe(0);
    expect(await rise(attempt, 'billing_confirmations_locked_total')).toBe(1);
  });

  it('defects that the shield stopped', async () => {
    const bill = toGlobalId('Bill', DEMO_ID, demoUserId('provider.a'));
    const leak = () => server.ask(STRANGER, 'query ($id: ID!) { bill(id: $id) { number } }', { id: bill });
    expect(await rise(leak, 'billing_shield_defects_total')).toBe(1);
    expect(await rise(() => server.ask(A, '{ viewer { email } }'), 'billing_shield_defects_total')).toBe(0);
  });

  it('statements, and those that failed', async () => {
    const count = 'billing_sql_statement_duration_seconds_count';
    const some = () => server.ask(A, '{ viewer { email } }');
    expect(await rise(some, count, { outcome: 'ok' })).toBeGreaterThan(0);
    const failing = () => server.database.query(`SELECT $1::int`, [SECRET]).catch(() => undefined);
    expect(await rise(failing, count, { outcome: 'failed' })).toBe(1);
  });

  it('the connections of the pool', async () => {
    const text = await read();
    expect(sumOf(text, 'billing_pool_limit')).toBe(5);
    const open = sumOf(text, 'billing_pool_connections');
    expect(open).toBeGreaterThan(0);
    const held = await server.database.pool.connect();
    try {
      const busy = await read();
      expect(sumOf(busy, 'billing_pool_connections') - sumOf(busy, 'billing_pool_idle_connections')).toBe(1);
    } finally {
      held.release();
    }
  });

  it('the reads of bills with a replica, and no age of what it shows while that cannot be told', async () => {
    // Twice: they are counted elsewhere, and must not be added up by being asked for.
    await read();
    const text = await read();
    const reads = samplesOf(text).filter(({ name }) => name === 'billing_replica_reads_total');
    expect(reads.map(({ labels, value }) => [labels.read, value])).toEqual([
      ['answered', 3],
      ['failed', 1],
      ['unusable', 2],
      ['changed', 4],
    ]);
    expect(sumOf(text, 'billing_replica_max_lag_seconds')).toBe(5);
    expect(samplesOf(text).map(({ name }) => name)).not.toContain('billing_replica_lag_seconds');
  });
});

describe('a scrape', () => {
  it('has no value in any label but those that are on a list', async () => {
    const token = await server.tokenOf(A);
    // Everything of a request that a client writes.
    await fetch(`${server.url}/graphql?${SECRET}=${SECRET}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
        'user-agent': SECRET,
        'x-request-id': SECRET,
        'x-forwarded-for': SECRET,
      },
      body: JSON.stringify({
        query: `query ${SECRET}($${SECRET}: String) { ${SECRET}: users(search: $${SECRET}) { nodes { name } } }`,
        operationName: SECRET,
        variables: { [SECRET]: SECRET },
      }),
    });
    await server.ask(A, `query A { viewer { email } } query ${SECRET} { viewer { email } }`);
    const text = await (await fetch(page.url)).text();
    const odd = samplesOf(text).flatMap(({ name, labels }) =>
      Object.entries(labels)
        .filter(([label, value]) => {
          const allowed = VALUES[label];
          return (
            allowed === undefined || !(allowed instanceof RegExp ? allowed.test(value) : allowed.has(value))
          );
        })
        .map(([label, value]) => `${name} ${label}=${value}`),
    );
    expect(odd).toEqual([]);
    expect(text).not.toContain(SECRET);
    expect(text).not.toMatch(/@|eyJ|[0-9a-f]{8}-[0-9a-f]{4}/);
  });

  it('stays as small, whatever names clients make up', async () => {
    const sizeOf = async (): Promise<number> =>
      samplesOf(await read()).filter(({ name }) => name.startsWith('billing_')).length;
    await server.ask(A, 'query N { viewer { email } }');
    const before = await sizeOf();
    for (let at = 0; at < 60; at += 1) await server.ask(A, `query N${at} { viewer { email } }`);
    expect(await sizeOf()).toBe(before);
  });

  it('is all there is at its address, and is not at that of the API', async () => {
    const { origin } = new URL(page.url);
    expect((await fetch(`${origin}/`)).status).toBe(404);
    expect((await fetch(`${origin}/graphql`)).status).toBe(404);
    expect((await fetch(page.url, { method: 'POST' })).status).toBe(405);
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
  });
});

it('the operations that the product ships are known by their names, and are not too many', () => {
  const all = shippedOperations(Number.MAX_SAFE_INTEGER);
  expect(all).toContain('DashboardBills');
  expect(all.length).toBeLessThanOrEqual(MOST_OPERATIONS);
  const names = new OperationNames(all);
  expect(names.labelOf({ operation: 'DashboardBills', type: 'query' })).toBe('DashboardBills');
  expect(names.labelOf({ operation: 'toString', type: 'query' })).toBe('other');
});
