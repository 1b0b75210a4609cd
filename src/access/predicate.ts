import type { Parameters, Told } from '../sql';
import { BILL_ACTIONS, type BillAction, permitting } from './policy';
import { relationRows } from './relations';
import type { Viewer } from './viewer';

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
  let now: string | undefined;
  const question = {
    clinic,
    viewer: parameters.add(viewer.userId, 'uuid'),
    // Added when a relation asks for it: PostgreSQL refuses a parameter that the statement does not mention.
    get now() {
      now ??= parameters.add(viewer.now, 'timestamptz');
      return now;
    },
  };
  // As an array, the providers are found once for the statement and can be looked up in an index on (clinic, provider).
  return `(${alias}.clinic_id = ${clinic} AND ${alias}.provider_id = ANY (ARRAY(
    SELECT permitted.provider_id FROM (${relationRows(question, permitting(action))}) permitted)))`;
}

/** What the database is told before a statement over bills: for whom, at which clinic, when, and to what end. */
export const told = (action: BillAction, viewer: Viewer, clinicId: string): Told => ({
  viewer: viewer.userId,
  clinic: clinicId,
  now: viewer.now,
  action,
});

/** The end of a row-level policy's setting that is not set: PostgreSQL then has none or an empty text. */
const setting = (name: string, type: string): string =>
  `nullif(current_setting('billing.${name}', true), '')::${type}`;

/**
 * SQL: the USING expression of the row-level policy on `bills`, from the same two sources as the predicate. Migrations
 * are frozen, so they hold a copy of it; a test fails when the two part.
 */
export function billPolicySql(): string {
  const question = {
    clinic: setting('clinic', 'uuid'),
    viewer: setting('viewer', 'uuid'),
    now: setting('now', 'timestamptz'),
  };
  const relations = [...new Set(BILL_ACTIONS.flatMap(permitting))];
  const cases = BILL_ACTIONS.map(
    (action) => `WHEN '${action}' THEN '{${permitting(action).join(',')}}'::text[]`,
  );
  return `clinic_id = ${question.clinic} AND provider_id = ANY (ARRAY(
    SELECT permitted.provider_id FROM (${relationRows(question, relations)}) permitted
    WHERE permitted.relation = ANY (CASE current_setting('billing.action', true) ${cases.join(' ')} END)))`;
}
