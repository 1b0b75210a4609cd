import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { BILL_ACTIONS } from '../../src/access/policy';
import { told, toldProviders } from '../../src/access/predicate';
import type { Viewer } from '../../src/access/viewer';
import { Database } from '../../src/database';
import type { Told } from '../../src/sql';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { throughPgBouncer } from '../support/pgbouncer';

/** What a store without its predicate would ask. */
const EVERY_BILL = 'SELECT b.provider_id AS "providerId", b.clinic_id AS "clinicId" FROM bills b';

let db: TestDatabase;
let database: Database;

beforeAll(async () => {
  db = await createTestDatabase({ demo: true });
  // One connection, so that whatever stays on it is met by the next statement.
  database = await Database.open({
    url: db.apiUrl,
    poolSize: 1,
    statementTimeoutMs: 10_000,
    onPoolError: () => undefined,
    preparedStatements: !throughPgBouncer(),
  });
});
afterAll(async () => {
  await database?.close();
  await db?.drop();
});

/** The demo account of that name, as a request would have it. */
async function viewerOf(email: string): Promise<Viewer & { clinicId: string }> {
  const [row] = await db.query<{ id: string; clinic: string; now: string }>(
    `SELECT coalesce(s.user_id, s.support_user_id) AS id,
       coalesce(s.clinic_id, (SELECT c.id FROM clinics c WHERE c.name = 'Demo clinic')) AS clinic, now()::text AS now
     FROM sign_ins s WHERE s.email = $1`,
    [email],
  );
  if (row === undefined) throw new Error(`no account ${email}`);
  return { userId: row.id, clinicId: row.clinic, now: row.now, permissions: new Set() };
}

const idOf = async (email: string): Promise<string> => (await viewerOf(email)).userId;
const ask = async (as?: Told): Promise<{ providerId: string; clinicId: string }[]> =>
  database.query(EVERY_BILL, [], as);
const tellOf = async (email: string, action: (typeof BILL_ACTIONS)[number] = 'VIEW_BILL'): Promise<Told> => {
  const viewer = await viewerOf(email);
  return told(action, viewer, viewer.clinicId);
};

describe('without the predicate of the store, the database itself', () => {
  test('shows nothing to a statement that tells it nobody', async () => {
    expect(await ask()).toEqual([]);
  });

  test.each([
    ['provider.a@demo.example', ['provider.a@demo.example']],
    ['delegate@demo.example', ['provider.a@demo.example']],
    ['clerk@demo.example', ['provider.a@demo.example', 'provider.b@demo.example']],
  ])('shows %s only the bills of %j', async (email, owners) => {
    const rows = await ask(await tellOf(email));
    const ids = await Promise.all(owners.map(idOf));
    expect([...new Set(rows.map((row) => row.providerId))].sort()).toEqual(ids.sort());
    const [{ count } = { count: 0 }] = await db.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM bills WHERE provider_id = ANY ($1)',
      [ids],
    );
    expect(rows).toHaveLength(count);
  });

  test.each(['stranger@demo.example', 'admin@demo.example', 'deactivated@demo.example'])(
    'shows %s nothing',
    async (email) => {
      expect(await ask(await tellOf(email))).toEqual([]);
    },
  );

  test('shows support one clinic, the one it was told', async () => {
    const rows = await ask(await tellOf('support@demo.example'));
    const { clinicId } = await viewerOf('provider.a@demo.example');
    expect(new Set(rows.map((row) => row.clinicId))).toEqual(new Set([clinicId]));
  });

  test('shows nobody another clinic, whichever is named', async () => {
    const { clinicId } = await viewerOf('staff@other.example');
    expect(await ask(told('VIEW_BILL', await viewerOf('provider.a@demo.example'), clinicId))).toEqual([]);
    expect((await ask(await tellOf('staff@other.example'))).length).toBeGreaterThan(0);
  });

  test('shows an administrator bills to count ahead of a launch, and only to that end', async () => {
    expect((await ask(await tellOf('admin@demo.example', 'COUNT_BILLS_FOR_LAUNCH'))).length).toBeGreaterThan(
      0,
    );
    expect(await ask(await tellOf('stranger@demo.example', 'COUNT_BILLS_FOR_LAUNCH'))).toEqual([]);
    const to = { ...(await tellOf('admin@demo.example')), action: 'ANYTHING_ELSE' };
    expect(await ask(to)).toEqual([]);
  });

  test('shows items and payments with their bills only', async () => {
    for (const table of ['bill_items', 'payments']) {
      const sql = `SELECT DISTINCT b.provider_id AS "providerId" FROM ${table} p
        LEFT JOIN bills b ON b.clinic_id = p.clinic_id AND b.id = p.bill_id`;
      const rows = await database.query(sql, [], await tellOf('delegate@demo.example'));
      expect(rows).toEqual([{ providerId: await idOf('provider.a@demo.example') }]);
      expect(await database.query(`SELECT FROM ${table}`, [])).toEqual([]);
    }
  });
});

