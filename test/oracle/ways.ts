import { toGlobalId } from '../../src/global-id';
import type { OracleBill, OracleUser } from './oracle';
import type { Sessions } from './sessions';

/** The six ways to a bill. */
export const WAYS = ['dashboard', 'encounter', 'chart', 'visit', 'bill', 'node'] as const;

type Way = (typeof WAYS)[number];

/** What somebody gets by each way: texts that name the bill and, where it hangs on something, where it was found. */
export type Found = Readonly<Record<Way, readonly string[]>>;

/** A clinic as the tests walk through it. Ids are those of the rows. */
export interface Walk {
  readonly clinicId: string;
  readonly patientIds: readonly string[];
  readonly encounterIds: readonly string[];
  /** Every bill of the clinic, and some of others, which nobody but support may get. */
  readonly bills: readonly OracleBill[];
}

const global = (type: 'Bill' | 'Patient' | 'Encounter' | 'Visit' | 'Clinic', clinicId: string, id: string) =>
  toGlobalId(type, clinicId, id);
const billId = (bill: OracleBill): string => global('Bill', bill.clinicId, bill.id);

/** How many fields are asked for in one request, each under an alias. */
export const ALIASES = 400;

export const chunks = <Item>(items: readonly Item[], size: number): Item[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));

interface BillList {
  readonly nodes: readonly { readonly id: string }[];
}

