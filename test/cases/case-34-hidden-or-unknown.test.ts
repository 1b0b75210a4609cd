import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type NodeType, toGlobalId } from '../../src/global-id';
import { type Answer, startTestServer, type TestServer } from '../support/server';
import {
  ADMIN,
  DELEGATE,
  DEMO_ID,
  demoUser,
  demoUserId,
  logOf,
  OTHER_ID,
  OTHER_STAFF,
  STRANGER,
} from './support';

let server: TestServer;
let billOfB: string;
let otherRows: Record<'Bill' | 'Encounter' | 'Patient' | 'Visit' | 'User' | 'Payer', string>;

beforeAll(async () => {
  server = await startTestServer();
  const one = async (sql: string, params: unknown[]): Promise<string> => {
    const [row] = await server.db.query<{ id: string }>(`${sql} LIMIT 1`, params);
    if (row === undefined) throw new Error(`no row: ${sql}`);
    return row.id;
  };
  billOfB = await one('SELECT id FROM bills WHERE provider_id = $1', [demoUserId('provider.b')]);
  const ofOther = (table: string) => one(`SELECT id FROM ${table} WHERE clinic_id = $1`, [OTHER_ID]);
  otherRows = {
    ...{
      Bill: await ofOther('bills'),
      Encounter: await ofOther('encounters'),
      Patient: await ofOther('patients'),
    },
    ...{ Visit: await ofOther('visits'), User: await ofOther('users'), Payer: await ofOther('payers') },
  };
});

afterAll(() => server.close());

/** What can be told from outside: everything but what differs from request to request anyway. */
const outside = ({ status, text, headers }: Answer<unknown>) => {
  const kept = [...headers].filter(([name]) => !['x-request-id', 'date', 'keep-alive'].includes(name));
  return { status, text, headers: kept };
};

/** The answer for an id, as it is seen from outside, with how many statements it took and what the log says of it. */
async function askFor(who: string, query: string, variables: Record<string, string>) {
  await server.tokenOf(who);
  const before = server.logged.length;
  const answer = await server.ask<object>(who, query, variables);
  // Not even the id that was sent comes back.
  for (const id of Object.values(variables)) expect(answer.text).not.toContain(id);
  const lines = logOf(server).slice(before);
  return {
    ...outside(answer),
    statements: lines.map((line) => line.statements ?? null),
    levels: lines.map((line) => line.level),
  };
}

const QUERIES: Readonly<Record<string, string>> = {
  bill: 'query ($id: ID!) { bill(id: $id) { id number status items { amount } provider { name } } }',
  node: 'query ($id: ID!) { node(id: $id) { __typename id ... on Bill { number items { amount } } ... on Encounter { bills { totalCount } } ... on Patient { name } ... on Visit { reason } } }',
  encounter: 'query ($id: ID!) { encounter(id: $id) { id reason bills { totalCount nodes { number } } } }',
  'patient chart':
    'query ($id: ID!) { patientChart(patientId: $id) { patient { name } outstanding privateBills { totalCount } } }',
};

// Reported at neo4j/graphql#1079 and keystone#6927: empty versus forbidden told what exists.
describe('case 34: what is hidden and what does not exist answer the same, to the byte', () => {
  it.each(['bill', 'node'])('case 34: a hidden bill of the own clinic, by %s', async (way) => {
    const query = QUERIES[way] ?? '';
    const bill = (id: string) => ({ id: toGlobalId('Bill', DEMO_ID, id) });
    for (const who of [STRANGER, DELEGATE, ADMIN]) {
      const hidden = await askFor(who, query, bill(billOfB));
      const unknown = await askFor(who, query, bill(randomUUID()));
      expect(hidden).toEqual(unknown);
      expect(JSON.parse(hidden.text)).toEqual({ data: { [way]: null } });
    }
  });

  it('case 34: a hidden bill of the own clinic, by explainBillAccess', async () => {
    const query =
      'query ($billId: ID!, $userId: ID!) { explainBillAccess(billId: $billId, userId: $userId) { visible grounds { ground } } }';
    for (const who of [STRANGER, DELEGATE]) {
      for (const userId of [
        demoUser('stranger'),
        demoUser('delegate'),
        demoUser('provider.b'),
        demoUser('deactivated'),
      ]) {
        const of = (id: string) => ({ billId: toGlobalId('Bill', DEMO_ID, id), userId });
        const hidden = await askFor(who, query, of(billOfB));
        const unknown = await askFor(who, query, of(randomUUID()));
        expect(hidden).toEqual(unknown);
        expect(JSON.parse(hidden.text)).toMatchObject({ errors: [{ extensions: { code: 'NOT_FOUND' } }] });
      }
    }
  });

  it.each([
    ['bill', 'Bill'],
    ['node', 'Bill'],
    ['node', 'Encounter'],
    ['node', 'Patient'],
    ['node', 'Visit'],
    ['node', 'User'],
    ['node', 'Payer'],
    ['encounter', 'Encounter'],
    ['patient chart', 'Patient'],
  ] as const)('case 34: another clinic, by %s of a %s', async (way, type) => {
    const id = (clinic: string, row: string) => ({ id: toGlobalId(type as NodeType, clinic, row) });
    for (const who of [STRANGER, ADMIN, 'provider.a@demo.example']) {
      const there = await askFor(who, QUERIES[way] ?? '', id(OTHER_ID, otherRows[type]));
      const nowhere = await askFor(who, QUERIES[way] ?? '', id(OTHER_ID, randomUUID()));
      const noClinic = await askFor(who, QUERIES[way] ?? '', id(randomUUID(), randomUUID()));
      expect(there).toEqual(nowhere);
      expect(there).toEqual(noClinic);
      expect(Object.values((JSON.parse(there.text) as { data: object }).data)).toEqual([null]);
    }
  });

  it.each(['encounter', 'patient chart', 'node'])(
    'case 34: an unknown row of the own clinic is null, by %s',
    async (way) => {
      const type = way === 'encounter' ? 'Encounter' : 'Patient';
      const answer = await askFor(STRANGER, QUERIES[way] ?? '', {
        id: toGlobalId(type, DEMO_ID, randomUUID()),
      });
      expect(Object.values((JSON.parse(answer.text) as { data: object }).data)).toEqual([null]);
    },
  );

  it('case 34: the other way round, and for clinics and users to explain', async () => {
    const dashboard =
      'query ($clinicId: ID!) { dashboard(clinicId: $clinicId) { clinic { name } totals { count } } }';
    const clinic = (id: string) => ({ clinicId: toGlobalId('Clinic', id, id) });
    const hidden = await askFor(OTHER_STAFF, dashboard, clinic(DEMO_ID));
    expect(hidden).toEqual(await askFor(OTHER_STAFF, dashboard, clinic(randomUUID())));
    expect(JSON.parse(hidden.text)).toMatchObject({ errors: [{ extensions: { code: 'NOT_FOUND' } }] });

    // To one who may ask about the bill, a user of another clinic is like nobody.
    const explain =
      'query ($billId: ID!, $userId: ID!) { explainBillAccess(billId: $billId, userId: $userId) { visible } }';
    const about = (clinicId: string, id: string) => ({
      billId: toGlobalId('Bill', DEMO_ID, billOfB),
      userId: toGlobalId('User', clinicId, id),
    });
    const foreign = await askFor(ADMIN, explain, about(OTHER_ID, otherRows.User));
    expect(foreign).toEqual(await askFor(ADMIN, explain, about(OTHER_ID, randomUUID())));
    expect(JSON.parse(foreign.text)).toMatchObject({ errors: [{ extensions: { code: 'NOT_FOUND' } }] });
  });
});
