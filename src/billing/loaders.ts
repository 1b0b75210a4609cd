import DataLoader from 'dataloader';
import type { ProviderRef } from '../access/loader';
import type { Relation } from '../access/policy';
import type { Viewer } from '../access/viewer';
import type { Window } from '../paging';
import { childLoader, groupedBy, keyOf, type RowKey, rowLoader } from '../row-loader';
import type { Statements } from '../sql';
import { BillStore, type TotalsRow } from './store';
import type { BillList, BillOfPage, GroundedBill } from './store/page';
import type { Writing } from './store/written';
import type { Bill } from './types';

/** Takes over a relation of the viewer to a provider. */
type Learn = (provider: ProviderRef, relation: Relation | null) => void;

/** What a list of bills hangs on; null: on the whole clinic. */
interface OfParent {
  readonly parentId: string | null;
}

interface ListKey extends OfParent {
  readonly list: BillList;
}

/** A page to read, whatever it hangs on. */
export interface PageQuestion {
  readonly list: BillList;
  readonly window: Window;
  readonly writing: Writing | null;
  /** The same for the same question. */
  readonly text: string;
}

interface PageKey extends OfParent {
  readonly question: PageQuestion;
  readonly onlyKind: string | null;
}

interface WrittenKey extends RowKey {
  readonly writing: Writing;
}

const writtenKeyOf = (key: WrittenKey): string => `${keyOf(key)} ${key.writing.form}`;

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

/** A question, those that it is asked for, and what each has for an answer. */
interface Question<Key, Row> {
  readonly keys: Map<string, Key>;
  rows: ReadonlyMap<string, Row[]>;
}

/** Batches keys that ask the same for different parents into one read, and gives every key the rows of its own. */
function listLoader<Key extends Place, Row extends Partial<Place>, Place extends OfParent>(
  textOf: (key: Key) => string,
  placeOf: (place: Partial<Place>) => string,
  read: (first: Key, keys: readonly Key[]) => Promise<readonly Row[]>,
): DataLoader<Key, readonly Row[], string> {
  return new DataLoader<Key, readonly Row[], string>(
    async (keys) => {
      const questions = new Map<string, Question<Key, Row>>();
      const asked = keys.map((key) => {
        const text = textOf(key);
        const question = questions.get(text) ?? { keys: new Map(), rows: new Map() };
        question.keys.set(placeOf(key), key);
        questions.set(text, question);
        return question;
      });
      await Promise.all(
        [...questions.values()].map(async (question) => {
          const [first, ...others] = question.keys.values();
          if (first === undefined) return;
          question.rows = groupedBy(await read(first, [first, ...others]), placeOf);
        }),
      );
      return keys.map((key, index) => asked[index]?.rows.get(placeOf(key)) ?? []);
    },
    { cacheKeyFn: (key) => `${placeOf(key)} ${textOf(key)}` },
  );
}

const parentOf = ({ parentId }: Partial<OfParent>): string => parentId ?? '';

/**
 * What a request reads of bills by key or by parent, batched; all of it for one viewer. `learn` is told the grounds that
 * come with it, so that the rules on every field find the answer known, and at once.
 */
export function billLoaders(statements: Statements, viewer: Viewer, learn: Learn) {
  const store = new BillStore(statements);
  const learnt = async <Row extends GroundedBill>(reading: Promise<Row[]>): Promise<Row[]> => {
    const bills = await reading;
    // Of many bills there are few providers: each is learnt once.
    const learntOf = new Set<string>();
    for (const bill of bills) {
      if (learntOf.has(bill.providerId)) continue;
      learntOf.add(bill.providerId);
      learn(bill, bill.ground);
    }
    return bills;
  };
  return {
    bills: rowLoader<Bill>((keys) =>
      byClinic(keys, (clinicId, ids) => learnt(store.bills(viewer, clinicId, ids))),
    ),
    /** The same for one selection, written. */
    writtenBills: new DataLoader<WrittenKey, Bill | null, string>(
      async (keys) => {
        const found = new Map<string, Bill>();
        const ofForms = groupedBy(keys, ({ writing }) => writing.form);
        await Promise.all(
          [...ofForms].map(async ([form, [first, ...others]]) => {
            if (first === undefined) return;
            const read = (clinicId: string, ids: string[]) =>
              learnt(store.bills(viewer, clinicId, ids, first.writing));
            for (const bill of await byClinic([first, ...others], read))
              found.set(`${keyOf(bill)} ${form}`, bill);
          }),
        );
        return keys.map((key) => found.get(writtenKeyOf(key)) ?? null);
      },
      { cacheKeyFn: writtenKeyOf },
    ),
    payers: rowLoader((keys) => store.payers(keys)),
    billItems: childLoader((keys) => byClinic(keys, (clinicId, ids) => store.items(viewer, clinicId, ids))),
    billPayments: childLoader((keys) =>
      byClinic(keys, (clinicId, ids) => store.payments(viewer, clinicId, ids)),
    ),
    billPages: listLoader<PageKey, BillOfPage, OfParent & Pick<PageKey, 'onlyKind'>>(
      ({ question }) => question.text,
      ({ parentId, onlyKind }) => `${parentId ?? ''} ${onlyKind ?? ''}`,
      ({ question: { list, window, writing } }, keys) => {
        const pages = keys.flatMap(({ parentId, onlyKind }) =>
          parentId === null ? [] : [{ parentId, onlyKind }],
        );
        return learnt(store.pages(viewer, list, pages, window, writing));
      },
    ),
    /** How many bills the providers of a clinic have, those who have any: for who prepares its launch. */
    launchBillCounts: new DataLoader<string, ReadonlyMap<string, number>>((clinicIds) =>
      Promise.all(clinicIds.map((clinicId) => store.countsForLaunch(viewer, clinicId))),
    ),
    billTotals: listLoader<ListKey, TotalsRow, OfParent>(
      ({ list }) => JSON.stringify([list.clinicId, list.parent, list.selection]),
      parentOf,
      ({ list }, keys) =>
        store.totals(
          viewer,
          list,
          keys.flatMap(({ parentId }) => parentId ?? []),
        ),
    ),
  };
}
