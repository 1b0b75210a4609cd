import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Factories, factories, type MadeBill, type MadeUser } from '../support/factories';
import { startTestServer, type TestServer } from '../support/server';
import { billsWhoeverAsks, codesOf, logOf, schemaWith } from './support';

// The list that the wrong resolver of the second test hands out: both providers' bills.
const leaky = schemaWith({
  'Query.bill': async (_root, { id }, context) =>
    (await billsWhoeverAsks(context, 'b.number = $1::text', [id]))[0],
});

let server: TestServer;
let wall: TestServer;
let own: MadeBill[];
let hidden: MadeBill[];
let patientId: string;
let visitId: string;
let delegate: MadeUser;

beforeAll(async () => {
  server = await startTestServer();
  wall = await startTestServer({ db: server.db, schema: leaky });
  const make: Factories = factories(server.db);
  const clinicId = (await make.clinic()).id;
  const p1 = await make.provider({ clinicId });
  const p2 = await make.provider({ clinicId });
  delegate = await make.user({ clinicId });
  await make.delegation({ clinicId, providerId: p1.id, userId: delegate.id });
  const patient = await make.patient({ clinicId });
  const visit = await make.visit({ clinicId, patientId: patient.id });
  patientId = patient.globalId;
  visitId = visit.globalId;
  // P1 and P2 by turns, day by day, so that either comes first in one of the two orders.
  const bills: MadeBill[] = [];
  for (const [day, provider] of [p1, p2, p1, p2].entries()) {
    const serviceDate = `2026-02-0${day + 1}`;
    bills.push(await make.bill({ clinicId, providerId: provider.id, visit, serviceDate }));
  }
  own = bills.filter((bill) => bill.providerId === p1.id);
  hidden = bills.filter((bill) => bill.providerId === p2.id);
});

afterAll(async () => {
  await wall.close();
  await server.close();
});

// Reported at maticzav/graphql-shield#349: the verdict on the first bill of a list served for all of them.
it.each(['ASC', 'DESC'] as const)(
  'case 1: a list over two providers gives only the one, %s',
  async (direction) => {
    interface Bills {
      nodes: { number: string }[];
    }
    const { data, errors } = await server.ask<{
      dashboard: { bills: Bills };
      patientChart: { insuredBills: Bills };
      node: { insuredBills: Bills };
    }>(
      delegate.email,
      `query ($patient: ID!, $visit: ID!, $direction: SortDirection!) {
       dashboard { bills(orderBy: { field: SERVICE_DATE, direction: $direction }) { ...numbers } }
       patientChart(patientId: $patient) {
         insuredBills(orderBy: { field: SERVICE_DATE, direction: $direction }) { ...numbers }
       }
       node(id: $visit) {
         ... on Visit { insuredBills(orderBy: { field: SERVICE_DATE, direction: $direction }) { ...numbers } }
       }
     }
     fragment numbers on BillConnection { nodes { number } }`,
      { patient: patientId, visit: visitId, direction },
    );
    expect(errors).toBeUndefined();
    const expected = own.map((bill) => ({ number: bill.number }));
    if (direction === 'DESC') expected.reverse();
    expect(data.dashboard.bills.nodes).toEqual(expected);
    expect(data.patientChart.insuredBills.nodes).toEqual(expected);
    expect(data.node.insuredBills.nodes).toEqual(expected);
  },
);

it.each(['own first', 'hidden first'])(
  'case 1: each bill has its own verdict from the shield, %s',
  async (order) => {
    const bills = [own, hidden].flatMap((list, index) => list.map((bill) => ({ bill, mine: index === 0 })));
    if (order === 'hidden first') bills.reverse();
    const fields = bills.map(({ bill }, index) => `b${index}: bill(id: "${bill.number}") { number billed }`);
    const { data, errors } = await wall.ask<Record<string, { number: string; billed: string } | null>>(
      delegate.email,
      `{ ${fields.join(' ')} }`,
    );
    for (const [index, { bill, mine }] of bills.entries()) {
      expect(data[`b${index}`]).toEqual(mine ? { number: bill.number, billed: '100.00' } : null);
    }
    // One refusal for each required field of each hidden bill may be told, but none without.
    expect(new Set(codesOf({ ...(errors && { errors }) }))).toEqual(new Set(['FORBIDDEN']));
    const refused = bills.flatMap(({ mine }, index) => (mine ? [] : [`b${index}`]));
    expect(new Set(errors?.map((error) => error.path?.[0]))).toEqual(new Set(refused));
    expect(logOf(wall).some((line) => line.defect === true)).toBe(true);
  },
);
