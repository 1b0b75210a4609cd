import { instanceOf } from '../instance';
import { keysetSql, type Window } from '../paging';
import type { RowKey } from '../row-loader';
import { allOf, containing, Parameters, type Statements } from '../sql';
import { type Encounter, type Patient, Visit } from './types';

const VISIT = `v.clinic_id AS "clinicId", v.id, v.patient_id AS "patientId", v.started_at AS "startedAt", v.reason,
  v.started_at::text AS "orderKey"`;
const ENCOUNTER = `e.clinic_id AS "clinicId", e.id, e.patient_id AS "patientId", e.provider_id AS "providerId",
  e.visit_id AS "visitId", e.started_at AS "startedAt", e.ended_at AS "endedAt", e.reason, e.started_at::text AS "orderKey"`;
const PATIENT = 'p.clinic_id AS "clinicId", p.id, p.name, p.birth_date AS "birthDate"';

/** Restricts a list of a clinic's visits or encounters. Instants in UTC. */
export interface RecordFilter {
  readonly patientId?: string | null;
  readonly from?: Date | null;
  readonly to?: Date | null;
}

/** Reads patients, visits and encounters of a clinic. All of the clinic's users may see them; bills are not among them. */
export class RecordStore {
  constructor(private readonly statements: Statements) {}

  patients(keys: readonly RowKey[]): Promise<Patient[]> {
    return this.byKeys(`SELECT ${PATIENT}`, 'patients p', keys);
  }

  visits(keys: readonly RowKey[]): Promise<Visit[]> {
    return this.byKeys(`SELECT ${VISIT}`, 'visits v', keys);
  }

  encounters(keys: readonly RowKey[]): Promise<Encounter[]> {
    return this.byKeys(`SELECT ${ENCOUNTER}`, 'encounters e', keys);
  }

  /** The encounters of visits, in the order in which they began. */
  encountersOfVisits(visits: readonly RowKey[]): Promise<Encounter[]> {
    return this.statements.query<Encounter>(
      `SELECT ${ENCOUNTER} FROM unnest($1::uuid[], $2::uuid[]) AS wanted (clinic_id, visit_id)
       JOIN encounters e USING (clinic_id, visit_id) ORDER BY e.started_at, e.id`,
      [visits.map((key) => key.clinicId), visits.map((key) => key.id)],
    );
  }

  /** A page of the clinic's visits, newest first. */
  async visitPage(clinicId: string, filter: RecordFilter, window: Window): Promise<Visit[]> {
    const visits = await this.page<Visit>(VISIT, 'visits v', 'v', clinicId, filter, window);
    return visits.map((visit) => instanceOf(Visit, visit));
  }

  /** A page of the clinic's encounters, newest first. */
  encounterPage(clinicId: string, filter: RecordFilter, window: Window): Promise<Encounter[]> {
    return this.page(ENCOUNTER, 'encounters e', 'e', clinicId, filter, window);
  }

  /** A page of the clinic's patients by name, whose names contain `search` in any case. */
  patientPage(clinicId: string, search: string, window: Window): Promise<Patient[]> {
    const parameters = new Parameters();
    const conditions = [`p.clinic_id = ${parameters.add(clinicId, 'uuid')}`];
    if (search !== '')
      conditions.push(`p.name ILIKE ${parameters.add(containing(search), 'text')} ESCAPE '\\'`);
    const keyset = keysetSql(
      window,
      { key: 'p.name', type: 'text', id: 'p.id', descending: false },
      (value, type) => parameters.add(value, type),
    );
    return this.statements.query<Patient>(
      `SELECT ${PATIENT} FROM patients p WHERE ${allOf([...conditions, keyset.condition])}
       ORDER BY ${keyset.orderBy} LIMIT ${keyset.limit}`,
      parameters.values,
    );
  }

  private byKeys<Row extends object>(select: string, table: string, keys: readonly RowKey[]): Promise<Row[]> {
    return this.statements.query<Row>(
      `${select} FROM unnest($1::uuid[], $2::uuid[]) AS wanted (clinic_id, id) JOIN ${table} USING (clinic_id, id)`,
      [keys.map((key) => key.clinicId), keys.map((key) => key.id)],
    );
  }

  private page<Row extends object>(
    columns: string,
    table: string,
    alias: string,
    clinicId: string,
    filter: RecordFilter,
    window: Window,
  ): Promise<Row[]> {
    const parameters = new Parameters();
    const add = (value: unknown, type: string): string => parameters.add(value, type);
    const conditions = [`${alias}.clinic_id = ${add(clinicId, 'uuid')}`];
    if (filter.patientId) conditions.push(`${alias}.patient_id = ${add(filter.patientId, 'uuid')}`);
    if (filter.from) conditions.push(`${alias}.started_at >= ${add(filter.from, 'timestamptz')}`);
    if (filter.to) conditions.push(`${alias}.started_at < ${add(filter.to, 'timestamptz')}`);
    const sort = { key: `${alias}.started_at`, type: 'timestamptz', id: `${alias}.id`, descending: true };
    const keyset = keysetSql(window, sort, add);
    return this.statements.query<Row>(
      `SELECT ${columns} FROM ${table} WHERE ${allOf([...conditions, keyset.condition])}
       ORDER BY ${keyset.orderBy} LIMIT ${keyset.limit}`,
      parameters.values,
    );
  }
}
