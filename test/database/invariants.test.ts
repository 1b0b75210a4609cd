import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { type Factories, factories } from '../support/factories';
import { refusalOf, rowsOf, STATES } from './support';

/** Tables that belong to no clinic, for the reasons that the migrations give. */
const GLOBAL_TABLES = ['attempts', 'clinics', 'external_sign_ins', 'migrations', 'sign_ins', 'support_users'];

interface ForeignKey {
  readonly name: string;
  readonly table: string;
  readonly target: string;
  readonly columns: string[];
  readonly target_columns: string[];
}

let db: TestDatabase;
let owner: Client;

beforeAll(async () => {
  db = await createTestDatabase();
  owner = new Client({ connectionString: db.url });
  await owner.connect();
});

afterAll(async () => {
  await owner?.end();
  await db?.drop();
});

/** A clinic with at least one row in each of its tables, and a value in each column that points somewhere. */
async function fullClinic(make: Factories) {
  const clinicId = (await make.clinic()).id;
  const provider = await make.provider({ clinicId });
  const user = await make.user({ clinicId, permissions: ['EDIT_OTHER_USERS'] });
  const group = await make.group({ clinicId, members: [user.id] });
  await owner.query('UPDATE group_members SET added_by = user_id WHERE clinic_id = $1', [clinicId]);
  await make.delegation({ clinicId, providerId: provider.id, userId: user.id });
  await make.delegation({ clinicId, providerId: provider.id, groupId: group.id });
  const encounter = await make.encounter({ clinicId, providerId: provider.id });
  const bill = await make.bill({
    clinicId,
    providerId: provider.id,
    encounter,
    payments: [{ amount: '10.00' }],
  });
  await owner.query('BEGIN');
  await owner.query("SELECT set_config('billing.actor_user', $1, true)", [provider.id]);
  await owner.query('UPDATE users SET active = FALSE WHERE id = $1', [user.id]);
  await owner.query('COMMIT');
  const otherPatient = await make.patient({ clinicId });
  return { clinicId, provider, user, group, encounter, bill, otherPatient };
}

