import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mainClinic, makeData, PASSWORD, type Size, viewerEmail } from '../../bench/lib/data';
import { viewerOf, withExplained } from '../../bench/lib/explain';
import { readPage } from '../../bench/lib/store-calls';
import { QUERIES } from '../../bench/works';
import { withClient } from '../../src/embedded-database';
import { toGlobalId } from '../../src/global-id';
import { statementsOf } from '../cases/support';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { startTestServer, type TestServer } from '../support/server';

/**
 * What a request costs where time cannot be measured: the statements that it runs, and the pages that PostgreSQL
 * touches for them. Both are the same on every machine; a change that makes them more must say why.
 */
const SIZE: Size = {
  bills: 5_000,
  providers: 50,
  users: 150,
  groups: 10,
  memberships: 100,
  delegations: 400,
  patients: 300,
  clinics: 2,
};
const { clinicId } = mainClinic();
const VIEWER = viewerEmail(20);

let db: TestDatabase;
let server: TestServer;
let ids: { patient: string; bill: string };

beforeAll(async () => {
  db = await createTestDatabase();
  await withClient(db.url, (client) => makeData(client, SIZE, () => undefined));
  server = await startTestServer({ db });
  await server.tokenOf(VIEWER, PASSWORD);
  const { userId } = await viewerOf(db.url, VIEWER);
  const [bill] = await db.query<{ id: string; patient: string }>(
    `SELECT b.id, b.patient_id AS patient FROM bills b JOIN delegations d
       ON d.clinic_id = b.clinic_id AND d.provider_id = b.provider_id AND d.delegate_user_id = $1
     ORDER BY b.service_date DESC, b.id LIMIT 1`,
    [userId],
  );
  ids = {
    patient: toGlobalId('Patient', clinicId, bill?.patient ?? ''),
    bill: toGlobalId('Bill', clinicId, bill?.id ?? ''),
  };
});

afterAll(async () => {
  await server?.close();
  await db?.drop();
});

describe('the statements of a request', () => {
  const count = (query: string, variables: Record<string, unknown> = {}): Promise<number> =>
    statementsOf(server, async () => {
      const answer = await server.ask(VIEWER, query, variables);
      expect(answer.errors).toBeUndefined();
      return answer;
    });

  it.each([50, 500])('of a dashboard of %i bills with patient, provider and items are two', async (first) => {
    expect(await count(QUERIES['page-50'], { first })).toBe(2);
  });

  it('of the totals are two', async () => {
    expect(await count(QUERIES.totals)).toBe(2);
  });

  it('of a bill with patient, provider, items and payments are two', async () => {
    expect(await count(QUERIES.bill, { id: ids.bill })).toBe(2);
  });

  it('of a chart with both kinds and what is owed are four', async () => {
    expect(await count(QUERIES.chart, { id: ids.patient })).toBe(4);
  });

  it('of a page of fifty visits with both kinds are three', async () => {
    expect(await count(QUERIES.visits)).toBe(3);
  });
});

describe('the pages of 8 kB that PostgreSQL touches for a page of fifty bills with patient, provider and items', () => {
  const buffers = async (sees: number): Promise<number> => {
    const viewer = await viewerOf(db.url, viewerEmail(sees));
    const [page] = await withExplained(db.apiUrl, async (statements) => {
      await readPage(statements, viewer, clinicId, null);
      return statements.seen;
    });
    return (page?.buffers ?? Number.NaN) + (page?.tellingBuffers ?? Number.NaN);
  };

  // As measured, and a tenth more.
  it.each([
    [0, 43],
    [1, 836],
    [20, 925],
    [100, 793],
  ])('for a viewer of %i providers (at most all of them) are at most %i', async (sees, most) => {
    const touched = await buffers(sees);
    expect(touched).toBeGreaterThan(0);
    expect(touched).toBeLessThanOrEqual(most);
  });
});
