import DataLoader from 'dataloader';
import type { Viewer } from '../access/viewer';
import type { Window } from '../paging';
import type { Statements } from '../sql';
import { LaunchStore, type LosingUserRow } from './store';

/** A page of those who lose sight of one provider's bills. */
interface LosingKey {
  readonly clinicId: string;
  readonly providerId: string;
  readonly window: Window;
}

const sameQuestion = (key: LosingKey): string => JSON.stringify([key.clinicId, key.window]);

/** What a request reads of a launch, batched: one query for the providers of a page that are asked the same. */
export function launchLoaders(statements: Statements, viewer: Viewer) {
  return {
    losingUsers: new DataLoader<LosingKey, readonly LosingUserRow[], string>(
      async (keys) => {
        const questions = new Map<string, LosingKey[]>();
        for (const key of keys) {
          questions.set(sameQuestion(key), [...(questions.get(sameQuestion(key)) ?? []), key]);
        }
        const answers = new Map<string, LosingUserRow[]>();
        await Promise.all(
          [...questions].map(async ([question, [first, ...others]]) => {
            if (first === undefined) return;
            const providerIds = [first, ...others].map((key) => key.providerId);
            const store = new LaunchStore(statements, first.clinicId, viewer.now);
            answers.set(question, await store.losingUsers(providerIds, first.window));
          }),
        );
        return keys.map((key) =>
          (answers.get(sameQuestion(key)) ?? []).filter((row) => row.providerId === key.providerId),
        );
      },
      { cacheKeyFn: (key) => `${key.providerId} ${sameQuestion(key)}` },
    ),
  };
}
