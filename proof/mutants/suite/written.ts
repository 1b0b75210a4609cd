import assert from 'node:assert/strict';
import { selected } from '../../../bench/lib/selected';
import type { AccessContext } from '../../../src/access/rules';
import type { Viewer } from '../../../src/access/viewer';
import { BillStore } from '../../../src/billing/store';
import type { GroundedBill } from '../../../src/billing/store/page';
import { writingOf } from '../../../src/billing/store/written';
import { type NodeType, toGlobalId } from '../../../src/global-id';
import type { Selected } from '../../../src/look-ahead';
import { writtenOf } from '../../../src/written';
import { type DecisionCase, id, type Kit } from './kit';
import { NOW } from './world';

const of = (type: string, fields: string): Selected =>
  selected(type, Object.fromEntries(fields.split(' ').map((field) => [field, null])));

const SIMPLE = 'id kind number status serviceDate billed discount total paid refunded outstanding note';
const ITEM = 'line serviceCode description diagnosisCodes units unitPrice amount';
const PAYMENT = 'kind amount receivedOn method';

/** All that PostgreSQL can write of a bill. */
const EVERYTHING = writingOf(
  selected('Bill', {
    ...Object.fromEntries(`${SIMPLE} currency __typename`.split(' ').map((field) => [field, null])),
    patient: of('Patient', 'id name birthDate __typename'),
    provider: of('User', 'id name kind active billingNumber specialty'),
    payer: of('Payer', 'id name'),
    encounter: of('Encounter', 'id'),
    visit: of('Visit', 'id'),
    items: of('BillItem', ITEM),
    payments: of('Payment', PAYMENT),
  }),
);

const picked = (row: object, fields: string): Record<string, unknown> =>
  Object.fromEntries(fields.split(' ').map((field) => [field, (row as Record<string, unknown>)[field]]));

/** The row of a clinic's table, its dates as text. */
async function rowOf(
  kit: Kit,
  table: string,
  clinicId: string,
  key: string,
): Promise<Record<string, unknown>> {
  const [row] = await kit.owner.query<{ row: Record<string, unknown> }>(
    `SELECT to_json(t) AS row FROM ${table} t
     WHERE t.clinic_id = $1::uuid AND t.${table === 'providers' ? 'user_id' : 'id'} = $2::uuid`,
    [clinicId, key],
  );
  assert.ok(row);
  return row.row;
}

/** What must be written of a bill, of what is read of it otherwise. */
async function expectedOf(kit: Kit, store: BillStore, viewer: Viewer, bill: GroundedBill): Promise<object> {
  const { clinicId } = bill;
  const global = (type: NodeType, key: string | null): { id: string } | null =>
    key === null ? null : { id: toGlobalId(type, clinicId, key) };
  const [patient, user, provider] = await Promise.all([
    rowOf(kit, 'patients', clinicId, bill.patientId),
    rowOf(kit, 'users', clinicId, bill.providerId),
    rowOf(kit, 'providers', clinicId, bill.providerId),
  ]);
  const payer = bill.payerId === null ? null : await rowOf(kit, 'payers', clinicId, bill.payerId);
  const [clinic] = await kit.owner.query<{ currency: string }>(
    'SELECT currency FROM clinics WHERE id = $1::uuid',
    [clinicId],
  );
  const items = await store.items(viewer, clinicId, [bill.id]);
  const payments = await store.payments(viewer, clinicId, [bill.id]);
  assert.ok(items.length > 0);
  return {
    ...picked(bill, SIMPLE),
    id: toGlobalId('Bill', clinicId, bill.id),
    currency: clinic?.currency,
    __typename: 'Bill',
    patient: {
      ...global('Patient', bill.patientId),
      name: patient.name,
      birthDate: patient.birth_date,
      __typename: 'Patient',
    },
    provider: {
      ...global('User', bill.providerId),
      name: user.name,
      kind: 'PROVIDER',
      active: user.active,
      billingNumber: provider.billing_number,
      specialty: provider.specialty,
    },
    payer: payer && { ...global('Payer', bill.payerId), name: payer.name },
    encounter: global('Encounter', bill.encounterId),
    visit: global('Visit', bill.visitId),
    items: items.map((item) => picked(item, ITEM)),
    payments: payments.map((payment) => picked(payment, PAYMENT)),
  };
}