describe('no row points across clinics', () => {
  let here: Awaited<ReturnType<typeof fullClinic>>;
  let there: Awaited<ReturnType<typeof fullClinic>>;
  let clinicTables: string[];
  let foreignKeys: ForeignKey[];

  beforeAll(async () => {
    const make = factories(db);
    here = await fullClinic(make);
    there = await fullClinic(make);
    const tables = await rowsOf<{ name: string; of_clinic: boolean }>(
      owner,
      `SELECT c.relname AS name, EXISTS (
         SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'clinic_id' AND a.attnotnull) AS of_clinic
       FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1`,
    );
    clinicTables = tables.filter((table) => table.of_clinic).map((table) => table.name);
    expect(tables.filter((table) => !table.of_clinic).map((table) => table.name)).toEqual(GLOBAL_TABLES);
    foreignKeys = await rowsOf<ForeignKey>(
      owner,
      `SELECT k.conname AS name, k.conrelid::regclass::text AS table, k.confrelid::regclass::text AS target,
         ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS part (number, place)
               JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = part.number ORDER BY place) AS columns,
         ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS part (number, place)
               JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = part.number ORDER BY place) AS target_columns
       FROM pg_constraint k WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace ORDER BY 1`,
    );
  });

  test('every foreign key between tables of clinics carries the clinic on both sides', () => {
    const without = foreignKeys.filter(({ table, target, columns, target_columns }) => {
      if (!clinicTables.includes(table)) return false;
      const at = columns.indexOf('clinic_id');
      return target_columns[at] !== (target === 'clinics' ? 'id' : 'clinic_id');
    });
    expect(without).toEqual([]);
    expect(foreignKeys.length).toBeGreaterThan(25);
  });

  test('every table of a clinic is tied to its clinic', () => {
    // Directly, or by a key to a table that is.
    const tied = new Set(['clinics']);
    for (const _ of clinicTables) {
      for (const { table, target } of foreignKeys) if (tied.has(target)) tied.add(table);
    }
    expect(clinicTables.filter((table) => !tied.has(table))).toEqual([]);
  });

  test('every column that names a row of a clinic is part of a foreign key', async () => {
    const columns = await rowsOf<{ column: string }>(
      owner,
      `SELECT c.relname || '.' || a.attname AS column FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
         AND a.atttypid = 'uuid'::regtype AND a.attname <> 'id' ORDER BY 1`,
    );
    const covered = new Set(
      foreignKeys.flatMap((key) => key.columns.map((column) => `${key.table}.${column}`)),
    );
    expect(columns.map((row) => row.column).filter((column) => !covered.has(column))).toEqual([
      // The history keeps what it says of what was deleted since, and of support, who are of no clinic.
      'history.actor_support_user_id',
      'history.group_id',
      'history.provider_id',
      'history.user_id',
    ]);
  });

  test('every primary key and unique constraint of a table of a clinic begins with the clinic', async () => {
    const keys = await rowsOf<{ name: string; table: string; first: string }>(
      owner,
      `SELECT i.indexrelid::regclass::text AS name, i.indrelid::regclass::text AS table, a.attname AS first
       FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
       WHERE i.indisunique AND i.indrelid::regclass::text = ANY ($1) ORDER BY 1`,
      [clinicTables],
    );
    expect(keys.filter((key) => key.first !== 'clinic_id')).toEqual([]);
    const withKey = new Set(keys.map((key) => key.table));
    expect(clinicTables.filter((table) => !withKey.has(table))).toEqual([]);
  });

  test('for each foreign key, a row cannot be made to name a row of another clinic', async () => {
    const allowed: string[] = [];
    for (const key of foreignKeys) {
      if (!clinicTables.includes(key.table) || key.target === 'clinics') continue;
      const places = key.columns.flatMap((column, at) => (column === 'clinic_id' ? [] : [at]));
      const named = places.map((at) => key.columns[at]).join(', ');
      const foreign = `SELECT ${places.map((at) => key.target_columns[at]).join(', ')} FROM ${key.target}
        WHERE clinic_id = $2 LIMIT 1`;
      const filled = places.map((at) => `${key.columns[at]} IS NOT NULL`).join(' AND ');
      const row = `clinic_id = $1 AND ${filled}`;
      // Without such a row, the refusal would say nothing.
      const [found] = await rowsOf<{ count: number }>(
        owner,
        `SELECT count(*)::int AS count FROM ${key.table} WHERE ${row}`,
        [here.clinicId],
      );
      expect({ key: key.name, found: (found?.count ?? 0) > 0 }).toEqual({ key: key.name, found: true });
      const refusal =
        key.table === 'history'
          ? await refusalOf(
              owner,
              `INSERT INTO history (clinic_id, at, action, ${named})
               SELECT $1, now(), 'GROUP_CREATED', theirs.* FROM (${foreign}) theirs`,
              [here.clinicId, there.clinicId],
            )
          : await refusalOf(owner, `UPDATE ${key.table} SET (${named}) = (${foreign}) WHERE ${row}`, [
              here.clinicId,
              there.clinicId,
            ]);
      if (!refusal.startsWith(STATES.foreignKey)) allowed.push(`${key.name}: ${refusal}`);
    }
    expect(allowed).toEqual([]);
  });

  test('and none can be put in that does', async () => {
    const refusals = {
      'a delegation to a user': await refusalOf(
        owner,
        'INSERT INTO delegations (clinic_id, provider_id, delegate_user_id) VALUES ($1, $2, $3)',
        [here.clinicId, here.provider.id, there.user.id],
      ),
      'a delegation to a group': await refusalOf(
        owner,
        'INSERT INTO delegations (clinic_id, provider_id, delegate_group_id) VALUES ($1, $2, $3)',
        [here.clinicId, here.provider.id, there.group.id],
      ),
      'a delegation of a provider': await refusalOf(
        owner,
        'INSERT INTO delegations (clinic_id, provider_id, delegate_user_id) VALUES ($1, $2, $3)',
        [here.clinicId, there.provider.id, here.user.id],
      ),
      'a member': await refusalOf(
        owner,
        'INSERT INTO group_members (clinic_id, group_id, user_id) VALUES ($1, $2, $3)',
        [here.clinicId, here.group.id, there.user.id],
      ),
      'a permission': await refusalOf(
        owner,
        "INSERT INTO user_permissions (clinic_id, user_id, permission) VALUES ($1, $2, 'EDIT_OTHER_USERS')",
        [here.clinicId, there.user.id],
      ),
      'an encounter': await refusalOf(
        owner,
        'INSERT INTO encounters (clinic_id, patient_id, provider_id, started_at) VALUES ($1, $2, $3, now())',
        [here.clinicId, there.encounter.patientId, here.provider.id],
      ),
      'a bill': await refusalOf(
        owner,
        `INSERT INTO bills (clinic_id, kind, number, status, service_date, provider_id, patient_id, billed, outstanding)
         VALUES ($1, 'PRIVATE', 'X1', 'UNPAID', '2026-01-01', $2, $3, 1, 1)`,
        [here.clinicId, here.provider.id, there.bill.patientId],
      ),
      'a bill of an encounter of another patient': await refusalOf(
        owner,
        `INSERT INTO bills (clinic_id, kind, number, status, service_date, provider_id, patient_id, encounter_id, billed, outstanding)
         VALUES ($1, 'PRIVATE', 'X1', 'UNPAID', '2026-01-01', $2, $3, $4, 1, 1)`,
        [here.clinicId, here.provider.id, here.otherPatient.id, here.encounter.id],
      ),
      'an item': await refusalOf(
        owner,
        "INSERT INTO bill_items (clinic_id, bill_id, provider_id, line, service_code, units, unit_price, amount) VALUES ($1, $2, $3, 9, 'A', 1, 1, 1)",
        [here.clinicId, there.bill.id, there.provider.id],
      ),
      'a payment': await refusalOf(
        owner,
        "INSERT INTO payments (clinic_id, bill_id, provider_id, line, kind, amount, received_on) VALUES ($1, $2, $3, 9, 'PAYMENT', 1, '2026-01-01')",
        [here.clinicId, there.bill.id, there.provider.id],
      ),
    };
    expect(refusals).toEqual({
      'a delegation to a user': '23503 delegations_user_fkey',
      'a delegation to a group': '23503 delegations_group_fkey',
      'a delegation of a provider': '23503 delegations_provider_fkey',
      'a member': '23503 group_members_user_fkey',
      'a permission': '23503 user_permissions_user_fkey',
      'an encounter': '23503 encounters_patient_fkey',
      'a bill': '23503 bills_patient_fkey',
      'a bill of an encounter of another patient': '23503 bills_encounter_fkey',
      'an item': '23503 bill_items_bill_fkey',
      'a payment': '23503 payments_bill_fkey',
    });
  });
});

