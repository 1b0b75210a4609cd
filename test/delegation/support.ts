import { randomUUID } from 'node:crypto';
import { DEMO_PASSWORD, type TestDatabase } from '../support/database';
import { type Factories, factories, type Made, type MadeBill, type MadeUser } from '../support/factories';
import type { Answer, TestServer } from '../support/server';

/** Sends an operation as somebody, by e-mail address; a TestServer, or a client of a server process. */
export interface Asking {
  ask<Data>(
    who: string | null,
    query: string,
    variables?: Record<string, unknown>,
  ): Promise<Pick<Answer<Data>, 'data' | 'errors' | 'text'>>;
}

/** The codes of an answer's errors, in their order. */
export const codesOf = (answer: Pick<Answer<unknown>, 'errors'>): string[] =>
  (answer.errors ?? []).map((error) => error.extensions.code);

export interface Entry {
  readonly __typename: 'UserDelegate' | 'GroupDelegate';
  readonly user?: { name: string; active: boolean };
  readonly group?: { name: string };
  readonly active?: boolean;
  readonly memberCount?: number;
  readonly givesAccess: boolean;
  readonly expiresAt: string | null;
  readonly addedAt: string;
  readonly addedBy: { name: string } | null;
}

export interface List {
  readonly version: number;
  readonly provider: { name: string };
  readonly entries: readonly Entry[];
}

/** The selection that `List` is the answer to. */
export const LIST = `version provider { name } entries { __typename
  ... on UserDelegate { user { name active } active givesAccess expiresAt addedAt addedBy { name } }
  ... on GroupDelegate { group { name } memberCount givesAccess expiresAt addedAt addedBy { name } } }`;

interface Party {
  readonly name: string;
}

export interface Payload {
  readonly list: List;
  readonly change: {
    readonly provider: Party;
    readonly added: readonly Party[];
    readonly changed: readonly Party[];
    readonly removed: readonly Party[];
  };
}

const PARTY = '{ ... on User { name } ... on Group { name } }';
export const PAYLOAD = `list { ${LIST} }
  change { provider { name } added ${PARTY} changed ${PARTY} removed ${PARTY} }`;

export type SingleMutation =
  | 'addUserDelegate'
  | 'removeUserDelegate'
  | 'addGroupDelegate'
  | 'removeGroupDelegate';

/** Runs one of the four single mutations, confirmed by the right password unless the input has another. */
export async function change(
  server: Asking,
  who: string,
  mutation: SingleMutation,
  input: Record<string, unknown>,
): Promise<Pick<Answer<Payload | null>, 'data' | 'errors' | 'text'>> {
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
  const answer = await server.ask<Record<string, Payload | null> | null>(
    who,
    `mutation ($input: ${type}!) { ${mutation}(input: $input) { ${PAYLOAD} } }`,
    { input: { password: DEMO_PASSWORD, ...input } },
  );
  return { ...answer, data: answer.data?.[mutation] ?? null };
}

export interface ListInput {
  providerId: string;
  expectedVersion?: number | null;
  addUsers?: { userId: string; expiresAt?: string | null }[];
  addGroups?: { groupId: string; expiresAt?: string | null }[];
  removeUserIds?: string[];
  removeGroupIds?: string[];
}

const SAVE = `mutation ($input: SaveBillingDelegatesInput!) {
  saveBillingDelegates(input: $input) { saved { ${PAYLOAD} } } }`;

/** Runs `saveBillingDelegates`, confirmed by the right password unless another is given. */
export async function save(
  server: Asking,
  who: string,
  lists: readonly ListInput[],
  password: unknown = DEMO_PASSWORD,
): Promise<Pick<Answer<Payload[] | null>, 'data' | 'errors' | 'text'>> {
  const answer = await server.ask<{ saveBillingDelegates: { saved: Payload[] } | null } | null>(who, SAVE, {
    input: { lists, password },
  });
  return { ...answer, data: answer.data?.saveBillingDelegates?.saved ?? null };
}

/** A provider's list as somebody reads it. */
export async function listOf(server: Asking, who: string, providerId: string): Promise<List> {
  const answer = await server.ask<{ billingDelegation: List | null } | null>(
    who,
    `query ($id: ID!) { billingDelegation(providerId: $id) { ${LIST} } }`,
    { id: providerId },
  );
  if (!answer.data?.billingDelegation) throw new Error(`no list: ${answer.text}`);
  return answer.data.billingDelegation;
}

