import type { Ground, Relation } from './policy';

/**
 * How a viewer comes to stand in a relation to a provider's bills. Written once, here, as SQL; the predicate that
 * filters lists and the loader that answers for batches are both put together from these texts.
 */

/** Who asks about which clinic, as SQL expressions: parameters ($1) or columns (u.id). */
export interface Question {
  /** The clinic whose providers are meant. */
  readonly clinic: string;
  /** The viewer: a user of a clinic or a support user. */
  readonly viewer: string;
  /** The one instant that the request is decided at. */
  readonly now: string;
}

/** The viewer works at that clinic. A deactivated user stands in no relation to anything. */
const activeUser = (q: Question) =>
  `EXISTS (SELECT FROM users active_user
           WHERE active_user.clinic_id = ${q.clinic} AND active_user.id = ${q.viewer} AND active_user.active)`;

const unexpired = (q: Question) => `(d.expires_at IS NULL OR d.expires_at > ${q.now})`;

const everyProvider = (q: Question) =>
  `SELECT p.user_id AS provider_id, NULL::uuid AS group_id FROM providers p WHERE p.clinic_id = ${q.clinic}`;

const holds = (q: Question, permission: string) =>
  `EXISTS (SELECT FROM user_permissions held
           WHERE held.clinic_id = ${q.clinic} AND held.user_id = ${q.viewer} AND held.permission = '${permission}')`;

/** For each relation: the providers of the clinic to whom the viewer stands in it (and through which group). */
const RELATION_SQL: Readonly<Record<Relation, (q: Question) => string>> = {
  SUPPORT: (q) =>
    `${everyProvider(q)}
     AND EXISTS (SELECT FROM support_users s WHERE s.id = ${q.viewer} AND s.active)`,

  NOT_SEGREGATED: (q) =>
    `${everyProvider(q)} AND ${activeUser(q)}
     AND EXISTS (SELECT FROM clinics c WHERE c.id = ${q.clinic}
                 AND (c.segregation_launches_at IS NULL OR c.segregation_launches_at > ${q.now}))`,

  OWNER: (q) => `${everyProvider(q)} AND p.user_id = ${q.viewer} AND ${activeUser(q)}`,

  USER_DELEGATE: (q) =>
    `SELECT d.provider_id, NULL::uuid AS group_id FROM delegations d
     WHERE d.clinic_id = ${q.clinic} AND d.delegate_user_id = ${q.viewer} AND ${unexpired(q)} AND ${activeUser(q)}`,

  GROUP_DELEGATE: (q) =>
    `SELECT d.provider_id, d.delegate_group_id AS group_id FROM group_members m
     JOIN delegations d ON d.clinic_id = m.clinic_id AND d.delegate_group_id = m.group_id
     WHERE m.clinic_id = ${q.clinic} AND m.user_id = ${q.viewer} AND ${unexpired(q)} AND ${activeUser(q)}`,

  ADMINISTRATOR: (q) =>
    `${everyProvider(q)} AND ${activeUser(q)}
     AND ${holds(q, 'EDIT_OTHER_USERS')} AND ${holds(q, 'BILLING_DELEGATION_SETTINGS')}`,
};

/**
 * SQL: rows (relation, provider_id, group_id), one for each way in which the viewer stands in one of the relations
 * to a provider of the clinic. No row for an inactive viewer, whatever the relation.
 */
export function relationRows(question: Question, relations: readonly Relation[]): string {
  if (relations.length === 0) {
    return 'SELECT NULL::text AS relation, NULL::uuid AS provider_id, NULL::uuid AS group_id WHERE FALSE';
  }
  return relations
    .map(
      (relation) =>
        `SELECT '${relation}' AS relation, provider_id, group_id FROM (${RELATION_SQL[relation](question)}) ${relation.toLowerCase()}`,
    )
    .join('\n UNION ALL ');
}

/** One way in which a viewer stands in a relation to a provider. */
export interface RelationRow {
  readonly relation: Relation;
  /** The group through which, for GROUP_DELEGATE. */
  readonly groupId: string | null;
}

/** A relation that is a ground to see bills. */
export type GroundRow = RelationRow & { readonly relation: Ground };
