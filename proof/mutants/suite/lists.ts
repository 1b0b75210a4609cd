import assert from 'node:assert/strict';
import type { BillAction } from '../../../src/access/policy';
import type { Viewer } from '../../../src/access/viewer';
import { BillStore } from '../../../src/billing/store';
import type { BillList } from '../../../src/billing/store/page';
import type { BillSelection } from '../../../src/billing/store/selection';
import type { Statements, Told } from '../../../src/sql';
import { type DecisionCase, id, type Kit, nameOf } from './kit';
import { BEFORE_LAUNCH, JUST_BEFORE, LAUNCH, NOW } from './world';

const viewerOf = (who: string, now = NOW): Viewer => ({
  userId: id(who),
  clinicId: who === 'sup' ? null : id('A'),
  permissions: new Set(),
  now,
});

const ALL = ['a1', 'a2', 'b1', 'b2', 'c1', 'x1'];
const WINDOW = { limit: 50, backward: false, after: null, before: null };
const ORDER = { field: 'SERVICE_DATE', descending: false } as const;

/** What a store says of the lists of a viewer, each way of asking in a few words. */
type Ask = (store: BillStore, viewer: Viewer, clinic: string) => Promise<string>;

const names = (rows: readonly { id: string }[]): string =>
  rows
    .map((row) => nameOf(row.id))
    .sort()
    .join(' ');

const list = (clinic: string, parent: BillList['parent'], selection: BillSelection = {}): BillList => ({
  ...{ clinicId: id(clinic), parent, selection, orderBy: ORDER },
});

/** Every method that answers bills, or from them. */
const WAYS: Readonly<Record<string, Ask>> = {
  bills: async (store, viewer, clinic) =>
    names(await store.bills(viewer, id(clinic), [...ALL, 'ghost'].map(id))),
  page: async (store, viewer, clinic) => names(await store.pages(viewer, list(clinic, null), [], WINDOW)),
  totals: async (store, viewer, clinic) => {
    const [sums] = await store.totals(viewer, list(clinic, null), []);
    return sums === undefined
      ? ''
      : `${sums.count}: ${Number(sums.billed)} of ${sums.providerIds.map(nameOf).sort()}`;
  },
  summary: async (store, viewer, clinic) =>
    (await store.summary(viewer, id(clinic), {}, 'PROVIDER', 50))
      .map(
        (row) => `${nameOf(row.key)}: ${row.count} ${Number(row.billed)} of ${row.providerIds.map(nameOf)}`,
      )
      .sort()
      .join('; '),
  items: async (store, viewer, clinic) => {
    const rows = await store.items(viewer, id(clinic), ALL.map(id));
    return [...new Set(rows.map((row) => row.serviceCode.replace(` of ${clinic}`, '')))].sort().join(' ');
  },
  payments: async (store, viewer, clinic) =>
    (await store.payments(viewer, id(clinic), ALL.map(id)))
      .map((row) => Number(row.amount))
      .sort()
      .join(' '),
};

interface Seen {
  readonly bills: string;
  readonly totals: string;
  readonly summary: string;
  readonly payments: string;
}

const NOTHING: Seen = { bills: '', totals: '', summary: '', payments: '' };
const OF_ANN: Seen = {
  bills: 'a1 a2',
  totals: '2: 120 of ann',
  summary: 'ann: 2 120 of ann',
  payments: '30',
};
const OF_BEN: Seen = { bills: 'b1 b2', totals: '2: 8 of ben', summary: 'ben: 2 8 of ben', payments: '' };
const OF_ALL: Seen = {
  bills: 'a1 a2 b1 b2 c1',
  totals: '5: 135 of ann,ben,cyn',
  summary: 'ann: 2 120 of ann; ben: 2 8 of ben; cyn: 1 7 of cyn',
  payments: '30 7',
};
const OF_B: Seen = {
  bills: 'a1 x1',
  totals: '2: 1700 of ann,bob',
  summary: 'ann: 1 800 of ann; bob: 1 900 of bob',
  payments: '300',
};