/** Who is on a list, users before groups, by name. */
export const namesOn = (list: Pick<List, 'entries'> | undefined): string[] =>
  (list?.entries ?? []).map((entry) => entry.user?.name ?? entry.group?.name ?? '?');

/** What decides access in a clinic, whole, to be compared before and after. */
export function stateOf(db: Pick<TestDatabase, 'query'>, clinicId: string): Promise<unknown[]> {
  return db.query(
    `SELECT (SELECT jsonb_agg(to_jsonb(d) ORDER BY d.id) FROM delegations d WHERE d.clinic_id = $1) AS delegations,
       (SELECT jsonb_object_agg(p.user_id, p.list_version) FROM providers p WHERE p.clinic_id = $1) AS versions,
       (SELECT jsonb_agg(to_jsonb(h) ORDER BY h.id) FROM history h WHERE h.clinic_id = $1) AS history`,
    [clinicId],
  );
}

/** How many entries the history of a clinic has. */
export async function historyLength(db: Pick<TestDatabase, 'query'>, clinicId: string): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM history WHERE clinic_id = $1',
    [clinicId],
  );
  return row?.count ?? -1;
}

/**
 * The lists as they would be had nothing but the history been kept, and the lists as they are: by provider, delegate
 * and end. Each step of the history must fit the state that the steps before it left.
 */
export async function historyAndLists(
  db: Pick<TestDatabase, 'query'>,
): Promise<{ told: Record<string, unknown>; stored: Record<string, unknown>; misfits: string[] }> {
  const steps = await db.query<{
    provider_id: string;
    delegate: string;
    action: string;
    before: string | null;
    after: string | null;
  }>(
    `SELECT provider_id, coalesce(user_id, group_id) AS delegate, action,
       before->>'expiresAt' AS before, after->>'expiresAt' AS after
     FROM history WHERE provider_id IS NOT NULL ORDER BY id`,
  );
  const told = new Map<string, string>();
  const versions = new Map<string, number>();
  const misfits: string[] = [];
  const end = (at: string | null): string => (at === null ? 'no end' : new Date(at).toISOString());
  for (const step of steps) {
    const key = `${step.provider_id} ${step.delegate}`;
    const fits = step.action.endsWith('_ADDED') ? !told.has(key) : told.get(key) === end(step.before);
    if (!fits) misfits.push(`${step.action} ${key}`);
    if (step.action.endsWith('_REMOVED')) told.delete(key);
    else told.set(key, end(step.after));
    versions.set(step.provider_id, (versions.get(step.provider_id) ?? 0) + 1);
  }
  const rows = await db.query<{ provider_id: string; delegate: string; expires_at: Date | null }>(
    'SELECT provider_id, coalesce(delegate_user_id, delegate_group_id) AS delegate, expires_at FROM delegations',
  );
  const stored = new Map(
    rows.map((row) => [`${row.provider_id} ${row.delegate}`, end(row.expires_at?.toISOString() ?? null)]),
  );
  const counted = await db.query<{ user_id: string; list_version: number }>(
    'SELECT user_id, list_version FROM providers WHERE list_version > 0',
  );
  for (const row of counted) stored.set(`version ${row.user_id}`, String(row.list_version));
  for (const [provider, version] of versions) told.set(`version ${provider}`, String(version));
  return { told: sorted(told), stored: sorted(stored), misfits };
}

const sorted = (entries: ReadonlyMap<string, string>): Record<string, string> =>
  Object.fromEntries([...entries].sort(([one], [other]) => (one < other ? -1 : 1)));

/** A clinic with somebody in every role, and bills on all four surfaces. Segregation is launched. */
export interface Scene {
  readonly make: Factories;
  readonly clinic: Made;
  readonly provider: MadeUser;
  readonly colleague: MadeUser;
  /** Holds both permissions. */
  readonly admin: MadeUser;
  /** Holds EDIT_OTHER_USERS alone. */
  readonly editor: MadeUser;
  /** Holds BILLING_DELEGATION_SETTINGS alone. */
  readonly settings: MadeUser;
  readonly moa: MadeUser;
  readonly clerk: MadeUser;
  readonly stranger: MadeUser;
  readonly support: { readonly email: string; readonly globalId: string; readonly id: string };
  /** Its one member is the clerk. */
  readonly clerks: Made & { readonly name: string };
  /** The provider's: one insured, one private. */
  readonly bills: readonly [MadeBill, MadeBill];
  readonly colleaguesBill: MadeBill;
  readonly encounter: Made;
  readonly patient: { readonly globalId: string };
}

