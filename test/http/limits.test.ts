import { afterAll, beforeAll, describe, expect, it, test } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { DEFAULT_LIMITS } from '../../src/http/limits';
import { A, ADMIN, B, codesOf, logOf } from '../cases/support';
import { startTestServer, type TestServer } from '../support/server';
import { refusal, send, sendBytes } from './support';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({
    limits: { ...DEFAULT_LIMITS, requestsPerMinute: 0, receiveTimeoutMs: 1_000, bodyBytes: 100_000 },
    corsOrigins: ['https://emr.example'],
  });
  await server.tokenOf(A);
});

afterAll(() => server.close());

const times = (count: number, make: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => make(at)).join(' ');

/** `{ dashboard { bills { nodes { visit { insuredBills { nodes { ... number` of so many fields one in another. */
function nested(depth: number): string {
  const around = ['visit', 'insuredBills', 'nodes'];
  const names = Array.from({ length: depth - 4 }, (_, at) => around[at % 3]);
  const open = ['dashboard', 'bills(first: 1)', 'nodes', ...names].map((name) =>
    name === 'insuredBills' ? 'insuredBills(first: 1)' : name,
  );
  const last = open.at(-1);
  const leaf = last === 'insuredBills(first: 1)' ? 'totalCount' : 'id';
  return `{ ${open.join(' { ')} { ${leaf} ${'}'.repeat(open.length + 1)}`;
}

/** Fragments that each spread the next one twice, under aliases, so that the whole doubles with each. */
function doubling(fragments: number, aliased = true): string {
  const chain = times(
    fragments,
    (at) =>
      `fragment F${at} on Visit { ${aliased ? `a: patient { visits { nodes { ...F${at + 1} } } } b: patient { visits { nodes { ...F${at + 1} } } }` : `...F${at + 1} ...F${at + 1}`} }`,
  );
  return `{ visits { nodes { ...F0 } } } ${chain} fragment F${fragments} on Visit { id }`;
}

/** Fragments that each have one alias and spread the next one twice: 2^n - 1 aliases in all. */
const doublingAliases = (fragments: number): string =>
  `{ viewer { ...F0 } } ${times(fragments, (at) => `fragment F${at} on Viewer { a${at}: email ...F${at + 1} ...F${at + 1} }`)}
   fragment F${fragments} on Viewer { email }`;

