import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { toGlobalId } from '../../src/global-id';
import { unguardedSchema } from '../../src/schema';
import { startTestServer, type TestServer } from '../support/server';
import { A, ADMIN, DEMO_ID, demoUser, demoUserId, SUPPORT } from './support';

interface Known {
  bill: string;
  encounter: string;
  patient: string;
}

/** Every root query, as somebody who may ask for it. Add a new one here. */
const ROOTS: Readonly<Record<string, (known: Known) => { who: string; text: string }>> = {
  viewer: () => ({ who: A, text: '{ viewer { email user { name } clinic { name } permissions } }' }),
  clinics: () => ({ who: SUPPORT, text: '{ clinics { nodes { name } } }' }),
  dashboard: () => ({ who: A, text: '{ dashboard { bills(first: 1) { nodes { number } } } }' }),
  encounter: ({ encounter }) => ({ who: A, text: `{ encounter(id: "${encounter}") { startedAt } }` }),
  patientChart: ({ patient }) => ({
    who: A,
    text: `{ patientChart(patientId: "${patient}") { patient { name } } }`,
  }),
  visits: () => ({ who: A, text: '{ visits(first: 1) { nodes { startedAt } } }' }),
  patients: () => ({ who: A, text: '{ patients(first: 1) { nodes { name } } }' }),
  bill: ({ bill }) => ({ who: A, text: `{ bill(id: "${bill}") { number } }` }),
  node: ({ bill }) => ({ who: A, text: `{ node(id: "${bill}") { id } }` }),
  explainBillAccess: ({ bill }) => ({
    who: A,
    text: `{ explainBillAccess(billId: "${bill}", userId: "${demoUser('delegate')}") { visible } }`,
  }),
  billingDelegation: () => ({
    who: A,
    text: `{ billingDelegation(providerId: "${demoUser('provider.a')}") { version entries { __typename } } }`,
  }),
  delegationHistory: () => ({
    who: A,
    text: `{ delegationHistory(providerId: "${demoUser('provider.a')}") { nodes { action } } }`,
  }),
  whoCanSeeBill: ({ bill }) => ({
    who: A,
    text: `{ whoCanSeeBill(billId: "${bill}") { nodes { user { name } } } }`,
  }),
  launchReadiness: () => ({ who: ADMIN, text: '{ launchReadiness { clinic { name } } }' }),
  users: () => ({ who: A, text: '{ users { nodes { name } } }' }),
  groups: () => ({ who: A, text: '{ groups { nodes { name } } }' }),
  delegateCandidates: () => ({
    who: A,
    text: `{ delegateCandidates(providerId: "${demoUser('provider.a')}", search: "a") { nodes { listed } } }`,
  }),
  clinicHistory: () => ({ who: ADMIN, text: '{ clinicHistory { nodes { action } } }' }),
};

const roots = Object.keys(unguardedSchema().getQueryType()?.getFields() ?? {});

let server: TestServer;
let known: Known;

beforeAll(async () => {
  server = await startTestServer();
  const [bill] = await server.db.query<{ id: string; encounter_id: string; patient_id: string }>(
    'SELECT id, encounter_id, patient_id FROM bills WHERE provider_id = $1 AND encounter_id IS NOT NULL LIMIT 1',
    [demoUserId('provider.a')],
  );
  if (bill === undefined) throw new Error('the demo has no such bill');
  known = {
    bill: toGlobalId('Bill', DEMO_ID, bill.id),
    encounter: toGlobalId('Encounter', DEMO_ID, bill.encounter_id),
    patient: toGlobalId('Patient', DEMO_ID, bill.patient_id),
  };
});

afterAll(() => server.close());

// Reported at maticzav/graphql-shield#487: root fields have no parent, and were denied for it.
it.each(roots)('case 3: %s works for somebody who may', async (root) => {
  const ask = ROOTS[root];
  if (ask === undefined) throw new Error(`say in ROOTS how somebody who may asks for ${root}`);
  const { who, text } = ask(known);
  const { data, errors } = await server.ask<Record<string, unknown>>(who, text);
  expect(errors).toBeUndefined();
  const value = data[root];
  expect(value).toBeTruthy();
  // Down to the last field: no empty page passes for an answer.
  expect(JSON.stringify(value)).not.toMatch(/\[\]$/);
});
