import type { Parameters } from '../sql';
import { type Action, permitting } from './policy';
import { relationRows } from './relations';
import type { Viewer } from './viewer';

/**
 * SQL condition: the viewer may do `action` with the bill that `alias` stands for, whose clinic must be restricted to
 * `clinic` (a placeholder) by the caller's own condition or join. Every statement over bills carries it before it
 * pages, counts, sums, sorts or filters.
 */
export function billPredicate(
  action: Action,
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
