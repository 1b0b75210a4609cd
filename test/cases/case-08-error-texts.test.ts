import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { toGlobalId } from '../../src/global-id';
import { startTestServer, type TestServer } from '../support/server';
import {
  A,
  billsWhoeverAsks,
  codesOf,
  DEMO_ID,
  demoUserId,
  logOf,
  OTHER_ID,
  STRANGER,
  schemaWith,
} from './support';

/** Anything of the inside: ids of rows, SQL and its names, files and stacks. */
const INSIDE =
  /[0-9a-f]{8}-[0-9a-f]{4}-|\b(select|insert into|update|delete from|constraint|relation|column|syntax at|duplicate|violates|uuid|unnest|pg_\w+|postgres\w*|billing_\w+)\b|_(key|pkey|fkey|id|check)\b|\/(src|node_modules|work|home|tmp)\/|\.[cm]?[jt]s\b|\bat \w+ \(|stacktrace|node:|(?<!Syntax )Error:/i;

const GENERIC =
  'Something went wrong on our side. Nothing was changed by this field. Try again, or tell us the request id.';

const BILL = toGlobalId('Bill', DEMO_ID, DEMO_ID);

const schema = schemaWith({
  // A row that makes the rule behind it fail inside, with a text of its own.
  'Query.bill': async (_root, _args, context) => {
    const [bill] = await billsWhoeverAsks(context, 'b.clinic_id = $1::uuid LIMIT 1', [DEMO_ID]);
    return { ...bill, providerId: 'not an id: /src/secret.ts' };
  },
  'Query.clinics': (_root, _args, context) =>
    context.statements.query(
      `INSERT INTO groups (clinic_id, id, name) SELECT clinic_id, id, name FROM groups`,
      [],
    ),
  'Query.patients': (_root, _args, context) => context.statements.query('SELECT secret FROM nowhere', []),
  'Query.visits': () => {
    throw new Error('a file is missing: /src/secret.ts, of 6c1f6f0e-0000-4000-8000-000000000000');
  },
  'Query.viewer': () => {
    throw 'thrown without an error: /src/secret.ts';
  },
  'Query.patientChart': () =>
    Promise.reject(new TypeError("Cannot read properties of undefined (reading 'billing_key')")),
  'Query.dashboard': () => ({}),
});

let server: TestServer;
let broken: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  broken = await startTestServer({ db: server.db, schema });
});

afterAll(async () => {
  await broken.close();
  await server.close();
});

