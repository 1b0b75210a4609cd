import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { permittedByPrimary } from '../../src/access/permitted-by-primary';
import { toGlobalId } from '../../src/global-id';
import { IdentityStore } from '../../src/identity/store';
import { A, ADMIN, codesOf, DELEGATE, DEMO_ID, demoUser, SUPPORT } from '../cases/support';
import { TRIED, type TriedOperations, triedOperations } from '../clients/tried-operations';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { startTestServer, type TestServer } from '../support/server';
import { explainEverything, nodesOf, type Planned, plansOf } from './plans';
import { type Tables, unrestricted } from './restricted';

/**
 * That the schema is fit to be distributed by clinic is held in invariants.test.ts; here, that the statements are. What
 * is global, and found by a key without a clinic, is named in docs/scaling.md with the reasons: clinics, support users,
 * sign-ins by their address, external sign-ins by their subject, attempts by their name.
 */

let db: TestDatabase;
let server: TestServer;
let plans: ReadonlyMap<string, Planned>;
let tables: Tables;
let tried: TriedOperations;

beforeAll(async () => {
  db = await createTestDatabase({ demo: true });
  // A statement has to name its clinic itself: the row-level policies would name it for those that do not.
  for (const table of ['bills', 'bill_items', 'payments']) {
    await db.query(`ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`);
  }
  await explainEverything(db);
  server = await startTestServer({ db });
  plans = plansOf(server.database);
  const named = await db.query<{ table: string; required: boolean }>(
    `SELECT c.relname AS table, a.attnotnull AS required FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'clinic_id'`,
  );
  const tablesWhere = (required: boolean): Set<string> =>
    new Set(named.filter((one) => one.required === required).map((one) => one.table));
  tables = { ofClinics: tablesWhere(true), naming: tablesWhere(false) };
  tried = await triedOperations(server);
});
afterAll(async () => {
  await server?.close();
  await db?.drop();
});

/** What is not restricted by the clinic in any statement so far, with the statement. */
const offences = (): string[] =>
  [...plans.values()].flatMap(({ text, plan }) =>
    unrestricted(plan, tables).map((reference) => `${reference} in ${text}`),
  );

/** The tables that a statement so far has read or changed. */
const touched = (): ReadonlySet<string> =>
  new Set(
    [...plans.values()].flatMap(({ plan }) => nodesOf(plan).map((node) => node['Relation Name'] ?? '')),
  );

describe('each statement that the server runs names the clinic for each table of a clinic', () => {
  it.each(TRIED)('in %s, with all that runs in functions and triggers', async (name) => {
    const before = plans.size;
    expect((await tried.tryOut(name)).errors).toBeUndefined();
    expect(offences()).toEqual([]);
    // The first of a kind tells that the plans are heard of at all.
    if (name === TRIED[0]) expect(plans.size).toBeGreaterThan(before);
  });

  const BILLS =
    'nodes { number provider { name } patient { name } payer { name } items { amount } payments { amount } }';
  /** Pages, filters and orders that no operation of docs/operations asks for, of lists that are read by statements of their own. */
  const more: Readonly<Record<string, () => readonly [who: string, query: string]>> = {
    'each filter of bills': () => [
      DELEGATE,
      `{ dashboard { bills(first: 3, orderBy: { field: SERVICE_DATE, direction: ASC }, filter: {
           kind: PRIVATE, statuses: [PAID, UNPAID], providerIds: ["${demoUser('provider.a')}"],
           patientIds: ["${tried.ids.patient}"], payerIds: [], serviceFrom: "2020-01-01", serviceTo: "2030-01-01" }) {
           totalCount ${BILLS} } } }`,
    ],
    'the last page of bills': () => [
      DELEGATE,
      `{ dashboard { bills(last: 3) { pageInfo { hasPreviousPage } ${BILLS} } } }`,
    ],
    'the bills of support': () => [
      SUPPORT,
      `{ dashboard(clinicId: "${toGlobalId('Clinic', DEMO_ID, DEMO_ID)}") { totals { count } bills(first: 3) { ${BILLS} } } }`,
    ],
    'each node': () => [
      A,
      `{ bill: node(id: "${tried.ids.bill}") { id } patient: node(id: "${tried.ids.patient}") { id }
         encounter: node(id: "${tried.ids.encounter}") { id } user: node(id: "${demoUser('provider.a')}") { id }
         clinic: node(id: "${toGlobalId('Clinic', DEMO_ID, DEMO_ID)}") { id } }`,
    ],
    'whose bills somebody sees': () => [
      DELEGATE,
      '{ viewer { billingAccess { nodes { provider { name } grounds { ground } } } } }',
    ],
    'who could see a bill': () => [
      A,
      `{ whoCanSeeBill(billId: "${tried.ids.bill}", at: "2026-06-01T00:00:00Z", first: 3) { nodes { user { name } } } }`,
    ],
    'the visits before others, with their bills': () => [
      DELEGATE,
      '{ visits(last: 3) { nodes { insuredBills(first: 2) { totalCount nodes { number } } privateBills(first: 2) { nodes { number } } } } }',
    ],
  };

  it.each(Object.keys(more))('in %s', async (name) => {
    const [who, query] = more[name]?.() ?? ['', ''];
    expect((await server.ask(who, query)).errors).toBeUndefined();
    expect(offences()).toEqual([]);
  });

  it('in a change that is refused for its password', async () => {
    const answer = await server.ask(
      ADMIN,
      `mutation { removeUserDelegate(input: { providerId: "${demoUser('provider.b')}", userId: "${demoUser('nurse')}", password: "not it" }) { list { version } } }`,
    );
    expect(codesOf(answer)).toEqual(['PASSWORD_REQUIRED']);
    expect(offences()).toEqual([]);
  });

  it('in what only a server with an issuer, and one with a read replica, asks', async () => {
    const before = plans.size;
    await new IdentityStore(server.database).viewerOfExternal({
      issuer: 'https://issuer.example',
      subject: 'x',
      authTime: null,
    });
    const told = { viewer: DEMO_ID, clinic: DEMO_ID, now: '2026-06-01T00:00:00Z', action: 'VIEW_BILL' };
    await permittedByPrimary(server.database, told);
    expect(plans.size).toBe(before + 2);
    expect(offences()).toEqual([]);
  });

  it('and none of these tables was left out', () => {
    expect([...tables.ofClinics].filter((table) => !touched().has(table))).toEqual([]);
    expect(plans.size).toBeGreaterThan(60);
  });
});

