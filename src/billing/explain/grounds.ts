import { GROUNDS } from '../../access/policy';
import type { RelationRow } from '../../access/relations';
import type { BillAccessGround } from './types';

/** Whose bill, and whose access to it. */
export interface GroundSubject {
  readonly clinicId: string;
  readonly providerId: string;
  readonly aboutUserId: string;
}

/** The grounds among the relations that somebody stands in to a provider, each once, in the order of the policy. */
export function groundsOf(
  subject: GroundSubject,
  held: readonly (RelationRow & { readonly groupName?: string | null })[],
): BillAccessGround[] {
  const { clinicId, providerId, aboutUserId } = subject;
  return GROUNDS.flatMap((ground) => {
    const rows = held.filter((row) => row.relation === ground);
    if (rows.length === 0) return [];
    const groupIds = rows.flatMap((row) => row.groupId ?? []);
    const names = rows.flatMap((row) => row.groupName ?? []).toSorted((a, b) => a.localeCompare(b));
    return [
      { clinicId, providerId, aboutUserId, ground, groupIds, ...(names.length === 0 ? {} : { names }) },
    ];
  });
}
