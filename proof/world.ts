/**
 * A small world that the proof makes up: everything that decides who sees which bill, and the bills, as plain data.
 * It is written into a database for the API to answer from, and read by the oracle. No code of src is used here.
 */

/** An instant in microseconds since 1970, as exact as PostgreSQL's. */
export type Instant = bigint;

/** Money in whole cents, so that sums are exact. */
export type Cents = bigint;

/** The amounts that a bill keeps, and that are summed. */
export const AMOUNTS = ['billed', 'discount', 'paid', 'refunded', 'outstanding'] as const;

export type Amounts = Readonly<Record<(typeof AMOUNTS)[number], Cents>>;

export interface Clinic {
  readonly id: string;
  readonly name: string;
  launchesAt: Instant | null;
}

/** Somebody who may ask: a user of a clinic, or (clinicId null) a support user. */
export interface User {
  readonly id: string;
  readonly clinicId: string | null;
  readonly name: string;
  /** Whether bills can be theirs. */
  readonly provider: boolean;
  /** Whether they hold both permissions. */
  readonly administrator: boolean;
  active: boolean;
}

export interface Group {
  readonly id: string;
  readonly clinicId: string;
  readonly name: string;
  readonly members: Set<string>;
}

/** An entry of a provider's list: of a user or of a group. */
export interface Entry {
  readonly clinicId: string;
  readonly providerId: string;
  readonly userId: string | null;
  readonly groupId: string | null;
  expiresAt: Instant | null;
}

export interface Patient {
  readonly id: string;
  readonly clinicId: string;
}

export interface Visit {
  readonly id: string;
  readonly clinicId: string;
  readonly patientId: string;
}

export interface Encounter {
  readonly id: string;
  readonly clinicId: string;
  readonly patientId: string;
  readonly providerId: string;
  readonly visitId: string | null;
}

export interface Payment {
  readonly kind: 'PAYMENT' | 'REFUND';
  readonly amount: Cents;
}

export interface Bill extends Amounts {
  readonly id: string;
  readonly clinicId: string;
  readonly kind: 'INSURED' | 'PRIVATE';
  readonly status: string;
  readonly number: string;
  /** YYYY-MM-DD */
  readonly serviceDate: string;
  readonly providerId: string;
  readonly patientId: string;
  readonly encounterId: string | null;
  readonly visitId: string | null;
  /** Of the clinic's one payer, for insured bills. */
  readonly payerId: string | null;
  readonly items: readonly { readonly amount: Cents }[];
  readonly payments: readonly Payment[];
}

export interface World {
  readonly clinics: Clinic[];
  readonly users: User[];
  readonly groups: Group[];
  readonly entries: Entry[];
  readonly patients: Patient[];
  readonly visits: Visit[];
  readonly encounters: Encounter[];
  readonly bills: Bill[];
}

/** What a bill is made of; its sums follow. */
export interface BillParts
  extends Omit<Bill, (typeof AMOUNTS)[number] | 'items' | 'payments' | 'payerId' | 'number' | 'serviceDate'> {
  readonly number: string;
  readonly serviceDate: string;
  readonly payerId: string | null;
  readonly items: readonly Cents[];
  readonly discount: Cents;
  readonly payments: readonly Payment[];
}

/** A bill with its sums: what its items and payments add up to. */
export function billOf({ items, payments, discount, ...bill }: BillParts): Bill {
  const sum = (amounts: readonly Cents[]): Cents => amounts.reduce((total, amount) => total + amount, 0n);
  const received = (kind: Payment['kind']): Cents =>
    sum(payments.flatMap((payment) => (payment.kind === kind ? [payment.amount] : [])));
  const billed = sum(items);
  const paid = received('PAYMENT');
  const refunded = received('REFUND');
  const settled = bill.status === 'REFUNDED' || bill.status === 'WRITTEN_OFF';
  const outstanding = settled ? 0n : billed - discount - paid + refunded;
  return {
    ...bill,
    ...{ billed, discount, paid, refunded, outstanding, payments },
    items: items.map((amount) => ({ amount })),
  };
}

/** Cents as the API writes money: "77.49". */
export function written(cents: Cents): string {
  const digits = (cents < 0n ? -cents : cents).toString().padStart(3, '0');
  return `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** An instant as PostgreSQL reads it, to the microsecond. */
export function timestamp(instant: Instant): string {
  const seconds = new Date(Number(instant / 1_000_000n) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${(instant % 1_000_000n).toString().padStart(6, '0')}Z`;
}
