import DataLoader from 'dataloader';
import type pg from 'pg';
import { isPermitted, NEWEST_BILLS, PERMITTED } from './sql';

/** A bill as it is read, named as the API names it. Money as text, the date as YYYY-MM-DD. */
export interface BillRow {
  readonly id: string;
  readonly kind: 'INSURED' | 'PRIVATE';
  readonly number: string;
  readonly status: string;
  readonly serviceDate: string;
  readonly providerId: string;
  readonly patientId: string;
  readonly parentId: string | null;
  readonly billed: string;
  readonly discount: string;
  readonly total: string;
  readonly paid: string;
  readonly refunded: string;
  readonly outstanding: string;
}

export interface TotalsRow {
  readonly count: number;
  readonly billed: string;
  readonly outstanding: string;
}

export interface PersonRow {
  readonly id: string;
  readonly name: string;
}

export interface VisitRow {
  readonly id: string;
  readonly startedAt: Date;
}

/** A line of a bill, or a payment. */
interface PartRow {
  readonly billId: string;
}

const BILL = `b.id, b.kind, b.number, b.status, b.service_date AS "serviceDate", b.provider_id AS "providerId",
  b.patient_id AS "patientId", b.billed, b.discount, b.billed - b.discount AS total, b.paid, b.refunded, b.outstanding`;
const NEWEST_FIRST = 'b.service_date DESC, b.id DESC';

const TOTALS = `count(*)::int AS count, coalesce(sum(b.billed), 0.00) AS billed,
  coalesce(sum(b.outstanding), 0.00) AS outstanding`;

/** The bills of each parent, so many of each kind. */
const billsOf = (column: 'visit_id' | 'patient_id'): string =>
  `WITH ${PERMITTED}
   SELECT * FROM (
     SELECT ${BILL}, b.${column} AS "parentId",
       row_number() OVER (PARTITION BY b.${column}, b.kind ORDER BY ${NEWEST_FIRST}) AS place
     FROM bills b WHERE b.${column} = ANY ($3::uuid[]) AND ${isPermitted('b')}) placed
   WHERE place <= $4::int ORDER BY "parentId", kind, place`;

/** Each is prepared once a connection, under its name. */
const STATEMENTS = {
  newest: `WITH ${NEWEST_BILLS}
    SELECT ${BILL}, NULL AS "parentId" FROM winners JOIN bills b ON b.clinic_id = $1 AND b.id = winners.id
    ORDER BY ${NEWEST_FIRST}`,
  bill: `WITH ${PERMITTED} SELECT ${BILL}, NULL AS "parentId" FROM bills b WHERE b.id = $3 AND ${isPermitted('b')}`,
  totals: `WITH ${PERMITTED} SELECT ${TOTALS} FROM bills b WHERE ${isPermitted('b')}`,
  totalsOfPatient: `WITH ${PERMITTED} SELECT ${TOTALS} FROM bills b WHERE b.patient_id = $3 AND ${isPermitted('b')}`,
  billsOfPatients: billsOf('patient_id'),
  billsOfVisits: billsOf('visit_id'),
  visits: `SELECT v.id, v.started_at AS "startedAt" FROM visits v WHERE v.clinic_id = $1
    ORDER BY v.started_at DESC, v.id DESC LIMIT $2::int`,
  patients: 'SELECT p.id, p.name FROM patients p WHERE p.clinic_id = $1 AND p.id = ANY ($2::uuid[])',
  users: 'SELECT u.id, u.name FROM users u WHERE u.clinic_id = $1 AND u.id = ANY ($2::uuid[])',
  items: `SELECT i.bill_id AS "billId", i.line, i.service_code AS "serviceCode", i.units, i.unit_price AS "unitPrice",
      i.amount
    FROM bill_items i WHERE i.clinic_id = $1 AND i.bill_id = ANY ($2::uuid[]) ORDER BY i.bill_id, i.line`,
  payments: `SELECT p.bill_id AS "billId", p.kind, p.amount, p.received_on AS "receivedOn"
    FROM payments p WHERE p.clinic_id = $1 AND p.bill_id = ANY ($2::uuid[]) ORDER BY p.bill_id, p.line`,
} as const;

