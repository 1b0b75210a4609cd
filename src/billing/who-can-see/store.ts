import { tablesAsOf } from '../../access/as-of';
import { everybodysRelationRows } from '../../access/everybody';
import type { ProviderRef } from '../../access/loader';
import { permitting } from '../../access/policy';
import type { RelationRow } from '../../access/relations';
import { keysetSql, type Window } from '../../paging';
import { Parameters, type Statements } from '../../sql';

/** Who sees a provider's bills, and when: now, by the request's instant, or at an instant in the past. */
export interface ViewersQuestion extends ProviderRef {
  readonly now: string;
  readonly past: Date | null;
}

/** Somebody who sees the bills, with every relation that is a ground for it. */
export interface ViewerRow {
  /** Null: support. */
  readonly clinicId: string | null;
  readonly id: string;
  readonly name: string;
  readonly held: readonly (RelationRow & { readonly groupName: string | null })[];
}

/** Reads who sees a provider's bills. Who may know is decided by the callers. All raise UNAVAILABLE. */
export class BillViewerStore {
  constructor(private readonly statements: Statements) {}

  /** A page of them, by name. */
  page(question: ViewersQuestion, window: Window): Promise<ViewerRow[]> {
    const parameters = new Parameters();
    const seeing = seeingSql(question, parameters);
    const sort = { key: 's.name', type: 'text', id: 's.user_id', descending: false };
    const keyset = keysetSql(window, sort, (value, type) => parameters.add(value, type));
    return this.statements.query<ViewerRow>(
      `${seeing}
       SELECT s.clinic_id AS "clinicId", s.user_id AS id, s.name, jsonb_agg(jsonb_build_object(
         'relation', s.relation, 'groupId', s.group_id, 'groupName', g.name)) AS held
       FROM seeing s LEFT JOIN groups g ON g.clinic_id = s.clinic_id AND g.id = s.group_id
       WHERE ${keyset.condition}
       GROUP BY s.clinic_id, s.user_id, s.name ORDER BY ${keyset.orderBy} LIMIT ${keyset.limit}`,
      parameters.values,
    );
  }

  /** How many they are. */
  async count(question: ViewersQuestion): Promise<number> {
    const parameters = new Parameters();
    const [row] = await this.statements.query<{ count: number }>(
      `${seeingSql(question, parameters)}
       SELECT count(*)::int AS count FROM (SELECT DISTINCT s.clinic_id, s.user_id FROM seeing s) people`,
      parameters.values,
    );
    return row?.count ?? 0;
  }
}

/** A WITH whose `seeing` has a row for each ground of everybody who sees the provider's bills. */
function seeingSql({ clinicId, providerId, now, past }: ViewersQuestion, parameters: Parameters): string {
  const clinic = parameters.add(clinicId, 'uuid');
  const provider = parameters.add(providerId, 'uuid');
  const at = parameters.add(past ?? now, 'timestamptz');
  const tables = past === null ? '' : `${tablesAsOf({ clinic, provider, at })},`;
  return `WITH ${tables} seeing AS (
    SELECT e.* FROM (${everybodysRelationRows({ clinic, now: at }, permitting('VIEW_BILL'))}) e
    WHERE e.provider_id = ${provider})`;
}