describe('what would be found', () => {
  /** A statement, and what of it is not restricted. */
  const statements: readonly (readonly [text: string, expected: readonly string[]])[] = [
    ['SELECT 1 FROM bills b WHERE b.id = $2::uuid AND $1::uuid IS NOT NULL', ['bills b']],
    ['SELECT 1 FROM bills b WHERE b.clinic_id = $1::uuid AND b.id = $2::uuid', []],
    ['SELECT 1 FROM bills b WHERE b.clinic_id = $1::uuid OR b.id = $2::uuid', ['bills b']],
    ['SELECT 1 FROM bills b WHERE b.clinic_id <> $1::uuid AND b.id = $2::uuid', ['bills b']],
    [
      'SELECT u.name FROM bills b JOIN users u ON u.id = b.provider_id WHERE b.clinic_id = $1::uuid AND b.id = $2::uuid',
      ['users u'],
    ],
    [
      'SELECT u.name FROM bills b JOIN users u USING (clinic_id) WHERE b.clinic_id = $1::uuid AND u.id = $2::uuid',
      [],
    ],
    [
      'SELECT u.name FROM users u LEFT JOIN groups g ON g.clinic_id = u.clinic_id AND u.clinic_id = $1::uuid WHERE u.id = $2::uuid',
      ['users u', 'groups g'],
    ],
    [
      'SELECT u.name FROM users u LEFT JOIN groups g ON g.clinic_id = u.clinic_id WHERE u.clinic_id = $1::uuid AND u.id = $2::uuid',
      [],
    ],
    [
      'SELECT 1 FROM users u JOIN groups g ON g.clinic_id = u.clinic_id WHERE u.id = $2::uuid AND $1::uuid IS NOT NULL',
      ['users u', 'groups g'],
    ],
    [
      'SELECT 1 FROM users u WHERE u.clinic_id = $1::uuid AND EXISTS (SELECT FROM group_members m WHERE m.user_id = u.id) AND u.id = $2::uuid',
      ['group_members m'],
    ],
    [
      'SELECT (SELECT count(*) FROM bills b WHERE b.patient_id = p.id) FROM patients p WHERE p.clinic_id = $1::uuid AND p.id = $2::uuid',
      ['bills b'],
    ],
    [
      'SELECT u.name FROM sign_ins s JOIN users u ON u.clinic_id = s.clinic_id AND u.id = s.user_id WHERE s.email = $1 || $2',
      [],
    ],
    [
      'SELECT u.name FROM clinics c JOIN users u ON u.clinic_id = c.id WHERE c.id = $1::uuid AND u.id = $2::uuid',
      [],
    ],
    [
      'SELECT u.name FROM clinics c JOIN users u ON u.clinic_id = c.id WHERE c.name = $1 AND u.id = $2::uuid',
      ['users u'],
    ],
    ['DELETE FROM group_members WHERE user_id = $2::uuid AND $1::uuid IS NULL', ['group_members']],
  ];

  it.each(statements)('%s', async (text, expected) => {
    const values = ['00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000'];
    await server.database.query(text, values);
    const planned = plans.get(text);
    expect(planned && unrestricted(planned.plan, tables).sort()).toEqual([...expected].sort());
  });
});
