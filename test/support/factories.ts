import { randomUUID } from 'node:crypto';
import { Decimal } from 'decimal.js';
import type { Permission } from '../../src/access/viewer';
import type { BillKind, BillStatus, PaymentKind } from '../../src/billing/types';
import { type NodeType, toGlobalId } from '../../src/global-id';
import { hashPassword } from '../../src/identity/password';
import { DEMO_PASSWORD, type TestDatabase } from './database';

/** A row that a factory made, named by its own id and by the id that the API knows it by. */
export interface Made {
  readonly clinicId: string;
  readonly id: string;
  /** For arguments of the API. */
  readonly globalId: string;
}

/** A user of a clinic, who can sign in with DEMO_PASSWORD. */
export interface MadeUser extends Made {
  readonly name: string;
  readonly email: string;
}

export interface MadeBill extends Made {
  readonly number: string;
  readonly providerId: string;
  readonly patientId: string;
  readonly encounterId: string | null;
  readonly visitId: string | null;
  readonly kind: keyof typeof BillKind;
  readonly status: keyof typeof BillStatus;
}

interface OfClinic {
  /** Default: a new clinic, launched long ago. */
  clinicId?: string;
  id?: string;
}

export interface UserOverrides extends OfClinic {
  name?: string;
  email?: string;
  active?: boolean;
  permissions?: readonly Permission[];
}

export interface ProviderOverrides extends UserOverrides {
  billingNumber?: string;
  specialty?: string | null;
}

/** A line of a bill. The amount is units x unit price, to the cent, unless it is given. */
export interface ItemOverrides {
  serviceCode?: string;
  description?: string | null;
  diagnosisCodes?: readonly string[];
  units?: string;
  unitPrice?: string;
  amount?: string;
}

export interface PaymentOverrides {
  kind?: keyof typeof PaymentKind;
  amount: string;
  receivedOn?: string;
  method?: string | null;
}

export interface BillOverrides extends OfClinic {
  kind?: keyof typeof BillKind;
  status?: keyof typeof BillStatus;
  number?: string;
  serviceDate?: string;
  providerId?: string;
  /** Default: the patient of the encounter or visit, else a new one. */
  patientId?: string;
  encounter?: { id: string; patientId: string; visitId: string | null };
  visit?: { id: string; patientId: string };
  /** Default: a new payer for insured bills, none for private ones. */
  payerId?: string | null;
  discount?: string;
  note?: string | null;
  items?: readonly ItemOverrides[];
  payments?: readonly PaymentOverrides[];
}

export type Factories = ReturnType<typeof factories>;

/** Hashing takes tens of milliseconds by design, so all test accounts share one hash. */
let sharedHash: Promise<string> | undefined;
const passwordHash = (): Promise<string> => {
  sharedHash ??= hashPassword(DEMO_PASSWORD);
  return sharedHash;
};

/** Makes names, numbers and e-mail addresses unique within the process. */
let made = 0;
const next = (what: string): string => {
  made += 1;
  return `${what} ${made}`;
};

/**
 * Writes rows straight into a test database, as the owner of its tables. Every factory makes what its row needs
 * (a clinic, a patient, a payer ...) unless it is given, takes any other value as an override, and answers what it
 * made. Clinics are launched unless `launchesAt` says otherwise.
 *
 * ```ts
 * const make = factories(server.db);
 * const clinic = await make.clinic();
 * const owner = await make.provider({ clinicId: clinic.id });
 * const reader = await make.user({ clinicId: clinic.id });
 * await make.delegation({ clinicId: clinic.id, providerId: owner.id, userId: reader.id });
 * const bill = await make.bill({ clinicId: clinic.id, providerId: owner.id, kind: 'PRIVATE' });
 * await server.ask(reader.email, '{ bill(id: ...) { number } }');
 * ```
 */
