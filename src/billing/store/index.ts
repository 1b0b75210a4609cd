import type { ProviderRef } from '../../access/loader';
import type { BillAction, Relation } from '../../access/policy';
import { billPredicate, ofPermitted, permittedProviders, told } from '../../access/predicate';
import type { Viewer } from '../../access/viewer';
import { instanceOf } from '../../instance';
import type { Window } from '../../paging';
import type { RowKey } from '../../row-loader';
import { allOf, Parameters, type Statements } from '../../sql';
import { Bill, type BillGrouping, type BillItem, type Payer, type Payment } from '../types';
import { type BillList, type BillOfPage, columnsOf, type GroundedBill, type PageOf, pageSql } from './page';
import { type BillSelection, PARENT_COLUMNS, selectedSql } from './selection';
import type { Writing } from './written';

/** Sums over bills. `providerIds`: whose bills went into them. Money as exact decimals. */
export interface TotalsRow {
  readonly parentId: string | null;
  readonly providerIds: string[];
  /** For each of them a relation of the viewer that permits to see the provider's bills; null would be a defect. */
  readonly grounds: (Relation | null)[];
  readonly count: number;
  readonly billed: string;
  readonly discount: string;
  readonly paid: string;
  readonly refunded: string;
  readonly outstanding: string;
}

/** One row of a summary; `key` is the value grouped by, null for bills without one. */
export interface SummaryRow extends TotalsRow {
  readonly key: string | null;
}

const SUMS = ['billed', 'discount', 'paid', 'refunded', 'outstanding'] as const;

const sumsOf = (columns: readonly string[], prefix = ''): string =>
  columns.map((column) => `sum(${prefix}${column}) AS ${column}`).join(', ');

/** Sums over the sums by provider, and whose bills went in. */
const OVERALL = `array_agg(provider_id) AS "providerIds", array_agg(relation) AS grounds, sum(count)::int AS count,
  ${sumsOf(SUMS)}`;

/** SQL: sums for each value of an expression and each provider, as by_provider; so whose bills went in costs no second pass. */
function sumsSql(
  viewer: Viewer,
  clinicId: string,
  selection: BillSelection,
  key: { readonly as: string; readonly sql: string; readonly ofThem: string },
  parameters: Parameters,
): string {
  const clinic = parameters.add(clinicId, 'uuid');
  const permitted = permittedProviders('VIEW_BILL', viewer, clinic, parameters);
  const visible = allOf([
    ofPermitted('b', clinic, 'SELECT provider_id FROM permitted'),
    selectedSql(selection, parameters),
  ]);
  return `WITH permitted AS MATERIALIZED (${permitted}),
    by_provider AS (
      SELECT * FROM (
        SELECT ${key.sql} AS ${key.as}, b.provider_id, count(*) AS count, ${sumsOf(SUMS, 'b.')}
        FROM bills b WHERE ${visible} ${key.ofThem} GROUP BY 1, 2) sums
      LEFT JOIN permitted USING (provider_id))`;
}

const GROUPING_KEYS: Readonly<Record<keyof typeof BillGrouping, string>> = {
  PROVIDER: 'b.provider_id::text',
  PATIENT: 'b.patient_id::text',
  PAYER: 'b.payer_id::text',
  KIND: 'b.kind',
  STATUS: 'b.status',
  MONTH: "to_char(b.service_date, 'YYYY-MM')",
};

/**
 * The only code that queries bills, and what hangs on them. Every method takes the viewer and answers from the bills
 * that this viewer may see; nothing it answers depends on any other bill. All raise UNAVAILABLE.
 */
export class BillStore {
  constructor(private readonly statements: Statements) {}

