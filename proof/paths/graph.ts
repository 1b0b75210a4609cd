import { clinicIdOf, idOf } from '../ids';
import { type Ground, groundsOf, grouped, sees, sumsOf, visible } from '../oracle';
import { AMOUNTS, type Bill, type Encounter, type Instant, type User, type Visit, written } from '../world';
import type { PathWorld } from './world';

/**
 * What there must be behind every field on the way to bills, said by the oracle and the plain world. A field that leads
 * to bills and is not here fails the path test by name.
 */

/** Who walks, when, and in which world. */
export interface Walker {
  readonly path: PathWorld;
  readonly viewer: User;
  readonly now: Instant;
}

/** A value of the graph, as far as it has to do with bills. */
export type Value = Readonly<Record<string, unknown>>;

/** A field that is refused: null, with an error of that code. */
export class Refusal {
  constructor(readonly code: string) {}
}

/** One way to give a field its arguments: their text in an operation, and what they name. */
export interface Choice {
  readonly text: string;
  readonly given?: unknown;
}

const ofBill = (bill: Bill): Choice => ({ text: `(id: "${idOf('Bill', bill)}")`, given: bill });

/** The ways to give arguments to a field that needs them, wherever it is asked. `of`: the type that is wanted. */
export function choicesOf(
  path: PathWorld,
  parent: string,
  field: string,
  of: string,
  next: string,
): Choice[] {
  const { clinicId, bills } = path;
  const clinic = { text: `(clinicId: "${clinicIdOf(clinicId)}")` };
  switch (`${parent}.${field}`) {
    case 'Query.bill':
      return [bills.owners, bills.others, bills.foreign].map(ofBill);
    case 'Query.dashboard':
    case 'Query.visits':
    case 'Query.patients':
    case 'Query.launchReadiness':
      return [clinic];
    case 'Query.encounter':
      return [{ text: `(id: "${idOf('Encounter', path.encounter)}")`, given: path.encounter }];
    case 'Query.patientChart':
      return [{ text: `(patientId: "${idOf('Patient', { clinicId, id: path.patientId })}")` }];
    case 'Query.node':
      switch (of) {
        case 'Bill':
          return [bills.owners, bills.others, bills.foreign].map(ofBill);
        case 'Encounter':
          return [{ text: `(id: "${idOf('Encounter', path.encounter)}")`, given: path.encounter }];
        case 'Visit':
          return [{ text: `(id: "${idOf('Visit', path.visit)}")`, given: path.visit }];
        case 'Patient':
          return [
            { text: `(id: "${idOf('Patient', { clinicId, id: path.patientId })}")`, given: patient(path) },
          ];
        default:
          throw new Error(
            `the path test has no ${of} for \`node\`: add one to choicesOf in proof/paths/graph.ts`,
          );
      }
    case 'Query.explainBillAccess':
      return [path.viewers['group delegate'], path.viewers.stranger, path.viewers.support].flatMap((about) =>
        [bills.owners, bills.others].map((bill) => ({
          text: `(billId: "${idOf('Bill', bill)}", userId: "${idOf('User', about)}")`,
          given: { bill, about },
        })),
      );
    case 'Query.whoCanSeeBill':
      return [bills.owners, bills.others].map((bill) => ({
        text: `(billId: "${idOf('Bill', bill)}")`,
        given: bill,
      }));
    case 'Dashboard.summary':
      // By what the way goes on with, else by everything.
      return (
        next === 'patient' ? ['PATIENT'] : ['PROVIDER', 'PATIENT', 'PAYER', 'KIND', 'STATUS', 'MONTH']
      ).map((groupBy) => ({ text: `(groupBy: ${groupBy})`, given: groupBy }));
    default:
      return [{ text: '' }];
  }
}

const patient = (path: PathWorld): Value => ({ clinicId: path.clinicId, id: path.patientId });

const ofKind = (bills: readonly Bill[], kind: Bill['kind']): Bill[] =>
  bills.filter((bill) => bill.kind === kind);

type Behind = (value: Value, walker: Walker, given: unknown) => unknown;

const reaches = ({ viewer, path }: Walker): boolean =>
  viewer.clinicId === null || viewer.clinicId === path.clinicId;

/** Of the clinic, or refused. */
const inClinic =
  (value: (walker: Walker) => Value): Behind =>
  (_root, walker) =>
    reaches(walker) ? value(walker) : new Refusal('NOT_FOUND');

/** Of the clinic, or not there. */
const ifReached =
  (value: (given: unknown, walker: Walker) => unknown): Behind =>
  (_root, walker, given) =>
    reaches(walker) ? value(given, walker) : null;

/** The bills that the viewer may see, of those. */
const seenOf = ({ path, viewer, now }: Walker, wanted: (bill: Bill) => boolean): Bill[] =>
  visible(path.world, viewer, path.world.bills.filter(wanted), now);