/** Who, at which clinic and instant, sees which bills, sums and payments. */
const SEEN: readonly (readonly [who: string, clinic: string, now: string, seen: Seen])[] = [
  ['ann', 'A', NOW, OF_ANN],
  ['ben', 'A', NOW, OF_BEN],
  [
    ...(['del', 'A', NOW] as const),
    {
      bills: 'a1 a2 c1',
      totals: '3: 127 of ann,cyn',
      summary: 'ann: 2 120 of ann; cyn: 1 7 of cyn',
      payments: '30 7',
    },
  ],
  ['gus', 'A', NOW, OF_ANN],
  ['hex', 'A', JUST_BEFORE, OF_BEN],
  ['hex', 'A', NOW, NOTHING],
  ['soon', 'A', NOW, OF_ANN],
  ['exp', 'A', NOW, NOTHING],
  ['str', 'A', NOW, NOTHING],
  ['adm', 'A', NOW, NOTHING],
  ['off', 'A', NOW, NOTHING],
  ['bob', 'A', NOW, NOTHING],
  ['sup', 'A', NOW, OF_ALL],
  ['sup', 'B', NOW, OF_B],
  ['ben', 'B', NOW, NOTHING],
  ['str', 'A', BEFORE_LAUNCH, OF_ALL],
  ['str', 'A', LAUNCH, NOTHING],
];

/** Both walls, and the first alone. */
const WALLS = { 'the predicate alone': 'owner', 'both walls': 'api' } as const;

const seen: DecisionCase[] = Object.entries(WALLS).flatMap(([walls, statements]) =>
  SEEN.flatMap(([who, clinic, now, wanted]) =>
    Object.entries(WAYS).map(([way, ask]): DecisionCase => {
      const { bills } = wanted;
      const answers: Record<string, string> = { page: bills, items: bills, ...wanted };
      return {
        name: `${walls}, ${way} of ${clinic} for ${who} at ${now}: ${answers[way] || 'nothing'}`,
        run: async (kit) =>
          assert.equal(await ask(new BillStore(kit[statements]), viewerOf(who, now), clinic), answers[way]),
      };
    }),
  ),
);

/** What is selected, of the bills of A that support sees; the same as a page, and in sums. */
const SELECTED: readonly (readonly [what: string, selection: BillSelection, bills: string])[] = [
  ['nothing in particular', {}, 'a1 a2 b1 b2 c1'],
  ['a kind', { kind: 'INSURED' }, 'a1 b1'],
  ['a kind, asked by the surface', { kindToo: 'PRIVATE' }, 'a2 b2 c1'],
  ['two kinds at once', { kind: 'INSURED', kindToo: 'PRIVATE' }, ''],
  ['statuses', { statuses: ['SUBMITTED', 'UNPAID'] }, 'a1 a2 b2'],
  ['no status', { statuses: [] }, ''],
  ['a provider', { providerIds: [id('ann')] }, 'a1 a2'],
  ['two providers', { providerIds: [id('ann'), id('cyn')] }, 'a1 a2 c1'],
  ['no provider', { providerIds: [] }, ''],
  ['a patient', { patientIds: [id('p2')] }, 'b2 c1'],
  ['no patient', { patientIds: [] }, ''],
  ['a payer', { payerIds: [id('y1')] }, 'a1'],
  ['no payer', { payerIds: [] }, ''],
  ['from a day on', { serviceFrom: '2026-05-03' }, 'b1 b2 c1'],
  ['to a day', { serviceTo: '2026-05-03' }, 'a1 a2 b1'],
  ['between days', { serviceFrom: '2026-05-02', serviceTo: '2026-05-04', kind: 'PRIVATE' }, 'a2 b2'],
];

const support = viewerOf('sup');

const selected: DecisionCase[] = SELECTED.map(([what, selection, bills]) => ({
  name: `selected by ${what}: ${bills || 'nothing'}`,
  run: async ({ owner }) => {
    const store = new BillStore(owner);
    const count = bills === '' ? 0 : bills.split(' ').length;
    assert.equal(names(await store.pages(support, list('A', null, selection), [], WINDOW)), bills);
    assert.equal((await store.totals(support, list('A', null, selection), []))[0]?.count ?? 0, count);
    const rows = await store.summary(support, id('A'), selection, 'KIND', 50);
    assert.equal(
      rows.reduce((sum, row) => sum + row.count, 0),
      count,
    );
  },
}));

/** Which bills hang where, for support: as pages, one for each parent, and as sums. */
const PARENTS: readonly (readonly [
  kind: NonNullable<BillList['parent']>,
  parents: readonly string[],
  bills: string,
])[] = [
  ['encounter', ['e1', 'e2', 'ghost'], 'e1:a1 e1:b1 e2:b2'],
  ['encounter', ['e2'], 'e2:b2'],
  ['visit', ['v1', 'v2'], 'v1:a1 v1:a2 v1:b1 v2:b2 v2:c1'],
  ['visit', ['v1'], 'v1:a1 v1:a2 v1:b1'],
  ['patient', ['p1', 'p2'], 'p1:a1 p1:a2 p1:b1 p2:b2 p2:c1'],
  ['patient', ['p2'], 'p2:b2 p2:c1'],
];