/** Reads for one request of the viewer, over the driver: rows, no entities, and what hangs on them in batches. */
export class Reader {
  constructor(
    private readonly pool: pg.Pool,
    readonly clinicId: string,
    private readonly viewerId: string,
  ) {}

  readonly patients = this.byId<PersonRow>('patients');
  readonly users = this.byId<PersonRow>('users');
  readonly items = this.byBill('items');
  readonly payments = this.byBill('payments');
  private readonly lists = new Map<string, DataLoader<string, readonly BillRow[]>>();

  /** The newest bills of the clinic that the viewer may see. */
  newestBills(first: number): Promise<BillRow[]> {
    return this.rows('newest', [this.clinicId, this.viewerId, first]);
  }

  async bill(id: string): Promise<BillRow | null> {
    const [row] = await this.rows<BillRow>('bill', [this.clinicId, this.viewerId, id]);
    return row ?? null;
  }

  /** The bills of a visit or a patient, at most so many of each kind, insured before private. */
  billsOf(
    statement: 'billsOfVisits' | 'billsOfPatients',
    first: number,
    id: string,
  ): Promise<readonly BillRow[]> {
    const key = `${statement} ${first}`;
    let list = this.lists.get(key);
    if (list === undefined) {
      list = new DataLoader<string, readonly BillRow[]>(async (ids) => {
        const rows = await this.rows<BillRow>(statement, [this.clinicId, this.viewerId, ids, first]);
        return grouped(ids, rows, (row) => row.parentId ?? '');
      });
      this.lists.set(key, list);
    }
    return list.load(id);
  }

  /** The sums over everything that the viewer may see of the clinic, or of one patient. */
  async totals(patientId?: string): Promise<TotalsRow> {
    const [row] =
      patientId === undefined
        ? await this.rows<TotalsRow>('totals', [this.clinicId, this.viewerId])
        : await this.rows<TotalsRow>('totalsOfPatient', [this.clinicId, this.viewerId, patientId]);
    return row ?? { count: 0, billed: '0.00', outstanding: '0.00' };
  }

  /** The newest visits of the clinic. */
  visits(first: number): Promise<VisitRow[]> {
    return this.rows('visits', [this.clinicId, first]);
  }

  private async rows<Row extends object>(name: keyof typeof STATEMENTS, values: unknown[]): Promise<Row[]> {
    return (await this.pool.query<Row>({ name, text: STATEMENTS[name], values })).rows;
  }

  private byId<Row extends { readonly id: string }>(name: 'patients' | 'users') {
    return new DataLoader<string, Row | null>(async (ids) =>
      inPlace(ids, await this.rows<Row>(name, [this.clinicId, ids])),
    );
  }

  private byBill(name: 'items' | 'payments') {
    return new DataLoader<string, readonly PartRow[]>(async (ids) =>
      grouped(ids, await this.rows<PartRow>(name, [this.clinicId, ids]), (row) => row.billId),
    );
  }
}

/** The row of each id; null where there is none. */
export function inPlace<Row extends { readonly id: string }>(
  ids: readonly string[],
  rows: readonly Row[],
): (Row | null)[] {
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => found.get(id) ?? null);
}

/** The rows of each key, in their order. */
export function grouped<Row>(
  keys: readonly string[],
  rows: readonly Row[],
  keyOf: (row: Row) => string,
): Row[][] {
  const groups = new Map<string, Row[]>(keys.map((key) => [key, []]));
  for (const row of rows) groups.get(keyOf(row))?.push(row);
  return keys.map((key) => groups.get(key) ?? []);
}