describe('an entry of a delegation list', () => {
  let make: Factories;
  let clinicId: string;
  let providerId: string;
  let userId: string;
  let groupId: string;

  beforeAll(async () => {
    make = factories(db);
    clinicId = (await make.clinic()).id;
    providerId = (await make.provider({ clinicId })).id;
    userId = (await make.user({ clinicId })).id;
    groupId = (await make.group({ clinicId })).id;
  });

  const entry = (provider: string, user: string | null, group: string | null): Promise<string> =>
    refusalOf(
      owner,
      'INSERT INTO delegations (clinic_id, provider_id, delegate_user_id, delegate_group_id) VALUES ($1, $2, $3, $4)',
      [clinicId, provider, user, group],
    );

  test('names exactly one of a user and a group', async () => {
    expect(await entry(providerId, userId, null)).toBe('allowed');
    expect(await entry(providerId, null, groupId)).toBe('allowed');
    expect(await entry(providerId, userId, groupId)).toBe('23514 delegations_one_delegate_check');
    expect(await entry(providerId, null, null)).toBe('23514 delegations_one_delegate_check');
  });

  test('is not the provider themself', async () => {
    expect(await entry(providerId, providerId, null)).toBe('23514 delegations_not_self_check');
  });

  test('is of a user who bills', async () => {
    expect(await entry(userId, providerId, null)).toBe('23503 delegations_provider_fkey');
  });

  test('is there once', async () => {
    await make.delegation({ clinicId, providerId, userId });
    await make.delegation({ clinicId, providerId, groupId });
    expect(await entry(providerId, userId, null)).toBe('23505 delegations_user_key');
    expect(await entry(providerId, null, groupId)).toBe('23505 delegations_group_key');
  });

  test('raises the version of its list, whatever happens to it', async () => {
    const version = async (): Promise<number> => {
      const [row] = await db.query<{ list_version: number }>(
        'SELECT list_version FROM providers WHERE user_id = $1',
        [providerId],
      );
      return row?.list_version ?? -1;
    };
    const before = await version();
    const other = (await make.user({ clinicId })).id;
    const { id } = await make.delegation({ clinicId, providerId, userId: other });
    await db.query("UPDATE delegations SET expires_at = '2099-01-01' WHERE id = $1", [id]);
    await db.query('DELETE FROM delegations WHERE id = $1', [id]);
    expect(await version()).toBe(before + 3);
  });
});

