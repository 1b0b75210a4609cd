import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DEFAULT_LIMITS } from '../../src/http/limits';
import { A, codesOf } from '../cases/support';
import { startTestServer, type TestServer } from '../support/server';
import { send } from './support';

/** The checks of graphql-cop (https://github.com/dolevf/graphql-cop), as requests; each tells whether it is open to it. */
let server: TestServer;
let token: string;

beforeAll(async () => {
  server = await startTestServer({ limits: DEFAULT_LIMITS });
  token = await server.tokenOf(A);
});

afterAll(() => server.close());

const many = (count: number, make: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => make(at)).join(' ');
const json = (body: unknown, headers: Record<string, string> = {}) =>
  send(server, { body: JSON.stringify(body), headers: { authorization: `Bearer ${token}`, ...headers } });
const ask = (query: string) => json({ query });
const get = (query: string, headers: Record<string, string> = {}) =>
  send(server, { method: 'GET', path: `/graphql?query=${encodeURIComponent(query)}`, headers });

const CHECKS: Readonly<Record<string, () => Promise<boolean>>> = {
  'alias overloading: 101 aliases in one operation': async () =>
    (await ask(`query cop { ${many(101, (at) => `alias${at}: __typename`)} }`)).data != null,
  'array-based query batching: ten operations in one request': async () =>
    Array.isArray(JSON.parse((await json(Array(10).fill({ query: 'query cop { __typename }' }))).text)),
  'directive overloading: an error for each of ten directives': async () =>
    (await ask(`query cop { __typename ${'@aa'.repeat(10)} }`)).errors.length >= 10,
  'circular query by introspection: types of fields of types': async () =>
    (
      await ask(
        'query cop { __schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } }',
      )
    ).data != null,
  introspection: async () =>
    (await ask('query cop { __schema { types { name fields { name } } } }')).data != null,
  'field duplication: 500 times the same field': async () =>
    (await ask(`query cop { ${many(500, () => '__typename')} }`)).data != null,
  'field suggestions': async () =>
    /did you mean/i.test((await ask('query cop { __schema { directive } }')).text),
  'field suggestions, of our own fields': async () =>
    /did you mean|"dashboard"/i.test((await ask('query cop { dashbord { __typename } }')).text),
  'queries by GET without a preflight': async () => (await get('query cop { __typename }')).data != null,
  'mutations by GET': async () => (await get('mutation cop { __typename }')).data != null,
  'mutations by GET, preflighted': async () =>
    (await get('mutation cop { __typename }', { 'apollo-require-preflight': '1' })).data != null,
  'queries by a form': async () =>
    (
      await send(server, {
        body: `query=${encodeURIComponent('query cop { __typename }')}`,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      })
    ).data != null,
  'tracing in the answer': async () => {
    const { text } = await json(
      { query: 'query cop { __typename }' },
      { 'apollo-federation-include-trace': 'ftv1' },
    );
    return 'extensions' in (JSON.parse(text) as object);
  },
  'debug mode by a header or a parameter': async () => {
    const headers = { 'x-debug': '1', debug: 'true', 'x-apollo-tracing': '1' };
    const answer = await send(server, {
      path: '/graphql?debug=1',
      body: '{"query":"query cop { nothing }"}',
      headers,
    });
    return /stack|node_modules|\.ts|\.js/.test(answer.text);
  },
  'errors that nobody handled': async () => {
    const answer = await send(server, { body: '{"qwerty": "abc", "variables": {"a": [}}' });
    return answer.status >= 500 || /exception|stack|node_modules/i.test(answer.text);
  },
  'errors that nobody handled, of an operation that is none': async () => {
    const answer = await ask('qwerty cop { abc }');
    return answer.status >= 500 || /exception|stack|node_modules/i.test(answer.text);
  },
  'a GraphQL console': async () => {
    const response = await fetch(`${server.url}/graphql`, { headers: { accept: 'text/html' } });
    return /graphiql|playground|sandbox|<html/i.test(await response.text());
  },
};

test.each(Object.entries(CHECKS))('graphql-cop: not open to %s', async (_name, isOpen) => {
  expect(await isOpen()).toBe(false);
});

test('graphql-cop: the very same checks find a server that is open', async () => {
  const closed = server;
  const limits = { ...DEFAULT_LIMITS, aliases: 200, directives: 200, repeats: 1_000 };
  const open = await startTestServer({ graphiql: true, db: closed.db, limits });
  try {
    server = open;
    const found = [];
    for (const name of [
      'alias overloading: 101 aliases in one operation',
      'field duplication: 500 times the same field',
      'introspection',
      'field suggestions, of our own fields',
    ]) {
      if (await CHECKS[name]?.()) found.push(name);
    }
    expect(found).toHaveLength(4);
  } finally {
    server = closed;
    await open.close();
  }
  expect(codesOf(await server.ask(A, '{ viewer { email } }'))).toEqual([]);
});
