import type { Statements, Told } from '../sql';
import { permitting } from './policy';
import { relationRows } from './relations';

const question = { clinic: '$1::uuid', viewer: '$2::uuid', now: '$3::timestamptz' };

/**
 * The providers of the clinic whose bills the viewer may see, decided by these statements' database: by the same two
 * sources as every predicate over bills. Raises UNAVAILABLE.
 */
export async function permittedByPrimary(
  statements: Statements,
  told: Omit<Told, 'action'>,
): Promise<readonly string[]> {
  const rows = await statements.query<{ providerId: string }>(
    `SELECT DISTINCT permitted.provider_id AS "providerId"
     FROM (${relationRows(question, permitting('VIEW_BILL'))}) permitted`,
    [told.clinic, told.viewer, told.now],
  );
  return rows.map((row) => row.providerId);
}
