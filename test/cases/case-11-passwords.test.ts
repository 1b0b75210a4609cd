import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestServer, type TestServer } from '../support/server';
import { A, codesOf, NO_PAGE } from './support';

const SECRET = 'Hunter2Correct';
const TEXT =
  'mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password) { token } }';

/** A request in which somebody sends a password in a way that does not fit: the body, or its parts. */
const WRONG: Readonly<Record<string, unknown>> = {
  'too long, as a variable': {
    query: TEXT,
    variables: { email: 'a@b.example', password: SECRET.repeat(100) },
  },
  'too long, in the text': {
    query: `mutation { signIn(email: "a@b.example", password: "${SECRET.repeat(100)}") { token } }`,
  },
  wrong: { query: TEXT, variables: { email: A, password: SECRET } },
  'with a character that no database takes': {
    query: TEXT,
    variables: { email: 'b@b.example', password: `${SECRET}\0` },
  },
  'with half a character': { query: TEXT, variables: { email: 'c@b.example', password: `${SECRET}\ud800` } },
  'in the place of the address': { query: TEXT, variables: { email: SECRET, password: '' } },
  'an object': { query: TEXT, variables: { email: 'a@b.example', password: { value: SECRET } } },
  'a list': { query: TEXT, variables: { email: 'a@b.example', password: [SECRET] } },
  'a list of lists': { query: TEXT, variables: { email: 'a@b.example', password: [[{ [SECRET]: SECRET }]] } },
  'an object in the text': {
    query: `mutation { signIn(email: "a@b.example", password: { value: "${SECRET}" }) { token } }`,
  },
  'a list in the text': {
    query: `mutation { signIn(email: "a@b.example", password: ["${SECRET}"]) { token } }`,
  },
  'without quotes': { query: `mutation { signIn(email: "a@b.example", password: ${SECRET}) { token } }` },
  'in single quotes': { query: `mutation { signIn(email: "a@b.example", password: '${SECRET}') { token } }` },
  'without its name': { query: `mutation { signIn(email: "a@b.example", "${SECRET}") { token } }` },
  'with a colon too many': {
    query: `mutation { signIn(email: "a@b.example", password: "" "${SECRET}") { token } }`,
  },
  'as a block text behind another': {
    query: `mutation { signIn(email: "a@b.example", password: "" """${SECRET}""") { token } }`,
  },
  'without an end': { query: `mutation { signIn(email: "a@b.example", password: "${SECRET}` },
  'with a bad escape': {
    query: `mutation { signIn(email: "a@b.example", password: "\\${SECRET}") { token } }`,
  },
  'with a bad escape that names a character': {
    query: `mutation { signIn(email: "a@b.example", password: "\\u${SECRET}") { token } }`,
  },
  'with a line end': {
    query: `mutation { signIn(email: "a@b.example", password: "${SECRET}\n") { token } }`,
  },
  'where a number is asked for': { query: `{ dashboard { bills(first: "${SECRET}") { totalCount } } }` },
  'where an enum is asked for': {
    query: `{ dashboard { totals(filter: { kind: "${SECRET}" }) { count } } }`,
  },
  'where a date is asked for': {
    query: `{ dashboard { totals(filter: { serviceFrom: "${SECRET}" }) { count } } }`,
  },
  'where an instant is asked for': {
    query: `{ visits(filter: { from: "${SECRET}" }) { nodes { reason } } }`,
  },
  'where a number is asked for, as a variable': {
    query: 'query ($n: Int) { dashboard { bills(first: $n) { totalCount } } }',
    variables: { n: SECRET },
  },
  'where a filter is asked for, as a variable': {
    query: 'query ($f: BillFilter) { dashboard { totals(filter: $f) { count } } }',
    variables: { f: { kind: SECRET, statuses: [SECRET], serviceFrom: SECRET } },
  },
  'as all variables': { query: TEXT, variables: SECRET },
  'as the extensions': { query: TEXT, variables: { email: 'a@b.example', password: '' }, extensions: SECRET },
  'as the query': { query: { password: SECRET } },
  'as the body': SECRET,
  'in a list of requests': [{ query: TEXT, variables: { email: 'd@b.example', password: SECRET } }],
};

