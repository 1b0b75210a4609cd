import type { Relation } from '../../access/policy';
import { ofPermitted, permittedProviders } from '../../access/predicate';
import type { Viewer } from '../../access/viewer';
import { keysetSql, type Window } from '../../paging';
import { allOf, type Parameters } from '../../sql';
import type { Bill, BillOrderField } from '../types';
import { newestKeys } from './newest';
import { ORDER_KEYS } from './order';
import { type BillSelection, PARENT_COLUMNS, type ParentKind, selectedSql } from './selection';
import type { Writing } from './written';

/** A list of bills: what it hangs on (null: the whole clinic), what is selected, and how it is sorted. */
export interface BillList {
  readonly clinicId: string;
  readonly parent: ParentKind | null;
  readonly selection: BillSelection;
  readonly orderBy: { readonly field: keyof typeof BillOrderField; readonly descending: boolean };
}

/** A bill, and a relation of the viewer to its provider that permits to see it; null would be a defect. */
export type GroundedBill = Bill & { readonly ground: Relation | null };

/** A page to read: of the bills that hang on this parent, those of one kind, or (null) of both. */
export interface PageOf {
  readonly parentId: string;
  readonly onlyKind: string | null;
}

/** A bill in a page of a list; of which page, where the list hangs on something. */
export type BillOfPage = GroundedBill & Partial<PageOf>;

/** The columns of a bill, of `bills b`. */
export const BILL = `b.clinic_id AS "clinicId", b.id, b.kind, b.number, b.status, b.service_date AS "serviceDate",
  b.provider_id AS "providerId", b.patient_id AS "patientId", b.encounter_id AS "encounterId",
  b.visit_id AS "visitId", b.payer_id AS "payerId", b.billed, b.discount, (b.billed - b.discount) AS total,
  b.paid, b.refunded, b.outstanding, b.note`;

/** The columns of a bill that is written: whose it is, and the text. */
export const columnsOf = (writing: Writing | null): string =>
  writing === null
    ? BILL
    : `b.id, b.provider_id AS "providerId", b.patient_id AS "patientId", ${writing.text} AS text`;

/**
 * SQL of a page: first the keys of its bills, from indexes as far as there are any, then their rows. Every row tells
 * its ground, looked up apart from the filter: a bill that got past the filter has none, and its fields are refused.
 */
export function pageSql(
  viewer: Viewer,
  list: BillList,
  pages: readonly PageOf[],
  window: Window,
  writing: Writing | null,
  parameters: Parameters,
): string {
  const clinic = parameters.add(list.clinicId, 'uuid');
  const permitted = permittedProviders('VIEW_BILL', viewer, clinic, parameters);
  const { providerIds } = list.selection;
  const amongSelected =
    providerIds === undefined
      ? ''
      : `WHERE provider_id = ANY (${parameters.add([...providerIds], 'uuid[]')})`;
  return `WITH permitted AS MATERIALIZED (SELECT * FROM (${permitted}) p ${amongSelected}),
      seen AS MATERIALIZED (SELECT array_agg(provider_id) AS providers, array_agg(relation) AS relations FROM permitted),
      key AS MATERIALIZED (${keysSql(list, clinic, pages, window, parameters)})
    SELECT ${columnsOf(writing)}, ${list.parent === null ? '' : 'key.parent_id AS "parentId", key.only_kind AS "onlyKind", '}key.order_key AS "orderKey",
      (SELECT seen.relations[array_position(seen.providers, b.provider_id)] FROM seen) AS ground
    FROM key JOIN bills b ON b.clinic_id = ${clinic} AND b.id = key.id ${writing?.joins ?? ''}
    ORDER BY key.parent_place, key.place`;
}

/** SQL: the keys of the pages, as rows (parent_place, parent_id, only_kind, place, id, order_key). */
function keysSql(
  list: BillList,
  clinic: string,
  pages: readonly PageOf[],
  window: Window,
  parameters: Parameters,
): string {
  const { key, type } = ORDER_KEYS[list.orderBy.field];
  const keyset = keysetSql(
    window,
    { key, type, id: 'b.id', descending: list.orderBy.descending },
    (value, as) => parameters.add(value, as),
  );
  const selected = selectedSql(list.selection, parameters);
  const visible = allOf([ofPermitted('b', clinic, 'SELECT provider_id FROM permitted'), selected]);
  const place = `row_number() OVER (ORDER BY ${keyset.orderBy}) AS place`;
  const orderKey = `${key}::text AS order_key`;
  if (list.parent !== null) {
    const ids = pages.map((page) => page.parentId);
    const kinds = pages.map((page) => page.onlyKind);
    return `SELECT parent.place AS parent_place, parent.id AS parent_id, parent.kind AS only_kind, page.*
      FROM unnest(${parameters.add(ids, 'uuid[]')}, ${parameters.add(kinds, 'text[]')}) WITH ORDINALITY AS parent (id, kind, place)
      CROSS JOIN LATERAL (
        SELECT ${place}, b.id, ${orderKey} FROM bills b
        WHERE ${visible} AND b.${PARENT_COLUMNS[list.parent]} = parent.id
          AND (parent.kind IS NULL OR b.kind = parent.kind) AND ${keyset.condition}
        ORDER BY ${keyset.orderBy} LIMIT ${keyset.limit}) page`;
  }
  const ofClinic = '1 AS parent_place, NULL::uuid AS parent_id';
  if (list.orderBy.field === 'SERVICE_DATE' && !isNarrow(list.selection)) {
    return `SELECT ${ofClinic}, ${place}, b.id, ${orderKey} FROM (${newestKeys(keyset, clinic, visible, selected)}) b`;
  }
  return `SELECT ${ofClinic}, ${place}, b.id, ${orderKey} FROM bills b
    WHERE ${visible} AND ${keyset.condition} ORDER BY ${keyset.orderBy} LIMIT ${keyset.limit}`;
}

/** Whether so few bills are selected, or so rarely, that the newest of every provider are the wrong place to look. */
const isNarrow = ({ patientIds, payerIds }: BillSelection): boolean =>
  patientIds !== undefined || payerIds !== undefined;
