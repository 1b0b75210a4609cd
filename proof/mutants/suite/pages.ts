import assert from 'node:assert/strict';
import { selected } from '../../../bench/lib/selected';
import type { Relation } from '../../../src/access/policy';
import type { Viewer } from '../../../src/access/viewer';
import { BillStore } from '../../../src/billing/store';
import type { BillSelection } from '../../../src/billing/store/selection';
import { writingOf } from '../../../src/billing/store/written';
import type { BillOrderField } from '../../../src/billing/types';
import { toGlobalId } from '../../../src/global-id';
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

/** All that PostgreSQL can write of a bill. */
const EVERYTHING = writingOf(
  selected('Bill', {
    id: null,
    number: null,
    total: null,
    patient: selected('Patient', { id: null, name: null }),
    provider: selected('User', { id: null, name: null, billingNumber: null }),
    items: selected('BillItem', { line: null, amount: null }),
    payments: selected('Payment', { amount: null }),
  }),
);

interface WrittenBill {
  readonly id: string;
  readonly number: string;
  readonly total: string;
  readonly patient: { readonly id: string; readonly name: string };
  readonly provider: { readonly id: string; readonly name: string; readonly billingNumber: string | null };
  readonly items: readonly { readonly line: number; readonly amount: string }[];
  readonly payments: readonly { readonly amount: string }[];
}

/** What is written of a bill belongs to it, and is what is read of it otherwise. */
const written: DecisionCase[] = (
  [
    ['owner', 'A', 5],
    ['api', 'A', 5],
    ['api', 'B', 2],
  ] as const
).flatMap(([statements, clinic, count]) =>
  (['pages', 'bills'] as const).map((method) => ({
    name: `${statements}: ${method} written of ${clinic} are those that are read`,
    run: async (kit) => {
      assert.ok(EVERYTHING);
      const store = new BillStore(kit[statements]);
      const viewer = viewerOf('sup', NOW);
      const orderBy = { field: 'SERVICE_DATE', descending: false } as const;
      const list = { clinicId: id(clinic), parent: null, selection: {}, orderBy };
      const window = { limit: 50, backward: false, after: null, before: null };
      const read = await store.pages(viewer, list, [], window);
      const keys = read.map((row) => row.id);
      const rows =
        method === 'pages'
          ? await store.pages(viewer, list, [], window, EVERYTHING)
          : await store.bills(viewer, id(clinic), keys, EVERYTHING);
      assert.equal(rows.length, count);
      const items = await store.items(viewer, id(clinic), keys);
      const payments = await store.payments(viewer, id(clinic), keys);
      const named = async (table: string, key: string): Promise<unknown> =>
        (
          await kit.owner.query<{ name: string }>(
            `SELECT name FROM ${table} WHERE clinic_id = $1::uuid AND id = $2::uuid`,
            [id(clinic), key],
          )
        )[0]?.name;
      for (const bill of read) {
        const row = rows.find((one) => one.id === bill.id);
        assert.ok(row?.written);
        assert.equal(row.written.form, EVERYTHING.form);
        assert.equal(row.providerId, bill.providerId);
        assert.equal(row.ground, bill.ground);
        const own = JSON.parse(row.written.text) as WrittenBill;
        const parentKey = `${bill.clinicId}/${bill.id}`;
        const ofBill = <Part extends { readonly parentKey: string }>(parts: readonly Part[]) =>
          parts.filter((part) => part.parentKey === parentKey);
        assert.equal(own.id, toGlobalId('Bill', bill.clinicId, bill.id));
        assert.equal(own.number, bill.number);
        assert.equal(own.patient.id, toGlobalId('Patient', bill.clinicId, bill.patientId));
        assert.equal(own.patient.name, await named('patients', bill.patientId));
        assert.equal(own.provider.id, toGlobalId('User', bill.clinicId, bill.providerId));
        assert.equal(own.provider.name, await named('users', bill.providerId));
        assert.ok(own.items.length > 0);
        assert.deepEqual(
          own.items,
          ofBill(items).map(({ line, amount }) => ({ line, amount })),
        );
        assert.deepEqual(
          own.payments,
          ofBill(payments).map(({ amount }) => ({ amount })),
        );
      }
    },
  })),
);

export const cases: readonly DecisionCase[] = [...walks, ...orders, ...replicas, ...grounds, ...written];
