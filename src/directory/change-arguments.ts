import { type ReachedRef, reachedRef } from '../arguments';
import type { RequestContext } from '../context';
import { badUserInput, notFound } from '../errors';
import { fromGlobalId } from '../global-id';

const LONGEST_NAME = 200;
const MOST_IDS = 1_000;

/** The name to give to a group. Raises BAD_USER_INPUT for what is empty, too long or has characters that do not show. */
export function groupName(given: string): string {
  const name = given.normalize('NFC').trim();
  if (!/[\p{L}\p{N}\p{P}\p{S}]/u.test(name)) throw badUserInput('`name` must not be empty.');
  if ([...name].length > LONGEST_NAME)
    throw badUserInput(`\`name\` takes at most ${LONGEST_NAME} characters.`);
  if (/[\p{Cc}\p{Cs}]/u.test(name))
    throw badUserInput('`name` is one line of text, without control characters.');
  return name;
}

/**
 * The user or group that a change is about, where the viewer may change users and groups. Whether it is there is
 * found out by the change itself. Raises NOT_FOUND for what is not of the viewer's clinic, FORBIDDEN.
 */
export function changeable(context: RequestContext, type: 'User' | 'Group', id: string): ReachedRef {
  const ref = reachedRef(context, type, id);
  if (ref === null) throw notFound();
  context.decisions.requireInClinic('EDIT_USERS_AND_GROUPS', ref.clinicId);
  return ref;
}

/** The rows of users that the ids name, each once and of whatever clinic. Raises BAD_USER_INPUT. */
function userRefs(ids: readonly string[]): { clinicId: string | null; id: string }[] {
  if (ids.length > MOST_IDS) throw badUserInput(`\`userIds\` takes at most ${MOST_IDS} ids at once.`);
  return [...new Set(ids)].map((id) => {
    const ref = fromGlobalId(id);
    if (ref === null || ref.type !== 'User') throw badUserInput('`userIds` takes ids of the type User.');
    return ref;
  });
}

/** The users to add to something of the clinic. Raises BAD_USER_INPUT where one is of another clinic. */
export function usersToAdd(clinicId: string, ids: readonly string[]): string[] {
  const refs = userRefs(ids);
  // The same words as for a user who does not exist.
  if (refs.some((ref) => ref.clinicId !== clinicId))
    throw badUserInput('`userIds` takes users of the clinic only.');
  return refs.map((ref) => ref.id);
}

/** The users to take out of something of the clinic: a user of another one cannot be in it. Raises BAD_USER_INPUT. */
export function usersToRemove(clinicId: string, ids: readonly string[]): string[] {
  return userRefs(ids).flatMap((ref) => (ref.clinicId === clinicId ? [ref.id] : []));
}
