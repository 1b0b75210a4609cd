import type { Reply } from '../api';
import { clinicIdOf, idOf } from '../ids';
import { groundsOf, grouped, sees, sumsOf, visible } from '../oracle';
import { AMOUNTS, type Bill, type Clinic, type Instant, type User, type World, written } from '../world';

/**
 * What is asked in the name of a viewer, and the whole answer that there must be, value for value, by the oracle.
 * One operation takes all surfaces, one the pages.
 */
export interface Read {
  readonly query: string;
  readonly variables: Readonly<Record<string, string>>;
  /** The answer, without errors' texts: what is `null` here because of an error has its code in `codes`. */
  readonly data: unknown;
  /** The codes of the errors, by the name of the field on top of the answer. */
  readonly codes: Readonly<Record<string, string>>;
  /** How many decisions about one bill for one viewer by one way the answer holds, and how many counts and sums. */
  readonly decisions: number;
  readonly figures: number;
}

/** Who asks, of which clinic, and at which instant. */
export interface Question {
  readonly world: World;
  readonly viewer: User;
  readonly clinic: Clinic;
  readonly now: Instant;
}

/** More than any world has bills: a full page. */
const ALL = 'first: 100';
const SUMS = `count ${AMOUNTS.join(' ')}`;
const BILL = `id kind number status serviceDate ${AMOUNTS.join(' ')} total provider { id } patient { id }`;

const amounts = (bill: Bill): Record<string, string> =>
  Object.fromEntries(AMOUNTS.map((amount) => [amount, written(bill[amount])]));

const billNode = (bill: Bill) => ({
  id: idOf('Bill', bill),
  ...{ kind: bill.kind, number: bill.number, status: bill.status, serviceDate: bill.serviceDate },
  ...amounts(bill),
  total: written(bill.billed - bill.discount),
  provider: { id: idOf('User', { clinicId: bill.clinicId, id: bill.providerId }) },
  patient: { id: idOf('Patient', { clinicId: bill.clinicId, id: bill.patientId }) },
});

const list = (bills: readonly Bill[]) => ({
  totalCount: bills.length,
  nodes: bills.map((bill) => ({ id: idOf('Bill', bill) })),
});

const LIST = '{ totalCount nodes { id } }';

const ofKind = (bills: readonly Bill[], kind: Bill['kind']): Bill[] =>
  bills.filter((bill) => bill.kind === kind);

