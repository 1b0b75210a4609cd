import assert from 'node:assert/strict';
import type { Relation } from '../../../src/access/policy';
import type { Viewer } from '../../../src/access/viewer';
import { BillStore } from '../../../src/billing/store';
import type { BillSelection } from '../../../src/billing/store/selection';
import type { BillOrderField } from '../../../src/billing/types';
import { PERMITTED_BY_PRIMARY, type Statements } from '../../../src/sql';
import { type DecisionCase, id, nameOf } from './kit';
import { BEFORE_LAUNCH, NOW } from './world';

const viewerOf = (who: string, now: string): Viewer => ({
  userId: id(who),
  clinicId: who === 'sup' ? null : id('A'),
  permissions: new Set(),
  now,
});

/** Who reads clinic A's bills, at which instant, which they are by date, and on which ground. */
const READERS: readonly (readonly [who: string, now: string, bills: string, ground: Relation])[] = [
  ['ann', NOW, 'a1 a2', 'OWNER'],
  ['del', NOW, 'a1 a2 c1', 'USER_DELEGATE'],
  ['gus', NOW, 'a1 a2', 'GROUP_DELEGATE'],
  ['sup', NOW, 'a1 a2 b1 b2 c1', 'SUPPORT'],
  ['str', BEFORE_LAUNCH, 'a1 a2 b1 b2 c1', 'NOT_SEGREGATED'],
  ['str', NOW, '', 'OWNER'],
];

/** Selections of which each is read the same way as all of a clinic's bills. */
const SELECTIONS: readonly (readonly [what: string, selection: BillSelection, among: string])[] = [
  ['all', {}, 'a1 a2 b1 b2 c1'],
  ['those of ann and cyn', { providerIds: [id('ann'), id('cyn')] }, 'a1 a2 c1'],
  ['private ones', { kind: 'PRIVATE' }, 'a2 b2 c1'],
  ['from a day on', { serviceFrom: '2026-05-02' }, 'a2 b1 b2 c1'],
  ['of no provider', { providerIds: [] }, ''],
];

/** Reads a clinic's list page by page to its end. */
async function walk(
  statements: Statements,
  viewer: Viewer,
  how: {
    limit: number;
    backward: boolean;
    descending: boolean;
    selection: BillSelection;
    field?: keyof typeof BillOrderField;
  },
) {
  const store = new BillStore(statements);
  const field = how.field ?? 'SERVICE_DATE';
  const orderBy = { field, descending: how.descending };
  const list = { clinicId: id('A'), parent: null, selection: how.selection, orderBy };
  const read: { name: string; ground: Relation | null }[] = [];
  let from: { order: string; value: string; id: string } | null = null;
  for (let page = 0; page < 20; page += 1) {
    const window = {
      limit: how.limit,
      backward: how.backward,
      after: how.backward ? null : from,
      before: how.backward ? from : null,
    };
    const rows = await store.pages(viewer, list, [], window);
    assert.ok(rows.length <= how.limit + 1, 'a page is longer than asked');
    const kept = rows.slice(0, how.limit);
    read.push(...kept.map((row) => ({ name: nameOf(row.id), ground: row.ground })));
    const last = kept.at(-1);
    if (last === undefined || rows.length <= how.limit) return read;
    from = { order: field, value: last.orderKey, id: last.id };
  }
  throw new Error('the list has no end');
}

const walks: DecisionCase[] = READERS.flatMap(([who, now, bills, ground]) =>
  SELECTIONS.flatMap(([what, selection, among]) =>
    [1, 2, 3].flatMap((limit) =>
      [true, false].flatMap((backward) =>
        [true, false].map((descending): DecisionCase => {
          const wanted = bills.split(' ').filter((bill) => bill !== '' && among.split(' ').includes(bill));
          if (descending !== backward) wanted.reverse();
          return {
            name: `${what} for ${who} at ${now}, ${limit} at a time, ${descending ? 'newest' : 'oldest'} first, from the ${backward ? 'end' : 'beginning'}: ${wanted.join(' ') || 'nothing'}`,
            run: async (kit) => {
              for (const statements of [kit.owner, kit.api]) {
                const read = await walk(statements, viewerOf(who, now), {
                  limit,
                  backward,
                  descending,
                  selection,
                });
                assert.deepEqual(
                  read,
                  wanted.map((name) => ({ name, ground })),
                );
              }
            },
          };
        }),
      ),
    ),
  ),
);

