import 'reflect-metadata';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  ADMINISTRATOR_EMAIL,
  mainClinic,
  makeData,
  SEES,
  type Size,
  viewerEmail,
} from '../../bench/lib/data';
import { viewerOf, withExplained } from '../../bench/lib/explain';
import { CALLS, readPage } from '../../bench/lib/store-calls';
import { BillStore } from '../../src/billing/store';
import { withClient } from '../../src/embedded-database';
import { createTestDatabase, type TestDatabase } from '../support/database';

const SIZE: Size = {
  bills: 2_000,
  providers: 30,
  users: 90,
  groups: 6,
  memberships: 60,
  delegations: 250,
  patients: 100,
  clinics: 3,
};

/** The constraints, indexes and triggers of the tables, each with whether it holds. */
const SHAPE = `
  SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated) AS line
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT concat_ws(' ', pg_get_indexdef(i.indexrelid), i.indisvalid) FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'public'::regnamespace
  UNION ALL SELECT concat_ws(' ', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger WHERE NOT tgisinternal
  ORDER BY 1`;

let db: TestDatabase;
let before: unknown;
const { clinicId } = mainClinic();

beforeAll(async () => {
  db = await createTestDatabase();
  before = await db.query(SHAPE);
  await withClient(db.url, (client) => makeData(client, SIZE, () => undefined));
});

afterAll(() => db.drop());

test('loading leaves every constraint, index and trigger as it was', async () => {
  expect(await db.query(SHAPE)).toEqual(before);
});

test('the first clinic has the size that was asked for, and the others a tenth of it between them', async () => {
  const tables = ['bills', 'providers', 'users', 'groups', 'group_members', 'delegations', 'patients'];
  const counts = await Promise.all(
    tables.map(async (table) => {
      const [row] = await db.query<{ main: number; others: number }>(
        `SELECT count(*) FILTER (WHERE clinic_id = $1)::int AS main,
           count(*) FILTER (WHERE clinic_id <> $1)::int AS others FROM ${table}`,
        [clinicId],
      );
      return row;
    }),
  );
  expect(counts.map((count) => count?.main)).toEqual([2_000, 30, 90, 6, 60, 250, 100]);
  expect(counts[0]?.others).toBe(200);
});

test.each(SEES.map((sees) => [sees, Math.min(sees, SIZE.providers)]))(
  'the viewer of %i providers has %i entries and no group',
  async (sees, expected) => {
    const { userId } = await viewerOf(db.url, viewerEmail(sees));
    expect(
      await db.query(
        `SELECT count(DISTINCT provider_id)::int AS providers,
           (SELECT count(*)::int FROM group_members WHERE user_id = $1) AS groups
         FROM delegations WHERE delegate_user_id = $1 AND expires_at IS NULL`,
        [userId],
      ),
    ).toEqual([{ providers: expected, groups: 0 }]);
  },
);

test('the sums of a bill are those of its items and payments, and what it hangs on is of its own patient', async () => {
  expect(
    await db.query(
      `SELECT b.number FROM bills b
       LEFT JOIN visits v ON v.clinic_id = b.clinic_id AND v.id = b.visit_id
       LEFT JOIN encounters e ON e.clinic_id = b.clinic_id AND e.id = b.encounter_id
       WHERE b.billed IS DISTINCT FROM (SELECT sum(amount) FROM bill_items WHERE bill_id = b.id)
         OR b.paid <> (SELECT coalesce(sum(amount), 0) FROM payments WHERE bill_id = b.id AND kind = 'PAYMENT')
         OR b.refunded <> (SELECT coalesce(sum(amount), 0) FROM payments WHERE bill_id = b.id AND kind = 'REFUND')
         OR v.patient_id <> b.patient_id OR e.patient_id <> b.patient_id OR e.provider_id <> b.provider_id`,
    ),
  ).toEqual([]);
});

test('a second load into the same database is refused, and takes nothing away', async () => {
  await expect(withClient(db.url, (client) => makeData(client, SIZE, () => undefined))).rejects.toThrow(
    'duplicate key',
  );
  expect(await db.query(SHAPE)).toEqual(before);
});

test('a size that cannot be is refused in words, with nothing loaded', async () => {
  const other = await createTestDatabase();
  try {
    const load = (size: Size) => withClient(other.url, (client) => makeData(client, size, () => undefined));
    await expect(load({ ...SIZE, memberships: 10_000 })).rejects.toThrow('10000 memberships are more than');
    await expect(load({ ...SIZE, delegations: 10_000 })).rejects.toThrow('10000 delegations are too many');
    expect(await other.query('SELECT FROM clinics')).toEqual([]);
  } finally {
    await other.drop();
  }
});

test('a page is explained as the API runs it, with what telling the viewer takes', async () => {
  const viewer = await viewerOf(db.url, viewerEmail(10));
  const none = await viewerOf(db.url, ADMINISTRATOR_EMAIL);
  const explained = (who: typeof viewer) =>
    withExplained(db.apiUrl, async (statements) => ({
      rows: await readPage(statements, who, clinicId, null),
      seen: statements.seen,
    }));
  const { rows, seen } = await explained(viewer);
  expect(rows).toHaveLength(51);
  expect(seen).toHaveLength(1);
  expect(seen[0]?.plan).toContain('Buffers: shared hit=');
  expect(seen[0]?.buffers).toBeGreaterThan(50);
  expect(seen[0]?.tellingBuffers).toBeGreaterThan(0);
  expect((await explained(none)).rows).toEqual([]);
});

test('plans are kept of every method that queries', () => {
  const methods = Object.getOwnPropertyNames(BillStore.prototype).filter((name) => name !== 'constructor');
  expect(Object.keys(CALLS).sort()).toEqual(methods.filter((name) => name !== 'parts').sort());
});