export function factories(db: Pick<TestDatabase, 'query'>) {
  const insert = async (table: string, row: Record<string, unknown>): Promise<void> => {
    const columns = Object.keys(row);
    await db.query(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((_, index) => `$${index + 1}`).join(', ')})`,
      Object.values(row),
    );
  };
  const named = (type: NodeType, clinicId: string, id: string): Made => ({
    clinicId,
    id,
    globalId: toGlobalId(type, clinicId, id),
  });
  const clinicOf = async (given: OfClinic): Promise<string> => given.clinicId ?? (await clinic()).id;

  /** A clinic. `launchesAt`: when segregation launches, an instant; null for "not planned". */
  async function clinic(
    given: { id?: string; name?: string; currency?: string; launchesAt?: string | Date | null } = {},
  ): Promise<Made> {
    const id = given.id ?? randomUUID();
    await insert('clinics', {
      id,
      name: given.name ?? next('Clinic'),
      currency: given.currency ?? 'CAD',
      segregation_launches_at: given.launchesAt === undefined ? '2025-01-01T00:00:00Z' : given.launchesAt,
    });
    return named('Clinic', id, id);
  }

  /** A user who does not bill, with a sign-in. */
  async function user(given: UserOverrides = {}): Promise<MadeUser> {
    const clinicId = await clinicOf(given);
    const id = given.id ?? randomUUID();
    const name = given.name ?? next('User');
    const email = given.email ?? `${next('user').replace(' ', '-')}@test.example`;
    await insert('users', { clinic_id: clinicId, id, name, active: given.active ?? true });
    await insert('sign_ins', {
      email,
      clinic_id: clinicId,
      user_id: id,
      password_hash: await passwordHash(),
    });
    for (const permission of given.permissions ?? []) {
      await insert('user_permissions', { clinic_id: clinicId, user_id: id, permission });
    }
    return { ...named('User', clinicId, id), name, email };
  }

  /** A user who bills, with a sign-in. */
  async function provider(given: ProviderOverrides = {}): Promise<MadeUser> {
    const person = await user({ name: next('Dr.'), ...given });
    await insert('providers', {
      clinic_id: person.clinicId,
      user_id: person.id,
      billing_number: given.billingNumber ?? next('9').replace(' ', ''),
      specialty: given.specialty ?? null,
    });
    return person;
  }

  /** A support user, who belongs to no clinic, with a sign-in. */
  async function supportUser(given: { id?: string; email?: string; active?: boolean } = {}): Promise<{
    readonly id: string;
    readonly globalId: string;
    readonly email: string;
  }> {
    const id = given.id ?? randomUUID();
    const email = given.email ?? `${next('support').replace(' ', '-')}@test.example`;
    await insert('support_users', { id, name: next('Support'), active: given.active ?? true });
    await insert('sign_ins', { email, support_user_id: id, password_hash: await passwordHash() });
    return { id, globalId: toGlobalId('User', null, id), email };
  }

  /** A group of a clinic's users; `members` are their ids. */
  async function group(
    given: OfClinic & { name?: string; members?: readonly string[] } = {},
  ): Promise<Made & { readonly name: string }> {
    const clinicId = await clinicOf(given);
    const id = given.id ?? randomUUID();
    const name = given.name ?? next('Group');
    await insert('groups', { clinic_id: clinicId, id, name });
    for (const userId of given.members ?? []) await member({ clinicId, groupId: id, userId });
    return { ...named('Group', clinicId, id), name };
  }

  /** Makes a user a member of a group. */
  async function member(given: { clinicId: string; groupId: string; userId: string }): Promise<void> {
    await insert('group_members', {
      clinic_id: given.clinicId,
      group_id: given.groupId,
      user_id: given.userId,
    });
  }

  /** Puts a user or a group on a provider's list; without either, a new user. Answers the entry's id. */
  async function delegation(given: {
    clinicId: string;
    providerId: string;
    userId?: string;
    groupId?: string;
    expiresAt?: string | Date | null;
  }): Promise<{ readonly id: string }> {
    const id = randomUUID();
    const { clinicId, providerId, groupId = null } = given;
    const userId = given.userId ?? (groupId === null ? (await user({ clinicId })).id : null);
    await insert('delegations', {
      clinic_id: clinicId,
      id,
      provider_id: providerId,
      delegate_user_id: userId,
      delegate_group_id: groupId,
      expires_at: given.expiresAt ?? null,
      added_by: providerId,
    });
    return { id };
  }

  /** A patient. */
  async function patient(
    given: OfClinic & { name?: string; birthDate?: string } = {},
  ): Promise<Made & { readonly name: string }> {
    const clinicId = await clinicOf(given);
    const id = given.id ?? randomUUID();
    const name = given.name ?? next('Patient');
    await insert('patients', { clinic_id: clinicId, id, name, birth_date: given.birthDate ?? '1980-02-29' });
    return { ...named('Patient', clinicId, id), name };
  }

  /** A visit of a patient. */
  async function visit(
    given: OfClinic & { patientId?: string; startedAt?: string | Date; reason?: string | null } = {},
  ): Promise<Made & { readonly patientId: string }> {
    const clinicId = await clinicOf(given);
    const id = given.id ?? randomUUID();
    const patientId = given.patientId ?? (await patient({ clinicId })).id;
    await insert('visits', {
      clinic_id: clinicId,
      id,
      patient_id: patientId,
      started_at: given.startedAt ?? '2026-03-30T14:05:00Z',
      reason: given.reason ?? null,
    });
    return { ...named('Visit', clinicId, id), patientId };
  }

  /** An encounter, by default with a visit of its own; `visit: null` for none. */
  async function encounter(
    given: OfClinic & {
      patientId?: string;
      providerId?: string;
      visit?: { id: string; patientId: string } | null;
      startedAt?: string | Date;
      reason?: string | null;
    } = {},
  ): Promise<Made & { readonly patientId: string; readonly visitId: string | null }> {
    const clinicId = await clinicOf(given);
    const id = given.id ?? randomUUID();
    const patientId = given.patientId ?? given.visit?.patientId ?? (await patient({ clinicId })).id;
    const within = given.visit === undefined ? await visit({ clinicId, patientId }) : given.visit;
    await insert('encounters', {
      clinic_id: clinicId,
      id,
      patient_id: patientId,
      provider_id: given.providerId ?? (await provider({ clinicId })).id,
      visit_id: within?.id ?? null,
      started_at: given.startedAt ?? '2026-03-30T14:05:00Z',
      reason: given.reason ?? null,
    });
    return { ...named('Encounter', clinicId, id), patientId, visitId: within?.id ?? null };
  }

  /** An insurer. */
  async function payer(given: OfClinic & { name?: string } = {}): Promise<Made> {
    const clinicId = await clinicOf(given);
    const id = given.id ?? randomUUID();
    await insert('payers', { clinic_id: clinicId, id, name: given.name ?? next('Payer') });
    return named('Payer', clinicId, id);
  }

  /**
   * A bill with its items (by default one of 100.00) and payments (by default none); its sums follow from them.
   * An encounter brings its patient and visit along.
   */
  async function bill(given: BillOverrides = {}): Promise<MadeBill> {
    const clinicId = await clinicOf(given);
    const id = given.id ?? randomUUID();
    const kind = given.kind ?? 'INSURED';
    const status = given.status ?? (kind === 'INSURED' ? 'SUBMITTED' : 'UNPAID');
    const providerId = given.providerId ?? (await provider({ clinicId })).id;
    const patientId =
      given.patientId ??
      given.encounter?.patientId ??
      given.visit?.patientId ??
      (await patient({ clinicId })).id;
    const visitId = given.visit?.id ?? given.encounter?.visitId ?? null;
    const payerId =
      given.payerId === undefined && kind === 'INSURED'
        ? (await payer({ clinicId })).id
        : (given.payerId ?? null);
    const items = (given.items ?? [{}]).map((item) => {
      const units = item.units ?? '1';
      const unitPrice = item.unitPrice ?? '100';
      return { ...item, units, unitPrice, amount: item.amount ?? cents(new Decimal(units).mul(unitPrice)) };
    });
    const payments = given.payments ?? [];
    const paid = (wanted: keyof typeof PaymentKind): Decimal =>
      total(payments.flatMap(({ kind: is = 'PAYMENT', amount }) => (is === wanted ? [amount] : [])));
    const billed = total(items.map((item) => item.amount));
    const owed = billed
      .sub(given.discount ?? 0)
      .sub(paid('PAYMENT'))
      .add(paid('REFUND'));
    const number = given.number ?? next('T').replace(' ', '-');
    await insert('bills', {
      clinic_id: clinicId,
      id,
      kind,
      number,
      status,
      service_date: given.serviceDate ?? '2026-03-30',
      provider_id: providerId,
      patient_id: patientId,
      encounter_id: given.encounter?.id ?? null,
      visit_id: visitId,
      payer_id: payerId,
      billed: cents(billed),
      discount: given.discount ?? '0',
      paid: cents(paid('PAYMENT')),
      refunded: cents(paid('REFUND')),
      outstanding: status === 'REFUNDED' || status === 'WRITTEN_OFF' ? '0' : cents(owed),
      note: given.note ?? null,
    });
    for (const [index, item] of items.entries()) {
      await insert('bill_items', {
        clinic_id: clinicId,
        bill_id: id,
        line: index + 1,
        service_code: item.serviceCode ?? 'A007',
        description: item.description ?? null,
        diagnosis_codes: item.diagnosisCodes ?? [],
        units: item.units,
        unit_price: item.unitPrice,
        amount: item.amount,
      });
    }
    for (const [index, payment] of payments.entries()) {
      await insert('payments', {
        clinic_id: clinicId,
        bill_id: id,
        line: index + 1,
        kind: payment.kind ?? 'PAYMENT',
        amount: payment.amount,
        received_on: payment.receivedOn ?? '2026-04-01',
        method: payment.method ?? null,
      });
    }
    const encounterId = given.encounter?.id ?? null;
    const ref = named('Bill', clinicId, id);
    return { ...ref, number, providerId, patientId, encounterId, visitId, kind, status };
  }

  return {
    clinic,
    user,
    provider,
    supportUser,
    group,
    member,
    delegation,
    patient,
    visit,
    encounter,
    payer,
    bill,
  };
}

const cents = (amount: Decimal): string => amount.toFixed(2);
const total = (amounts: readonly string[]): Decimal =>
  amounts.reduce((sum, amount) => sum.add(amount), new Decimal(0));