/** The five surfaces, `bill`, `node` and the explanation, for one viewer; of that clinic, and by id of all clinics. */
export function surfaces({ world, viewer, clinic, now }: Question): Read {
  const asked: string[] = [];
  const variables: Record<string, string> = {};
  const data: Record<string, unknown> = {};
  const codes: Record<string, string> = {};
  let decisions = 0;
  let figures = 0;
  const variable = (name: string, value: string): string => {
    variables[name] = value;
    return `$${name}`;
  };
  const refuse = (alias: string, code: string): void => {
    data[alias] = null;
    codes[alias] = code;
  };
  const seen = visible(world, viewer, world.bills, now);
  const here = seen.filter((bill) => bill.clinicId === clinic.id);
  const reaches = (clinicId: string): boolean => viewer.clinicId === null || viewer.clinicId === clinicId;

  const dashboard = variable('clinic', clinicIdOf(clinic.id));
  asked.push(
    `dashboard(clinicId: ${dashboard}) { bills(${ALL}) { totalCount totals { ${SUMS} } edges { cursor } nodes { ${BILL} } }
      totals { ${SUMS} } insured: totals(filter: { kind: INSURED }) { ${SUMS} }
      summary(groupBy: PROVIDER) { provider { id } totals { ${SUMS} } } }`,
  );
  data.dashboard = {
    bills: { totalCount: here.length, totals: sumsOf(here), nodes: here.map(billNode) },
    totals: sumsOf(here),
    insured: sumsOf(ofKind(here, 'INSURED')),
    summary: [...grouped(here, (bill) => bill.providerId)].map(([id, bills]) => ({
      provider: { id: idOf('User', { clinicId: clinic.id, id }) },
      totals: sumsOf(bills),
    })),
  };
  const inClinic = world.bills.filter((bill) => bill.clinicId === clinic.id);
  decisions += inClinic.length;
  figures += 3 + 3 * (1 + AMOUNTS.length);

  for (const [index, bill] of world.bills.entries()) {
    const id = variable(`b${index}`, idOf('Bill', bill));
    asked.push(`b${index}: bill(id: ${id}) { number outstanding items { amount } payments { amount } }`);
    asked.push(`n${index}: node(id: ${id}) { id ... on Bill { number paid } }`);
    const shown = seen.includes(bill);
    const parts = (of: readonly { readonly amount: bigint }[]) =>
      of.map(({ amount }) => ({ amount: written(amount) }));
    data[`b${index}`] = shown
      ? {
          ...{ number: bill.number, outstanding: written(bill.outstanding) },
          ...{ items: parts(bill.items), payments: parts(bill.payments) },
        }
      : null;
    data[`n${index}`] = shown
      ? { id: idOf('Bill', bill), number: bill.number, paid: written(bill.paid) }
      : null;
  }
  decisions += 2 * world.bills.length;

  for (const [index, patient] of world.patients.entries()) {
    const alias = `p${index}`;
    const id = variable(alias, idOf('Patient', patient));
    asked.push(
      `${alias}: patientChart(patientId: ${id}) { outstanding insuredBills(${ALL}) ${LIST} privateBills(${ALL}) ${LIST} }`,
    );
    const bills = seen.filter((bill) => bill.clinicId === patient.clinicId && bill.patientId === patient.id);
    data[alias] = reaches(patient.clinicId)
      ? {
          outstanding: sumsOf(bills).outstanding,
          insuredBills: list(ofKind(bills, 'INSURED')),
          privateBills: list(ofKind(bills, 'PRIVATE')),
        }
      : null;
    figures += 3;
  }
  decisions += world.bills.length;

  for (const [index, encounter] of world.encounters.entries()) {
    const alias = `e${index}`;
    asked.push(
      `${alias}: encounter(id: ${variable(alias, idOf('Encounter', encounter))}) { bills(${ALL}) ${LIST} }`,
    );
    data[alias] = reaches(encounter.clinicId)
      ? {
          bills: list(
            seen.filter((bill) => bill.clinicId === encounter.clinicId && bill.encounterId === encounter.id),
          ),
        }
      : null;
    figures += 1;
  }
  decisions += world.bills.filter((bill) => bill.encounterId !== null).length;

  asked.push(
    `visits(clinicId: ${dashboard}, ${ALL}) { nodes { id insuredBills(${ALL}) ${LIST} privateBills(${ALL}) ${LIST} } }`,
  );
  data.visits = {
    nodes: world.visits
      .filter((visit) => visit.clinicId === clinic.id)
      .map((visit) => {
        const bills = here.filter((bill) => bill.visitId === visit.id);
        figures += 2;
        return {
          id: idOf('Visit', visit),
          insuredBills: list(ofKind(bills, 'INSURED')),
          privateBills: list(ofKind(bills, 'PRIVATE')),
        };
      }),
  };
  decisions += inClinic.filter((bill) => bill.visitId !== null).length;

  // Another clinic's lists are not there for anybody but support, who asks for each clinic by itself.
  for (const [index, other] of world.clinics.entries()) {
    if (viewer.clinicId === null || other.id === clinic.id) continue;
    const alias = `o${index}`;
    asked.push(`${alias}: dashboard(clinicId: ${variable(alias, clinicIdOf(other.id))}) { bills ${LIST} }`);
    refuse(alias, 'NOT_FOUND');
    decisions += world.bills.filter((bill) => bill.clinicId === other.id).length;
  }

  // Why the viewer sees the bills of each provider, or that they do not.
  for (const [index, bills] of [...grouped(inClinic, (bill) => bill.providerId).values()].entries()) {
    const [bill] = bills;
    if (bill === undefined) continue;
    const alias = `x${index}`;
    const of = `billId: ${variable(alias, idOf('Bill', bill))}, userId: ${variable('viewer', idOf('User', viewer))}`;
    asked.push(`${alias}: explainBillAccess(${of}) { visible grounds { ground } }`);
    const grounds = groundsOf(world, viewer, { clinicId: bill.clinicId, id: bill.providerId }, now);
    const may = sees(world, viewer, bill, now) || (viewer.administrator && viewer.clinicId === bill.clinicId);
    if (may) data[alias] = { visible: grounds.length > 0, grounds: grounds.map((ground) => ({ ground })) };
    else refuse(alias, 'NOT_FOUND');
    decisions += 1;
    if (!viewer.administrator) continue;
    // The administrator asks about everybody: also of those who cannot ask for themselves, the deactivated.
    asked.push(
      `w${index}: whoCanSeeBill(billId: $${alias}, ${ALL}) { totalCount nodes { user { id } grounds { ground } } }`,
    );
    const viewers = world.users.flatMap((user) => {
      const held = groundsOf(world, user, { clinicId: bill.clinicId, id: bill.providerId }, now);
      return held.length === 0
        ? []
        : [{ user: { id: idOf('User', user) }, grounds: held.map((ground) => ({ ground })) }];
    });
    data[`w${index}`] = { totalCount: viewers.length, nodes: viewers };
    decisions += world.users.length;
  }

  const declared = Object.keys(variables).map((name) => `$${name}: ID!`);
  return {
    query: `query Surfaces(${declared.join(', ')}) { ${asked.join('\n')} }`,
    ...{ variables, data, codes, decisions, figures },
  };
}

