import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { toGlobalId } from '../../src/global-id';
import { startTestServer, type TestServer } from '../support/server';
import { ADMIN, DEMO_ID, NO_PAGE, STRANGER } from './support';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(() => server.close());

const EMPTY = { nodes: [], edges: [], totalCount: 0, pageInfo: NO_PAGE };
const LIST =
  '{ nodes { __typename } edges { __typename cursor node { __typename } } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }';

// Reported at maticzav/graphql-shield#126: the items of a list are refused, but it still shows how many there are.
it.each([
  ['the stranger', STRANGER],
  ['the administrator', ADMIN],
])('case 6: a list of nothing visible is empty, for %s', async (_who, email) => {
  const [busiest] = await server.db.query<{ patient_id: string; visit_id: string; encounter_id: string }>(
    `SELECT patient_id, visit_id, encounter_id FROM bills
     WHERE clinic_id = $1 AND visit_id IS NOT NULL AND encounter_id IS NOT NULL
     ORDER BY (SELECT count(*) FROM bills same WHERE same.patient_id = bills.patient_id) DESC, id LIMIT 1`,
    [DEMO_ID],
  );
  const id = (type: 'Patient' | 'Visit' | 'Encounter', row: string | undefined) =>
    toGlobalId(type, DEMO_ID, row ?? '');
  const { data, errors } = await server.ask<Record<string, Record<string, unknown>>>(
    email,
    `query ($patient: ID!, $visit: ID!, $encounter: ID!) {
       dashboard { bills(first: 50) ${LIST} last: bills(last: 50) ${LIST} none: bills(first: 0) ${LIST} }
       encounter(id: $encounter) { bills ${LIST} }
       patientChart(patientId: $patient) { insuredBills ${LIST} privateBills ${LIST} }
       visit: node(id: $visit) { ... on Visit { insuredBills ${LIST} privateBills ${LIST} } }
     }`,
    {
      patient: id('Patient', busiest?.patient_id),
      visit: id('Visit', busiest?.visit_id),
      encounter: id('Encounter', busiest?.encounter_id),
    },
  );
  expect(errors).toBeUndefined();
  expect(data).toEqual({
    dashboard: { bills: EMPTY, last: EMPTY, none: EMPTY },
    encounter: { bills: EMPTY },
    patientChart: { insuredBills: EMPTY, privateBills: EMPTY },
    visit: { insuredBills: EMPTY, privateBills: EMPTY },
  });
});
