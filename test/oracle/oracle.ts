import type { TestDatabase } from '../support/database';

/**
 * The rule of who may see which bill, written a second time and apart: in plain TypeScript over plain rows, with
 * nothing of src/access or src/billing. What the API answers is compared with it.
 */

/** Amounts of money in whole cents, so that sums are exact. */
export const SUMS = ['billed', 'discount', 'paid', 'refunded', 'outstanding'] as const;

export type Sums = Readonly<Record<(typeof SUMS)[number], bigint>>;

export interface OracleBill extends Sums {
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
  readonly payerId: string | null;
}

/** Somebody who may ask: a user of a clinic, or (clinicId null) a support user. */
export interface OracleUser {
  readonly id: string;
  readonly clinicId: string | null;
  readonly name: string;
  readonly active: boolean;
  /** Whether there is a password to sign in with. */
  readonly signsIn: boolean;
}

interface Clinic {
  readonly id: string;
  readonly name: string;
  readonly launches_at: Date | null;
}

interface Entry {
  readonly clinic_id: string;
  readonly provider_id: string;
  readonly user_id: string | null;
  readonly group_id: string | null;
  readonly expires_at: Date | null;
}

/** Sums as the API writes them, with the number of bills. */
export interface WrittenSums extends Readonly<Record<(typeof SUMS)[number], string>> {
  readonly count: number;
}

/** Everything that decides who sees what, as it was in the database at one instant. */
export class Oracle {
  private constructor(
    private readonly at: Date,
    readonly clinics: readonly Clinic[],
    readonly users: readonly OracleUser[],
    private readonly entries: readonly Entry[],
    private readonly memberships: ReadonlySet<string>,
    readonly bills: readonly OracleBill[],
  ) {}

  static async read(db: Pick<TestDatabase, 'query'>): Promise<Oracle> {
    const clinics = await db.query<Clinic>(
      'SELECT id, name::text AS name, segregation_launches_at AS launches_at FROM clinics',
    );
    const users = await db.query<OracleUser>(
      `SELECT u.id, u.clinic_id AS "clinicId", u.name, u.active, s.email IS NOT NULL AS "signsIn"
       FROM users u LEFT JOIN sign_ins s ON s.clinic_id = u.clinic_id AND s.user_id = u.id
       UNION ALL
       SELECT u.id, NULL, u.name, u.active, s.email IS NOT NULL
       FROM support_users u LEFT JOIN sign_ins s ON s.support_user_id = u.id
       ORDER BY name, id`,
    );
    const entries = await db.query<Entry>(
      `SELECT clinic_id, provider_id, delegate_user_id AS user_id, delegate_group_id AS group_id, expires_at
       FROM delegations`,
    );
    const members = await db.query<{ group_id: string; user_id: string }>(
      'SELECT group_id, user_id FROM group_members',
    );
    const bills = await db.query<OracleBill>(
      `SELECT id, clinic_id AS "clinicId", kind, status, number, service_date::text AS "serviceDate",
         provider_id AS "providerId", patient_id AS "patientId", encounter_id AS "encounterId",
         visit_id AS "visitId", payer_id AS "payerId",
         ${SUMS.map((sum) => `(${sum} * 100)::bigint AS ${sum}`).join(', ')}
       FROM bills`,
    );
    return new Oracle(
      new Date(),
      clinics,
      users,
      entries,
      new Set(members.map((member) => `${member.group_id} ${member.user_id}`)),
      bills.map((bill) => ({
        ...bill,
        ...(Object.fromEntries(SUMS.map((sum) => [sum, BigInt(bill[sum])])) as Sums),
      })),
    );
  }

  clinic(name: string): Clinic {
    const found = this.clinics.find((clinic) => clinic.name === name);
    if (found === undefined) throw new Error(`no clinic is called ${name}`);
    return found;
  }

  /** Whether the user may see bills of that provider. */
  seesProvider(user: OracleUser, clinicId: string, providerId: string): boolean {
    if (!user.active) return false;
    if (user.clinicId === null) return true;
    if (user.clinicId !== clinicId) return false;
    const clinic = this.clinics.find(({ id }) => id === clinicId);
    const launched = clinic?.launches_at != null && clinic.launches_at <= this.at;
    if (!launched || user.id === providerId) return true;
    return this.entries.some(
      (entry) =>
        entry.clinic_id === clinicId &&
        entry.provider_id === providerId &&
        (entry.expires_at === null || entry.expires_at > this.at) &&
        (entry.user_id === user.id || this.memberships.has(`${entry.group_id} ${user.id}`)),
    );
  }

  /** The bills of a clinic that the user may see. */
  visible(user: OracleUser, clinicId: string): OracleBill[] {
    const answers = new Map<string, boolean>();
    return this.bills.filter((bill) => {
      if (bill.clinicId !== clinicId) return false;
      const known = answers.get(bill.providerId);
      const sees = known ?? this.seesProvider(user, clinicId, bill.providerId);
      answers.set(bill.providerId, sees);
      return sees;
    });
  }
}

/** Cents as the API writes money: "77.49". */
export function written(cents: bigint): string {
  const digits = (cents < 0n ? -cents : cents).toString().padStart(3, '0');
  return `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** The sums over bills, as the API writes them. */
export function sumsOf(bills: readonly OracleBill[]): WrittenSums {
  const sum = (column: (typeof SUMS)[number]): string =>
    written(bills.reduce((total, bill) => total + bill[column], 0n));
  return {
    count: bills.length,
    billed: sum('billed'),
    discount: sum('discount'),
    paid: sum('paid'),
    refunded: sum('refunded'),
    outstanding: sum('outstanding'),
  };
}

/** Puts bills under the value that `keyOf` answers for each. */
export function grouped<Key>(
  bills: readonly OracleBill[],
  keyOf: (bill: OracleBill) => Key,
): Map<Key, OracleBill[]> {
  const groups = new Map<Key, OracleBill[]>();
  for (const bill of bills) {
    const key = keyOf(bill);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [bill]);
    else group.push(bill);
  }
  return groups;
}
