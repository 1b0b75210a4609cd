import type { ProviderRef } from '../access/loader';
import { reachedRef } from '../arguments';
import type { RequestContext } from '../context';
import { badUserInput, notFound } from '../errors';

/**
 * The provider that an id names. Raises NOT_FOUND for a user who is not there or not of a clinic that the viewer
 * reaches, BAD_USER_INPUT for one who does not bill. Says nothing yet of what the viewer may do.
 */
export async function providerOf(context: RequestContext, providerId: string): Promise<ProviderRef> {
  const ref = reachedRef(context, 'User', providerId);
  const user = ref && (await context.loaders.users.load(ref));
  if (ref === null || user === null) throw notFound();
  if (user.kind !== 'PROVIDER') throw badUserInput('A user who does not bill has no delegation list.');
  return { clinicId: ref.clinicId, providerId: ref.id };
}
