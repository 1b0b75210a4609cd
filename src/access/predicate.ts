import { type Parameters, PERMITTED_BY_PRIMARY, type Told } from '../sql';
import { BILL_ACTIONS, type BillAction, permitting } from './policy';
import { relationRows } from './relations';
import type { Viewer } from './viewer';

/**
 * SQL: rows (provider_id, relation), one for each provider of the clinic with whose bills the viewer may do `action`,
 * with one of the relations that permit it. `clinic` is a placeholder. On a read replica, only those that the primary
 * permits too (docs/decisions/0010).
 */
export function permittedProviders(
  action: BillAction,
  viewer: Viewer,
  clinic: string,
  parameters: Parameters,
): string {
  const relations = relationRows(questionOf(viewer, clinic, parameters), permitting(action));
  const byPrimary = parameters.add(PERMITTED_BY_PRIMARY, 'uuid[]');
  return `SELECT provider_id, min(relation) AS relation FROM (${relations}) permitting
    WHERE ${byPrimary} IS NULL OR provider_id = ANY (${byPrimary}) GROUP BY provider_id`;
}

/**
 * SQL condition: the viewer may do `action` with the bill that `alias` stands for, whose clinic must be restricted to
 * `clinic` (a placeholder) by the caller's own condition or join. Every statement over bills carries it before it
 * pages, counts, sums, sorts or filters.
 */
export function billPredicate(
  action: BillAction,
  alias: string,
  viewer: Viewer,
  clinic: string,
  parameters: Parameters,
): string {
  return ofPermitted(alias, clinic, permittedProviders(action, viewer, clinic, parameters));
}

/**
 * The same condition where the statement has the rows of `permittedProviders` already, as `permitted`. As an array,
 * the providers are found once for the statement and can be looked up in an index on (clinic, provider).
 */
export const ofPermitted = (alias: string, clinic: string, permitted: string): string =>
  `(${alias}.clinic_id = ${clinic} AND ${alias}.provider_id = ANY (ARRAY(
    SELECT permitted.provider_id FROM (${permitted}) permitted)))`;

const questionOf = (viewer: Viewer, clinic: string, parameters: Parameters) => {
  let now: string | undefined;
  return {
    clinic,
    viewer: parameters.add(viewer.userId, 'uuid'),
    // Added when a relation asks for it: PostgreSQL refuses a parameter that the statement does not mention.
    get now() {
      now ??= parameters.add(viewer.now, 'timestamptz');
      return now;
    },
  };
};

/** What the database is told before a statement over bills: for whom, at which clinic, when, and to what end. */
export const told = (action: BillAction, viewer: Viewer, clinicId: string): Told => ({
  viewer: viewer.userId,
  clinic: clinicId,
  now: viewer.now,
  action,
});

/**
 * SQL: the providers of `clinic` with whose bills `viewer` may do `action` at `now`, as an array; from the same two
 * sources as the predicate. It is what the row-level policies let through: the body of the database's function
 * tell_viewer. Migrations are frozen, so they hold a copy of it; a test fails when the two part.
 */
export function toldProviders(question: {
  clinic: string;
  viewer: string;
  now: string;
  action: string;
}): string {
  const relations = [...new Set(BILL_ACTIONS.flatMap(permitting))];
  const cases = BILL_ACTIONS.map(
    (action) => `WHEN '${action}' THEN '{${permitting(action).join(',')}}'::text[]`,
  );
  return `ARRAY(SELECT permitted.provider_id FROM (${relationRows(question, relations)}) permitted
    WHERE permitted.relation = ANY (CASE ${question.action} ${cases.join(' ')} END))`;
}