  /** The bill of that key, or none: hidden and not there are the same. With a writing, written and nothing more. */
  async bills(
    viewer: Viewer,
    clinicId: string,
    ids: readonly string[],
    writing: Writing | null = null,
  ): Promise<GroundedBill[]> {
    const parameters = new Parameters();
    const clinic = parameters.add(clinicId, 'uuid');
    const permitted = permittedProviders('VIEW_BILL', viewer, clinic, parameters);
    const bills = await this.statements.query<GroundedBill>(
      `WITH permitted AS MATERIALIZED (${permitted})
       SELECT ${columnsOf(writing)},
         (SELECT relation FROM permitted WHERE permitted.provider_id = b.provider_id) AS ground
       FROM bills b ${writing?.joins ?? ''} WHERE ${ofPermitted('b', clinic, 'SELECT provider_id FROM permitted')} AND b.id = ANY (${parameters.add([...ids], 'uuid[]')})`,
      parameters.values,
      told('VIEW_BILL', viewer, clinicId),
    );
    return asBills(bills, clinicId, writing);
  }

  /** Whose bill it is, for a viewer who may do one of these with it; null: there is no such bill for them. */
  async ownerOf(
    viewer: Viewer,
    actions: readonly BillAction[],
    clinicId: string,
    id: string,
  ): Promise<ProviderRef | null> {
    for (const action of actions) {
      const parameters = new Parameters();
      const clinic = parameters.add(clinicId, 'uuid');
      const permitted = billPredicate(action, 'b', viewer, clinic, parameters);
      const [owner] = await this.statements.query<ProviderRef>(
        `SELECT b.clinic_id AS "clinicId", b.provider_id AS "providerId" FROM bills b
         WHERE ${permitted} AND b.id = ${parameters.add(id, 'uuid')}`,
        parameters.values,
        told(action, viewer, clinicId),
      );
      if (owner !== undefined) return owner;
    }
    return null;
  }

  /** How many bills each provider of the clinic has who has any, for a viewer who may count them ahead of a launch. */
  async countsForLaunch(viewer: Viewer, clinicId: string): Promise<Map<string, number>> {
    const parameters = new Parameters();
    const clinic = parameters.add(clinicId, 'uuid');
    const rows = await this.statements.query<{ providerId: string; count: number }>(
      `SELECT b.provider_id AS "providerId", count(*)::int AS count FROM bills b
       WHERE ${billPredicate('COUNT_BILLS_FOR_LAUNCH', 'b', viewer, clinic, parameters)} GROUP BY 1`,
      parameters.values,
      told('COUNT_BILLS_FOR_LAUNCH', viewer, clinicId),
    );
    return new Map(rows.map((row) => [row.providerId, row.count]));
  }

  /**
   * The pages of the list (where it hangs on the whole clinic, the one that there is). With a writing,
   * the bills are written and nothing more is read of them.
   */
  async pages(
    viewer: Viewer,
    list: BillList,
    pages: readonly PageOf[],
    window: Window,
    writing: Writing | null = null,
  ): Promise<BillOfPage[]> {
    const parameters = new Parameters();
    const rows = await this.statements.query<BillOfPage>(
      pageSql(viewer, list, pages, window, writing, parameters),
      parameters.values,
      told('VIEW_BILL', viewer, list.clinicId),
    );
    return asBills(rows, list.clinicId, writing);
  }

  /** The sums over the list, for each parent that has a visible bill (parentId null: the whole clinic). */
  totals(
    viewer: Viewer,
    list: Omit<BillList, 'orderBy'>,
    parentIds: readonly string[],
  ): Promise<TotalsRow[]> {
    const parameters = new Parameters();
    const parent = list.parent === null ? 'NULL::uuid' : `b.${PARENT_COLUMNS[list.parent]}`;
    const ofParents =
      list.parent === null ? '' : `AND ${parent} = ANY (${parameters.add([...parentIds], 'uuid[]')})`;
    return this.statements.query<TotalsRow>(
      `${sumsSql(viewer, list.clinicId, list.selection, { as: 'parent', sql: parent, ofThem: ofParents }, parameters)}
       SELECT parent AS "parentId", ${OVERALL} FROM by_provider GROUP BY parent`,
      parameters.values,
      told('VIEW_BILL', viewer, list.clinicId),
    );
  }