interface Paged {
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** What hangs on one encounter, patient or visit fits one page; were it longer, bills would be found missing. */
const LIST = '(first: 500) { nodes { id } }';

const idsOf = (list: BillList | undefined): string[] => (list?.nodes ?? []).map((node) => node.id);

/** Goes all six ways and answers every bill that the person gets. */
export async function walk(sessions: Sessions, person: OracleUser, clinic: Walk): Promise<Found> {
  const found: Record<Way, string[]> = {
    dashboard: await dashboard(sessions, person, clinic),
    encounter: await encounters(sessions, person, clinic),
    chart: await charts(sessions, person, clinic),
    visit: await visits(sessions, person, clinic),
    bill: [],
    node: [],
  };
  for (const some of chunks(clinic.bills, ALIASES / 2)) {
    const fields = some.map(
      (bill, at) => `b${at}: bill(id: "${billId(bill)}") { id } n${at}: node(id: "${billId(bill)}") { id }`,
    );
    const answer = await sessions.read<Record<string, { id: string } | null>>(
      person,
      `{ ${fields.join(' ')} }`,
    );
    for (const [alias, node] of Object.entries(answer)) {
      if (node !== null) found[alias.startsWith('b') ? 'bill' : 'node'].push(node.id);
    }
  }
  return found;
}

async function dashboard(sessions: Sessions, person: OracleUser, { clinicId }: Walk): Promise<string[]> {
  const ids: string[] = [];
  let after: string | null = null;
  do {
    const answer: { dashboard: { bills: BillList & Paged } } = await sessions.read(
      person,
      `query ($clinic: ID!, $after: String) {
         dashboard(clinicId: $clinic) { bills(first: 500, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }
       }`,
      { clinic: global('Clinic', clinicId, clinicId), after },
    );
    const { bills } = answer.dashboard;
    ids.push(...bills.nodes.map((node) => node.id));
    after = bills.pageInfo.hasNextPage ? bills.pageInfo.endCursor : null;
  } while (after !== null);
  return ids;
}

async function encounters(sessions: Sessions, person: OracleUser, clinic: Walk): Promise<string[]> {
  const found: string[] = [];
  for (const some of chunks(clinic.encounterIds, ALIASES)) {
    const ids = some.map((id) => global('Encounter', clinic.clinicId, id));
    const fields = ids.map((id, at) => `e${at}: encounter(id: "${id}") { bills${LIST} }`);
    const answer = await sessions.read<Record<string, { bills: BillList }>>(
      person,
      `{ ${fields.join(' ')} }`,
    );
    for (const [at, id] of ids.entries()) {
      found.push(...idsOf(answer[`e${at}`]?.bills).map((bill) => `${id} ${bill}`));
    }
  }
  return found;
}

async function charts(sessions: Sessions, person: OracleUser, clinic: Walk): Promise<string[]> {
  const found: string[] = [];
  for (const some of chunks(clinic.patientIds, ALIASES)) {
    const ids = some.map((id) => global('Patient', clinic.clinicId, id));
    const fields = ids.map(
      (id, at) => `c${at}: patientChart(patientId: "${id}") { insuredBills${LIST} privateBills${LIST} }`,
    );
    const answer = await sessions.read<Record<string, { insuredBills: BillList; privateBills: BillList }>>(
      person,
      `{ ${fields.join(' ')} }`,
    );
    for (const [at, id] of ids.entries()) {
      const chart = answer[`c${at}`];
      found.push(...idsOf(chart?.insuredBills).map((bill) => `${id} INSURED ${bill}`));
      found.push(...idsOf(chart?.privateBills).map((bill) => `${id} PRIVATE ${bill}`));
    }
  }
  return found;
}

async function visits(sessions: Sessions, person: OracleUser, { clinicId }: Walk): Promise<string[]> {
  interface Visits extends Paged {
    readonly nodes: readonly { id: string; insuredBills: BillList; privateBills: BillList }[];
  }
  const found: string[] = [];
  let after: string | null = null;
  do {
    const answer: { visits: Visits } = await sessions.read(
      person,
      `query ($clinic: ID!, $after: String) {
         visits(clinicId: $clinic, first: 500, after: $after) {
           nodes { id insuredBills${LIST} privateBills${LIST} }
           pageInfo { hasNextPage endCursor }
         }
       }`,
      { clinic: global('Clinic', clinicId, clinicId), after },
    );
    for (const visit of answer.visits.nodes) {
      found.push(...idsOf(visit.insuredBills).map((bill) => `${visit.id} INSURED ${bill}`));
      found.push(...idsOf(visit.privateBills).map((bill) => `${visit.id} PRIVATE ${bill}`));
    }
    const { pageInfo } = answer.visits;
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after !== null);
  return found;
}

/** What the six ways must give for these visible bills of the walk. */
export function expectedOf(visible: readonly OracleBill[], clinicId: string): Found {
  const here = visible.filter((bill) => bill.clinicId === clinicId);
  const on = (
    type: 'Encounter' | 'Visit' | 'Patient',
    parentOf: (bill: OracleBill) => string | null,
    withKind: boolean,
  ): string[] =>
    here.flatMap((bill) => {
      const parent = parentOf(bill);
      if (parent === null) return [];
      return [[global(type, clinicId, parent), ...(withKind ? [bill.kind] : []), billId(bill)].join(' ')];
    });
  return {
    dashboard: here.map(billId),
    encounter: on('Encounter', (bill) => bill.encounterId, false),
    chart: on('Patient', (bill) => bill.patientId, true),
    visit: on('Visit', (bill) => bill.visitId, true),
    bill: visible.map(billId),
    node: visible.map(billId),
  };
}

/** Where what was found is not what was expected, in words; a bill that comes twice counts as one too many. */
export function differences(who: string, expected: Found, found: Found): string[] {
  return WAYS.flatMap((way) => {
    const left = [...found[way]].sort();
    const right = [...expected[way]].sort();
    if (left.length === right.length && left.every((text, at) => text === right[at])) return [];
    const missing = right.filter((text) => !found[way].includes(text));
    const extra = left.filter((text, at) => !expected[way].includes(text) || text === left[at - 1]);
    return [
      `${who}, ${way}: ${missing.length} missing (${missing.slice(0, 2)}), ${extra.length} too many (${extra.slice(0, 2)})`,
    ];
  });
}
