import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { getNamedType, isLeafType, isObjectType } from 'graphql';
import { guardedWithKnownGrants } from '../../src/access/grant-known';
import { permissions } from '../../src/access/shield-map';
import { toGlobalId } from '../../src/global-id';
import { guard, unguardedSchema } from '../../src/schema';
import { stringifyAnswer, Written } from '../../src/written';
import { replaceResolvers } from '../cases/support';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { factories, type MadeBill, type MadeUser } from '../support/factories';
import { startTestServer, type TestServer } from '../support/server';
import { type Both, startBoth } from './compiled-support';

/** What JSON, SQL or base64 could take for their own. */
const ODD = `"quo'ted" \\ back\\slash \u0001\u0007\b\f\n\r\t\u001f / </script> $1 || '' \u007f\u2028\u2029 Ünïcödé 日本 😀 %_ \\u0041`;
const WRITTEN = / AS text,/;

let db: TestDatabase;
let both: Both;
let token: string;
let owner: MadeUser;
let bills: MadeBill[];

beforeAll(async () => {
  db = await createTestDatabase();
  const make = factories(db);
  const { id: clinicId } = await make.clinic({ currency: 'EUR' });
  owner = await make.provider({
    clinicId,
    name: `Dr. ${ODD.replaceAll(/\p{Cc}/gu, '')}`,
    billingNumber: '00-"9"',
  });
  const patient = await make.patient({ clinicId, name: `P ${ODD}`.slice(0, 90), birthDate: '0099-12-31' });
  const encounter = await make.encounter({ clinicId, providerId: owner.id, patientId: patient.id });
  const payer = await make.payer({ clinicId, name: `Payer "${'x'.repeat(20)}" \\` });
  const common = { clinicId, providerId: owner.id };
  bills = [
    await make.bill({
      ...common,
      number: `N ${ODD}`.slice(0, 60),
      note: ODD,
      encounter,
      payerId: payer.id,
      serviceDate: '1999-02-28',
      items: [
        {
          serviceCode: `S "1" \\`,
          description: ODD,
          diagnosisCodes: ['A "1"', 'B\\2', 'é,{}'],
          units: '0.125',
          unitPrice: '8.0001',
        },
        { description: null, diagnosisCodes: [], units: '3', unitPrice: '0', amount: '0' },
        { description: '', units: '1', unitPrice: '9999999999.9999', amount: '99999999999.99' },
      ],
      payments: [
        { amount: '0.01', method: ODD },
        { kind: 'REFUND', amount: '0.01', receivedOn: '2026-12-31', method: null },
      ],
    }),
    await make.bill({
      ...common,
      kind: 'PRIVATE',
      note: null,
      patientId: patient.id,
      items: [],
      discount: '0',
      payerId: null,
    }),
    // Overpaid: a credit.
    await make.bill({
      ...common,
      kind: 'PRIVATE',
      note: '',
      patientId: patient.id,
      payments: [{ amount: '250.5' }],
    }),
    await make.bill({ ...common, patientId: patient.id, serviceDate: '9999-12-31', discount: '99.99' }),
  ];
  both = await startBoth({ db });
  token = await both.compiled.tokenOf(owner.email);
});
afterAll(async () => {
  await both?.close();
  await db?.drop();
});

/** Asks both servers; answers what both say, and how many statements of the one that compiles wrote bills. */
async function ask(
  query: string,
  variables: Record<string, unknown> = {},
): Promise<[answer: string, written: number]> {
  const run = jest.spyOn(both.compiled.database, 'query');
  const answer = await both.same(token, { query, variables });
  const written = run.mock.calls.filter(([text]) => WRITTEN.test(text)).length;
  run.mockRestore();
  // Asked twice.
  return [answer, written / 2];
}

/** Every field of a type that has no arguments and is no object. */
const leaves = (type: string): string => {
  const found = unguardedSchema().getType(type);
  if (!isObjectType(found)) throw new Error(`${type} is no object type`);
  return Object.values(found.getFields())
    .filter((field) => isLeafType(getNamedType(field.type)))
    .map((field) => field.name)
    .join(' ');
};

