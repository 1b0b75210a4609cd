import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { verifyPassword } from '../../src/identity/password';
import { demoSignIns, isDemoLoaded, loadDemo } from '../../src/importers/demo';
import { createTestDatabase } from '../support/database';

type TestDatabase = Awaited<ReturnType<typeof createTestDatabase>>;
type Row = Record<string, unknown>;

const PASSWORD = 'a password for this test';

async function withClient<T>(database: TestDatabase, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function rowsOf(database: TestDatabase, sql: string, params: unknown[] = []): Promise<Row[]> {
  return withClient(database, async (client) => (await client.query<Row>(sql, params)).rows);
}

/** Everything that the demo writes, the salted hashes and the history's instants aside, as one text. */
const FINGERPRINT = [
  ...['clinics', 'users', 'support_users', 'providers', 'user_permissions', 'groups', 'group_members'],
  ...['delegations', 'patients', 'visits', 'encounters', 'payers', 'bills', 'bill_items', 'payments'],
]
  .map(
    (table) =>
      `SELECT '${table}' AS name, md5(string_agg(t::text, '|' ORDER BY t::text)) AS sum FROM ${table} t`,
  )
  .join(' UNION ALL ')
  .concat(' ORDER BY name');

describe('the demo', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
    const summary = await withClient(database, (client) => loadDemo(client, { password: PASSWORD }));
    expect(summary.loaded).toBe(true);
  });

  afterAll(() => database.drop());

  /** Expects that no row answers to the question. */
  async function expectNone(sql: string): Promise<void> {
    expect(await rowsOf(database, `${sql} LIMIT 5`)).toEqual([]);
  }

  test('has two clinics: one long launched, one without a launch date', async () => {
    const rows = await rowsOf(
      database,
      `SELECT name, currency, segregation_launches_at < '2026-01-01' AS launched FROM clinics ORDER BY name`,
    );
    expect(rows).toEqual([
      { name: 'Demo clinic', currency: 'CAD', launched: true },
      { name: 'Other clinic', currency: 'USD', launched: null },
    ]);
  });

  test('is as large as promised', async () => {
    const [demo, other] = await rowsOf(
      database,
      `SELECT (SELECT count(*)::int FROM providers p WHERE p.clinic_id = c.id) AS providers,
              (SELECT count(*)::int FROM patients p WHERE p.clinic_id = c.id) AS patients,
              (SELECT count(*)::int FROM bills b WHERE b.clinic_id = c.id) AS bills
       FROM clinics c ORDER BY name`,
    );
    expect(demo?.providers).toBeGreaterThanOrEqual(8);
    expect(demo?.patients).toBeGreaterThanOrEqual(300);
    expect(demo?.bills).toBeGreaterThanOrEqual(5_000);
    expect(other?.patients).toBeGreaterThanOrEqual(24);
    expect(other?.bills).toBeGreaterThanOrEqual(200);
  });

  test('has each kind and status for every provider of the demo clinic, over two years', async () => {
    await expectNone(`
      SELECT provider_id FROM bills WHERE clinic_id = (SELECT id FROM clinics WHERE name = 'Demo clinic')
      GROUP BY provider_id HAVING count(DISTINCT status) <> 10`);
    const [span] = await rowsOf(
      database,
      'SELECT min(service_date)::text AS first, max(service_date)::text AS last FROM bills',
    );
    expect(span).toEqual({ first: '2024-10-01', last: '2026-09-30' });
  });

  test('has visits with one encounter and with two, and visits billed by two providers in both kinds', async () => {
    const encounters = await rowsOf(
      database,
      `SELECT DISTINCT count(*)::int AS encounters FROM encounters
       WHERE visit_id IS NOT NULL GROUP BY clinic_id, visit_id ORDER BY 1`,
    );
    expect(encounters).toEqual([{ encounters: 1 }, { encounters: 2 }]);
    const [shared] = await rowsOf(
      database,
      `SELECT count(*)::int AS visits FROM (
         SELECT FROM bills WHERE visit_id IS NOT NULL GROUP BY clinic_id, visit_id
         HAVING count(DISTINCT provider_id) = 2 AND count(DISTINCT kind) = 2) v`,
    );
    expect(shared?.visits).toBeGreaterThan(100);
  });

  test('bills an encounter on its own day and within its own visit', async () => {
    await expectNone(`
      SELECT b.number FROM bills b JOIN encounters e ON (e.clinic_id, e.id) = (b.clinic_id, b.encounter_id)
      WHERE b.visit_id IS DISTINCT FROM e.visit_id OR b.service_date <> (e.started_at AT TIME ZONE 'UTC')::date
         OR b.service_date <> (e.ended_at AT TIME ZONE 'UTC')::date`);
  });

  test('numbers bills by provider, without a gap and in order of time', async () => {
    await expectNone(`
      SELECT * FROM (
        SELECT b.number, p.billing_number || '-' || to_char(
          row_number() OVER (PARTITION BY b.clinic_id, b.provider_id ORDER BY b.service_date, b.number), 'FM000000') AS expected
        FROM bills b JOIN providers p ON (p.clinic_id, p.user_id) = (b.clinic_id, b.provider_id)) n
      WHERE number <> expected`);
  });

  test('gives every bill one to five items, whose amounts are what was billed', async () => {
    await expectNone(`
      SELECT b.number FROM bills b LEFT JOIN bill_items i ON (i.clinic_id, i.bill_id) = (b.clinic_id, b.id)
      GROUP BY b.clinic_id, b.id
      HAVING coalesce(sum(i.amount), -1) <> b.billed OR count(*) NOT BETWEEN 1 AND 5 OR max(i.line) <> count(*)
          OR bool_or(i.amount <> round(i.units * i.unit_price, 2))`);
  });

  test('gives every bill the payments and refunds that its sums say, none before the service or after the end', async () => {
    await expectNone(`
      SELECT b.number FROM bills b LEFT JOIN payments p ON (p.clinic_id, p.bill_id) = (b.clinic_id, b.id)
      GROUP BY b.clinic_id, b.id
      HAVING coalesce(sum(p.amount) FILTER (WHERE p.kind = 'PAYMENT'), 0) <> b.paid
          OR coalesce(sum(p.amount) FILTER (WHERE p.kind = 'REFUND'), 0) <> b.refunded
          OR min(p.received_on) < b.service_date OR max(p.received_on) > '2026-09-30'`);
  });

  test.each([
    ['DRAFT', 'paid = 0'],
    ['READY_TO_SUBMIT', 'paid = 0'],
    ['SUBMITTED', 'paid = 0'],
    ['ATTENTION_REQUIRED', 'paid < billed AND refunded = 0'],
    ['COMPLETED', 'outstanding = 0 AND paid - refunded = billed'],
    ['UNPAID', 'paid = 0 AND outstanding > 0'],
    ['PARTIALLY_PAID', 'paid > 0 AND paid < billed - discount AND refunded = 0'],
    ['PAID', 'paid - refunded >= billed - discount'],
    ['REFUNDED', 'paid > 0 AND refunded = paid AND outstanding = 0'],
    ['WRITTEN_OFF', 'paid < billed - discount AND outstanding = 0'],
  ])('a bill that is %s has %s', async (status, rule) => {
    await expectNone(`SELECT number FROM bills WHERE status = '${status}' AND NOT (${rule})`);
  });

  test('has discounts, credits, notes, insurers, and bills without a visit or an encounter', async () => {
    const [row] = await rowsOf(
      database,
      `SELECT bool_or(discount > 0) AS discount, bool_or(outstanding < 0) AS credit, bool_or(note IS NOT NULL) AS note,
              bool_or(kind = 'PRIVATE' AND payer_id IS NOT NULL) AS third_party,
              bool_or(encounter_id IS NULL AND visit_id IS NULL) AS alone,
              bool_or(encounter_id IS NULL AND visit_id IS NOT NULL) AS visit_only,
              bool_or(encounter_id IS NOT NULL AND visit_id IS NULL) AS encounter_only
       FROM bills`,
    );
    expect(Object.values(row ?? {})).toEqual(Array(7).fill(true));
  });

  test('has names that a search must cope with', async () => {
    const rows = await rowsOf(
      database,
      `SELECT name FROM patients WHERE name IN ('Zoë O''Neil', 'Élise Tremblay')
       UNION SELECT name FROM users WHERE name IN ('Dr. Élise Gagnon', 'Zoë Lindqvist', 'Dr. Gwen O''Neil')
       UNION SELECT name::text FROM groups WHERE name ~ '[%_]'`,
    );
    expect(rows.map(({ name }) => name).sort()).toEqual(
      [
        ...['100% Billing', "Dr. Gwen O'Neil", 'Dr. Élise Gagnon', 'Front_desk'],
        ...["Zoë O'Neil", 'Zoë Lindqvist', 'Élise Tremblay'],
      ].sort(),
    );
  });

  test('lists the sign-ins of the issue, each with the password and its own argon2id hash', async () => {
    expect(demoSignIns.map(({ email }) => email)).toEqual([
      'provider.a@demo.example',
      'provider.b@demo.example',
      'delegate@demo.example',
      'clerk@demo.example',
      'stranger@demo.example',
      'admin@demo.example',
      'analyst@demo.example',
      'deactivated@demo.example',
      'support@demo.example',
      'provider@other.example',
      'staff@other.example',
    ]);
    const rows = await rowsOf(database, 'SELECT email, password_hash AS hash FROM sign_ins');
    const hashes = new Map(rows.map(({ email, hash }) => [email, String(hash)]));
    expect(new Set(hashes.values()).size).toBe(hashes.size);
    for (const { email } of demoSignIns) {
      const hash = hashes.get(email) ?? '';
      expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
      expect(await verifyPassword(hash, PASSWORD)).toBe(true);
      expect(await verifyPassword(hash, `${PASSWORD} `)).toBe(false);
    }
  });

  /** Whose bills each listed user sees, by the rule, written here in plain SQL; emails of providers, or their number. */
  test('lets each sign-in see whose bills the issue says', async () => {
    const rows = await rowsOf(
      database,
      `SELECT s.email::text AS viewer, count(p.user_id)::int AS providers,
              array_remove(array_agg(split_part(ps.email::text, '@', 1) ORDER BY ps.email), NULL) AS named
       FROM sign_ins s
       JOIN users u ON (u.clinic_id, u.id) = (s.clinic_id, s.user_id)
       JOIN clinics c ON c.id = u.clinic_id
       LEFT JOIN providers p ON p.clinic_id = u.clinic_id AND u.active AND (
         c.segregation_launches_at IS NULL
         OR p.user_id = u.id
         OR EXISTS (SELECT FROM delegations d WHERE (d.clinic_id, d.provider_id) = (p.clinic_id, p.user_id)
                    AND (d.expires_at IS NULL OR d.expires_at > now())
                    AND (d.delegate_user_id = u.id OR d.delegate_group_id IN (
                      SELECT m.group_id FROM group_members m WHERE m.clinic_id = u.clinic_id AND m.user_id = u.id))))
       LEFT JOIN sign_ins ps ON (ps.clinic_id, ps.user_id) = (p.clinic_id, p.user_id)
       GROUP BY 1 ORDER BY 1`,
    );
    expect(rows).toEqual([
      { viewer: 'admin@demo.example', providers: 0, named: [] },
      { viewer: 'analyst@demo.example', providers: 10, named: ['provider.a', 'provider.b'] },
      { viewer: 'clerk@demo.example', providers: 2, named: ['provider.a', 'provider.b'] },
      { viewer: 'deactivated@demo.example', providers: 0, named: [] },
      { viewer: 'delegate@demo.example', providers: 1, named: ['provider.a'] },
      { viewer: 'editor@demo.example', providers: 0, named: [] },
      { viewer: 'provider.a@demo.example', providers: 1, named: ['provider.a'] },
      { viewer: 'provider.b@demo.example', providers: 1, named: ['provider.b'] },
      { viewer: 'provider@other.example', providers: 3, named: ['provider'] },
      { viewer: 'staff@other.example', providers: 3, named: ['provider'] },
      { viewer: 'stranger@demo.example', providers: 0, named: [] },
    ]);
  });

  test("has provider A's list with the deactivated user on it, and lists with an expired and a limited entry", async () => {
    const rows = await rowsOf(
      database,
      `SELECT p.name AS provider, coalesce(u.name, g.name::text) AS delegate, u.active,
              CASE WHEN d.expires_at < now() THEN 'past' WHEN d.expires_at > now() THEN 'future' END AS ends
       FROM delegations d
       JOIN users p ON (p.clinic_id, p.id) = (d.clinic_id, d.provider_id)
       LEFT JOIN users u ON (u.clinic_id, u.id) = (d.clinic_id, d.delegate_user_id)
       LEFT JOIN groups g ON (g.clinic_id, g.id) = (d.clinic_id, d.delegate_group_id)
       WHERE p.name = 'Dr. Amara Osei' OR d.expires_at IS NOT NULL
       ORDER BY p.name, coalesce(u.name, g.name::text) COLLATE "C"`,
    );
    expect(rows).toEqual([
      { provider: 'Dr. Amara Osei', delegate: 'Analysts', active: null, ends: null },
      { provider: 'Dr. Amara Osei', delegate: 'Billing clerks', active: null, ends: null },
      { provider: 'Dr. Amara Osei', delegate: 'Maya Fitzgerald', active: true, ends: null },
      { provider: 'Dr. Amara Osei', delegate: 'Oluwaseun Adéyẹmí', active: false, ends: null },
      { provider: "Dr. Chiara D'Angelo", delegate: 'Sam Whitehorse', active: true, ends: 'past' },
      { provider: 'Dr. Dmitri Volkov', delegate: 'Priya Raghunathan', active: true, ends: 'future' },
    ]);
  });

  test('gives the permissions of the issue, and one of them alone to one more user', async () => {
    const rows = await rowsOf(
      database,
      `SELECT s.email::text, array_agg(permission ORDER BY permission) AS permissions
       FROM user_permissions p JOIN sign_ins s USING (clinic_id, user_id) GROUP BY 1 ORDER BY 1`,
    );
    expect(rows).toEqual([
      { email: 'admin@demo.example', permissions: ['BILLING_DELEGATION_SETTINGS', 'EDIT_OTHER_USERS'] },
      { email: 'editor@demo.example', permissions: ['EDIT_OTHER_USERS'] },
    ]);
  });

  test('may be loaded again: no row changes, another password takes the place of the old one', async () => {
    const before = await rowsOf(database, FINGERPRINT);
    const hash = async () =>
      String(
        (
          await rowsOf(
            database,
            `SELECT password_hash AS hash FROM sign_ins WHERE email = 'clerk@demo.example'`,
          )
        )[0]?.hash,
      );
    const kept = await hash();
    await withClient(database, async (client) => {
      expect(await isDemoLoaded(client)).toBe(true);
      expect((await loadDemo(client, { password: PASSWORD })).loaded).toBe(false);
      expect(await hash()).toBe(kept);
      expect((await loadDemo(client, { password: 'another' })).loaded).toBe(false);
      expect(await verifyPassword(await hash(), 'another')).toBe(true);
      await loadDemo(client, { password: PASSWORD });
    });
    expect(await rowsOf(database, FINGERPRINT)).toEqual(before);
  });

  test('is the same in every database', async () => {
    const second = await createTestDatabase();
    try {
      await withClient(second, async (client) => {
        expect(await isDemoLoaded(client)).toBe(false);
        await loadDemo(client, { password: 'any' });
      });
      expect(await rowsOf(second, FINGERPRINT)).toEqual(await rowsOf(database, FINGERPRINT));
    } finally {
      await second.drop();
    }
  });

  test.each([
    ['a clinic of the same name', `INSERT INTO clinics (name, currency) VALUES ('other CLINIC', 'CAD')`],
    [
      'a sign-in of the same name',
      `WITH person AS (INSERT INTO support_users (name) VALUES ('Somebody') RETURNING id)
       INSERT INTO sign_ins (email, support_user_id, password_hash) SELECT 'Clerk@demo.example', id, 'x' FROM person`,
    ],
  ])(
    'writes nothing where there is %s',
    async (_, sql) => {
      const taken = await createTestDatabase();
      try {
        await withClient(taken, async (client) => {
          await client.query(sql);
          await expect(loadDemo(client, { password: PASSWORD })).rejects.toThrow('into an empty database');
          expect(await isDemoLoaded(client)).toBe(false);
          const { rows } = await client.query('SELECT count(*)::int AS users FROM users');
          expect(rows).toEqual([{ users: 0 }]);
        });
      } finally {
        await taken.drop();
      }
    },
    60_000,
  );
});