describe('what an operation may ask for', () => {
  const OVER: readonly [limit: string, over: string, within: string][] = [
    ['depth', nested(13), nested(12)],
    [
      'depth',
      `{ dashboard { ...D } } fragment D on Dashboard { bills(first: 1) { nodes { ...V } } }
       fragment V on Bill { visit { insuredBills(first: 1) { nodes { ... on Bill { ...W } } } } }
       fragment W on Bill { visit { insuredBills(first: 1) { nodes { visit { insuredBills(first: 1) { nodes { id } } } } } } }`,
      `{ dashboard { ...D } } fragment D on Dashboard { bills(first: 1) { nodes { ...V } } }
       fragment V on Bill { visit { insuredBills(first: 1) { nodes { ... on Bill { ...W } } } } }
       fragment W on Bill { visit { insuredBills(first: 1) { nodes { visit { id } } } } }`,
    ],
    [
      'aliases',
      `{ ${times(31, (at) => `a${at}: __typename`)} }`,
      `{ ${times(30, (at) => `a${at}: __typename`)} }`,
    ],
    [
      'aliases',
      `{ x: viewer { ...F } y: viewer { ...F } } fragment F on Viewer { ${times(15, (at) => `a${at}: email`)} }`,
      `{ x: viewer { ...F } viewer { ...F } } fragment F on Viewer { ${times(14, (at) => `a${at}: email`)} }`,
    ],
    ['aliases', doublingAliases(5), doublingAliases(4)],
    [
      'directives',
      `{ ${times(31, (at) => `...F @include(if: ${at % 2 === 0})`)} } fragment F on Query { __typename }`,
      `{ ${times(30, (at) => `...F @include(if: ${at % 2 === 0})`)} } fragment F on Query { __typename }`,
    ],
    ['directives', `{ viewer { email ${'@a'.repeat(31)} } }`, '{ viewer { email @include(if: true) } }'],
    ['repeats', `{ ${times(11, () => '__typename')} }`, `{ ${times(10, () => '__typename')} }`],
    [
      'repeats',
      `{ ${times(11, () => '... on Query { __typename }')} }`,
      `{ ${times(10, () => '... on Query { __typename }')} }`,
    ],
    ['tokens', `{ __typename ${times(DEFAULT_LIMITS.tokens - 2, (at) => `a${at}`)} }`, '{ __typename }'],
    [
      'cost',
      '{ visits(first: 500) { nodes { insuredBills(first: 500) { nodes { id } } } } }',
      '{ visits(first: 50) { nodes { insuredBills(first: 50) { nodes { id number total } } privateBills { nodes { id } totalCount } } } }',
    ],
    // Without `first`, a page is 50; what lies in it is counted 50 times, again and again.
    [
      'cost',
      '{ visits { nodes { insuredBills { nodes { visit { insuredBills { nodes { id } } } } } } } }',
      '{ visits { nodes { insuredBills { nodes { id } } } } }',
    ],
    [
      'cost',
      '{ dashboard { a: bills(last: 500) { nodes { items { line units amount serviceCode description unitPrice diagnosisCodes } } } b: bills(last: 500) { nodes { items { line units amount serviceCode description unitPrice diagnosisCodes } payments { __typename } billed paid total number status kind } } c: bills(first: 500) { nodes { items { line units amount serviceCode description unitPrice diagnosisCodes } payments { __typename } billed paid total number status kind } } } }',
      '{ dashboard { bills(last: 500) { nodes { items { line units amount } billed paid total number status kind } } } }',
    ],
  ];

  it.each(OVER)(
    'over the limit of %s, nothing is run, and the answer says so',
    async (limit, over, within) => {
      const answer = await server.ask(A, over);
      expect(refusal(answer)).toMatchObject({ code: 'BAD_USER_INPUT', limit });
      expect(answer.data).toBeUndefined();
      expect(answer.status).toBe(400);
      // Who asks is read before; nothing else.
      expect(logOf(server).at(-1)).toMatchObject({
        msg: 'request',
        statements: 1,
        codes: ['BAD_USER_INPUT'],
      });
      expect(codesOf(await server.ask(A, within))).toEqual([]);
    },
  );

  it('the cost counts the values of variables, and their defaults', async () => {
    const query = `query ($n: Int = 500) { visits(first: $n) { nodes { insuredBills(first: $n) { nodes { id } } } } }`;
    expect(codesOf(await server.ask(A, query, { n: 20 }))).toEqual([]);
    expect(refusal(await server.ask(A, query)).limit).toBe('cost');
    expect(refusal(await server.ask(A, query, { n: 500 })).limit).toBe('cost');
    expect(codesOf(await server.ask(A, query, { n: 20 }))).toEqual([]);
  });

  it('an argument that does not fit hides nothing dear behind it', async () => {
    const query = `query ($n: Int = 5) { s: dashboard { summary(groupBy: KIND, first: $n) { kind } }
      visits(first: 500) { nodes { insuredBills(first: 500) { nodes { id } } } } }`;
    expect(refusal(await server.ask(A, query, { n: null })).code).toBe('BAD_USER_INPUT');
    expect(logOf(server).at(-1)).toMatchObject({ msg: 'request', statements: 1 });
  });

  it('a page longer than 500 is refused', async () => {
    const answer = await server.ask(A, '{ dashboard { bills(first: 501) { totalCount } } }');
    expect(refusal(answer)).toEqual({
      code: 'BAD_USER_INPUT',
      message: '`first` must be between 0 and 500.',
    });
  });

  it.each([
    ['fragments that double', doubling(40)],
    ['fragments that double, without aliases', doubling(40, false)],
    [
      'fragments in a circle',
      '{ visits { nodes { ...A } } } fragment A on Visit { ...B } fragment B on Visit { patient { visits { nodes { ...A } } } }',
    ],
    ['a fragment within itself', '{ visits { nodes { ...A } } } fragment A on Visit { id ...A }'],
    ['many like fields', `{ ${times(690, () => 'visits { nodes { id } }')} }`],
    [
      'many fields that may conflict',
      `{ ${times(320, (at) => `...on Query { visits { nodes { a${at % 7}: id } } }`)} }`,
    ],
    ['deep brackets', `{ viewer(a: ${'['.repeat(4900)}${']'.repeat(50)}) { email } }`],
  ])('%s do not keep the server busy', async (_what, query) => {
    const began = performance.now();
    const answer = await server.ask(A, query);
    // A mere text of doubling spreads is no harm: each is run once.
    if (!query.includes('...F1 ...F1')) expect(new Set(codesOf(answer))).toEqual(new Set(['BAD_USER_INPUT']));
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  test('the introspection of GraphiQL is within the limits', async () => {
    const development = await startTestServer({ graphiql: true, db: server.db, limits: DEFAULT_LIMITS });
    try {
      expect(codesOf(await development.ask(null, getIntrospectionQuery()))).toEqual([]);
    } finally {
      await development.close();
    }
  });
});

describe('what a request may be', () => {
  const body = (query: string) => JSON.stringify({ query });

  it('a body that is too large is refused before it is read', async () => {
    const answer = await send(server, { body: body(`{ viewer { email } } # ${'x'.repeat(100_000)}`) });
    expect(answer.status).toBe(413);
    expect(refusal(answer)).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/too large/),
    });
  });

  it('several operations in one request are refused', async () => {
    const answer = await send(server, { body: `[${body('{ __typename }')},${body('{ __typename }')}]` });
    expect(answer.status).toBe(400);
    expect(refusal(answer).code).toBe('BAD_USER_INPUT');
  });

  it.each([
    ['no JSON', '{"query": ', 400],
    ['no query', '{}', 400],
    ['a name of prototypes', '{"__proto__": {"a": 1}, "query": "{ __typename }"}', 400],
  ])('%s is answered in JSON', async (_what, sent, status) => {
    const answer = await send(server, { body: sent });
    expect([answer.status, refusal(answer).code]).toEqual([status, 'BAD_USER_INPUT']);
  });

  it.each([
    ['headers that come too slowly', ['POST /graphql HTTP/1.1\r\nHost: a\r\n', 'x-a: 1\r\n'], 408],
    [
      'a body that comes too slowly',
      [
        'POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
        '"',
      ],
      408,
    ],
    ['what is no HTTP', ['HELO graphql\r\n\r\n'], 400],
    [
      'headers that are too long',
      [`POST /graphql HTTP/1.1\r\nHost: a\r\nx-a: ${'x'.repeat(20_000)}\r\n\r\n`],
      431,
    ],
  ])('%s end in JSON and in the end of the connection', async (_what, pieces, status) => {
    const received = await sendBytes(server, pieces, 100);
    expect(received).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    const [, text = ''] = received.split('\r\n\r\n');
    expect(JSON.parse(text)).toEqual({
      errors: [{ message: expect.any(String), extensions: { code: 'BAD_USER_INPUT' } }],
    });
  });

  it('the pages of listed origins may ask, others may not', async () => {
    const preflight = (origin: string) =>
      fetch(`${server.url}/graphql`, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type,authorization',
        },
      });
    const listed = await preflight('https://emr.example');
    expect(listed.status).toBe(204);
    expect(listed.headers.get('access-control-allow-origin')).toBe('https://emr.example');
    expect(listed.headers.get('access-control-allow-credentials')).toBeNull();
    for (const origin of [
      'https://evil.example',
      'https://emr.example.evil.example',
      'null',
      'http://emr.example',
    ]) {
      expect((await preflight(origin)).headers.get('access-control-allow-origin')).toBeNull();
      const answer = await send(server, { body: body('{ __typename }'), headers: { origin } });
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
    const closed = await startTestServer({ db: server.db });
    try {
      const answer = await send(closed, {
        body: body('{ __typename }'),
        headers: { origin: 'https://emr.example' },
      });
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    } finally {
      await closed.close();
    }
  });

  it('every answer forbids what a browser could do with it', async () => {
    const refused = await send(server, { body: '{' });
    const answered = await send(server, { body: body('{ __typename }') });
    for (const { headers } of [refused, answered]) {
      expect(headers.get('content-security-policy')).toBe("default-src 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('SAMEORIGIN');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('strict-transport-security')).toMatch(/max-age/);
      expect(headers.get('x-powered-by')).toBeNull();
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

test('a viewer who asks too often waits, others do not', async () => {
  const limited = await startTestServer({ db: server.db, limits: { requestsPerMinute: 5 } });
  try {
    await limited.tokenOf(A);
    await limited.tokenOf(B);
    await limited.tokenOf(ADMIN);
    const answers = [];
    for (let at = 0; at < 6; at += 1) answers.push(await limited.ask(A, '{ viewer { email } }'));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200, 200, 429]);
    const [error] = answers.at(-1)?.errors ?? [];
    expect(error?.extensions).toEqual({ code: 'RATE_LIMITED', retryAfterSeconds: expect.any(Number) });
    expect(answers.at(-1)?.headers.get('retry-after')).toBe(String(error?.extensions.retryAfterSeconds));
    expect(Number(error?.extensions.retryAfterSeconds)).toBeLessThanOrEqual(60);
    expect(codesOf(await limited.ask(B, '{ viewer { email } }'))).toEqual([]);
    // A token that is none counts for the address, not for the viewer whose it would be.
    const forged = { authorization: `Bearer ${await limited.tokenOf(B)}x` };
    for (let at = 0; at < 6; at += 1)
      await send(limited, { body: '{"query":"{ __typename }"}', headers: forged });
    expect(codesOf(await limited.ask(B, '{ viewer { email } }'))).toEqual([]);
    expect((await limited.ask(null, '{ __typename }')).status).toBe(429);
  } finally {
    await limited.close();
  }
});