/** A list of bills under a value, of one kind or of both. */
const billsBy =
  (key: 'visitId' | 'patientId' | 'encounterId' | 'clinicId', kind?: Bill['kind']): Behind =>
  (value, walker) => {
    const bills = seenOf(walker, (bill) => bill[key] === value.id);
    return { bills: kind === undefined ? bills : ofKind(bills, kind) };
  };

const visitOf = ({ path }: Walker, id: unknown): Visit | null =>
  path.world.visits.find((visit) => visit.id === id) ?? null;
const encounterOf = ({ path }: Walker, id: unknown): Encounter | null =>
  path.world.encounters.find((encounter) => encounter.id === id) ?? null;

const mayExplain = ({ path, viewer }: Walker, bill: Bill): boolean =>
  viewer.clinicId === null ||
  (viewer.clinicId === path.clinicId && (viewer.administrator || viewer.id === bill.providerId));

const grounds = ({ path, now }: Walker, about: User, bill: Bill): Ground[] =>
  groundsOf(path.world, about, { clinicId: bill.clinicId, id: bill.providerId }, now);

/** What comes after the launch: as now, with the clinic launched. */
const afterLaunch = (walker: Walker, about: User, provider: User): Ground[] =>
  groundsOf(walker.path.world, about, provider as { clinicId: string; id: string }, walker.now).filter(
    (ground) => ground !== 'NOT_SEGREGATED',
  );

const providersIn = ({ path }: Walker): User[] =>
  path.world.users.filter((user) => user.provider && user.clinicId === path.clinicId);

const readiness: Behind = (_root, walker) => {
  if (!reaches(walker)) return new Refusal('NOT_FOUND');
  return walker.viewer.clinicId === null || walker.viewer.administrator ? {} : new Refusal('FORBIDDEN');
};

/** For connections and edges of any type. */
const nodes: Behind = (value) => value.items;
const edges: Behind = (value) => (value.items as Value[]).map((item) => ({ item }));
const node: Behind = (value) => value.item;

