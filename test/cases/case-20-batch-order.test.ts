import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { loadRelations, type ProviderRef, RelationLoader } from '../../src/access/loader';
import type { RelationRow } from '../../src/access/relations';
import { Database } from '../../src/database';
import { keyOf, type RowKey, rowLoader } from '../../src/row-loader';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { factories } from '../support/factories';
import { throughPgBouncer } from '../support/pgbouncer';

const NOW = '2026-06-01T00:00:00.000000Z';
const UNKNOWN = '00000000-0000-4000-8000-000000000000';

type Row = Record<string, unknown>;

/** The tables as they are, for a naive reading of them. */
const TABLES = [
  'clinics',
  'users',
  'support_users',
  'providers',
  'user_permissions',
  'group_members',
  'delegations',
] as const;
type Tables = Record<(typeof TABLES)[number], Row[]>;

let db: TestDatabase;
let database: Database;
let tables: Tables;
let refs: ProviderRef[];
let viewers: string[];

/** Two clinics, one not launched, with every kind of entry: in force, expired, to come, of people who left. */
beforeAll(async () => {
  db = await createTestDatabase();
  const make = factories(db);
  refs = [{ clinicId: UNKNOWN, providerId: UNKNOWN }];
  viewers = [UNKNOWN, (await make.supportUser()).id, (await make.supportUser({ active: false })).id];
  for (const launchesAt of [
    '2025-01-01T00:00:00Z',
    null,
    '2026-06-01T00:00:00Z',
    '2026-06-01T00:00:00.000001Z',
  ]) {
    const clinicId = (await make.clinic({ launchesAt })).id;
    const permissions = ['EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS'] as const;
    const users = [
      await make.user({ clinicId }),
      await make.user({ clinicId, active: false }),
      await make.user({ clinicId, permissions }),
      await make.user({ clinicId, permissions: ['EDIT_OTHER_USERS'] }),
      await make.user({ clinicId, permissions, active: false }),
    ];
    const [first, left, admin] = users.map((user) => user.id) as [string, string, string];
    const groups = [
      await make.group({ clinicId, members: [first, left] }),
      await make.group({ clinicId, members: [first, admin] }),
      await make.group({ clinicId }),
    ];
    const providers = [
      await make.provider({ clinicId }),
      await make.provider({ clinicId }),
      await make.provider({ clinicId, active: false }),
    ];
    const ends = [null, '2026-06-01T00:00:00Z', '2026-06-01T00:00:00.000001Z', '2026-05-31T23:59:59Z'];
    for (const [p, provider] of providers.entries()) {
      for (const [u, user] of users.entries()) {
        if ((p + u) % 2 === 0)
          await make.delegation({
            clinicId,
            providerId: provider.id,
            userId: user.id,
            expiresAt: ends[(p + u) % 4] ?? null,
          });
      }
      for (const [g, group] of groups.entries()) {
        if (p !== g)
          await make.delegation({
            clinicId,
            providerId: provider.id,
            groupId: group.id,
            expiresAt: ends[(p * 2 + g) % 4] ?? null,
          });
      }
      refs.push({ clinicId, providerId: provider.id });
      viewers.push(provider.id);
    }
    refs.push({ clinicId, providerId: UNKNOWN }, { clinicId, providerId: first });
    viewers.push(...users.map((user) => user.id));
  }
  // A provider under the name of another clinic.
  const [, one] = refs;
  const other = refs.at(-1);
  if (one && other) refs.push({ clinicId: other.clinicId, providerId: one.providerId });
  const read = await Promise.all(
    TABLES.map(async (table) => {
      // To the microsecond, as text: a Date would round two instants into one.
      const rows = await db.query<{ row: Row }>(`SELECT to_jsonb(t) AS row FROM ${table} t`);
      return [table, rows.map(({ row }) => row)] as const;
    }),
  );
  tables = Object.fromEntries(read) as Tables;
  database = await Database.open({
    url: db.apiUrl,
    poolSize: 2,
    statementTimeoutMs: 5_000,
    onPoolError: () => undefined,
    preparedStatements: !throughPgBouncer(),
  });
});

afterAll(async () => {
  await database.close();
  await db.drop();
});

