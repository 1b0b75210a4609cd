import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { toGlobalId } from '../../src/global-id';
import { A, B, codesOf, DELEGATE, DEMO_ID, demoUser, demoUserId, STRANGER } from '../cases/support';
import { DEMO_PASSWORD } from '../support/database';
import { startTestServer, type TestServer } from '../support/server';
import { send } from './support';

let server: TestServer;
let bill: { id: string; patient_id: string; encounter_id: string; visit_id: string };
let from: number;

type Line = Record<string, unknown>;

const lines = (): Line[] => server.logged.slice(from).map((line) => JSON.parse(line) as Line);
const requests = (): Line[] => lines().filter((line) => line.msg === 'request');
const audits = (): Line[] => lines().filter((line) => line.audit === true);

beforeAll(async () => {
  server = await startTestServer({ auditLog: true });
  for (const who of [A, B, DELEGATE, STRANGER]) await server.tokenOf(who);
  const [found] = await server.db.query<typeof bill>(
    'SELECT id, patient_id, encounter_id, visit_id FROM bills WHERE provider_id = $1 AND visit_id IS NOT NULL LIMIT 1',
    [demoUserId('provider.a')],
  );
  if (found === undefined) throw new Error('provider A has no bill of a visit');
  bill = found;
});

beforeEach(() => {
  from = server.logged.length;
});

afterAll(() => server.close());

describe('the line of a request', () => {
  it('tells what was asked by whom, how long it took and how it ended, and nothing that was sent', async () => {
    const answer = await server.ask(
      A,
      'query Mine_1($search: String) { viewer { email } users(search: $search) { nodes { name } } }',
      { search: 'SENT-VALUE' },
    );
    expect(requests()).toEqual([
      {
        level: 'info',
        time: expect.any(String),
        requestId: answer.headers.get('x-request-id'),
        operation: 'Mine_1',
        type: 'query',
        viewer: demoUserId('provider.a'),
        status: 200,
        statements: expect.any(Number),
        milliseconds: expect.any(Number),
        codes: [],
        msg: 'request',
      },
    ]);
    expect(JSON.stringify(lines())).not.toMatch(/SENT-VALUE|eyJ|provider\.a@/);
  });

  it('is one, whatever the request was', async () => {
    const token = await server.tokenOf(A);
    await server.ask(A, '{ nothing }');
    await server.ask(null, '{ viewer { email } }');
    await server.ask(A, `query ${'N'.repeat(300)} { viewer { email } }`);
    await send(server, { body: '{' });
    await send(server, { path: '/nowhere', body: '{}', headers: { authorization: `Bearer ${token}` } });
    await send(server, { body: JSON.stringify({ query: '{', operationName: 'x\\ny" SENT-NAME' }) });
    expect(requests().map((line) => [line.status, line.operation, line.codes])).toEqual([
      [400, null, ['BAD_USER_INPUT']],
      [200, null, ['UNAUTHENTICATED']],
      [200, 'N'.repeat(100), []],
      [400, null, ['BAD_USER_INPUT']],
      [404, null, ['NOT_FOUND']],
      [400, null, ['BAD_USER_INPUT']],
    ]);
    expect(JSON.stringify(lines())).not.toMatch(/SENT-NAME|eyJ/);
  });
});

const global = (type: 'Bill' | 'Patient' | 'Encounter', id: string): string => toGlobalId(type, DEMO_ID, id);

const VIEWS: readonly [surface: string, query: () => string, about: () => Line][] = [
  [
    'dashboard',
    () => '{ dashboard { bills(first: 3) { nodes { number total note } } } }',
    () => ({ parents: [], bills: 3 }),
  ],
  [
    'encounter',
    () =>
      `{ encounter(id: "${global('Encounter', bill.encounter_id)}") { bills { nodes { number total } } } }`,
    () => ({ parents: [bill.encounter_id], patients: [bill.patient_id] }),
  ],
  [
    'chart',
    () =>
      `{ patientChart(patientId: "${global('Patient', bill.patient_id)}") { insuredBills { nodes { total } } privateBills { nodes { total } } } }`,
    () => ({ parents: [bill.patient_id], patients: [bill.patient_id] }),
  ],
  [
    'visit',
    () =>
      '{ visits(first: 20) { nodes { insuredBills { nodes { total } } privateBills { nodes { total } } } } }',
    () => ({}),
  ],
  [
    'bill',
    () => `{ bill(id: "${global('Bill', bill.id)}") { total } }`,
    () => ({
      parents: [bill.id],
      patients: [bill.patient_id],
      providers: [demoUserId('provider.a')],
      bills: 1,
    }),
  ],
  [
    'node',
    () => `{ node(id: "${global('Bill', bill.id)}") { ... on Bill { total } } }`,
    () => ({
      parents: [bill.id],
      patients: [bill.patient_id],
      providers: [demoUserId('provider.a')],
      bills: 1,
    }),
  ],
  ['totals', () => '{ dashboard { totals { count billed } } }', () => ({ parents: [] })],
  [
    'summary',
    () => '{ dashboard { summary(groupBy: MONTH) { month totals { count billed } } } }',
    () => ({ parents: [] }),
  ],
];