const BEHIND: Readonly<Record<string, Behind>> = {
  'Query.bill': (_root, walker, given) =>
    sees(walker.path.world, walker.viewer, given as Bill, walker.now) ? given : null,
  'Query.node': (_root, walker, given) => {
    if ('serviceDate' in (given as Value)) {
      return sees(walker.path.world, walker.viewer, given as Bill, walker.now) ? given : null;
    }
    return reaches(walker) ? given : null;
  },
  'Query.dashboard': inClinic(({ path }) => ({ id: path.clinicId })),
  'Query.encounter': ifReached((given) => given),
  'Query.patientChart': ifReached((_given, { path }) => patient(path)),
  'Query.visits': inClinic(({ path }) => ({
    items: path.world.visits.filter((visit) => visit.clinicId === path.clinicId),
  })),
  'Query.patients': inClinic(({ path }) => ({
    items: path.world.patients.filter(({ clinicId }) => clinicId === path.clinicId),
  })),
  'Query.launchReadiness': readiness,
  'Query.explainBillAccess': (_root, walker, given) => {
    const { bill, about } = given as { bill: Bill; about: User };
    const own = walker.viewer.id === about.id && sees(walker.path.world, walker.viewer, bill, walker.now);
    if (!own && !mayExplain(walker, bill)) return new Refusal('NOT_FOUND');
    return { grounds: grounds(walker, about, bill) };
  },
  'Query.whoCanSeeBill': (_root, walker, given) => {
    const bill = given as Bill;
    if (!mayExplain(walker, bill)) return new Refusal('NOT_FOUND');
    return {
      items: walker.path.world.users.flatMap((user) => {
        const held = grounds(walker, user, bill);
        return held.length === 0 ? [] : [{ user, grounds: held }];
      }),
    };
  },

  'Dashboard.bills': billsBy('clinicId'),
  'Dashboard.totals': billsBy('clinicId'),
  'Dashboard.summary': (value, walker, given) => {
    const key = SUMMARY_KEYS[given as keyof typeof SUMMARY_KEYS];
    const bills = seenOf(walker, (bill) => bill.clinicId === value.id);
    return [...grouped(bills, key).values()].map((group) => ({ bills: group, groupBy: given }));
  },
  'Encounter.bills': billsBy('encounterId'),
  'Encounter.patient': ({ clinicId, patientId }) => ({ clinicId, id: patientId }),
  'Encounter.visit': ({ visitId }, walker) => visitOf(walker, visitId),
  'Visit.insuredBills': billsBy('visitId', 'INSURED'),
  'Visit.privateBills': billsBy('visitId', 'PRIVATE'),
  'Visit.patient': ({ clinicId, patientId }) => ({ clinicId, id: patientId }),
  'Visit.encounters': ({ id }, { path }) => path.world.encounters.filter(({ visitId }) => visitId === id),
  'Patient.chart': (value) => value,
  'PatientChart.insuredBills': billsBy('patientId', 'INSURED'),
  'PatientChart.privateBills': billsBy('patientId', 'PRIVATE'),
  'PatientChart.patient': (value) => value,
  'PatientChart.encounters': ({ id }, { path }) => ({
    items: path.world.encounters.filter(({ patientId }) => patientId === id),
  }),
  'PatientChart.visits': ({ id }, { path }) => ({
    items: path.world.visits.filter(({ patientId }) => patientId === id),
  }),

  'BillConnection.nodes': ({ bills }) => bills,
  'BillConnection.edges': ({ bills }) => (bills as Bill[]).map((bill) => ({ bill })),
  'BillConnection.totals': (value) => value,
  'BillEdge.node': ({ bill }) => bill,
  'Bill.patient': ({ clinicId, patientId }) => ({ clinicId, id: patientId }),
  'Bill.encounter': ({ encounterId }, walker) => encounterOf(walker, encounterId),
  'Bill.visit': ({ visitId }, walker) => visitOf(walker, visitId),
  'Bill.items': ({ items }) => (items as Bill['items']).map((item, index) => ({ ...item, line: index + 1 })),
  'Bill.payments': ({ payments }) => payments,
  'BillSummaryRow.totals': (value) => value,
  'BillSummaryRow.patient': ({ bills, groupBy }) => {
    const [bill] = bills as Bill[];
    return groupBy === 'PATIENT' ? { clinicId: bill?.clinicId, id: bill?.patientId } : null;
  },

  'LaunchReadiness.blankLists': (_value, walker) => ({
    items: providersIn(walker)
      .filter(({ id }) => walker.path.world.entries.every(({ providerId }) => providerId !== id))
      .map((provider) => ({ provider })),
  }),
  'LaunchReadiness.losses': (_value, walker) => {
    const { path, now } = walker;
    const launchesAt = path.world.clinics.find(({ id }) => id === path.clinicId)?.launchesAt ?? null;
    if (launchesAt !== null && launchesAt <= now) return { items: [] };
    const staff = path.world.users.filter((user) => user.clinicId === path.clinicId && user.active);
    return {
      items: providersIn(walker).flatMap((provider) => {
        const users = staff.filter((user) => afterLaunch(walker, user, provider).length === 0);
        return users.length === 0 ? [] : [{ provider, users }];
      }),
    };
  },
  ...Object.fromEntries(
    ['Visit', 'Encounter', 'Patient', 'BillViewer', 'BlankList', 'LaunchLoss'].flatMap((type) => [
      [`${type}Connection.nodes`, nodes],
      [`${type}Connection.edges`, edges],
      [`${type}Edge.node`, node],
    ]),
  ),
};

const SUMMARY_KEYS = {
  PROVIDER: (bill: Bill) => bill.providerId,
  PATIENT: (bill: Bill) => bill.patientId,
  PAYER: (bill: Bill) => bill.payerId,
  KIND: (bill: Bill) => bill.kind,
  STATUS: (bill: Bill) => bill.status,
  MONTH: (bill: Bill) => bill.serviceDate.slice(0, 7),
} as const;

/** What is behind a field of a value: a value, values, null, or a Refusal. */
export function behind(parent: string, field: string, value: Value, walker: Walker, given: unknown): unknown {
  const find = BEHIND[`${parent}.${field}`];
  if (find === undefined) {
    throw new Error(
      `${parent}.${field} leads to bills, and the path test does not know what must be behind it: add it to BEHIND in proof/paths/graph.ts`,
    );
  }
  return find(value, walker, given);
}

type Shown = (value: Value, walker: Walker) => unknown;

const ref = (type: 'User' | 'Patient' | 'Encounter' | 'Visit' | 'Payer', clinicId: unknown, id: unknown) =>
  typeof id === 'string' ? { id: idOf(type, { clinicId: clinicId as string, id }) } : null;

const billField =
  (name: string): Shown =>
  (value) =>
    value[name] ?? null;
const money =
  (name: string): Shown =>
  (value) =>
    written(value[name] as bigint);
const sum =
  (name: 'count' | (typeof AMOUNTS)[number]): Shown =>
  ({ bills }) =>
    sumsOf(bills as Bill[])[name];
/** A group's key, where it is grouped by that. */
const keyOf =
  (groupBy: keyof typeof SUMMARY_KEYS, show: (bill: Bill) => unknown): Shown =>
  (row) =>
    row.groupBy === groupBy ? show((row.bills as [Bill])[0]) : null;
