import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { toGlobalId } from '../../src/global-id';
import { unguardedSchema } from '../../src/schema';
import { startTestServer, type TestServer } from '../support/server';
import { A, ANALYST, DEMO_ID, demoUserId, logOf, statementsOf } from './support';

let server: TestServer;
let bare: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  bare = await startTestServer({ db: server.db, schema: unguardedSchema() });
});

afterAll(async () => {
  await bare.close();
  await server.close();
});

const FIELDS =
  'number status serviceDate total outstanding currency provider { name } patient { name } payer { name } items { serviceCode amount } payments { amount } encounter { startedAt visit { reason } } visit { startedAt }';

/** Twice as many bills as said, from both ends of the list, with more than ten fields of each. */
const query = (first: number): string =>
  `{ dashboard { totals { count }
       newest: bills(first: ${first}) { totalCount nodes { ${FIELDS} } }
       oldest: bills(first: ${first}, orderBy: { field: SERVICE_DATE, direction: ASC }) { nodes { ${FIELDS} } } } }`;

// Reported at maticzav/graphql-shield#416 and #1522: the shield makes 260 ms of 35 ms. Times are in the benchmark.
it('case 10: 1,000 bills run as many statements as 40, and the shield adds one', async () => {
  await server.tokenOf(ANALYST);
  await bare.tokenOf(ANALYST);
  const counts: number[] = [];
  for (const first of [20, 100, 500]) {
    const count = await statementsOf(server, async () => {
      const answer = await server.ask<{
        dashboard: Record<'newest' | 'oldest', { nodes: { number: string }[] }>;
      }>(ANALYST, query(first));
      expect(answer.errors).toBeUndefined();
      const { newest, oldest } = answer.data.dashboard;
      const numbers = [...newest.nodes, ...oldest.nodes].map((bill) => bill.number);
      expect(new Set(numbers).size).toBe(2 * first);
      return answer;
    });
    counts.push(count);
  }
  expect(new Set(counts).size).toBe(1);
  const without = await statementsOf(bare, () => bare.ask(ANALYST, query(500)));
  expect(counts[0]).toBeLessThanOrEqual(without + 1);
  expect(logOf(server).filter((line) => line.level === 'error')).toEqual([]);
});

/** The statements of a request that ask how the viewer stands to providers, or read whole rows of a table. */
const RELATIONS = /AS clinic \(id\)/;

// Reported at graphql/dataloader#280: the keys of a batch were asked for more than once.
it('case 21: one bill by four paths asks at most once how the viewer stands to its provider', async () => {
  const [bill] = await server.db.query<{
    id: string;
    patient_id: string;
    encounter_id: string;
    service_date: string;
  }>(
    `SELECT b.id, b.patient_id, b.encounter_id, b.service_date::text FROM bills b
     WHERE b.provider_id = $1 AND b.kind = 'INSURED' AND b.encounter_id IS NOT NULL
     AND NOT EXISTS (SELECT FROM bills o WHERE o.provider_id = b.provider_id AND o.id <> b.id
                     AND (o.encounter_id = b.encounter_id OR o.patient_id = b.patient_id))
     ORDER BY b.id LIMIT 1`,
    [demoUserId('provider.a')],
  );
  if (bill === undefined) throw new Error('the demo has no bill of A that is the only one of its patient');
  const patient = toGlobalId('Patient', DEMO_ID, bill.patient_id);
  const one = toGlobalId('Bill', DEMO_ID, bill.id);
  await server.tokenOf(A);
  const run = jest.spyOn(server.database, 'query');
  const { data, errors } = await server.ask<Record<string, unknown>>(
    A,
    `{ bill(id: "${one}") { ...b }
       node(id: "${one}") { ...b }
       patientChart(patientId: "${patient}") { insuredBills { nodes { ...b } } }
       encounter(id: "${toGlobalId('Encounter', DEMO_ID, bill.encounter_id)}") { bills { nodes { ...b } } } }
     fragment b on Bill { id number total items { amount } payments { amount } provider { name } patient { name } }`,
  );
  const texts = run.mock.calls.map(([text]) => text);
  run.mockRestore();
  expect(errors).toBeUndefined();
  const shown = data.bill;
  expect(shown).toMatchObject({ id: one });
  expect(data).toEqual({
    bill: shown,
    node: shown,
    patientChart: { insuredBills: { nodes: [shown] } },
    encounter: { bills: { nodes: [shown] } },
  });
  const times = (pattern: RegExp): number => texts.filter((text) => pattern.test(text)).length;
  // The statements that find the bill answer it with the bill.
  expect(times(RELATIONS)).toBe(0);
  // And each row behind it was read once, beside what is written in one with its bill: for `node`, whose type is not
  // known before, the bill by its id, its lines and its payments.
  expect(times(/b\.id = ANY \(\$\d+::uuid\[\]\)$/)).toBe(2);
  expect(times(/JOIN bill_items/)).toBe(1);
  expect(times(/JOIN payments/)).toBe(1);
  expect(times(/JOIN users u/)).toBe(1);
  expect(times(/JOIN patients p /)).toBe(1);
});
