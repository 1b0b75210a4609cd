import { allOf, type Parameters } from '../../sql';

/** What a list of bills hangs on: one of these columns of `bills`. */
export const PARENT_COLUMNS = {
  encounter: 'encounter_id',
  visit: 'visit_id',
  patient: 'patient_id',
} as const;

export type ParentKind = keyof typeof PARENT_COLUMNS;

/** A filter with the ids of rows. A list restricts to its members: an empty one matches nothing. */
export interface BillSelection {
  readonly kind?: string;
  readonly kindToo?: string;
  readonly statuses?: readonly string[];
  readonly providerIds?: readonly string[];
  readonly patientIds?: readonly string[];
  readonly payerIds?: readonly string[];
  /** Calendar dates, both included. */
  readonly serviceFrom?: string;
  readonly serviceTo?: string;
}

/** SQL condition over `bills b`: what was selected, and nothing about who may see it. */
export function selectedSql(selection: BillSelection, parameters: Parameters): string {
  const conditions: string[] = [];
  const equal = (column: string, value: string | undefined): void => {
    if (value !== undefined) conditions.push(`${column} = ${parameters.add(value, 'text')}`);
  };
  const among = (column: string, values: readonly string[] | undefined, type: string): void => {
    if (values !== undefined)
      conditions.push(`${column} = ANY (${parameters.add([...values], `${type}[]`)})`);
  };
  equal('b.kind', selection.kind);
  equal('b.kind', selection.kindToo);
  among('b.status', selection.statuses, 'text');
  among('b.provider_id', selection.providerIds, 'uuid');
  among('b.patient_id', selection.patientIds, 'uuid');
  among('b.payer_id', selection.payerIds, 'uuid');
  if (selection.serviceFrom !== undefined) {
    conditions.push(`b.service_date >= ${parameters.add(selection.serviceFrom, 'date')}`);
  }
  if (selection.serviceTo !== undefined) {
    conditions.push(`b.service_date <= ${parameters.add(selection.serviceTo, 'date')}`);
  }
  return allOf(conditions);
}
