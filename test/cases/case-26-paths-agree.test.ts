import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { factories, type Made, type MadeBill } from '../support/factories';
import { startTestServer, type TestServer } from '../support/server';

interface Person {
  readonly email: string;
  /** Whose bills they may see, by the rule as people tell it. */
  readonly sees: readonly string[];
}

let server: TestServer;
let clinic: Made;
let people: Map<string, Person>;
let bills: { bill: MadeBill; encounter: string; visit: string; patient: string }[];

beforeAll(async () => {
  server = await startTestServer();
  const make = factories(server.db);
  clinic = await make.clinic();
  const clinicId = clinic.id;
  const providers = [
    await make.provider({ clinicId }),
    await make.provider({ clinicId }),
    await make.provider({ clinicId }),
  ];
  const [p1, p2, p3] = providers.map((provider) => provider.id) as [string, string, string];
  people = new Map();
  const person = (name: string, { email }: { email: string }, sees: readonly string[]) =>
    people.set(name, { email, sees });
  for (const [index, provider] of providers.entries()) person(`P${index + 1}`, provider, [provider.id]);
  const both = ['EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS'] as const;
  const users = {
    d: await make.user({ clinicId }),
    g: await make.user({ clinicId }),
    twice: await make.user({ clinicId }),
    expired: await make.user({ clinicId }),
    all: await make.user({ clinicId }),
    admin: await make.user({ clinicId, permissions: both }),
    x: await make.user({ clinicId }),
  };
  const clerks = await make.group({ clinicId, members: [users.g.id, users.twice.id] });
  const staff = await make.group({ clinicId, members: [users.twice.id] });
  await make.delegation({ clinicId, providerId: p1, userId: users.d.id });
  await make.delegation({ clinicId, providerId: p1, userId: users.twice.id });
  await make.delegation({ clinicId, providerId: p1, groupId: clerks.id });
  await make.delegation({ clinicId, providerId: p1, groupId: staff.id });
  await make.delegation({ clinicId, providerId: p2, groupId: clerks.id, expiresAt: '2099-01-01T00:00:00Z' });
  await make.delegation({
    clinicId,
    providerId: p1,
    userId: users.expired.id,
    expiresAt: '2026-01-01T00:00:00Z',
  });
  for (const providerId of [p1, p2, p3])
    await make.delegation({ clinicId, providerId, userId: users.all.id });
  await make.delegation({ clinicId, providerId: p1, userId: p3 });
  person('D', users.d, [p1]);
  person('G', users.g, [p1, p2]);
  person('listed as user and through two groups', users.twice, [p1, p2]);
  person('expired', users.expired, []);
  person('delegate of all', users.all, [p1, p2, p3]);
  person('administrator', users.admin, []);
  person('X', users.x, []);
  person('P3', providers[2] ?? users.x, [p3, p1]);
  person('support', await make.supportUser(), [p1, p2, p3]);
  person('of another clinic', await make.provider(), []);

  // Patients who are seen by several providers in one visit, each with bills of both kinds.
  bills = [];
  for (let patientNumber = 0; patientNumber < 2; patientNumber += 1) {
    const patient = await make.patient({ clinicId });
    for (let visitNumber = 0; visitNumber < 2; visitNumber += 1) {
      const visit = await make.visit({ clinicId, patientId: patient.id });
      for (const providerId of [p1, p2, p3]) {
        const encounter = await make.encounter({ clinicId, providerId, visit });
        for (const kind of ['INSURED', 'PRIVATE'] as const) {
          const bill = await make.bill({ clinicId, providerId, encounter, kind });
          bills.push({
            bill,
            encounter: encounter.globalId,
            visit: visit.globalId,
            patient: patient.globalId,
          });
        }
      }
    }
  }
});

afterAll(() => server.close());

const LIST = '{ totalCount nodes { id } edges { node { id } } }';

interface List {
  totalCount: number;
  nodes: { id: string }[];
  edges: { node: { id: string } }[];
}

