import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toGlobalId } from '../../src/global-id';
import { factories, type MadeBill, type MadeUser } from '../support/factories';
import { startTestServer, type TestServer } from '../support/server';
import { codesOf } from './support';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';

interface World {
  clinicId: string;
  p1: MadeUser;
  p2: MadeUser;
  delegate: MadeUser;
  alone: MadeUser;
  patient: string;
  foreignPatient: string;
  bills: MadeBill[];
  foreign: MadeBill;
}

let server: TestServer;
let world: World;

beforeAll(async () => {
  server = await startTestServer();
  const make = factories(server.db);
  const clinicId = (await make.clinic()).id;
  const p1 = await make.provider({ clinicId });
  const p2 = await make.provider({ clinicId });
  const delegate = await make.user({ clinicId });
  await make.delegation({ clinicId, providerId: p1.id, userId: delegate.id });
  const visit = await make.visit({ clinicId });
  const bills = [
    await make.bill({ clinicId, providerId: p1.id, visit }),
    await make.bill({ clinicId, providerId: p1.id, visit, kind: 'PRIVATE' }),
    await make.bill({ clinicId, providerId: p2.id, visit }),
  ];
  const foreign = await make.bill();
  world = {
    ...{ clinicId, p1, p2, delegate, bills, foreign },
    alone: await make.user({ clinicId }),
    patient: toGlobalId('Patient', clinicId, visit.patientId),
    foreignPatient: toGlobalId('Patient', foreign.clinicId, foreign.patientId),
  };
});

afterAll(() => server.close());

async function numbers(who: string, filter: string): Promise<string[]> {
  const { data, errors } = await server.ask<{
    dashboard: { bills: { totalCount: number; nodes: { number: string }[] }; totals: { count: number } };
  }>(
    who,
    `{ dashboard { bills(filter: ${filter}) { totalCount nodes { number } } totals(filter: ${filter}) { count } } }`,
  );
  expect(errors).toBeUndefined();
  const { bills, totals } = data.dashboard;
  const shown = bills.nodes.map((bill) => bill.number);
  expect([bills.totalCount, totals.count]).toEqual([shown.length, shown.length]);
  return shown.sort();
}

// Reported at typeorm/typeorm#9316: a condition that is undefined or empty matches every row.
describe('case 13: what is empty or unknown matches nothing', () => {
  it.each([
    ['an unknown id', () => toGlobalId('Bill', world.clinicId, UNKNOWN)],
    ['an unknown id of an unknown clinic', () => toGlobalId('Bill', UNKNOWN, UNKNOWN)],
    ['an id of another type', () => world.patient],
    ['a bill of another clinic', () => world.foreign.globalId],
    ['the clinic of a bill without its id', () => toGlobalId('Bill', world.clinicId, '')],
    ['an empty id', () => ''],
    ['a blank', () => ' '],
    ['a number', () => 0],
    ['a pattern', () => '%'],
    ['a word', () => 'null'],
  ])('case 13: %s names no bill and no node', async (_what, id) => {
    for (const who of [world.p1, world.delegate, world.alone]) {
      const { data, errors } = await server.ask<object>(
        who.email,
        'query ($id: ID!) { bill(id: $id) { number } node(id: $id) { id ... on Bill { number } } encounter(id: $id) { id bills { totalCount } } }',
        { id: id() },
      );
      expect(errors).toBeUndefined();
      expect(data).toEqual({
        bill: null,
        // What is no bill may still be a node, of the records that all of the clinic see.
        node: id() === world.patient ? { id: world.patient } : null,
        encounter: null,
      });
    }
  });

  it.each([
    '{ providerIds: [] }',
    '{ patientIds: [] }',
    '{ payerIds: [] }',
    '{ statuses: [] }',
    '{ kind: INSURED, providerIds: [] }',
    '{ kind: PRIVATE, statuses: [SUBMITTED] }',
  ])('case 13: the filter %s matches nothing', async (filter) => {
    for (const who of [world.p1, world.p2, world.delegate, world.alone])
      expect(await numbers(who.email, filter)).toEqual([]);
  });

  it('case 13: ids of another clinic, or of nothing, match nothing', async () => {
    const foreign = toGlobalId('User', world.foreign.clinicId, world.foreign.providerId);
    const nobody = toGlobalId('User', world.clinicId, UNKNOWN);
    for (const id of [foreign, nobody]) {
      expect(await numbers(world.delegate.email, `{ providerIds: ["${id}"] }`)).toEqual([]);
    }
    // With one that is there, they add nothing.
    const both = `{ providerIds: ["${foreign}", "${world.p1.globalId}", "${nobody}"] }`;
    expect(await numbers(world.delegate.email, both)).toHaveLength(2);
    expect(await numbers(world.delegate.email, `{ patientIds: ["${world.foreignPatient}"] }`)).toEqual([]);
  });

  it.each([
    '{}',
    'null',
    '{ kind: null, statuses: null, providerIds: null, patientIds: null, payerIds: null, serviceFrom: null, serviceTo: null }',
  ])('case 13: the filter %s restricts nothing, and opens nothing', async (filter) => {
    const of = (provider: MadeUser) =>
      world.bills.flatMap((bill) => (bill.providerId === provider.id ? [bill.number] : [])).sort();
    expect(await numbers(world.p1.email, filter)).toEqual(of(world.p1));
    expect(await numbers(world.p2.email, filter)).toEqual(of(world.p2));
    expect(await numbers(world.delegate.email, filter)).toEqual(of(world.p1));
    expect(await numbers(world.alone.email, filter)).toEqual([]);
  });

  it('case 13: the records of another clinic stay there', async () => {
    const answer = await server.ask<object>(
      world.alone.email,
      `query ($p: ID!) { patientChart(patientId: $p) { patient { name } } visits(filter: { patientId: $p }) { nodes { id } } }`,
      { p: world.foreignPatient },
    );
    expect(answer.errors).toBeUndefined();
    expect(answer.data).toEqual({ patientChart: null, visits: { nodes: [] } });
  });

  it.each(['', ' ', '%', 'x'])('case 13: visits of a patient %p are not all visits', async (patientId) => {
    const answer = await server.ask(
      world.alone.email,
      'query ($p: ID!) { visits(filter: { patientId: $p }) { nodes { id } } }',
      { p: patientId },
    );
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
  });
});
