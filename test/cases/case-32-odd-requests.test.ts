import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DEMO_PASSWORD } from '../support/database';
import { startTestServer, type TestServer } from '../support/server';
import { A } from './support';

let server: TestServer;
let token: string;

beforeAll(async () => {
  server = await startTestServer();
  token = await server.tokenOf(A);
});

afterAll(() => server.close());

const SIGN_IN = `mutation { signIn(email: "${A}", password: "${DEMO_PASSWORD}") { token } }`;
const VIEWER = '{ viewer { email } }';
const body = (query: string) => JSON.stringify({ query });
const address = (query: string) => `/graphql?query=${encodeURIComponent(query)}`;

interface Odd {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

const ODD: Readonly<Record<string, Odd>> = {
  'a mutation by GET': { method: 'GET', path: address(SIGN_IN) },
  'a mutation by GET, preflighted': {
    method: 'GET',
    path: address(SIGN_IN),
    headers: { 'apollo-require-preflight': '1' },
  },
  'a query by GET, not preflighted': { method: 'GET', path: address(VIEWER) },
  'a query by GET, as text/plain': {
    method: 'GET',
    path: address(VIEWER),
    headers: { 'content-type': 'text/plain' },
  },
  'a query by GET, as message/example': {
    method: 'GET',
    path: address(VIEWER),
    headers: { 'content-type': 'message/example' },
  },
  'a query by GET, as message/example, preflighted': {
    ...{ method: 'GET', path: address(VIEWER) },
    headers: { 'content-type': 'message/example', 'apollo-require-preflight': '1' },
  },
  'by HEAD': { method: 'HEAD', path: address(VIEWER) },
  'by PUT': { method: 'PUT', body: body(VIEWER), headers: { 'content-type': 'application/json' } },
  'by DELETE': { method: 'DELETE', path: address(VIEWER) },
  'text/plain': { body: body(VIEWER), headers: { 'content-type': 'text/plain' } },
  'text/plain that names JSON': {
    body: body(VIEWER),
    headers: { 'content-type': 'text/plain; application/json' },
  },
  'text/plain, preflighted': {
    body: body(VIEWER),
    headers: { 'content-type': 'text/plain', 'apollo-require-preflight': '1' },
  },
  'a form': {
    body: `query=${encodeURIComponent(VIEWER)}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  },
  'a form in parts': {
    body: `--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n${body(VIEWER)}\r\n--x--`,
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
  },
  'application/graphql': { body: VIEWER, headers: { 'content-type': 'application/graphql' } },
  'no content type': { body: Buffer.from(body(VIEWER)), headers: {} },
  'an empty content type': { body: body(VIEWER), headers: { 'content-type': '' } },
  'a content type that is none': { body: body(VIEWER), headers: { 'content-type': 'json' } },
  'a list of content types': {
    body: body(VIEWER),
    headers: { 'content-type': 'text/plain, application/json' },
  },
  'JSON in UTF-16': {
    body: Buffer.from(body(VIEWER), 'utf16le'),
    headers: { 'content-type': 'application/json; charset=utf-16' },
  },
  'JSON that says UTF-16 and is UTF-8': {
    body: body(VIEWER),
    headers: { 'content-type': 'application/json; charset=utf-16' },
  },
  'JSON in UTF-7': { body: body(VIEWER), headers: { 'content-type': 'application/json; charset=utf-7' } },
  'JSON in Latin-1': {
    body: body(VIEWER),
    headers: { 'content-type': 'application/json; charset=iso-8859-1' },
  },
  'JSON in an unknown charset': {
    body: body(VIEWER),
    headers: { 'content-type': 'application/json; charset=x-none' },
  },
  'JSON in an unknown encoding': {
    body: body(VIEWER),
    headers: { 'content-type': 'application/json', 'content-encoding': 'br' },
  },
  'JSON that has no end': { body: '{"query": "', headers: { 'content-type': 'application/json' } },
  'an empty body': { body: '', headers: { 'content-type': 'application/json' } },
  null: { body: 'null', headers: { 'content-type': 'application/json' } },
  'a number': { body: '1', headers: { 'content-type': 'application/json' } },
  'an object without a query': { body: '{}', headers: { 'content-type': 'application/json' } },
  'a list of requests': { body: `[${body(VIEWER)}]`, headers: { 'content-type': 'application/json' } },
  'an empty list': { body: '[]', headers: { 'content-type': 'application/json' } },
  'a query that is no text': { body: '{"query": 1}', headers: { 'content-type': 'application/json' } },
  'variables that are a text': {
    body: `{"query": "${VIEWER}", "variables": "x"}`,
    headers: { 'content-type': 'application/json' },
  },
  'a prototype': {
    body: `{"query": "${VIEWER}", "__proto__": {"x": 1}}`,
    headers: { 'content-type': 'application/json' },
  },
  'too much': {
    body: body(`# ${'x'.repeat(2 ** 20)}\n${VIEWER}`),
    headers: { 'content-type': 'application/json' },
  },
  'another path': { path: '/graphql/x', body: body(VIEWER), headers: { 'content-type': 'application/json' } },
  'a path that cannot be read': { method: 'GET', path: '/%' },
};

// Reported as apollo-server GHSA-9q82-xgwf-vj6h: requests that a foreign page may send without being asked for
// (https://fetch.spec.whatwg.org/#simple-header) were executed; odd content types and charsets got through.
it.each(Object.entries(ODD))('case 32: %s is refused, in JSON', async (name, odd) => {
  const response = await fetch(`${server.url}${odd.path ?? '/graphql'}`, {
    method: odd.method ?? 'POST',
    headers: { authorization: `Bearer ${token}`, ...odd.headers },
    ...(odd.body === undefined
      ? {}
      : { body: typeof odd.body === 'string' ? odd.body : Uint8Array.from(odd.body) }),
  });
  const text = await response.text();
  expect([name, Math.floor(response.status / 100)]).toEqual([name, 4]);
  expect(text).not.toContain(A);
  if (odd.method === 'HEAD') return;
  expect(response.headers.get('content-type')).toMatch(/^application\/(graphql-response\+)?json\b/);
  const { errors, data } = JSON.parse(text) as {
    errors: { message: string; extensions: { code: string } }[];
    data?: unknown;
  };
  expect(data).toBeUndefined();
  expect(errors).toHaveLength(1);
  expect(errors[0]?.message).not.toBe('');
  expect(['BAD_USER_INPUT', 'NOT_FOUND']).toContain(errors[0]?.extensions.code);
});

it.each([
  ['application/json', {}],
  ['application/json; charset=utf-8', {}],
  ['application/json;charset=UTF-8', {}],
  ['application/json; charset="utf-8"', { accept: 'application/graphql-response+json' }],
])('case 32: %s is answered', async (type, headers) => {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': type, ...headers },
    body: body(VIEWER),
  });
  expect(await response.json()).toEqual({ data: { viewer: { email: A } } });
});
