import DataLoader from 'dataloader';
import type { Viewer } from '../access/viewer';
import type { Window } from '../paging';
import { childLoader, type RowKey, rowLoader } from '../row-loader';
import type { Statements } from '../sql';
import { type BillList, BillStore, type TotalsRow } from './store';
import type { Bill } from './types';

/** One parent's place in a list of bills; null: the list is that of the whole clinic. */
interface ListKey {
  readonly list: BillList;
  readonly parentId: string | null;
}

interface PageKey extends ListKey {
  readonly window: Window;
}

/** Splits keys by clinic: a statement over bills is about one clinic. Nearly always there is one. */
async function byClinic<Row>(
  keys: readonly RowKey[],
  read: (clinicId: string, ids: string[]) => Promise<readonly Row[]>,
): Promise<Row[]> {
  const clinics = new Map<string, string[]>();
  for (const key of keys) {
    if (key.clinicId === null) continue;
    clinics.set(key.clinicId, [...(clinics.get(key.clinicId) ?? []), key.id]);
  }
  return (await Promise.all([...clinics].map(([clinicId, ids]) => read(clinicId, ids)))).flat();
}

/** Batches keys that ask the same of different parents into one read, and gives every key its own parent's rows. */
function listLoader<Key extends ListKey, Row extends { readonly parentId: string | null }>(
  sameQuestion: (key: Key) => unknown,
  read: (key: Key, parentIds: string[]) => Promise<readonly Row[]>,
): DataLoader<Key, readonly Row[], string> {
  return new DataLoader<Key, readonly Row[], string>(
    async (keys) => {
      const questions = new Map<string, { first: Key; parents: Set<string>; rows?: readonly Row[] }>();
      for (const key of keys) {
        const text = JSON.stringify(sameQuestion(key));
        const question = questions.get(text) ?? { first: key, parents: new Set<string>() };
        if (key.parentId !== null) question.parents.add(key.parentId);
        questions.set(text, question);
      }
      await Promise.all(
        [...questions.values()].map(async (question) => {
          question.rows = await read(question.first, [...question.parents]);
        }),
      );
      return keys.map((key) =>
        (questions.get(JSON.stringify(sameQuestion(key)))?.rows ?? []).filter(
          (row) => row.parentId === key.parentId,
        ),
      );
    },
    { cacheKeyFn: (key) => JSON.stringify([sameQuestion(key), key.parentId]) },
  );
}

/** What a request reads of bills by key or by parent, batched; all of it for one viewer. */
export function billLoaders(statements: Statements, viewer: Viewer) {
  const store = new BillStore(statements);
  return {
    bills: rowLoader<Bill>((keys) => byClinic(keys, (clinicId, ids) => store.bills(viewer, clinicId, ids))),
    payers: rowLoader((keys) => store.payers(keys)),
    billItems: childLoader((keys) => byClinic(keys, (clinicId, ids) => store.items(viewer, clinicId, ids))),
    billPayments: childLoader((keys) =>
      byClinic(keys, (clinicId, ids) => store.payments(viewer, clinicId, ids)),
    ),
    billPages: listLoader<PageKey, Bill & { parentId: string | null }>(
      (key) => [key.list, key.window],
      (key, parentIds) => store.pages(viewer, key.list, parentIds, key.window),
    ),
    /** How many bills the providers of a clinic have, those who have any: for who prepares its launch. */
    launchBillCounts: new DataLoader<string, ReadonlyMap<string, number>>((clinicIds) =>
      Promise.all(clinicIds.map((clinicId) => store.countsForLaunch(viewer, clinicId))),
    ),
    billTotals: listLoader<ListKey, TotalsRow>(
      (key) => [key.list.clinicId, key.list.parent, key.list.selection],
      (key, parentIds) => store.totals(viewer, key.list, parentIds),
    ),
  };
}