export async function makeScene(
  server: TestServer,
  options: { launchesAt?: string | null } = {},
): Promise<Scene> {
  const make = factories(server.db);
  const clinic = await make.clinic({ name: `Clinic ${randomUUID()}`, ...options });
  const clinicId = clinic.id;
  const provider = await make.provider({ clinicId });
  const colleague = await make.provider({ clinicId });
  const admin = await make.user({
    clinicId,
    permissions: ['EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS'],
  });
  const editor = await make.user({ clinicId, permissions: ['EDIT_OTHER_USERS'] });
  const settings = await make.user({ clinicId, permissions: ['BILLING_DELEGATION_SETTINGS'] });
  const moa = await make.user({ clinicId, name: `Moa ${randomUUID().slice(0, 8)}` });
  const clerk = await make.user({ clinicId });
  const stranger = await make.user({ clinicId });
  const support = await make.supportUser();
  const clerks = await make.group({ clinicId, members: [clerk.id] });
  const patient = await make.patient({ clinicId });
  const encounter = await make.encounter({ clinicId, patientId: patient.id, providerId: provider.id });
  const bills = [
    await make.bill({ clinicId, providerId: provider.id, kind: 'INSURED', encounter }),
    await make.bill({ clinicId, providerId: provider.id, kind: 'PRIVATE', encounter }),
  ] as const;
  const colleaguesBill = await make.bill({ clinicId, providerId: colleague.id, kind: 'PRIVATE', encounter });
  return {
    make,
    clinic,
    provider,
    colleague,
    admin,
    editor,
    settings,
    moa,
    clerk,
    stranger,
    support,
    clerks,
    bills,
    colleaguesBill,
    encounter,
    patient,
  };
}

interface Bills {
  nodes: { number: string }[];
}

/** The numbers of the scene's bills that somebody sees on each surface, in the alphabet's order. */
export async function surfacesOf(
  server: Asking,
  who: string,
  scene: Pick<Scene, 'clinic' | 'encounter' | 'patient'>,
): Promise<{ dashboard: string[]; encounter: string[]; chart: string[]; visits: string[] }> {
  const answer = await server.ask<{
    dashboard: { bills: Bills };
    encounter: { bills: Bills };
    patientChart: { insuredBills: Bills; privateBills: Bills };
    visits: { nodes: { insuredBills: Bills; privateBills: Bills }[] };
  }>(
    who,
    `query ($clinic: ID!, $encounter: ID!, $patient: ID!) {
      dashboard(clinicId: $clinic) { bills(first: 500) { nodes { number } } }
      encounter(id: $encounter) { bills { nodes { number } } }
      patientChart(patientId: $patient) { insuredBills { nodes { number } } privateBills { nodes { number } } }
      visits(clinicId: $clinic, first: 500) { nodes {
        insuredBills { nodes { number } } privateBills { nodes { number } } } } }`,
    {
      clinic: scene.clinic.globalId,
      encounter: scene.encounter.globalId,
      patient: scene.patient.globalId,
    },
  );
  if (answer.errors !== undefined) throw new Error(answer.text);
  const numbers = (...lists: Bills[]): string[] =>
    lists.flatMap((list) => list.nodes.map((bill) => bill.number)).sort();
  const { dashboard, encounter, patientChart, visits } = answer.data;
  return {
    dashboard: numbers(dashboard.bills),
    encounter: numbers(encounter.bills),
    chart: numbers(patientChart.insuredBills, patientChart.privateBills),
    visits: numbers(...visits.nodes.flatMap((visit) => [visit.insuredBills, visit.privateBills])),
  };
}

/** These bills, and no others, on every surface. */
export function everywhere(...bills: { number: string }[]): Awaited<ReturnType<typeof surfacesOf>> {
  const numbers = bills.map((bill) => bill.number).sort();
  return { dashboard: numbers, encounter: numbers, chart: numbers, visits: numbers };
}

/** The numbers of the bills on somebody's dashboard. */
export async function dashboardOf(server: Asking, who: string): Promise<string[]> {
  const answer = await server.ask<{ dashboard: { bills: Bills } }>(
    who,
    '{ dashboard { bills(first: 500) { nodes { number } } } }',
  );
  if (answer.errors !== undefined) throw new Error(answer.text);
  return answer.data.dashboard.bills.nodes.map((bill) => bill.number).sort();
}