/** The same for ann, who sees her own. */
const OWN: typeof PARENTS = [
  ['encounter', ['e1', 'e2'], 'e1:a1'],
  ['visit', ['v1', 'v2'], 'v1:a1 v1:a2'],
  ['patient', ['p1', 'p2'], 'p1:a1 p1:a2'],
];

async function hanging(
  store: BillStore,
  viewer: Viewer,
  [kind, parents]: (typeof PARENTS)[number],
): Promise<[string, string]> {
  const ids = parents.map(id);
  const of = ids.map((parentId) => ({ parentId, onlyKind: null }));
  const pages = await store.pages(viewer, list('A', kind), of, WINDOW);
  const totals = await store.totals(viewer, list('A', kind), ids);
  const onPages = pages.map((row) => `${nameOf(row.parentId ?? null)}:${nameOf(row.id)}`).join(' ');
  const counted = totals
    .map((row) => `${nameOf(row.parentId)}:${row.count} of ${row.providerIds.map(nameOf).sort()}`)
    .sort()
    .join(' ');
  return [onPages, counted];
}

const OWNERS: Readonly<Record<string, string>> = { a: 'ann', b: 'ben', c: 'cyn' };

/** The sums that go with the bills of a page: how many for each parent, and whose. */
function countsOf(bills: string): string {
  const all = bills.split(' ');
  return [...new Set(all.map((bill) => bill.slice(0, 2)))]
    .map((parent) => {
      const here = all.filter((bill) => bill.startsWith(parent));
      const owners = new Set(here.map((bill) => OWNERS[bill.slice(3, 4)] ?? ''));
      return `${parent}:${here.length} of ${[...owners].sort()}`;
    })
    .sort()
    .join(' ');
}

const parents: DecisionCase[] = [
  ...PARENTS.map((row) => ['sup', row] as const),
  ...OWN.map((row) => ['ann', row] as const),
].map(([who, row]) => ({
  name: `bills of ${row[0]} ${row[1].join(' and ')} for ${who}: ${row[2]}`,
  run: async ({ owner }) =>
    assert.deepEqual(await hanging(new BillStore(owner), viewerOf(who), row), [row[2], countsOf(row[2])]),
}));

/** Of each parent those of one kind, read in one. */
const kinds: DecisionCase[] = (
  [
    ['sup', 'visit', 'v1', 'v1 INSURED:a1 b1, v1 PRIVATE:a2'],
    ['ann', 'visit', 'v1', 'v1 INSURED:a1, v1 PRIVATE:a2'],
    ['sup', 'patient', 'p2', 'p2 INSURED:, p2 PRIVATE:b2 c1'],
  ] as const
).map(([who, kind, parent, bills]) => ({
  name: `bills of ${kind} ${parent} by kind for ${who}: ${bills}`,
  run: async ({ owner }) => {
    const pages = ['INSURED', 'PRIVATE'].map((onlyKind) => ({ parentId: id(parent), onlyKind }));
    const rows = await new BillStore(owner).pages(viewerOf(who), list('A', kind), pages, WINDOW);
    const found = pages.map(({ onlyKind }) => {
      const page = rows.filter((row) => row.onlyKind === onlyKind && row.parentId === id(parent));
      return `${parent} ${onlyKind}:${page.map((row) => nameOf(row.id)).join(' ')}`;
    });
    assert.equal(found.join(', '), bills);
    assert.equal(rows.length, bills.match(/\b[abc]\d/g)?.length);
  },
}));

/** Whose bill it is, for a viewer who may do one of these with it. */
const OWNER_OF: readonly (readonly [
  who: string,
  actions: readonly BillAction[],
  clinic: string,
  bill: string,
  owner: string | null,
])[] = [
  ['ann', ['EXPLAIN_BILL_ACCESS'], 'A', 'a1', 'ann'],
  ['ann', ['EXPLAIN_BILL_ACCESS'], 'A', 'b1', null],
  ['adm', ['EXPLAIN_BILL_ACCESS'], 'A', 'b1', 'ben'],
  ['adm', ['VIEW_BILL'], 'A', 'b1', null],
  ['adm', ['EXPLAIN_BILL_ACCESS', 'VIEW_BILL'], 'A', 'b1', 'ben'],
  ['adm', ['VIEW_BILL', 'EXPLAIN_BILL_ACCESS'], 'A', 'b1', 'ben'],
  ['del', ['EXPLAIN_BILL_ACCESS'], 'A', 'a1', null],
  ['del', ['EXPLAIN_BILL_ACCESS', 'VIEW_BILL'], 'A', 'a1', 'ann'],
  ['del', [], 'A', 'a1', null],
  ['str', ['EXPLAIN_BILL_ACCESS', 'VIEW_BILL', 'COUNT_BILLS_FOR_LAUNCH'], 'A', 'a1', null],
  ['sup', ['EXPLAIN_BILL_ACCESS'], 'A', 'a1', 'ann'],
  ['sup', ['EXPLAIN_BILL_ACCESS'], 'B', 'a1', 'bob'],
  ['sup', ['EXPLAIN_BILL_ACCESS'], 'A', 'x1', null],
];