const byName = (held: unknown) => (held as Ground[]).map((ground) => ({ ground }));
const oneFullPage = () => ({ hasNextPage: false, hasPreviousPage: false });
/** Opaque: that there is one is all that can be said. */
export const ANY_CURSOR = 'a cursor';

const userRef: Shown = (value) => ref('User', (value.user as User).clinicId, (value.user as User).id);
const providerRef: Shown = ({ provider }) => ref('User', (provider as User).clinicId, (provider as User).id);
const billCount: Shown = ({ provider }, { path }) =>
  path.world.bills.filter(({ providerId }) => providerId === (provider as User).id).length;

const SHOWN: Readonly<Record<string, Shown>> = {
  ...Object.fromEntries(
    ['kind', 'number', 'status', 'serviceDate'].map((name) => [`Bill.${name}`, billField(name)]),
  ),
  ...Object.fromEntries(AMOUNTS.map((name) => [`Bill.${name}`, money(name)])),
  'Bill.id': (bill) => idOf('Bill', bill as unknown as Bill),
  'Bill.total': (bill) => written((bill.billed as bigint) - (bill.discount as bigint)),
  'Bill.currency': () => 'CAD',
  'Bill.note': () => null,
  'Bill.provider': (bill) => ref('User', bill.clinicId, bill.providerId),
  'Bill.patient': (bill) => ref('Patient', bill.clinicId, bill.patientId),
  'Bill.encounter': (bill) => ref('Encounter', bill.clinicId, bill.encounterId),
  'Bill.visit': (bill) => ref('Visit', bill.clinicId, bill.visitId),
  'Bill.payer': (bill) => ref('Payer', bill.clinicId, bill.payerId),
  'BillItem.line': billField('line'),
  'BillItem.serviceCode': () => 'A007',
  'BillItem.description': () => null,
  'BillItem.diagnosisCodes': () => [],
  'BillItem.units': () => '1.000',
  'BillItem.unitPrice': (item) => `${written(item.amount as bigint)}00`,
  'BillItem.amount': money('amount'),
  'Payment.kind': billField('kind'),
  'Payment.amount': money('amount'),
  'Payment.receivedOn': () => '2026-04-01',
  'Payment.method': () => null,
  'BillConnection.totalCount': sum('count'),
  'BillConnection.pageInfo': oneFullPage,
  'BillEdge.cursor': () => ANY_CURSOR,
  'BillTotals.count': sum('count'),
  ...Object.fromEntries(AMOUNTS.map((name) => [`BillTotals.${name}`, sum(name)])),
  'BillSummaryRow.kind': keyOf('KIND', (bill) => bill.kind),
  'BillSummaryRow.status': keyOf('STATUS', (bill) => bill.status),
  'BillSummaryRow.month': keyOf('MONTH', (bill) => bill.serviceDate.slice(0, 7)),
  'BillSummaryRow.provider': keyOf('PROVIDER', (bill) => ref('User', bill.clinicId, bill.providerId)),
  'BillSummaryRow.patient': keyOf('PATIENT', (bill) => ref('Patient', bill.clinicId, bill.patientId)),
  'BillSummaryRow.payer': keyOf('PAYER', (bill) => ref('Payer', bill.clinicId, bill.payerId)),
  'PatientChart.outstanding': ({ id }, walker) =>
    sumsOf(seenOf(walker, (bill) => bill.patientId === id)).outstanding,
  'BillAccessExplanation.visible': ({ grounds: held }) => (held as Ground[]).length > 0,
  'BillAccessExplanation.grounds': ({ grounds: held }) => byName(held),
  'BillViewer.grounds': ({ grounds: held }) => byName(held),
  'BillViewer.user': userRef,
  'BillViewerConnection.totalCount': ({ items }) => (items as unknown[]).length,
  'BillViewerConnection.pageInfo': oneFullPage,
  'BillViewerEdge.cursor': () => ANY_CURSOR,
  'BlankList.billCount': billCount,
  'LaunchLoss.provider': providerRef,
  'LaunchLoss.billCount': billCount,
  'LaunchLoss.userCount': ({ users }) => (users as User[]).length,
  'LaunchLoss.users': ({ users }) => ({
    nodes: (users as User[]).map((user) => ref('User', user.clinicId, user.id)),
  }),
  'LaunchLossConnection.totalCount': ({ items }) => (items as unknown[]).length,
  'LaunchLossConnection.pageInfo': oneFullPage,
  'LaunchLossEdge.cursor': () => ANY_CURSOR,
};

/** What a field that holds something of bills must show. */
export function shown(type: string, field: string, value: Value, walker: Walker): unknown {
  const show = SHOWN[`${type}.${field}`];
  if (show === undefined) {
    throw new Error(
      `${type}.${field} holds something of bills, and the path test does not know what it must show: add it to SHOWN in proof/paths/graph.ts`,
    );
  }
  return show(value, walker);
}