/** In another order each bill comes once, and comes back the other way round. */
const orders: DecisionCase[] = READERS.flatMap(([who, now, bills]) =>
  (['NUMBER', 'TOTAL', 'STATUS', 'OUTSTANDING'] as const).map(
    (field): DecisionCase => ({
      name: `by ${field} for ${who} at ${now}: ${bills || 'nothing'}`,
      run: async (kit) => {
        for (const selection of [{}, { patientIds: [id('p1'), id('p2')] }]) {
          const names = async (descending: boolean, backward: boolean, limit: number): Promise<string[]> =>
            (await walk(kit.api, viewerOf(who, now), { limit, backward, descending, selection, field })).map(
              (bill) => bill.name,
            );
          const once = await names(true, false, 2);
          assert.equal([...once].sort().join(' '), bills);
          assert.deepEqual(await names(true, true, 1), [...once].reverse());
          assert.deepEqual(await names(false, false, 1), [...once].reverse());
          assert.deepEqual(await names(false, true, 3), once);
        }
      },
    }),
  ),
);

/** As on a read replica: what the primary permits, and of that what the statement's own database does. */
const replicas: DecisionCase[] = (
  [
    ['del', ['ann'], 'a1 a2'],
    ['del', ['ann', 'cyn', 'ben'], 'a1 a2 c1'],
    ['del', [], ''],
    ['sup', ['ben'], 'b1 b2'],
    ['str', ['ann'], ''],
  ] as const
).map(([who, permitted, bills]) => ({
  name: `where the primary permits ${permitted.join(' and ') || 'nobody'}, for ${who}: ${bills || 'nothing'}`,
  run: async (kit) => {
    const restricted: Statements = {
      query: (text, values, told) => {
        assert.ok(values.includes(PERMITTED_BY_PRIMARY));
        const ids = permitted.map(id);
        return kit.owner.query(
          text,
          values.map((value) => (value === PERMITTED_BY_PRIMARY ? ids : value)),
          told,
        );
      },
    };
    const how = { limit: 2, backward: false, descending: false, selection: {} };
    const read = await walk(restricted, viewerOf(who, NOW), how);
    assert.equal(read.map((bill) => bill.name).join(' '), bills);
    const store = new BillStore(restricted);
    const found = await store.bills(viewerOf(who, NOW), id('A'), ['a1', 'a2', 'b1', 'b2', 'c1'].map(id));
    assert.equal(
      found
        .map((bill) => nameOf(bill.id))
        .sort()
        .join(' '),
      bills,
    );
  },
}));

/** A ground says what holds, and holds only where one does. */
const grounds: DecisionCase[] = READERS.map(([who, now, bills, ground]) => ({
  name: `the ground of each bill by its id, and of the sums, for ${who} at ${now}: ${bills === '' ? 'none' : ground}`,
  run: async ({ owner }) => {
    const store = new BillStore(owner);
    const viewer = viewerOf(who, now);
    const found = await store.bills(viewer, id('A'), ['a1', 'a2', 'b1', 'b2', 'c1'].map(id));
    assert.deepEqual(
      found.map((bill) => `${nameOf(bill.id)} ${bill.ground}`).sort(),
      bills.split(' ').flatMap((bill) => (bill === '' ? [] : [`${bill} ${ground}`])),
    );
    const list = { clinicId: id('A'), parent: null, selection: {} };
    const sums = [
      ...(await store.totals(viewer, list, [])),
      ...(await store.summary(viewer, id('A'), {}, 'KIND', 9)),
    ];
    assert.ok(sums.length > 0 || bills === '');
    for (const row of sums) {
      assert.equal(row.grounds.length, row.providerIds.length);
      for (const one of row.grounds) assert.equal(one, ground);
    }
  },
}));

export const cases: readonly DecisionCase[] = [...walks, ...orders, ...replicas, ...grounds];