describe('case 11: passwords', () => {
  let server: TestServer;
  let seen: string;

  beforeAll(async () => {
    server = await startTestServer();
    await server.tokenOf(A);
  });

  afterAll(() => server.close());

  const send = async (
    body: string,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; text: string }> => {
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await server.tokenOf(A)}`,
        ...headers,
      },
      body,
    });
    const text = await response.text();
    seen = `${text}\n${JSON.stringify([...response.headers])}`;
    return { status: response.status, text };
  };

  afterEach(() => {
    // In no part of the answer, and in no line of the log, those of the tests before included.
    expect(seen).not.toMatch(/hunter2/i);
    expect(server.logged.join('')).not.toMatch(/hunter2/i);
  });

  // Reported at MichalLytek/type-graphql#1443: validation errors carried the whole input, and the password with it.
  it.each(Object.entries(WRONG))('case 11: a password %s is in no answer and no log', async (_how, body) => {
    const { text } = await send(JSON.stringify(body));
    const { errors = [] } = JSON.parse(text) as {
      errors?: { message: string; extensions: { code: string } }[];
    };
    expect(errors.length).toBeGreaterThan(0);
    // It is told as the client's mistake, not as ours.
    for (const { extensions } of errors)
      expect(['BAD_USER_INPUT', 'UNAUTHENTICATED']).toContain(extensions.code);
  });

  it.each([
    ['in a body that is no JSON', `{"query": "mutation", "password": "${SECRET}`, {}],
    ['in a body that is JSON and more', `{"query": "{ viewer { email } }"} ${SECRET}`, {}],
    [
      'in a body that is too large',
      JSON.stringify({ query: TEXT, variables: { password: SECRET.repeat(1e5) } }),
      {},
    ],
    ['in a form', `password=${SECRET}`, { 'content-type': 'application/x-www-form-urlencoded' }],
    ['in a body of an unknown type', SECRET, { 'content-type': `text/${SECRET}` }],
  ])('case 11: a password %s is in no answer and no log', async (_how, body, headers) => {
    const { status } = await send(body, headers);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  });

  it('case 11: a password in the address is in no answer and no log', async () => {
    const query = encodeURIComponent(`mutation { signIn(email: "${A}", password: "${SECRET}") { token } }`);
    const response = await fetch(`${server.url}/graphql?query=${query}`, {
      headers: { 'x-apollo-operation-name': 'x' },
    });
    seen = `${await response.text()}\n${JSON.stringify([...response.headers])}`;
    expect(response.status).toBe(405);
    const elsewhere = await fetch(`${server.url}/${SECRET}?password=${SECRET}`);
    seen += `${await elsewhere.text()}\n${JSON.stringify([...elsewhere.headers])}`;
    expect(elsewhere.status).toBe(404);
  });
});

describe('case 12: inputs', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
  });

  afterAll(() => server.close());

  // Reported at MichalLytek/type-graphql#1397: inputs went in unvalidated.
  const lists = [
    'dashboard { bills(ARGS) { totalCount nodes { number } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }',
    'visits(ARGS) { nodes { reason } }',
    'patients(ARGS) { nodes { name } }',
    'clinics(ARGS) { nodes { name } }',
  ];
  it.each([
    'first: -1',
    'first: 501',
    'first: 1000000',
    'first: -2147483648',
    'last: -1',
    'last: 2147483647',
    'first: 1, last: 1',
    'first: 2147483648',
    'first: 1.5',
    'first: "1"',
    'after: ""',
    'before: "bm90IGEgY3Vyc29y"',
    'after: "WyJTRVJWSUNFX0RBVEUiLCIyMDI2LTAxLTAxIiwieCJd"',
  ])('case 12: %s is refused on every list', async (args) => {
    for (const list of lists) {
      const answer = await server.ask(A, `{ ${list.replace('ARGS', args)} }`);
      expect([list, codesOf(answer)]).toEqual([list, ['BAD_USER_INPUT']]);
    }
  });

  it('case 12: an empty page may be asked for, and null counts as left out', async () => {
    const [bills = ''] = lists;
    const none = await server.ask<{ dashboard: { bills: object } }>(
      A,
      `{ ${bills.replace('ARGS', 'first: 0')} }`,
    );
    expect(none.errors).toBeUndefined();
    expect(none.data.dashboard.bills).toMatchObject({
      nodes: [],
      pageInfo: { ...NO_PAGE, hasNextPage: true },
    });
    const nulls = await server.ask<{ dashboard: { bills: { nodes: object[] } } }>(
      A,
      `{ ${bills.replace('ARGS', 'first: null, last: null, after: null, before: null, filter: null, orderBy: null')} }`,
    );
    expect(nulls.data.dashboard.bills.nodes).toHaveLength(50);
  });

  it.each(['-1', '501', '1000000'])('case 12: a summary of %s groups is refused', async (first) => {
    const answer = await server.ask(
      A,
      `{ dashboard { summary(groupBy: PATIENT, first: ${first}) { totals { count } } } }`,
    );
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
  });

  it.each([
    ['an empty password', A, ''],
    ['an empty address', '', 'x'],
    ['an address of blanks', '   ', 'x'],
    ['a password of 1,025 characters', A, 'x'.repeat(1025)],
    ['an address of 255 characters', `${'x'.repeat(245)}@b.example`, 'x'],
  ])('case 12: signing in with %s is refused', async (_what, email, password) => {
    const answer = await server.ask(
      null,
      'mutation ($e: String!, $p: String!) { signIn(email: $e, password: $p) { token } }',
      {
        e: email,
        p: password,
      },
    );
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
  });

  it.each(['x'.repeat(201), 'a\0b'])('case 12: a search that cannot be used is refused', async (search) => {
    const answer = await server.ask(A, 'query ($s: String) { patients(search: $s) { nodes { name } } }', {
      s: search,
    });
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
  });
});
