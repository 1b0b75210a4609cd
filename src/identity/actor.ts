import type { Viewer } from '../access/viewer';
import type { Statements } from '../sql';

/** Names, for the rest of a transaction, who makes its changes: the triggers write it into the history. */
export async function setActor(transaction: Statements, viewer: Viewer): Promise<void> {
  const support = viewer.clinicId === null;
  await transaction.query(
    "SELECT set_config('billing.actor_user', $1, true), set_config('billing.actor_support_user', $2, true)",
    [support ? '' : viewer.userId, support ? viewer.userId : ''],
  );
}
