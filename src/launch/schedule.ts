import type { Viewer } from '../access/viewer';
import { ApiError, badUserInput, notFound } from '../errors';
import { setActor } from '../identity/actor';
import type { Transactions } from '../sql';

const launched = (cause?: unknown): ApiError =>
  new ApiError(
    'CONFLICT',
    'Billing segregation of this clinic has launched. It is permanent: its launch can neither be moved nor taken back.',
    { cause },
  );

/** What the trigger on the clinics raises when a launch that is past would be changed. */
const isRefusedByTrigger = (error: unknown): boolean =>
  error instanceof Error && (error as { code?: unknown }).code === '23001';

/**
 * Sets when a clinic's segregation launches, or (null) that it is not planned. Setting what is set already changes
 * nothing and makes no history. Raises NOT_FOUND, BAD_USER_INPUT for an instant that is not in the future by the
 * database's clock, CONFLICT once it has launched, UNAVAILABLE. Who may do it is decided by the caller.
 */
export async function scheduleLaunch(
  transactions: Transactions,
  viewer: Viewer,
  clinicId: string,
  at: Date | null,
): Promise<void> {
  try {
    await transactions.transaction(async (transaction) => {
      const [clinic] = await transaction.query<{ launched: boolean; same: boolean; ahead: boolean }>(
        `SELECT coalesce(c.segregation_launches_at <= clock_timestamp(), FALSE) AS launched,
           c.segregation_launches_at IS NOT DISTINCT FROM $2::timestamptz AS same,
           coalesce($2::timestamptz > clock_timestamp(), TRUE) AS ahead
         FROM clinics c WHERE c.id = $1::uuid FOR NO KEY UPDATE`,
        [clinicId, at],
      );
      if (clinic === undefined) throw notFound();
      if (clinic.launched) throw launched();
      if (!clinic.ahead) throw badUserInput('`at` must be in the future: a launch cannot be backdated.');
      if (clinic.same) return;
      await setActor(transaction, viewer);
      await transaction.query(
        'UPDATE clinics SET segregation_launches_at = $2::timestamptz WHERE id = $1::uuid',
        [clinicId, at],
      );
    });
  } catch (error) {
    // The launch came between the look at the clock and the change.
    throw isRefusedByTrigger(error) ? launched(error) : error;
  }
}