// Reported at maticzav/graphql-shield#298: the text of what a rule threw reaches the client.
describe('case 8: no error tells anything of the inside', () => {
  it('case 8: where a rule fails', async () => {
    const answer = await broken.ask(A, `{ bill(id: "${BILL}") { number } }`);
    expect(codesOf(answer)).toEqual(['UNAVAILABLE']);
    expect(answer.errors?.[0]?.message).not.toMatch(INSIDE);
    expect(logOf(broken)).toContainEqual(
      expect.objectContaining({ level: 'error', msg: 'an access rule failed' }),
    );
  });

  it.each([
    '{ clinics { nodes { name } } }',
    '{ patients { nodes { name } } }',
    '{ visits { nodes { reason } } }',
    '{ viewer { user { name } } }',
    `{ patientChart(patientId: "${BILL}") { currency } }`,
    '{ dashboard { totals { count } } }',
  ])('case 8: where a resolver fails, %s', async (query) => {
    const lines = broken.logged.length;
    const answer = await broken.ask(A, query);
    expect(answer.errors?.map(({ message }) => message)).not.toContainEqual(expect.stringMatching(INSIDE));
    // A code, and the id under which the log has the failure; nothing else.
    const told = answer.errors?.flatMap(({ extensions }) => Object.keys(extensions)) ?? [];
    expect(told.filter((key) => !['code', 'requestId'].includes(key))).toEqual([]);
    expect(told).toContain('code');
    // And we can find out what it was.
    expect(logOf(broken).slice(lines)).toContainEqual(expect.objectContaining({ level: 'error' }));
  });

  it.each([
    ['syntax', '{ dashboard { bills( } }', {}],
    ['an unknown field', '{ dashboard { cost } }', {}],
    ['a bad id', `{ bill(id: "'; DROP TABLE bills; --") { number } }`, {}],
    ['an id of another type', '{ dashboard { totals(filter: { providerIds: ["x"] }) { count } } }', {}],
    [
      'a variable that does not fit',
      'query ($n: Int) { dashboard { bills(first: $n) { totalCount } } }',
      { n: 'x' },
    ],
    ['a cursor', '{ dashboard { bills(after: "x") { totalCount } } }', {}],
    ['a hidden thing', `{ explainBillAccess(billId: "${BILL}", userId: "${BILL}") { visible } }`, {}],
    [
      'a clinic out of reach',
      `{ dashboard(clinicId: "${toGlobalId('Clinic', OTHER_ID, OTHER_ID)}") { clinic { name } } }`,
      {},
    ],
    ['a date that is none', '{ dashboard { totals(filter: { serviceFrom: "2026-02-31" }) { count } } }', {}],
    ['a page too long', '{ dashboard { bills(first: 501) { totalCount } } }', {}],
  ] as const)('case 8: where the client is wrong: %s', async (_what, query, variables) => {
    for (const who of [A, STRANGER, null]) {
      const answer = await server.ask(who, query, variables);
      const errors = (answer.errors ?? []).map(({ message, extensions }) => ({ message, extensions }));
      if (who !== null && !query.startsWith('{ bill(')) expect(errors.length).toBeGreaterThan(0);
      expect(JSON.stringify(errors)).not.toMatch(INSIDE);
      expect(codesOf(answer)).not.toContain('INTERNAL');
    }
  });
});

describe('case 31: SQL errors', () => {
  const { NODE_ENV } = process.env;

  afterEach(() => {
    process.env.NODE_ENV = NODE_ENV;
  });

  // Reported at boardsesh#3183: the text of a unique violation reached clients.
  it.each(['production', 'development', 'test', undefined])(
    'case 31: a unique violation, with NODE_ENV %s',
    async (env) => {
      if (env === undefined) delete process.env.NODE_ENV;
      else process.env.NODE_ENV = env;
      const violating = await startTestServer({ db: server.db, schema });
      try {
        const answer = await violating.ask<{ clinics: null }>(A, '{ clinics { nodes { name } } }');
        expect(answer.data).toEqual({ clinics: null });
        expect(answer.errors).toEqual([
          {
            message: GENERIC,
            locations: [{ line: 1, column: 3 }],
            path: ['clinics'],
            extensions: expect.objectContaining({ code: 'INTERNAL' }),
          },
        ]);
        // 23505 is the unique violation; the log has it, without the values of the row.
        const [line] = logOf(violating).filter(({ level }) => level === 'error');
        expect(line?.err).toMatchObject({ code: '23505' });
        expect(violating.logged.join('')).not.toMatch(/Key \(|Billing clerks/);
      } finally {
        await violating.close();
      }
    },
  );

  it('case 31: a table that is gone, on the schema as it is served', async () => {
    await server.db.query('ALTER TABLE bills RENAME COLUMN note TO remark');
    try {
      const answer = await server.ask(A, '{ dashboard { bills(first: 1) { nodes { number note } } } }');
      expect(answer.data).toEqual({ dashboard: null });
      expect(answer.errors?.map(({ message, extensions }) => [message, extensions])).toEqual([
        [GENERIC, { code: 'INTERNAL', requestId: expect.any(String) }],
      ]);
      expect(logOf(server)).toContainEqual(
        expect.objectContaining({ level: 'error', msg: 'a field failed' }),
      );
    } finally {
      await server.db.query('ALTER TABLE bills RENAME COLUMN remark TO note');
    }
    const again = await server.ask(A, '{ dashboard { bills(first: 1) { nodes { provider { id } } } } }');
    expect(again.data).toEqual({
      dashboard: {
        bills: { nodes: [{ provider: { id: toGlobalId('User', DEMO_ID, demoUserId('provider.a')) } }] },
      },
    });
  });
});
