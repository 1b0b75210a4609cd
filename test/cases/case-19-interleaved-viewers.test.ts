import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestServer, type TestServer } from '../support/server';
import { A, B, codesOf, DEMO_ID, demoUserId, inParallel, STRANGER } from './support';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(() => server.close());

interface Shown {
  viewer: { email: string };
  dashboard: { bills: { totalCount: number; nodes: { provider: { name: string } }[] } };
}

// Reported at Consensys/ethql#55: one loader, made once, served what it had read for one user to all.
it('case 19: two viewers, interleaved 1,000 times, each see their own', async () => {
  const query =
    '{ viewer { email } dashboard { bills(first: 1) { totalCount nodes { provider { name } } } } }';
  const expected = new Map<string | null, unknown>();
  for (const [who, key] of [
    [A, 'provider.a'],
    [STRANGER, 'stranger'],
  ] as const) {
    const [own] = await server.db.query<{ name: string; count: number }>(
      `SELECT u.name, (SELECT count(*)::int FROM bills b WHERE b.provider_id = u.id) AS count FROM users u
       WHERE u.clinic_id = $1 AND u.id = $2`,
      [DEMO_ID, demoUserId(key)],
    );
    const nodes = own?.count ? [{ provider: { name: own.name } }] : [];
    expected.set(who, { viewer: { email: who }, dashboard: { bills: { totalCount: own?.count, nodes } } });
    await server.tokenOf(who);
  }
  const wrong: unknown[] = [];
  const jobs = Array.from({ length: 1000 }, (_, turn) => async () => {
    const who = turn % 2 === 0 ? A : STRANGER;
    const { data, errors } = await server.ask<Shown>(who, query);
    if (errors !== undefined || JSON.stringify(data) !== JSON.stringify(expected.get(who)))
      wrong.push({ who, data, errors });
  });
  await inParallel(jobs, 10);
  expect(wrong).toEqual([]);
});

it('case 19: nothing of one request is left for the next on the same connection', async () => {
  const [bill] = await server.db.query<{ id: string }>(
    'SELECT id FROM bills WHERE provider_id = $1 LIMIT 1',
    [demoUserId('provider.a')],
  );
  const bytes = `08${DEMO_ID}${bill?.id}`.replaceAll('-', '');
  const id = Buffer.from(bytes, 'hex').toString('base64url');
  const read = (who: string | null) =>
    server.ask<{ bill: object | null }>(who, 'query ($id: ID!) { bill(id: $id) { number } }', { id });
  for (let turn = 0; turn < 10; turn += 1) {
    expect((await read(A)).data.bill).not.toBeNull();
    expect((await read(B)).data).toEqual({ bill: null });
    expect((await read(STRANGER)).data).toEqual({ bill: null });
    expect(codesOf(await read(null))).toEqual(['UNAUTHENTICATED']);
  }
});
