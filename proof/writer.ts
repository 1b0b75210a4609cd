import { hash } from '@node-rs/argon2';
import type { TestDatabase } from '../test/support/database';
import { timestamp, type World, written } from './world';

/** The password of everybody in the proof's worlds. */
export const PASSWORD = 'proof-password-only';

/** One hash for all, made as cheaply as argon2 allows: the proof is about access, not about passwords. */
let sharedHash: Promise<string> | undefined;
const passwordHash = (): Promise<string> => {
  sharedHash ??= hash(PASSWORD, { algorithm: 2, memoryCost: 8, timeCost: 1, parallelism: 1 });
  return sharedHash;
};

type Row = Readonly<Record<string, unknown>>;

/** Inserts rows of one table in one statement. */
export async function insert(
  db: Pick<TestDatabase, 'query'>,
  table: string,
  rows: readonly Row[],
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const columns = Object.keys(first).join(', ');
  await db.query(
    `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb)`,
    [JSON.stringify(rows)],
  );
}

/** Writes a world into a database, as the owner of the tables. Everybody gets a sign-in with PASSWORD. */
export async function writeWorld(db: Pick<TestDatabase, 'query'>, world: World): Promise<void> {
  const { clinics, users, groups, entries, patients, visits, encounters, bills } = world;
  const staff = users.filter((user) => user.clinicId !== null);
  const support = users.filter((user) => user.clinicId === null);
  const instant = (at: bigint | null): string | null => (at === null ? null : timestamp(at));
  const password_hash = await passwordHash();
  const put = (table: string, rows: readonly Row[]): Promise<void> => insert(db, table, rows);

  await put(
    'clinics',
    clinics.map(({ id, name, launchesAt }) => ({
      ...{ id, name, currency: 'CAD', segregation_launches_at: instant(launchesAt) },
      created_at: '2020-01-01T00:00:00Z',
    })),
  );
  await put(
    'users',
    staff.map(({ clinicId, id, name, active }) => ({
      ...{ clinic_id: clinicId, id, name, active, created_at: '2020-01-01T00:00:00Z' },
    })),
  );
  await put(
    'support_users',
    support.map(({ id, name, active }) => ({ id, name, active, created_at: '2020-01-01T00:00:00Z' })),
  );
  await put(
    'sign_ins',
    users.map(({ id, clinicId }) => ({
      email: `${id}@${clinicId ?? 'support'}.example`,
      clinic_id: clinicId,
      user_id: clinicId === null ? null : id,
      support_user_id: clinicId === null ? id : null,
      password_hash,
    })),
  );
  await put(
    'providers',
    staff.flatMap(({ clinicId, id, provider }) =>
      provider ? [{ clinic_id: clinicId, user_id: id, billing_number: id, list_version: 0 }] : [],
    ),
  );
  await put(
    'user_permissions',
    staff.flatMap(({ clinicId, id, administrator }) =>
      administrator
        ? ['EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS'].map((permission) => ({
            ...{ clinic_id: clinicId, user_id: id, permission },
          }))
        : [],
    ),
  );
  await put(
    'groups',
    groups.map(({ clinicId, id, name }) => ({
      ...{ clinic_id: clinicId, id, name, created_at: '2020-01-01T00:00:00Z' },
    })),
  );
  await put(
    'group_members',
    groups.flatMap(({ clinicId, id, members }) =>
      [...members].map((user_id) => ({
        ...{ clinic_id: clinicId, group_id: id, user_id, added_at: '2020-01-01T00:00:00Z' },
      })),
    ),
  );
  await put(
    'delegations',
    entries.map(({ clinicId, providerId, userId, groupId, expiresAt }) => ({
      id: crypto.randomUUID(),
      ...{ clinic_id: clinicId, provider_id: providerId, delegate_user_id: userId },
      ...{ delegate_group_id: groupId, expires_at: instant(expiresAt), added_at: '2020-01-01T00:00:00Z' },
    })),
  );
  await put(
    'patients',
    patients.map(({ clinicId, id }) => ({
      ...{ clinic_id: clinicId, id, name: 'Patient', birth_date: '1980-02-29' },
    })),
  );
  await put(
    'visits',
    visits.map(({ clinicId, id, patientId }) => ({
      ...{ clinic_id: clinicId, id, patient_id: patientId, started_at: '2026-03-30T14:05:00Z' },
    })),
  );
  await put(
    'encounters',
    encounters.map(({ clinicId, id, patientId, providerId, visitId }) => ({
      ...{ clinic_id: clinicId, id, patient_id: patientId, provider_id: providerId, visit_id: visitId },
      started_at: '2026-03-30T14:05:00Z',
    })),
  );
  const payers = new Map(
    bills.flatMap(({ clinicId, payerId }) =>
      payerId === null ? [] : [[`${clinicId} ${payerId}`, { clinic_id: clinicId, id: payerId }] as const],
    ),
  );
  await put(
    'payers',
    [...payers.values()].map((payer) => ({ ...payer, name: 'Payer' })),
  );
  await put(
    'bills',
    bills.map((bill) => ({
      ...{ clinic_id: bill.clinicId, id: bill.id, kind: bill.kind, number: bill.number, status: bill.status },
      ...{ service_date: bill.serviceDate, provider_id: bill.providerId, patient_id: bill.patientId },
      ...{ encounter_id: bill.encounterId, visit_id: bill.visitId, payer_id: bill.payerId },
      ...{ billed: written(bill.billed), discount: written(bill.discount), paid: written(bill.paid) },
      ...{ refunded: written(bill.refunded), outstanding: written(bill.outstanding) },
    })),
  );
  const parts = <Part>(of: (bill: World['bills'][number]) => readonly Part[], row: (part: Part) => Row) =>
    bills.flatMap((bill) =>
      of(bill).map((part, index) => ({
        ...{ clinic_id: bill.clinicId, bill_id: bill.id, line: index + 1 },
        ...row(part),
      })),
    );
  await put(
    'bill_items',
    parts(
      (bill) => bill.items,
      ({ amount }) => ({
        ...{ service_code: 'A007', diagnosis_codes: [], units: 1 },
        ...{ unit_price: written(amount), amount: written(amount) },
      }),
    ),
  );
  await put(
    'payments',
    parts(
      (bill) => bill.payments,
      ({ kind, amount }) => ({ kind, amount: written(amount), received_on: '2026-04-01' }),
    ),
  );
}
