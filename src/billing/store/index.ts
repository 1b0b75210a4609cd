import type { ProviderRef } from '../../access/loader';
import type { BillAction } from '../../access/policy';
import { billPredicate, told } from '../../access/predicate';
import type { Viewer } from '../../access/viewer';
import { keysetSql, type Window } from '../../paging';
import type { RowKey } from '../../row-loader';
import { Parameters, type Statements } from '../../sql';
import type { Bill, BillGrouping, BillItem, BillOrderField, Payer, Payment } from '../types';
import { ORDER_KEYS } from './order';
import { type BillSelection, PARENT_COLUMNS, type ParentKind, visibleBills } from './selection';

/** A list of bills: what it hangs on (null: the whole clinic), what is selected, and how it is sorted. */
export interface BillList {
  readonly clinicId: string;
  readonly parent: ParentKind | null;
  readonly selection: BillSelection;
  readonly orderBy: { readonly field: keyof typeof BillOrderField; readonly descending: boolean };
}

/** Sums over bills. `providerIds`: whose bills went into them. Money as exact decimals. */
export interface TotalsRow {
  readonly parentId: string | null;
  readonly providerIds: string[];
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

const BILL = `b.clinic_id AS "clinicId", b.id, b.kind, b.number, b.status, b.service_date AS "serviceDate",
  b.provider_id AS "providerId", b.patient_id AS "patientId", b.encounter_id AS "encounterId",
  b.visit_id AS "visitId", b.payer_id AS "payerId", b.billed, b.discount, (b.billed - b.discount) AS total,
  b.paid, b.refunded, b.outstanding, b.note`;

const SUMS = ['billed', 'discount', 'paid', 'refunded', 'outstanding'] as const;

/** Sums provider by provider first, so that whose bills went in costs no second pass. */
const sumsOf = (columns: readonly string[], prefix = ''): string =>
  columns.map((column) => `sum(${prefix}${column}) AS ${column}`).join(', ');

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

  /** The bill of that key, or none: hidden and not there are the same. */
  bills(viewer: Viewer, clinicId: string, ids: readonly string[]): Promise<Bill[]> {
    const parameters = new Parameters();
    const visible = visibleBills(viewer, clinicId, {}, parameters);
    return this.statements.query<Bill>(
      `SELECT ${BILL} FROM bills b WHERE ${visible} AND b.id = ANY (${parameters.add([...ids], 'uuid[]')})`,
      parameters.values,
      told('VIEW_BILL', viewer, clinicId),
    );
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

  /** A page of the list for each parent (one page with parentId null where it hangs on the whole clinic). */
  async pages(
    viewer: Viewer,
    list: BillList,
    parentIds: readonly string[],
    window: Window,
  ): Promise<(Bill & { parentId: string | null })[]> {
    const parameters = new Parameters();
    const visible = visibleBills(viewer, list.clinicId, list.selection, parameters);
    const { key, type } = ORDER_KEYS[list.orderBy.field];
    const keyset = keysetSql(
      window,
      { key, type, id: 'b.id', descending: list.orderBy.descending },
      (value, as) => parameters.add(value, as),
    );
    const columns = `${BILL}, ${key}::text AS "orderKey"`;
    if (list.parent === null) {
      return this.statements.query(
        `SELECT ${columns}, NULL AS "parentId" FROM bills b WHERE ${visible} AND ${keyset.condition}
         ORDER BY ${keyset.orderBy} LIMIT ${keyset.limit}`,
        parameters.values,
        told('VIEW_BILL', viewer, list.clinicId),
      );
    }
    return this.statements.query(
      `SELECT parent.id AS "parentId", page.*
       FROM unnest(${parameters.add([...parentIds], 'uuid[]')}) WITH ORDINALITY AS parent (id, place)
       CROSS JOIN LATERAL (
         SELECT ${columns}, row_number() OVER (ORDER BY ${keyset.orderBy}) AS place
         FROM bills b WHERE ${visible} AND b.${PARENT_COLUMNS[list.parent]} = parent.id AND ${keyset.condition}
         ORDER BY ${keyset.orderBy} LIMIT ${keyset.limit}) page
       ORDER BY parent.place, page.place`,
      parameters.values,
      told('VIEW_BILL', viewer, list.clinicId),
    );
  }

  /** The sums over the list, for each parent that has a visible bill (parentId null: the whole clinic). */
  totals(
    viewer: Viewer,
    list: Omit<BillList, 'orderBy'>,
    parentIds: readonly string[],
  ): Promise<TotalsRow[]> {
    const parameters = new Parameters();
    const visible = visibleBills(viewer, list.clinicId, list.selection, parameters);
    const parent = list.parent === null ? 'NULL::uuid' : `b.${PARENT_COLUMNS[list.parent]}`;
    const ofParents =
      list.parent === null ? '' : `AND ${parent} = ANY (${parameters.add([...parentIds], 'uuid[]')})`;
    return this.statements.query<TotalsRow>(
      `SELECT parent AS "parentId", array_agg(provider_id) AS "providerIds", sum(count)::int AS count, ${sumsOf(SUMS)}
       FROM (SELECT ${parent} AS parent, b.provider_id, count(*) AS count, ${sumsOf(SUMS, 'b.')}
             FROM bills b WHERE ${visible} ${ofParents} GROUP BY 1, 2) by_provider
       GROUP BY parent`,
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
    const visible = visibleBills(viewer, clinicId, selection, parameters);
    return this.statements.query<SummaryRow>(
      `SELECT key, array_agg(provider_id) AS "providerIds", sum(count)::int AS count, ${sumsOf(SUMS)}
       FROM (SELECT ${GROUPING_KEYS[grouping]} AS key, b.provider_id, count(*) AS count, ${sumsOf(SUMS, 'b.')}
             FROM bills b WHERE ${visible} GROUP BY 1, 2) by_provider
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
    const visible = visibleBills(viewer, clinicId, {}, parameters);
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