/** The ids in a list, which must agree with its edges, its count and itself: no bill twice. */
function idsOf(list: List | undefined): string[] {
  const ids = list?.nodes.map((node) => node.id) ?? [];
  expect(list?.edges.map((edge) => edge.node.id) ?? []).toEqual(ids);
  expect(list?.totalCount ?? 0).toBe(ids.length);
  expect(new Set(ids).size).toBe(ids.length);
  return ids;
}

/** What somebody gets of all bills, by each way. */
async function waysOf(email: string, isSupport: boolean): Promise<Record<string, string[]>> {
  const unique = (ids: string[]) => [...new Set(ids)];
  const alias = (name: string, ids: string[], field: (id: string) => string) =>
    ids.map((id, index) => `${name}${index}: ${field(JSON.stringify(id))}`).join('\n');
  const ids = bills.map(({ bill }) => bill.globalId);
  const encounters = unique(bills.map(({ encounter }) => encounter));
  const charts = unique(bills.map(({ patient }) => patient));
  const where = isSupport ? `(clinicId: ${JSON.stringify(clinic.globalId)})` : '';
  const { data, errors } = await server.ask<Record<string, Record<string, never> | null>>(
    email,
    `{ dashboard${where} { bills ${LIST} }
       visits${where} { nodes { insuredBills ${LIST} privateBills ${LIST} encounters { bills ${LIST} } } }
       ${alias('bill', ids, (id) => `bill(id: ${id}) { id encounter { bills ${LIST} } }`)}
       ${alias('node', ids, (id) => `node(id: ${id}) { id }`)}
       ${alias('encounter', encounters, (id) => `encounter(id: ${id}) { bills ${LIST} }`)}
       ${alias('chart', charts, (id) => `patientChart(patientId: ${id}) { insuredBills ${LIST} privateBills ${LIST} }`)} }`,
  );
  expect(errors).toBeUndefined();
  const all = (name: string) =>
    Object.entries(data).flatMap(([key, value]) =>
      key.replace(/\d+$/, '') === name && value !== null ? [value] : [],
    );
  const lists = (parents: Record<string, List>[], ...fields: string[]) =>
    parents.flatMap((parent) => fields.flatMap((field) => idsOf(parent[field]))).sort();
  const visits = (data.visits as unknown as { nodes: (Record<string, List> & { encounters: never[] })[] })
    .nodes;
  return {
    dashboard: lists([data.dashboard ?? {}], 'bills'),
    bill: all('bill')
      .map((bill) => String(bill.id))
      .sort(),
    node: all('node')
      .map((bill) => String(bill.id))
      .sort(),
    encounter: lists(all('encounter'), 'bills'),
    'patient chart': lists(all('chart'), 'insuredBills', 'privateBills'),
    visit: lists(visits, 'insuredBills', 'privateBills'),
    'encounter of a visit': lists(
      visits.flatMap((visit) => visit.encounters),
      'bills',
    ),
    // The bills of the encounter of a bill, one of each kind: each bill is met by itself and by its sibling.
    'encounter of a bill': [
      ...new Set(all('bill').flatMap((bill) => lists([bill.encounter ?? {}], 'bills'))),
    ].sort(),
  };
}

// Reported at medplum/medplum#7641: what is read nested differs from the same read directly.
it('case 26: every way to a bill agrees with every other, for every user', async () => {
  const everything: string[] = bills.map(({ bill }) => bill.globalId).sort();
  for (const [name, { email, sees }] of people) {
    const ways = await waysOf(email, name === 'support');
    const expected = bills
      .flatMap(({ bill }) => (sees.includes(bill.providerId) ? [bill.globalId] : []))
      .sort();
    for (const [way, ids] of Object.entries(ways)) expect([name, way, ids]).toEqual([name, way, expected]);
  }
  // Somebody sees all of them, somebody none: the ways were all there.
  expect((await waysOf(people.get('delegate of all')?.email ?? '', false)).visit).toEqual(everything);
  expect(everything).toHaveLength(24);
});