describe('bills that PostgreSQL writes', () => {
  const ALL = `${leaves('Bill')} items { ${leaves('BillItem')} } payments { ${leaves('Payment')} }
    patient { ${leaves('Patient')} } provider { ${leaves('User')} } payer { ${leaves('Payer')} } encounter { id } visit { id } __typename`;

  it('are, with every value of every kind, byte by byte what the resolvers answer', async () => {
    const [answer, written] = await ask(`{ dashboard { bills { nodes { ${ALL} } } } }`);
    expect(written).toBe(1);
    const { data } = JSON.parse(answer.slice(4)) as { data: { dashboard: { bills: { nodes: unknown[] } } } };
    expect(data.dashboard.bills.nodes).toHaveLength(bills.length);
    expect(data.dashboard.bills.nodes).toContainEqual(
      expect.objectContaining({
        note: ODD,
        currency: 'EUR',
        payer: expect.objectContaining({ name: expect.any(String) }),
      }),
    );
    expect(data.dashboard.bills.nodes).toContainEqual(
      expect.objectContaining({ outstanding: '-150.50', payer: null, visit: null }),
    );
  });

  it('are the same on every surface, and one by one', async () => {
    const [first] = bills;
    if (first === undefined) throw new Error('there are no bills');
    const [, written] = await ask(
      `query ($bill: ID!, $patient: ID!, $encounter: ID!) {
         bill(id: $bill) { ${ALL} }
         patientChart(patientId: $patient) { insuredBills { nodes { ${ALL} } } privateBills { edges { cursor node { ${ALL} } } pageInfo { endCursor } } }
         encounter(id: $encounter) { bills { nodes { ${ALL} } } }
         visits { nodes { id insuredBills { nodes { ${ALL} } } } }
       }`,
      {
        bill: first.globalId,
        patient: toGlobalId('Patient', first.clinicId, first.patientId),
        encounter: toGlobalId('Encounter', first.clinicId, first.encounterId ?? ''),
      },
    );
    // Of the bill, of the chart with both kinds, of the encounter and of the visits.
    expect(written).toBe(4);
  });

  it.each([
    ['aliases and one field twice', 'a: number b: number n: patient { x: name y: name } total', 1],
    ['fragments', '...f ... on Bill { total ...f }', 1],
    [
      'conditions',
      'id number @skip(if: $no) note @include(if: $yes) patient { name @skip(if: $yes) id } total @skip(if: $yes)',
      1,
    ],
    ['nothing but its type', '__typename', 1],
    ['what is written beside what is not: instants', 'number encounter { id startedAt }', 0],
    ['... a chart', 'number patient { name chart { outstanding } }', 0],
    ['... groups', 'number provider { name groups { name } }', 0],
    ['a name that is no member of objects', '__proto__: number', 0],
    ['names that are', 'constructor: number toString: total toJSON: note hasOwnProperty: id', 1],
  ])('with %s', async (_what, fields, expected) => {
    const [answer, written] = await ask(
      `query ($yes: Boolean = true, $no: Boolean = false) { dashboard { bills { nodes { ${fields} } } } __typename @include(if: $yes) @skip(if: $no) }
       ${fields.includes('...f') ? 'fragment f on Bill { id status patient { ...p } } fragment p on Patient { birthDate }' : ''}`,
    );
    expect(answer).toMatch(/^200 \{"data"/);
    expect(written).toBe(expected);
  });

  it('under other conditions are written otherwise', async () => {
    const query = 'query ($with: Boolean!) { dashboard { bills { nodes { id note @include(if: $with) } } } }';
    const [withNote] = await ask(query, { with: true });
    const [without] = await ask(query, { with: false });
    expect(withNote).toContain('"note"');
    expect(without).not.toContain('"note"');
  });

  it('are not where nodes and edges are both asked for, each with its own fields', async () => {
    const [, written] = await ask(
      '{ dashboard { bills { nodes { id } edges { cursor node { id number } } } } }',
    );
    expect(written).toBe(0);
  });

  it('asked for by many aliases that are alike are written by one statement', async () => {
    const aliases = bills.map(
      (bill, place) => `b${place}: bill(id: "${bill.globalId}") { id number items { amount } }`,
    );
    const [, written] = await ask(`{ ${aliases.join(' ')} }`);
    expect(written).toBe(1);
  });
});

describe('nothing is taken as written', () => {
  const QUERY = '{ dashboard { bills { nodes { id number } } } }';
  const writtenBy = async (server: TestServer, of = token): Promise<[number, string]> => {
    const run = jest.spyOn(server.database, 'query');
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${of}` },
      body: JSON.stringify({ query: QUERY }),
    });
    const answer = await response.text();
    const written = run.mock.calls.filter(([text]) => WRITTEN.test(text)).length;
    run.mockRestore();
    return [written, answer];
  };

  it('in a schema without guards', async () => {
    const server = await startTestServer({ db, schema: unguardedSchema() });
    expect((await writtenBy(server))[0]).toBe(0);
    await server.close();
  });

  it('where a resolver is another than was built', async () => {
    const schema = guard(replaceResolvers(unguardedSchema(), { 'Bill.number': () => 'of another resolver' }));
    const server = await startTestServer({ db, schema });
    const [written, answer] = await writtenBy(server);
    expect(written).toBe(0);
    expect(answer).toContain('of another resolver');
    await server.close();
  });

  it('where a rule does not tell at once that it grants', async () => {
    const { applyMiddleware } = await import('graphql-middleware');
    const schema = guardedWithKnownGrants(
      unguardedSchema(),
      (plain) => applyMiddleware(plain, permissions()),
      (type, field) => (type === 'Bill' && field === 'number' ? {} : undefined),
    );
    const server = await startTestServer({ db, schema });
    expect((await writtenBy(server))[0]).toBe(0);
    await server.close();
  });

  it('of a bill that the viewer has no known ground for: its fields are refused behind their rules', async () => {
    const server = await startTestServer({ db });
    const stranger = await factories(db).user({ clinicId: owner.clinicId });
    const query = server.database.query.bind(server.database);
    // A store that lost its filter: it answers the owner's bills to anybody, without a ground.
    const own = await server.tokenOf(owner.email);
    let rows: object[] = [];
    const keep = jest
      .spyOn(server.database, 'query')
      .mockImplementation(async (text, values, told, signal) => {
        const answer = await query<object>(text, values, told, signal);
        if (WRITTEN.test(text)) rows = answer.map((row) => ({ ...row, ground: null }));
        return answer as never;
      });
    await writtenBy(server, own);
    keep.mockRestore();
    expect(rows).toHaveLength(bills.length);
    const leak = jest
      .spyOn(server.database, 'query')
      .mockImplementation(
        async (text, values, told, signal) =>
          (WRITTEN.test(text) ? rows : await query(text, values, told, signal)) as never,
      );
    const response = await server.ask<{ dashboard: null }>(stranger.email, QUERY);
    leak.mockRestore();
    expect(response.data).toEqual({ dashboard: null });
    expect(response.errors?.map((error) => error.extensions.code)).toEqual(['FORBIDDEN']);
    expect(JSON.stringify(response)).not.toContain('N "quo');
    expect(server.logged.join('')).toContain('"defect":true');
    await server.close();
  });
});

describe('an answer with something written in it', () => {
  it('is what JSON.stringify makes of it, for whoever takes it as values', () => {
    const data = { a: [new Written('{"x":1}'), null], at: new Date(0), left: undefined, list: [undefined] };
    expect(JSON.stringify({ data })).toBe(
      '{"data":{"a":[{"x":1},null],"at":"1970-01-01T00:00:00.000Z","list":[null]}}',
    );
    expect(stringifyAnswer({ data })).toBe(`${JSON.stringify({ data })}\n`);
  });
});