const PAGE = 2;

/** The cursors of the clinic's list, from the answer about the surfaces; they are the API's own and are left out of it. */
export function takeCursors(data: Reply['data']): string[] {
  const dashboard = data?.dashboard as { bills?: { edges?: { cursor: string }[] } } | null | undefined;
  const cursors = (dashboard?.bills?.edges ?? []).map(({ cursor }) => cursor);
  delete dashboard?.bills?.edges;
  return cursors;
}

/**
 * The clinic's list in pages of two, walked forward or backward to its end. Each page is asked from the cursor at which
 * the page before it must have ended, and must say that it ended there: together they are the walk.
 */
export function pages(
  { world, viewer, clinic, now }: Question,
  cursors: readonly string[],
  backward: boolean,
): Read {
  const inClinic = world.bills.filter((bill) => bill.clinicId === clinic.id);
  const seen = visible(world, viewer, inClinic, now);
  const variables: Record<string, string> = { clinic: clinicIdOf(clinic.id) };
  const asked: string[] = [];
  const data: Record<string, unknown> = {};
  const page = (alias: string, argument: string, from: number, to: number, more: boolean[]): void => {
    asked.push(
      `${alias}: bills(${argument}) { totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }`,
    );
    data[alias] = {
      totalCount: seen.length,
      nodes: seen.slice(from, to).map((bill) => ({ id: idOf('Bill', bill) })),
      pageInfo: {
        hasNextPage: more[0],
        hasPreviousPage: more[1],
        startCursor: cursors[from] ?? null,
        endCursor: cursors[to - 1] ?? null,
      },
    };
  };
  const cursor = (name: string, index: number): string => {
    variables[name] = cursors[index] ?? '';
    return `$${name}`;
  };
  const count = seen.length;
  for (let from = 0; !backward && (from === 0 || from < count); from += PAGE) {
    const after = from === 0 ? '' : `, after: ${cursor(`a${from}`, from - 1)}`;
    page(`f${from}`, `first: ${PAGE}${after}`, from, Math.min(from + PAGE, count), [
      from + PAGE < count,
      from > 0,
    ]);
  }
  for (let to = count; backward && (to === count || to > 0); to -= PAGE) {
    const before = to === count ? '' : `, before: ${cursor(`b${to}`, to)}`;
    page(`l${to}`, `last: ${PAGE}${before}`, Math.max(to - PAGE, 0), to, [to < count, to - PAGE > 0]);
  }
  const declared = Object.keys(variables).map((name) => `$${name}: ${name === 'clinic' ? 'ID' : 'String'}!`);
  return {
    query: `query Pages(${declared.join(', ')}) { dashboard(clinicId: $clinic) { ${asked.join('\n')} } }`,
    variables,
    data: { dashboard: data },
    codes: {},
    decisions: inClinic.length,
    figures: asked.length,
  };
}

/** For a viewer whose account is not active: everything is refused as a whole. */
export function refused(read: Read, world: World): Read {
  const names = Object.keys(read.data as Record<string, unknown>);
  return {
    ...read,
    data: Object.fromEntries(names.map((name) => [name, null])),
    codes: Object.fromEntries(names.map((name) => [name, 'UNAUTHENTICATED'])),
    // One decision for each bill: it is one refusal, whatever was asked.
    decisions: world.bills.length,
    figures: 0,
  };
}
