import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromGlobalId, type NodeType, toGlobalId } from '../../src/global-id';
import { factories } from '../support/factories';
import { startTestServer, type TestServer } from '../support/server';

const LAST = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const FIRST = '00000000-0000-0000-0000-000000000001';
/** All digits: where an id becomes a number, it loses its end. */
const DIGITS = '90071992-5474-0993-9007-199254740993';
const EXPONENT = '00000000-0000-0000-0000-00000000001e';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(() => server.close());

// Reported at typeorm/typeorm#11057: an id comes back as another type than it went in.
it.each([FIRST, LAST, DIGITS, EXPONENT])('case 16: the id %s is the same everywhere', async (id) => {
  const make = factories(server.db);
  const clinic = await make.clinic({ id });
  const owner = await make.provider({ clinicId: id, id });
  const patient = await make.patient({ clinicId: id, id });
  const visit = await make.visit({ clinicId: id, id, patientId: id });
  const encounter = await make.encounter({ clinicId: id, id, providerId: id, visit });
  const payer = await make.payer({ clinicId: id, id });
  const group = await make.group({ clinicId: id, id, members: [id] });
  const bill = await make.bill({ clinicId: id, id, providerId: id, encounter, payerId: id, number: id });
  const { data, errors } = await server.ask<Record<string, unknown>>(
    owner.email,
    `query ($bill: ID!) {
       viewer { user { id } clinic { id } groups { id } }
       bill(id: $bill) { id number provider { id } patient { id } encounter { id } visit { id } payer { id } }
       dashboard { bills { nodes { id } } }
       visits { nodes { id } } patients { nodes { id } }
     }`,
    { bill: bill.globalId },
  );
  expect(errors).toBeUndefined();
  const only = (globalId: string) => ({ nodes: [{ id: globalId }] });
  expect(data).toEqual({
    viewer: {
      user: { id: owner.globalId },
      clinic: { id: clinic.globalId },
      groups: [{ id: group.globalId }],
    },
    bill: {
      ...{
        id: bill.globalId,
        number: id,
        provider: { id: owner.globalId },
        patient: { id: patient.globalId },
      },
      ...{
        encounter: { id: encounter.globalId },
        visit: { id: visit.globalId },
        payer: { id: payer.globalId },
      },
    },
    dashboard: { bills: only(bill.globalId) },
    visits: only(visit.globalId),
    patients: only(patient.globalId),
  });
  for (const made of [clinic, owner, patient, visit, encounter, payer, group, bill]) {
    const answer = await server.ask<object>(owner.email, 'query ($id: ID!) { node(id: $id) { id } }', {
      id: made.globalId,
    });
    expect(answer.data).toEqual({ node: { id: made.globalId } });
  }
});

it('case 16: every global id reads back as what it was made of', () => {
  const types: NodeType[] = ['Clinic', 'User', 'Group', 'Patient', 'Visit', 'Encounter', 'Payer', 'Bill'];
  fc.assert(
    fc.property(fc.constantFrom(...types), fc.option(fc.uuid()), fc.uuid(), (type, clinicId, id) => {
      expect(fromGlobalId(toGlobalId(type, clinicId, id))).toEqual({ type, clinicId, id });
    }),
  );
});

it('case 16: the largest amounts keep every digit', async () => {
  const make = factories(server.db);
  const owner = await make.provider();
  const given = { clinicId: owner.clinicId, providerId: owner.id };
  const items = [{ units: '100', unitPrice: '9999999999.9999', amount: '999999999999.99' }];
  await make.bill({ ...given, items });
  await make.bill({ ...given, items });
  const { data } = await server.ask<object>(
    owner.email,
    '{ dashboard { bills(first: 1) { nodes { total items { unitPrice amount } } } totals { billed } } }',
  );
  expect(data).toEqual({
    dashboard: {
      bills: {
        nodes: [
          {
            total: '999999999999.99',
            items: [{ unitPrice: '9999999999.9999', amount: '999999999999.99' }],
          },
        ],
      },
      totals: { billed: '1999999999999.98' },
    },
  });
});
