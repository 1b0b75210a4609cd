import { existing } from '../arguments';
import type { RequestContext } from '../context';
import { ApiError } from '../errors';
import { setActor } from '../identity/actor';
import type { Statements } from '../sql';
import { type GroupRef, RelistedError } from './group-changes';
import { DirectoryStore } from './store';
import type { Group, User } from './types';

/** How often a change is tried in all while others keep getting in its way. */
const ATTEMPTS = 5;

/**
 * Makes one change of the directory, whole or not at all, in the viewer's name; whatever the request read before is
 * forgotten. Raises what `work` raises, CONFLICT when others keep changing the same.
 */
export async function change<Result>(
  context: RequestContext,
  work: (transaction: Statements) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    try {
      return await context.statements.transaction(async (transaction) => {
        await setActor(transaction, context.signedInViewer);
        return work(transaction);
      });
    } catch (error) {
      if (!(error instanceof RelistedError)) throw error;
    } finally {
      context.forget();
    }
  }
  throw new ApiError(
    'CONFLICT',
    'The group is being put on lists at this moment. Nothing was changed: try again.',
  );
}

/** The group as the transaction sees it: after its own changes, before anybody else's. */
export async function groupIn(transaction: Statements, group: GroupRef): Promise<Group> {
  const [row] = await new DirectoryStore(transaction).groups([group]);
  return existing(row);
}

/** The users of these ids, by name. */
export async function usersByName(
  context: RequestContext,
  clinicId: string,
  ids: readonly string[],
): Promise<User[]> {
  const users = await Promise.all(ids.map((id) => context.loaders.users.load({ clinicId, id })));
  return users.map(existing).sort((one, other) => one.name.localeCompare(other.name, 'en'));
}
