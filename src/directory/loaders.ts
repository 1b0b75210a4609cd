import DataLoader from 'dataloader';
import type { Window } from '../paging';
import { childLoader, keyOf } from '../row-loader';
import type { Statements } from '../sql';
import { type MemberRow, MemberStore } from './member-store';

/** A page of one group's members. */
interface MembersKey {
  readonly clinicId: string;
  readonly groupId: string;
  readonly window: Window;
}

const sameQuestion = (key: MembersKey): string => JSON.stringify([key.clinicId, key.window]);

/** What a request reads of memberships, batched: one query for the groups of a page that are asked the same. */
export function membershipLoaders(statements: Statements) {
  const store = new MemberStore(statements);
  return {
    groupMembers: new DataLoader<MembersKey, readonly MemberRow[], string>(
      async (keys) => {
        const groupsOf = new Map<string, { first: MembersKey; groupIds: string[] }>();
        for (const key of keys) {
          const question = groupsOf.get(sameQuestion(key)) ?? { first: key, groupIds: [] };
          question.groupIds.push(key.groupId);
          groupsOf.set(sameQuestion(key), question);
        }
        const answers = new Map<string, MemberRow[]>();
        await Promise.all(
          [...groupsOf].map(async ([question, { first, groupIds }]) => {
            answers.set(question, await store.memberPages(first.clinicId, groupIds, first.window));
          }),
        );
        return keys.map((key) =>
          (answers.get(sameQuestion(key)) ?? []).filter((row) => row.groupId === key.groupId),
        );
      },
      { cacheKeyFn: (key) => `${key.groupId} ${sameQuestion(key)}` },
    ),
    groupsOfUser: childLoader(async (keys) =>
      (await store.groupsOfUsers(keys)).map((row) => ({
        ...row,
        parentKey: keyOf({ clinicId: row.clinicId, id: row.userId }),
      })),
    ),
  };
}
