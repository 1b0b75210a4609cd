import type { ProviderRef } from '../access/loader';
import { existing } from '../arguments';
import type { RequestContext } from '../context';
import type { DelegationEntryRow, DelegationList, GroupDelegate, UserDelegate } from './types';

/** A provider's list, as the schema has it. The caller has checked that the viewer may read it. */
export async function listOf(context: RequestContext, provider: ProviderRef): Promise<DelegationList> {
  const key = { clinicId: provider.clinicId, id: provider.providerId };
  const list = existing(await context.loaders.delegationLists.load(key));
  return { ...provider, version: list.version, entries: list.entries.map(toDelegate) };
}

/** An entry as the union's member that it is: only groups have a member count. */
function toDelegate(row: DelegationEntryRow): UserDelegate | GroupDelegate {
  const { clinicId, providerId, addedAt, expiresAt, givesAccess, active, memberCount } = row;
  const common = { row, clinicId, providerId, addedAt, expiresAt, givesAccess };
  return memberCount === null ? { ...common, active } : { ...common, memberCount };
}