describe('the audit', () => {
  it.each(VIEWS)(
    'tells who saw whose bills on the surface %s, without what they say',
    async (surface, query, about) => {
      const answer = await server.ask(A, query());
      expect(codesOf(answer)).toEqual([]);
      const [line, ...more] = audits();
      expect(more).toEqual([]);
      expect(line).toMatchObject({
        ...{ audit: true, msg: 'bills viewed', surface, viewer: demoUserId('provider.a'), clinic: DEMO_ID },
        ...{ requestId: answer.headers.get('x-request-id'), time: expect.stringMatching(/^\d{4}-/) },
        ...about(),
      });
      expect(line?.bills).toBeGreaterThan(0);
      expect(line?.providers).toEqual([demoUserId('provider.a')]);
      expect(Object.keys(line ?? {}).toSorted()).toEqual([
        'audit',
        'bills',
        'clinic',
        'level',
        'msg',
        'parents',
        'patients',
        'providers',
        'requestId',
        'surface',
        'time',
        'viewer',
      ]);
      // No money, no number of a bill, no text: what the answer holds is not in the line.
      for (const value of answer.text.matchAll(/"(\d+\.\d\d|[A-Z]+-\d+)"/g))
        expect(JSON.stringify(line)).not.toContain(`"${value[1]}"`);
    },
  );

  it('tells of nothing where nothing of bills was asked for, and of none where there was none to see', async () => {
    await server.ask(A, '{ viewer { email } clinics { nodes { name } } }');
    expect(audits()).toEqual([]);
    await server.ask(STRANGER, '{ dashboard { bills { nodes { id } } } }');
    expect(audits()).toEqual([expect.objectContaining({ surface: 'dashboard', bills: 0, providers: [] })]);
    from = server.logged.length;
    await server.ask(
      STRANGER,
      `{ bill(id: "${global('Bill', bill.id)}") { total } node(id: "${global('Bill', bill.id)}") { id } }`,
    );
    expect(audits()).toEqual([]);
  });

  it('gathers what one request saw to a line for each surface', async () => {
    await server.ask(
      DELEGATE,
      '{ dashboard { a: bills(first: 1) { nodes { id } } b: bills(first: 2) { nodes { id } totalCount } totals { count } } }',
    );
    expect(
      audits()
        .map((line) => line.surface)
        .toSorted(),
    ).toEqual(['dashboard', 'totals']);
    expect(audits().find((line) => line.surface === 'dashboard')).toMatchObject({
      bills: 3,
      viewer: demoUserId('delegate'),
    });
  });

  it('tells who was refused what', async () => {
    const answer = await server.ask(
      STRANGER,
      `{ mine: billingDelegation(providerId: "${demoUser('provider.a')}") { version } viewer { email } }`,
    );
    const [code] = codesOf(answer);
    expect(code).toBe('FORBIDDEN');
    expect(audits()).toEqual([
      expect.objectContaining({
        msg: 'refused',
        viewer: demoUserId('stranger'),
        codes: ['FORBIDDEN'],
        paths: ['mine'],
        fields: 1,
      }),
    ]);
    from = server.logged.length;
    await server.ask(
      null,
      `mutation { signIn(email: "${A}", password: "WRONG-${DEMO_PASSWORD}") { token } }`,
    );
    expect(audits()).toEqual([
      expect.objectContaining({
        msg: 'refused',
        viewer: null,
        address: '127.0.0.1',
        codes: ['UNAUTHENTICATED'],
        paths: ['signIn'],
      }),
    ]);
    expect(JSON.stringify(lines())).not.toMatch(/WRONG|provider\.a@/);
  });

  it('can be switched off', async () => {
    const silent = await startTestServer({ db: server.db, auditLog: false });
    try {
      await silent.ask(A, '{ dashboard { bills { nodes { id } } totals { count } } }');
      await silent.ask(null, '{ viewer { email } }');
      expect(silent.logged.filter((line) => line.includes('"audit"'))).toEqual([]);
    } finally {
      await silent.close();
    }
  });
});