/** How many bills each provider has, for those who prepare a launch. */
const COUNTS: readonly (readonly [who: string, clinic: string, counts: string])[] = [
  ['adm', 'A', 'ann:2 ben:2 cyn:1'],
  ['sup', 'A', 'ann:2 ben:2 cyn:1'],
  ['sup', 'B', 'ann:1 bob:1'],
  ['ann', 'A', ''],
  ['del', 'A', ''],
  ['edi', 'A', ''],
  ['adm', 'B', ''],
];

const others: DecisionCase[] = (['owner', 'api'] as const).flatMap((statements) => [
  ...OWNER_OF.map(
    ([who, actions, clinic, bill, wanted]): DecisionCase => ({
      name: `${statements}: whose bill ${bill} of ${clinic} is, for ${who} to ${actions.join(' or ') || 'no end'}: ${wanted}`,
      run: async (kit) => {
        const found = await new BillStore(kit[statements]).ownerOf(
          viewerOf(who),
          actions,
          id(clinic),
          id(bill),
        );
        assert.deepEqual(found, wanted && { clinicId: id(clinic), providerId: id(wanted) });
      },
    }),
  ),
  ...COUNTS.map(
    ([who, clinic, counts]): DecisionCase => ({
      name: `${statements}: counts for the launch of ${clinic} for ${who}: ${counts || 'nothing'}`,
      run: async (kit) => {
        const found = await new BillStore(kit[statements]).countsForLaunch(viewerOf(who), id(clinic));
        const rows = [...found].map(([provider, count]) => `${nameOf(provider)}:${count}`);
        assert.equal(rows.sort().join(' '), counts);
      },
    }),
  ),
]);

/** Which end each method tells the database. */
async function toldBy(kit: Kit, ask: (store: BillStore) => Promise<unknown>): Promise<Told[]> {
  const all: Told[] = [];
  const statements: Statements = {
    query: (text, values, told) => {
      if (told !== undefined) all.push(told);
      return kit.owner.query(text, values);
    },
  };
  await ask(new BillStore(statements));
  return all;
}

const strangers = viewerOf('str');
const TOLD: Readonly<Record<string, readonly [action: string, ask: (store: BillStore) => Promise<unknown>]>> =
  {
    ...Object.fromEntries(
      Object.entries(WAYS).map(([way, ask]) => [
        way,
        ['VIEW_BILL', (store: BillStore) => ask(store, strangers, 'A')] as const,
      ]),
    ),
    'page of a parent': [
      'VIEW_BILL',
      (store) => store.pages(strangers, list('A', 'visit'), [{ parentId: id('v1'), onlyKind: null }], WINDOW),
    ],
    ownerOf: [
      'EXPLAIN_BILL_ACCESS',
      (store) => store.ownerOf(strangers, ['EXPLAIN_BILL_ACCESS'], id('A'), id('a1')),
    ],
    countsForLaunch: ['COUNT_BILLS_FOR_LAUNCH', (store) => store.countsForLaunch(strangers, id('A'))],
  };