/** Section 3 of the rule, read row by row. Instants compare as text: all are UTC, to the microsecond. */
function naively(viewer: string, ref: ProviderRef): RelationRow[] {
  const held: RelationRow[] = [];
  const hold = (relation: RelationRow['relation'], groupId: string | null = null) =>
    held.push({ relation, groupId });
  const isProvider = tables.providers.some(
    (row) => row.clinic_id === ref.clinicId && row.user_id === ref.providerId,
  );
  if (!isProvider) return [];
  if (tables.support_users.some((row) => row.id === viewer && row.active === true)) hold('SUPPORT');
  const works = tables.users.some(
    (row) => row.clinic_id === ref.clinicId && row.id === viewer && row.active === true,
  );
  if (!works) return held;
  const after = (instant: unknown): boolean => instant === null || micros(String(instant)) > micros(NOW);
  for (const clinic of tables.clinics) {
    if (clinic.id === ref.clinicId && after(clinic.segregation_launches_at)) hold('NOT_SEGREGATED');
  }
  if (viewer === ref.providerId) hold('OWNER');
  for (const entry of tables.delegations) {
    if (entry.clinic_id !== ref.clinicId || entry.provider_id !== ref.providerId || !after(entry.expires_at))
      continue;
    if (entry.delegate_user_id === viewer) hold('USER_DELEGATE');
    for (const member of tables.group_members) {
      if (member.user_id === viewer && member.group_id === entry.delegate_group_id)
        hold('GROUP_DELEGATE', String(member.group_id));
    }
  }
  const permissions = tables.user_permissions.filter(
    (row) => row.clinic_id === ref.clinicId && row.user_id === viewer,
  );
  if (permissions.length === 2) hold('ADMINISTRATOR');
  return held;
}

/** An instant as microseconds, so that the last digit counts. */
function micros(instant: string): bigint {
  const fraction = /\.(\d{1,6})/.exec(instant)?.[1] ?? '';
  const whole = new Date(instant.replace(/\.\d+/, '')).getTime();
  return BigInt(whole) * 1000n + BigInt(fraction.padEnd(6, '0'));
}

const text = (rows: readonly RelationRow[]): string[] =>
  rows.map(({ relation, groupId }) => `${relation} ${groupId ?? ''}`).sort();

const questions = () =>
  fc.tuple(fc.constantFrom(...viewers), fc.array(fc.constantFrom(...refs), { minLength: 1, maxLength: 40 }));

// Reported at graphql/dataloader#104: the rows of a batch did not come in the order of its keys.
it('case 20: a batch answers each provider in its place: shuffled, missing and repeated ones', async () => {
  await fc.assert(
    fc.asyncProperty(questions(), async ([viewer, asked]) => {
      const found = await loadRelations(database, { userId: viewer, now: NOW }, asked);
      expect(found.map(text)).toEqual(asked.map((ref) => text(naively(viewer, ref))));
    }),
    { numRuns: 150 },
  );
});

it('case 20: the loader answers each provider in its place', async () => {
  await fc.assert(
    fc.asyncProperty(questions(), async ([userId, asked]) => {
      const viewer = { userId, clinicId: null, permissions: new Set<never>(), now: NOW };
      const loader = new RelationLoader(database, viewer);
      const found = await Promise.all(asked.map((ref) => loader.load(ref)));
      expect(found.map(text)).toEqual(asked.map((ref) => text(naively(userId, ref))));
      // And from memory, in another order.
      const again = await Promise.all([...asked].reverse().map((ref) => loader.load(ref)));
      expect(again).toEqual([...found].reverse());
    }),
    { numRuns: 50 },
  );
});

it('case 20: the naive reading finds every relation, so that the comparison means something', () => {
  const found = viewers.flatMap((viewer) =>
    refs.flatMap((ref) => naively(viewer, ref).map((row) => row.relation)),
  );
  expect([...new Set(found)].sort()).toEqual([
    'ADMINISTRATOR',
    'GROUP_DELEGATE',
    'NOT_SEGREGATED',
    'OWNER',
    'SUPPORT',
    'USER_DELEGATE',
  ]);
});

it('case 20: rows that come in any order, or not at all, get to their keys', async () => {
  const keys = fc.array(
    fc.record({
      clinicId: fc.constantFrom('c1', 'c2', null),
      id: fc.constantFrom('1', '2', '3', '10', '1 '),
    }),
    {
      minLength: 1,
    },
  );
  await fc.assert(
    fc.asyncProperty(keys, fc.integer(), async (asked, seed) => {
      const exists = (key: RowKey): boolean => key.id !== '3';
      const loader = rowLoader(async (batch) =>
        [...batch]
          .filter(exists)
          .sort((a, b) => ((keyOf(a).length * 7 + seed) % 3) - ((keyOf(b).length * 7 + seed) % 3))
          .reverse(),
      );
      const rows = await Promise.all(asked.map((key) => loader.load(key)));
      expect(rows.map((row) => row && keyOf(row))).toEqual(
        asked.map((key) => (exists(key) ? keyOf(key) : null)),
      );
    }),
  );
});
