import type { ProviderRef } from '../access/loader';
import type { Statements } from '../sql';

/** Which of these users and groups are on the provider's list, by their ids. Who may know is decided by the callers. */
export async function listedAmong(
  statements: Statements,
  provider: ProviderRef,
  ids: readonly string[],
): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await statements.query<{ id: string }>(
    `SELECT coalesce(d.delegate_user_id, d.delegate_group_id) AS id FROM delegations d
     WHERE d.clinic_id = $1::uuid AND d.provider_id = $2::uuid
       AND (d.delegate_user_id = ANY ($3::uuid[]) OR d.delegate_group_id = ANY ($3::uuid[]))`,
    [provider.clinicId, provider.providerId, ids],
  );
  return new Set(rows.map((row) => row.id));
}