const told: DecisionCase[] = [
  ...Object.entries(TOLD).map(
    ([way, [action, ask]]): DecisionCase => ({
      name: `${way} tells the database who asks, where, when and that it is to ${action}`,
      run: async (kit) =>
        assert.deepEqual(await toldBy(kit, ask), [{ viewer: id('str'), clinic: id('A'), now: NOW, action }]),
    }),
  ),
  {
    name: 'parts of a bill come with whose bill they are of',
    run: async ({ owner }) => {
      const store = new BillStore(owner);
      const of = { parentKey: `${id('A')}/${id('a1')}`, clinicId: id('A'), providerId: id('ann') };
      for (const part of [
        ...(await store.items(support, id('A'), [id('a1')])),
        ...(await store.payments(support, id('A'), [id('a1')])),
      ]) {
        assert.deepEqual({ ...part, ...of }, part);
      }
    },
  },
  {
    name: 'every sum is of visible bills',
    run: async ({ owner }) => {
      const [sums] = await new BillStore(owner).totals(viewerOf('del'), list('A', null), []);
      const { count, billed, discount, paid, refunded, outstanding } = sums ?? {};
      assert.deepEqual(
        { count, billed, discount, paid, refunded, outstanding },
        {
          count: 3,
          billed: '127.00',
          discount: '0.00',
          paid: '37.00',
          refunded: '0.00',
          outstanding: '90.00',
        },
      );
    },
  },
  {
    name: 'a summary is sorted by month, and by nothing but sums of visible bills',
    run: async ({ owner }) => {
      const keys = async (grouping: 'MONTH' | 'PROVIDER' | 'KIND') =>
        (await new BillStore(owner).summary(support, id('A'), {}, grouping, 50)).map((row) => row.key);
      assert.deepEqual(await keys('MONTH'), ['2026-06', '2026-05']);
      assert.deepEqual((await keys('PROVIDER')).map(nameOf), ['ann', 'ben', 'cyn']);
      assert.deepEqual(await keys('KIND'), ['INSURED', 'PRIVATE']);
    },
  },
  {
    name: 'the lines of bills come bill by bill, in their order',
    run: async ({ owner }) => {
      const rows = await new BillStore(owner).items(support, id('A'), ALL.map(id));
      const places = rows.map((row) => `${(row as unknown as { parentKey: string }).parentKey} ${row.line}`);
      assert.deepEqual(places, places.toSorted());
      assert.equal(places.length, 6);
    },
  },
  {
    name: 'a bill says whose it is, and what it hangs on',
    run: async ({ owner }) => {
      const [bill] = await new BillStore(owner).bills(support, id('A'), [id('b2')]);
      const { clinicId, providerId, patientId, encounterId, visitId } = bill ?? {};
      const of = [clinicId, providerId, patientId, encounterId, visitId].map((one) => nameOf(one ?? null));
      assert.deepEqual(of, ['A', 'ben', 'p2', 'e2', 'v2']);
    },
  },
  {
    name: 'bills and parts of those asked for only',
    run: async ({ owner }) => {
      const store = new BillStore(owner);
      assert.equal(names(await store.bills(support, id('A'), [id('a2')])), 'a2');
      assert.deepEqual(
        (await store.items(support, id('A'), [id('a2')])).map((row) => row.serviceCode),
        ['a2 of A'],
      );
      assert.deepEqual(await store.payments(support, id('A'), [id('a2')]), []);
    },
  },
  {
    name: 'a page goes on behind its cursor, on the whole clinic and below a parent',
    run: async ({ owner }) => {
      const store = new BillStore(owner);
      const after = { order: 'SERVICE_DATE', value: '2026-05-02', id: id('a2') };
      const window = { ...WINDOW, after };
      assert.equal(names(await store.pages(support, list('A', null), [], window)), 'b1 b2 c1');
      assert.equal(
        names(
          await store.pages(support, list('A', 'visit'), [{ parentId: id('v1'), onlyKind: null }], window),
        ),
        'b1',
      );
    },
  },
  {
    name: 'the payers of one clinic are not those of another',
    run: async ({ owner }) => {
      const payers = await new BillStore(owner).payers([
        { clinicId: id('A'), id: id('y1') },
        { clinicId: id('A'), id: id('ghost') },
      ]);
      assert.deepEqual(payers, [{ clinicId: id('A'), id: id('y1'), name: 'y1 of A' }]);
    },
  },
  {
    name: 'a summary by kind, status, patient, payer and month is of visible bills',
    run: async ({ owner }) => {
      const store = new BillStore(owner);
      for (const grouping of ['KIND', 'STATUS', 'PATIENT', 'PAYER', 'MONTH'] as const) {
        const rows = await store.summary(viewerOf('ann'), id('A'), {}, grouping, 50);
        assert.equal(
          rows.reduce((sum, row) => sum + row.count, 0),
          2,
        );
        assert.ok(rows.every((row) => row.providerIds.every((provider) => provider === id('ann'))));
        assert.deepEqual(await store.summary(strangers, id('A'), {}, grouping, 50), []);
      }
    },
  },
];

export const cases: readonly DecisionCase[] = [
  ...seen,
  ...selected,
  ...parents,
  ...kinds,
  ...others,
  ...told,
];