describe('the launch of billing segregation', () => {
  const launch = (clinicId: string, at: string | null): Promise<string> =>
    refusalOf(owner, 'UPDATE clinics SET segregation_launches_at = $2 WHERE id = $1', [clinicId, at]);
  const PAST = '2025-01-01T00:00:00Z';

  test('can be set, moved and cleared while it is not past', async () => {
    const make = factories(db);
    for (const launchesAt of [null, '2099-01-01T00:00:00Z']) {
      const { id } = await make.clinic({ launchesAt });
      for (const at of ['2098-01-01T00:00:00Z', '2100-01-01T00:00:00Z', PAST, null]) {
        expect(await launch(id, at)).toBe('allowed');
      }
      expect(await refusalOf(owner, 'DELETE FROM clinics WHERE id = $1', [id])).not.toBe(STATES.restrict);
    }
  });

  test('once past cannot be changed, cleared, moved ahead or deleted with its clinic, the owner included', async () => {
    const { id } = await factories(db).clinic({ launchesAt: PAST });
    for (const at of [null, '2099-01-01T00:00:00Z', '2024-01-01T00:00:00Z', '2025-01-01T00:00:01Z']) {
      expect(await launch(id, at)).toBe(STATES.restrict);
    }
    expect(await refusalOf(owner, 'DELETE FROM clinics WHERE id = $1', [id])).toBe(STATES.restrict);
    expect(await refusalOf(owner, 'TRUNCATE clinics CASCADE')).toBe(STATES.restrict);
    // What else there is of the clinic can change.
    expect(await refusalOf(owner, "UPDATE clinics SET name = 'Renamed' WHERE id = $1", [id])).toBe('allowed');
    expect(await launch(id, PAST)).toBe('allowed');
  });

  test('takes effect by the clock alone', async () => {
    const [clinic] = await db.query<{ id: string }>(
      `INSERT INTO clinics (name, currency, segregation_launches_at)
       VALUES ('Soon', 'CAD', clock_timestamp() + interval '700 milliseconds') RETURNING id`,
    );
    const id = clinic?.id ?? '';
    expect(await launch(id, null)).toBe('allowed');
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect(await launch(id, null)).toBe(STATES.restrict);
  });
});

