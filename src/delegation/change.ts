import { ApiError, badUserInput, notFound } from '../errors';
import type { Statements } from '../sql';
import type { PartyKey } from './types';

/** A delegate to add. `expiresAt` undefined: leave the end of an entry that is there as it is. */
export interface Addition extends PartyKey {
  readonly expiresAt: Date | null | undefined;
}

/** What to change on one provider's list, by ids of rows. */
export interface ListChange {
  readonly clinicId: string;
  readonly providerId: string;
  readonly expectedVersion: number | null;
  readonly add: readonly Addition[];
  readonly remove: readonly PartyKey[];
}

/** What was changed on one list. */
export interface ListResult {
  readonly clinicId: string;
  readonly providerId: string;
  readonly added: PartyKey[];
  readonly changed: PartyKey[];
  readonly removed: PartyKey[];
}

interface Changed {
  readonly provider_id: string;
  readonly delegate_user_id: string | null;
  readonly delegate_group_id: string | null;
}

/**
 * Saves changes of lists of one clinic, within the caller's transaction. Rows are locked in one order everywhere
 * (providers, then groups, then users, each by id), so that saves wait for each other and never deadlock. The history
 * and the versions are written by triggers.
 * Raises NOT_FOUND, BAD_USER_INPUT, CONFLICT, UNAVAILABLE; the transaction must then be taken back.
 */
export async function saveLists(
  transaction: Statements,
  actor: { readonly userId: string },
  clinicId: string,
  changes: readonly ListChange[],
): Promise<ListResult[]> {
  await lockProviders(transaction, clinicId, changes);
  await requireDelegates(transaction, clinicId, changes);

  const removals = changes.flatMap((change) =>
    change.remove.map((party) => ({ ...party, providerId: change.providerId })),
  );
  const additions = changes.flatMap((change) =>
    change.add.map((party) => ({ ...party, providerId: change.providerId })),
  );
  const removed = await transaction.query<Changed>(
    `DELETE FROM delegations d USING unnest($2::uuid[], $3::uuid[], $4::uuid[]) AS gone (provider_id, user_id, group_id)
     WHERE d.clinic_id = $1::uuid AND d.provider_id = gone.provider_id
       AND (d.delegate_user_id = gone.user_id OR d.delegate_group_id = gone.group_id)
     RETURNING d.provider_id, d.delegate_user_id, d.delegate_group_id`,
    [clinicId, ...partyColumns(removals)],
  );
  const values = [
    clinicId,
    ...partyColumns(additions),
    additions.map((addition) => addition.expiresAt ?? null),
    additions.map((addition) => addition.expiresAt !== undefined),
  ];
  const wanted = `unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::boolean[])
    AS wanted (provider_id, user_id, group_id, expires_at, sets_end)`;
  const changed = await transaction.query<Changed>(
    `UPDATE delegations d SET expires_at = wanted.expires_at FROM ${wanted}
     WHERE d.clinic_id = $1::uuid AND d.provider_id = wanted.provider_id
       AND (d.delegate_user_id = wanted.user_id OR d.delegate_group_id = wanted.group_id)
       AND wanted.sets_end AND d.expires_at IS DISTINCT FROM wanted.expires_at
     RETURNING d.provider_id, d.delegate_user_id, d.delegate_group_id`,
    values,
  );
  const added = await transaction.query<Changed>(
    `INSERT INTO delegations (clinic_id, provider_id, delegate_user_id, delegate_group_id, expires_at, added_by)
     SELECT $1::uuid, wanted.provider_id, wanted.user_id, wanted.group_id, wanted.expires_at, $7::uuid
     FROM ${wanted} ON CONFLICT DO NOTHING
     RETURNING provider_id, delegate_user_id, delegate_group_id`,
    [...values, actor.userId],
  );
  const of = (rows: readonly Changed[], providerId: string): PartyKey[] =>
    rows
      .filter((row) => row.provider_id === providerId)
      .map((row) => ({ userId: row.delegate_user_id, groupId: row.delegate_group_id }));
  return changes.map(({ providerId }) => ({
    clinicId,
    providerId,
    added: of(added, providerId),
    changed: of(changed, providerId),
    removed: of(removed, providerId),
  }));
}

const partyColumns = (parties: readonly (PartyKey & { providerId: string })[]): (string | null)[][] => [
  parties.map((party) => party.providerId),
  parties.map((party) => party.userId),
  parties.map((party) => party.groupId),
];

/** Locks the lists against other saves and compares their versions. */
async function lockProviders(
  transaction: Statements,
  clinicId: string,
  changes: readonly ListChange[],
): Promise<void> {
  const locked = await transaction.query<{ user_id: string; list_version: number }>(
    `SELECT user_id, list_version FROM providers WHERE clinic_id = $1::uuid AND user_id = ANY ($2::uuid[])
     ORDER BY user_id FOR NO KEY UPDATE`,
    [clinicId, changes.map((change) => change.providerId)],
  );
  const versions = new Map(locked.map((row) => [row.user_id, row.list_version]));
  for (const change of changes) {
    const version = versions.get(change.providerId);
    if (version === undefined) throw badUserInput('A user who does not bill has no delegation list.');
    if (change.expectedVersion !== null && change.expectedVersion !== version) {
      throw new ApiError(
        'CONFLICT',
        'The list was changed by somebody else in the meantime. Nothing was saved: read it again, and decide anew.',
      );
    }
  }
}

/** New delegates must be there, of the clinic, and users active; they are held until the change is done. */
async function requireDelegates(
  transaction: Statements,
  clinicId: string,
  changes: readonly ListChange[],
): Promise<void> {
  const added = changes.flatMap((change) => change.add);
  const groupIds = [...new Set(added.flatMap((party) => party.groupId ?? []))];
  const userIds = [...new Set(added.flatMap((party) => party.userId ?? []))];
  const groups = await transaction.query<{ id: string }>(
    'SELECT id FROM groups WHERE clinic_id = $1::uuid AND id = ANY ($2::uuid[]) ORDER BY id FOR KEY SHARE',
    [clinicId, groupIds],
  );
  const users = await transaction.query<{ id: string; active: boolean }>(
    'SELECT id, active FROM users WHERE clinic_id = $1::uuid AND id = ANY ($2::uuid[]) ORDER BY id FOR SHARE',
    [clinicId, userIds],
  );
  if (groups.length < groupIds.length || users.length < userIds.length) throw notFound();
  if (users.some((user) => !user.active))
    throw badUserInput('A deactivated user cannot become a delegate. Reactivate the account first.');
}