describe('a pooled connection', () => {
  test('never carries a viewer over, to a statement or to a transaction', async () => {
    const asDelegate = await tellOf('delegate@demo.example');
    const asStranger = await tellOf('stranger@demo.example');
    for (let round = 0; round < 20; round += 1) {
      expect((await ask(asDelegate)).length).toBeGreaterThan(0);
      expect(await ask()).toEqual([]);
      expect((await ask(asDelegate)).length).toBeGreaterThan(0);
      expect(await ask(asStranger)).toEqual([]);
    }
    expect((await ask(asDelegate)).length).toBeGreaterThan(0);
    const inside = await database.transaction((transaction) => transaction.query(EVERY_BILL, []));
    expect(inside).toEqual([]);
  });

  test('forgets the viewer of a statement that failed', async () => {
    const as = await tellOf('delegate@demo.example');
    await expect(database.query('SELECT 1 / (SELECT 0 FROM bills LIMIT 1) AS x', [], as)).rejects.toThrow(
      /division by zero/,
    );
    expect(await ask()).toEqual([]);
    expect((await ask(as)).length).toBeGreaterThan(0);
  });
});

describe('the policies', () => {
  test('let through what relations.ts and policy.ts say', async () => {
    const [stored] = await db.query<{ body: string }>(
      "SELECT prosrc AS body FROM pg_proc WHERE proname = 'tell_viewer'",
    );
    const inTheCode = toldProviders({
      clinic: 'the_clinic',
      viewer: 'the_viewer',
      now: 'the_instant',
      action: 'the_action',
    });
    const words = (sql: string | undefined): string => (sql ?? '').replace(/\s+/g, ' ').trim();
    // When this fails, relations.ts or policy.ts changed: write a migration that replaces tell_viewer.
    expect(words(stored?.body)).toBe(
      words(`BEGIN
        PERFORM set_config('billing.clinic', the_clinic::text, true),
          set_config('billing.providers', (${inTheCode})::text, true);
      END`),
    );
  });

  test('are the same on every table, and compare what was told only', async () => {
    const policies = await db.query<{ name: string; qual: string }>(
      'SELECT polname AS name, pg_get_expr(polqual, polrelid) AS qual FROM pg_policy ORDER BY polname',
    );
    expect(policies.map(({ name }) => name)).toEqual([
      'bill_items_seen_by_viewer',
      'bills_seen_by_viewer',
      'payments_seen_by_viewer',
    ]);
    const texts = policies.map(({ qual }) => qual.replace(/\b(bills|bill_items|payments)\./g, ''));
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).toContain("current_setting('billing.providers'");
  });

  test('hold for the role that the API runs under: no superuser, no bypass, owner of nothing', async () => {
    const [role] = await database.query(
      `SELECT r.rolsuper, r.rolbypassrls, (SELECT count(*)::int FROM pg_class c WHERE c.relowner = r.oid) AS owned
       FROM pg_roles r WHERE r.rolname = current_user`,
      [],
    );
    expect(role).toEqual({ rolsuper: false, rolbypassrls: false, owned: 0 });
  });

  test('are what holds: without them the same statement shows every bill', async () => {
    for (const table of ['bills', 'bill_items', 'payments']) {
      await db.query(`ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`);
    }
    const rows = await ask(await tellOf('stranger@demo.example'));
    for (const table of ['bills', 'bill_items', 'payments']) {
      await db.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
    }
    expect(rows.length).toBeGreaterThan(5000);
    expect(await ask(await tellOf('stranger@demo.example'))).toEqual([]);
  });
});
