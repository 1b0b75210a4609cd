import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { startTestServer, type TestServer } from '../support/server';
import { A, codesOf } from './support';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ graphiql: false });
});

afterAll(() => server.close());

const TYPOS: readonly [string, Record<string, unknown>][] = [
  ['{ dashbord { totals { count } } }', {}],
  ['{ dashboard { bills { nodes { nummber } } } }', {}],
  ['{ dashboard { bills(frist: 3) { totalCount } } }', {}],
  ['{ dashboard { bills(orderBy: { field: SERVICE_DAT }) { totalCount } } }', {}],
  ['{ dashboard { bills(orderBy: { feild: SERVICE_DATE }) { totalCount } } }', {}],
  ['{ dashboard { totals(filter: { kind: INSURD }) { count } } }', {}],
  ['{ dashboard { totals(filter: { providerIdz: [] }) { count } } }', {}],
  ['{ dashboard @includ(if: true) { totals { count } } }', {}],
  ['{ node(id: "x") { ... on Bil { id } } }', {}],
  ['{ node(id: "x") { number } }', {}],
  ['query ($f: BillFilte) { dashboard { totals(filter: $f) { count } } }', {}],
  ['query ($f: BillFilter) { dashboard { totals(filter: $f) { count } } }', { f: { kindd: 'INSURED' } }],
  ['query ($f: BillFilter) { dashboard { totals(filter: $f) { count } } }', { f: { kind: 'INSURD' } }],
  ['query ($o: BillOrder) { dashboard { bills(orderBy: $o) { totalCount } } }', { o: { field: 'NUMBR' } }],
  ['query ($o: BillOrder) { dashboard { bills(orderBy: $o) { totalCount } } }', { o: { feild: 'NUMBER' } }],
  ['mutation { signUp(email: "x") { token } }', {}],
  ['mutation { signIn(emial: "x", password: "x") { token } }', {}],
];

// Reported at apollo-server#3919: with introspection off, "Did you mean" told the fields anyway.
it.each(TYPOS)('case 37: no suggestion in the error of %s', async (query, variables) => {
  for (const who of [A, null]) {
    const answer = await server.ask(who, query, variables);
    expect(new Set(codesOf(answer))).toEqual(new Set(['BAD_USER_INPUT']));
    expect(answer.text).not.toMatch(/did you mean|maybe|perhaps|suggest/i);
    // Nor the right word, wherever it is not part of what was sent.
    const sent = query + JSON.stringify(variables);
    for (const word of [
      'SERVICE_DATE',
      'INSURED',
      'NUMBER',
      'providerIds',
      'dashboard',
      'number',
      'BillFilter',
    ]) {
      if (!sent.includes(word)) expect(answer.text).not.toContain(`"${word}"`);
    }
  }
});

it.each(['{ __schema { types { name } } }', '{ __type(name: "Bill") { name } }', getIntrospectionQuery()])(
  'case 37: introspection is off',
  async (query) => {
    for (const who of [A, null]) {
      const answer = await server.ask(who, query);
      expect(codesOf(answer).every((code) => code === 'BAD_USER_INPUT')).toBe(true);
      expect(answer.errors?.length).toBeGreaterThan(0);
      expect(answer.data).toBeUndefined();
    }
  },
);