describe('a bill', () => {
  const STATUSES = {
    INSURED: ['DRAFT', 'READY_TO_SUBMIT', 'SUBMITTED', 'ATTENTION_REQUIRED', 'COMPLETED'],
    PRIVATE: ['UNPAID', 'PARTIALLY_PAID', 'PAID', 'REFUNDED', 'WRITTEN_OFF'],
  } as const;
  let made: { clinicId: string; providerId: string; patientId: string; payerId: string };

  beforeAll(async () => {
    const make = factories(db);
    const clinicId = (await make.clinic()).id;
    made = {
      clinicId,
      providerId: (await make.provider({ clinicId })).id,
      patientId: (await make.patient({ clinicId })).id,
      payerId: (await make.payer({ clinicId })).id,
    };
  });

  const insert = (row: Record<string, unknown>): Promise<string> => {
    const values = {
      clinic_id: made.clinicId,
      provider_id: made.providerId,
      patient_id: made.patientId,
      payer_id: made.payerId,
      kind: 'PRIVATE',
      number: 'N1',
      status: 'UNPAID',
      service_date: '2026-02-28',
      billed: '100.00',
      discount: '0.00',
      paid: '0.00',
      refunded: '0.00',
      outstanding: '100.00',
      ...row,
    };
    const columns = Object.keys(values);
    return refusalOf(
      owner,
      `INSERT INTO bills (${columns.join(', ')}) VALUES (${columns.map((_, at) => `$${at + 1}`).join(', ')})`,
      Object.values(values),
    );
  };

  test('has a status of its kind', async () => {
    const kinds = ['INSURED', 'PRIVATE'] as const;
    for (const kind of kinds) {
      for (const status of kinds.flatMap((one) => STATUSES[one] as readonly string[])) {
        const outstanding = ['REFUNDED', 'WRITTEN_OFF'].includes(status) ? '0.00' : '100.00';
        const fits = (STATUSES[kind] as readonly string[]).includes(status);
        expect({ kind, status, refusal: await insert({ kind, status, outstanding }) }).toEqual({
          kind,
          status,
          refusal: fits ? 'allowed' : '23514 bills_kind_status_check',
        });
      }
    }
    expect(await insert({ kind: 'OTHER' })).toBe('23514 bills_kind_status_check');
  });

  test.each([
    ['owes what was not paid', { discount: '10', paid: '30', refunded: '5', outstanding: '65' }, 'allowed'],
    ['may be a credit', { paid: '120', outstanding: '-20', status: 'PAID' }, 'allowed'],
    ['owes no other sum', { paid: '30', outstanding: '71' }, '23514 bills_outstanding_check'],
    ['owes something when it is unpaid', { outstanding: '0' }, '23514 bills_outstanding_check'],
    ['owes nothing when written off', { status: 'WRITTEN_OFF', outstanding: '0' }, 'allowed'],
    [
      'owes nothing when refunded',
      { status: 'REFUNDED', paid: '9', refunded: '9', outstanding: '0' },
      'allowed',
    ],
    ['owes nothing else when written off', { status: 'WRITTEN_OFF' }, '23514 bills_outstanding_check'],
    [
      'has no discount above what is billed',
      { discount: '101', outstanding: '-1' },
      '23514 bills_amounts_check',
    ],
    ['has no negative discount', { discount: '-1', outstanding: '101' }, '23514 bills_amounts_check'],
    ['gives no more back than was paid', { refunded: '1', outstanding: '101' }, '23514 bills_amounts_check'],
    ['bills no negative sum', { billed: '-1', outstanding: '-1' }, '23514 bills_amounts_check'],
    ['takes no negative payment', { paid: '-1', outstanding: '101' }, '23514 bills_amounts_check'],
    [
      'is insured by somebody',
      { kind: 'INSURED', status: 'DRAFT', payer_id: null },
      '23514 bills_payer_check',
    ],
    ['need not be insured when private', { payer_id: null }, 'allowed'],
    ['belongs to a provider', { provider_id: null }, STATES.notNull],
  ])('%s', async (_what, row, refusal) => {
    expect((await insert(row)).slice(0, refusal.length)).toBe(refusal);
  });

  test('has a number that no other bill of the clinic has, and that a bill of another may have', async () => {
    const make = factories(db);
    await make.bill({ clinicId: made.clinicId, number: 'TAKEN' });
    expect(await insert({ number: 'TAKEN' })).toBe('23505 bills_number_key');
    await make.bill({ number: 'TAKEN' });
  });
});
