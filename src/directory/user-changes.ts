import { notFound } from '../errors';
import type { Statements } from '../sql';

/**
 * Deactivates or reactivates a user, within the caller's transaction, which has set its actor; answers whether that
 * changed anything. Entries on lists and memberships stay. The history is written by a trigger. Raises NOT_FOUND.
 */
export async function setActive(
  transaction: Statements,
  user: { readonly clinicId: string; readonly id: string },
  active: boolean,
): Promise<boolean> {
  const [row] = await transaction.query<{ active: boolean }>(
    'SELECT active FROM users WHERE clinic_id = $1::uuid AND id = $2::uuid FOR NO KEY UPDATE',
    [user.clinicId, user.id],
  );
  if (row === undefined) throw notFound();
  if (row.active === active) return false;
  await transaction.query('UPDATE users SET active = $3 WHERE clinic_id = $1::uuid AND id = $2::uuid', [
    user.clinicId,
    user.id,
    active,
  ]);
  return true;
}