  /** The sums over the clinic's bills, for each value of what is grouped by; the largest first, `limit` rows at most. */
  summary(
    viewer: Viewer,
    clinicId: string,
    selection: BillSelection,
    grouping: keyof typeof BillGrouping,
    limit: number,
  ): Promise<SummaryRow[]> {
    const parameters = new Parameters();
    const key = { as: 'key', sql: GROUPING_KEYS[grouping], ofThem: '' };
    return this.statements.query<SummaryRow>(
      `${sumsSql(viewer, clinicId, selection, key, parameters)}
       SELECT key, ${OVERALL} FROM by_provider
       GROUP BY key ORDER BY ${grouping === 'MONTH' ? 'key DESC' : 'billed DESC, key'} LIMIT ${parameters.add(limit, 'bigint')}`,
      parameters.values,
      told('VIEW_BILL', viewer, clinicId),
    );
  }

  /** The items of bills of one clinic, line by line; none for a bill that the viewer may not see. */
  items(viewer: Viewer, clinicId: string, billIds: readonly string[]): Promise<BillItem[]> {
    return this.parts<BillItem>(
      viewer,
      clinicId,
      billIds,
      `bill_items`,
      `part.line, part.service_code AS "serviceCode", part.description, part.diagnosis_codes AS "diagnosisCodes",
       part.units, part.unit_price AS "unitPrice", part.amount`,
    );
  }

  /** The payments of bills of one clinic, in their order; none for a bill that the viewer may not see. */
  payments(viewer: Viewer, clinicId: string, billIds: readonly string[]): Promise<Payment[]> {
    return this.parts<Payment>(
      viewer,
      clinicId,
      billIds,
      `payments`,
      `part.kind, part.amount, part.received_on AS "receivedOn", part.method`,
    );
  }

  /** The payers of these keys: the clinic's own list of insurers, which says nothing of any bill. */
  payers(keys: readonly RowKey[]): Promise<Payer[]> {
    return this.statements.query<Payer>(
      `SELECT p.clinic_id AS "clinicId", p.id, p.name
       FROM unnest($1::uuid[], $2::uuid[]) AS wanted (clinic_id, id) JOIN payers p USING (clinic_id, id)`,
      [keys.map((key) => key.clinicId), keys.map((key) => key.id)],
    );
  }

  private parts<Part extends object>(
    viewer: Viewer,
    clinicId: string,
    billIds: readonly string[],
    table: string,
    columns: string,
  ): Promise<Part[]> {
    const parameters = new Parameters();
    const clinic = parameters.add(clinicId, 'uuid');
    const visible = billPredicate('VIEW_BILL', 'b', viewer, clinic, parameters);
    return this.statements.query<Part>(
      `SELECT b.clinic_id || '/' || b.id AS "parentKey", b.clinic_id AS "clinicId", b.provider_id AS "providerId", ${columns}
       FROM bills b JOIN ${table} part ON part.clinic_id = b.clinic_id AND part.bill_id = b.id
       WHERE ${visible} AND b.id = ANY (${parameters.add([...billIds], 'uuid[]')})
       ORDER BY part.bill_id, part.line`,
      parameters.values,
      told('VIEW_BILL', viewer, clinicId),
    );
  }
}

/** Makes bills of rows. On each hangs what was written of it; where that is nothing at all, its fields are asked for. */
function asBills<Row extends GroundedBill & { readonly text?: string | null }>(
  rows: Row[],
  clinicId: string,
  writing: Writing | null,
): Row[] {
  for (const row of rows) {
    if (writing === null) instanceOf(Bill, row);
    else {
      row.clinicId = clinicId;
      if (typeof row.text === 'string') row.written = { form: writing.form, text: row.text };
    }
  }
  return rows;
}