/** What is written of a bill belongs to it, and is what is read of it otherwise. */
const alike: DecisionCase[] = (
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
      const viewer: Viewer = { userId: id('sup'), clinicId: null, permissions: new Set(), now: NOW };
      const orderBy = { field: 'SERVICE_DATE', descending: false } as const;
      const list = { clinicId: id(clinic), parent: null, selection: {}, orderBy };
      const window = { limit: 50, backward: false, after: null, before: null };
      const read = await store.pages(viewer, list, [], window);
      const keys = read.map((row) => row.id);
      const rows: GroundedBill[] =
        method === 'pages'
          ? await store.pages(viewer, list, [], window, EVERYTHING)
          : await store.bills(viewer, id(clinic), keys, EVERYTHING);
      assert.equal(rows.length, count);
      for (const bill of read) {
        const row = rows.find((one) => one.id === bill.id);
        assert.ok(row?.written);
        assert.equal(row.written.form, EVERYTHING.form);
        assert.deepEqual(
          picked(row, 'clinicId providerId patientId ground'),
          picked(bill, 'clinicId providerId patientId ground'),
        );
        assert.deepEqual(JSON.parse(row.written.text), await expectedOf(kit, store, viewer, bill));
      }
      for (const row of read) assert.equal(row.written, undefined);
    },
  })),
);

/** What is not written, and then nothing of the bill is. */
const NOT: readonly (readonly [what: string, selection: Selected])[] = [
  ['a field that is not there', of('Bill', 'id nothing')],
  ['a field of objects', of('Bill', 'id constructor')],
  ['an object without fields', of('Bill', 'id patient')],
  ['items without fields', of('Bill', 'items')],
  ['a payer without fields', of('Bill', 'payer')],
  ['fields of a value', selected('Bill', { number: of('Patient', 'name') })],
  [
    'a part with a field that is not written',
    selected('Bill', { id: null, items: of('BillItem', 'line nothing') }),
  ],
  ['more of an encounter', selected('Bill', { encounter: of('Encounter', 'id startedAt') })],
  [
    'a name that only an object without a prototype holds',
    { ...of('Bill', 'id'), fields: of('Bill', 'id').fields.map((field) => ({ ...field, key: '__proto__' })) },
  ],
  [
    'a name that is none of GraphQL',
    { ...of('Bill', 'id'), fields: of('Bill', 'id').fields.map((field) => ({ ...field, key: "x' || 'y" })) },
  ],
];

const refused: DecisionCase[] = NOT.map(([what, selection]) => ({
  name: `nothing is written with ${what}`,
  run: async () => assert.equal(writingOf(selection), null),
}));

const forms: DecisionCase[] = [
  {
    name: 'selections that are alike have one form, others have others',
    run: async () => {
      const form = (fields: string): string | undefined => writingOf(of('Bill', fields))?.form;
      assert.equal(form('id number'), form('id number'));
      assert.notEqual(form('id number'), form('number id'));
      assert.notEqual(form('id number'), form('id note'));
    },
  },
  {
    name: 'a text is taken for the selections of its form, and for no other',
    run: async () => {
      // What type it is needs no rule, so that the form alone decides.
      const [type, number] = [of('Bill', '__typename'), of('Bill', 'number')];
      const form = writingOf(type)?.form ?? '';
      const other = writingOf(number)?.form ?? '';
      const taken = (as: string, selection: Selected): string | undefined =>
        writtenOf({ written: { form: as, text: 'text' } }, selection, {} as AccessContext)?.text;
      assert.equal(taken(form, type), 'text');
      assert.equal(taken(other, type), undefined);
      // There is no rule on its field: nothing is known of it.
      assert.equal(taken(other, number), undefined);
      assert.equal(taken(form, of('Bill', '__typename')), undefined);
      assert.equal(writtenOf({}, type, {} as AccessContext), undefined);
    },
  },
];

export const cases: readonly DecisionCase[] = [...alike, ...refused, ...forms];
