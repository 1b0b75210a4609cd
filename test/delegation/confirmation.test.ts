import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { hashPassword } from '../../src/identity/password';
import { createTestDatabase, DEMO_PASSWORD, type TestDatabase } from '../support/database';
import type { MadeUser } from '../support/factories';
import { startTestServer, type TestServer } from '../support/server';
import { change, codesOf, makeScene, namesOn, type Scene, save, stateOf } from './support';

let db: TestDatabase;
let server: TestServer;
let scene: Scene;

beforeAll(async () => {
  db = await createTestDatabase();
  server = await startTestServer({ db });
});
beforeEach(async () => {
  scene = await makeScene(server);
});
afterAll(async () => {
  await server.close();
  await db.drop();
});

const state = () => stateOf(db, scene.clinic.id);
/** Adds the assistant to the provider's list, confirmed by this. */
const attempt = (password: unknown, on: TestServer = server, who: MadeUser = scene.provider) =>
  save(
    on,
    who.email,
    [{ providerId: scene.provider.globalId, addUsers: [{ userId: scene.moa.globalId }] }],
    password,
  );
const codesAfter = async (password: unknown, on?: TestServer, who?: MadeUser) =>
  codesOf(await attempt(password, on, who));
const failures = async (who: { id: string } = scene.provider): Promise<number> => {
  const [row] = await db.query<{ points: number }>('SELECT points FROM attempts WHERE key = $1', [
    `confirm:${who.id}`,
  ]);
  return row?.points ?? 0;
};
/** Lets time pass for the failures of the provider. */
const wait = (minutes: number) =>
  db.query('UPDATE attempts SET expire = expire - $2 WHERE key = $1', [
    `confirm:${scene.provider.id}`,
    minutes * 60_000,
  ]);

describe('what confirms a change, and what does not', () => {
  const REFUSED: Record<string, [password: unknown, code: string, counted: number]> = {
    'a wrong one': ['wrong', 'PASSWORD_REQUIRED', 1],
    'the right one in another case': [DEMO_PASSWORD.toUpperCase(), 'PASSWORD_REQUIRED', 1],
    'the right one with a space': [`${DEMO_PASSWORD} `, 'PASSWORD_REQUIRED', 1],
    'the right one cut short': [DEMO_PASSWORD.slice(0, -1), 'PASSWORD_REQUIRED', 1],
    'the right one behind a NUL': [`\0${DEMO_PASSWORD}`, 'PASSWORD_REQUIRED', 1],
    'as long as one may be': ['x'.repeat(1024), 'PASSWORD_REQUIRED', 1],
    // A client may ask first and be told to confirm.
    null: [null, 'PASSWORD_REQUIRED', 0],
    'an empty one': ['', 'BAD_USER_INPUT', 0],
    'an over-long one': ['x'.repeat(1025), 'BAD_USER_INPUT', 0],
    'a number': [12_345_678, 'BAD_USER_INPUT', 0],
    'a list': [[DEMO_PASSWORD], 'BAD_USER_INPUT', 0],
    'an object': [{ password: DEMO_PASSWORD }, 'BAD_USER_INPUT', 0],
    true: [true, 'BAD_USER_INPUT', 0],
  };
  it.each(Object.entries(REFUSED))('not %s', async (_what, [password, code, counted]) => {
    const before = await state();
    const answer = await attempt(password);
    expect([codesOf(answer), answer.data]).toEqual([[code], null]);
    expect(await state()).toEqual(before);
    expect(await failures()).toBe(counted);
  });

  it('not none at all', async () => {
    const before = await state();
    const answer = await server.ask(
      scene.provider.email,
      `mutation { addUserDelegate(input: { providerId: "${scene.provider.globalId}", userId: "${scene.moa.globalId}" }) { list { version } } }`,
    );
    expect(codesOf(answer)).toEqual(['PASSWORD_REQUIRED']);
    expect(await state()).toEqual(before);
  });

  it("not another user's", async () => {
    const others = 'the password of somebody else';
    await db.query('UPDATE sign_ins SET password_hash = $2 WHERE user_id = $1', [
      scene.admin.id,
      await hashPassword(others),
    ]);
    const before = await state();
    expect(await codesAfter(others)).toEqual(['PASSWORD_REQUIRED']);
    expect(await state()).toEqual(before);
    expect([await failures(), await failures(scene.admin)]).toEqual([1, 0]);
  });

  it('not the password of an account that has no sign-in any more', async () => {
    await server.tokenOf(scene.provider.email);
    await db.query('DELETE FROM sign_ins WHERE user_id = $1', [scene.provider.id]);
    expect(await codesAfter(DEMO_PASSWORD)).toEqual(['PASSWORD_REQUIRED']);
  });

  it('the right one, for every one of the mutations', async () => {
    const { globalId: providerId, email } = scene.provider;
    for (const [mutation, delegate] of [
      ['addUserDelegate', { userId: scene.moa.globalId }],
      ['addGroupDelegate', { groupId: scene.clerks.globalId }],
      ['removeUserDelegate', { userId: scene.moa.globalId }],
      ['removeGroupDelegate', { groupId: scene.clerks.globalId }],
    ] as const) {
      for (const password of ['wrong', null]) {
        const refused = await change(server, email, mutation, { providerId, ...delegate, password });
        expect([mutation, codesOf(refused)]).toEqual([mutation, ['PASSWORD_REQUIRED']]);
      }
      const done = await change(server, email, mutation, { providerId, ...delegate });
      expect([mutation, done.errors]).toEqual([mutation, undefined]);
    }
  });
});

describe('five failures within 15 minutes', () => {
  const fail = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time += 1) {
      expect(await codesAfter('wrong')).toEqual(['PASSWORD_REQUIRED']);
    }
  };

  it('lock confirmation for 15 minutes, for the right password too, and nothing is changed', async () => {
    await fail(5);
    const before = await state();
    for (const password of ['wrong', DEMO_PASSWORD, null]) {
      const locked = await attempt(password);
      expect(codesOf(locked)).toEqual(['RATE_LIMITED']);
      const seconds = Number(locked.errors?.[0]?.extensions.retryAfterSeconds);
      expect(seconds).toBeGreaterThan(14 * 60);
      expect(seconds).toBeLessThanOrEqual(15 * 60);
    }
    await wait(14.5);
    expect(await codesAfter(DEMO_PASSWORD)).toEqual(['RATE_LIMITED']);
    expect(await state()).toEqual(before);
    await wait(0.6);
    expect(await codesAfter(DEMO_PASSWORD)).toEqual([]);
  });

  it('do not lock signing in, the live session, or anybody else', async () => {
    await fail(5);
    expect(await codesAfter(DEMO_PASSWORD)).toEqual(['RATE_LIMITED']);
    const signIn = await server.ask(
      null,
      `mutation { signIn(email: "${scene.provider.email}", password: "${DEMO_PASSWORD}") { name } }`,
    );
    expect(signIn.data).toEqual({ signIn: { name: scene.provider.name } });
    const read = await server.ask(scene.provider.email, '{ dashboard { bills { totalCount } } }');
    expect(read.data).toEqual({ dashboard: { bills: { totalCount: 2 } } });
    expect(await codesAfter(DEMO_PASSWORD, server, scene.admin)).toEqual([]);
  });

  it('are not those of signing in: ten wrong sign-ins do not lock confirmation', async () => {
    await server.tokenOf(scene.provider.email);
    for (let time = 0; time < 10; time += 1) {
      await server.ask(
        null,
        `mutation { signIn(email: "${scene.provider.email}", password: "wrong") { name } }`,
      );
    }
    expect(await codesAfter(DEMO_PASSWORD)).toEqual([]);
  });

  it('must be in a row: a right one forgets those before', async () => {
    await fail(4);
    expect(await codesAfter(DEMO_PASSWORD)).toEqual([]);
    await fail(4);
    expect(await codesAfter(DEMO_PASSWORD)).toEqual([]);
    expect(await failures()).toBe(0);
  });

  it('must be within the 15 minutes: older ones do not count', async () => {
    await fail(4);
    await wait(15.1);
    await fail(4);
    expect(await codesAfter(DEMO_PASSWORD)).toEqual([]);
  });

  it('are not prolonged by trying on', async () => {
    await fail(5);
    await wait(10);
    for (let time = 0; time < 3; time += 1) expect(await codesAfter('wrong')).toEqual(['RATE_LIMITED']);
    await wait(5.1);
    expect(await codesAfter(DEMO_PASSWORD)).toEqual([]);
  });

  it('are not forgotten by a right password on a change that is refused', async () => {
    await fail(4);
    const stale = await save(server, scene.provider.email, [
      { providerId: scene.provider.globalId, expectedVersion: 99 },
    ]);
    expect(codesOf(stale)).toEqual(['CONFLICT']);
    expect(await failures()).toBe(4);
  });

  it('count the same on every server: 20 wrong ones at once over two are looked at five times', async () => {
    const other = await startTestServer({ db });
    try {
      const servers = [server, other];
      await Promise.all(servers.map((one) => one.tokenOf(scene.provider.email)));
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => codesAfter(`wrong ${index}`, servers[index % 2])),
      );
      const codes = answers.flat();
      expect(codes.filter((code) => code === 'PASSWORD_REQUIRED')).toHaveLength(5);
      expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(15);
      for (const one of servers) expect(await codesAfter(DEMO_PASSWORD, one)).toEqual(['RATE_LIMITED']);
    } finally {
      await other.close();
    }
  });
});

it('many right confirmations of one user at once all finish, on a pool of two', async () => {
  const small = await startTestServer({ db, poolSize: 2 });
  try {
    const users = [];
    for (let index = 0; index < 20; index += 1) {
      users.push(await scene.make.user({ clinicId: scene.clinic.id }));
    }
    await small.tokenOf(scene.provider.email);
    const answers = await Promise.all(
      users.map((user) =>
        change(small, scene.provider.email, 'addUserDelegate', {
          providerId: scene.provider.globalId,
          userId: user.globalId,
        }),
      ),
    );
    expect(answers.flatMap(codesOf)).toEqual([]);
    const versions = answers.map((answer) => answer.data?.list.version ?? 0);
    // Each payload is from after its own change.
    for (const [index, answer] of answers.entries()) {
      expect(namesOn(answer.data?.list)).toContain(users[index]?.name);
    }
    expect(Math.max(...versions)).toBe(20);
  } finally {
    await small.close();
  }
});

// Reported at VilnaCRM user-service#463 and terra-money/hive-graph#25: aliases beat the rate limit.
describe('case 30: one password a request', () => {
  const field = (password: string, user: MadeUser = scene.moa) =>
    `addUserDelegate(input: { providerId: "${scene.provider.globalId}", userId: "${user.globalId}", password: "${password}" }) { list { version } }`;
  const saving = (password: string) =>
    `saveBillingDelegates(input: { lists: [{ providerId: "${scene.provider.globalId}", addUsers: [{ userId: "${scene.moa.globalId}" }] }], password: "${password}" }) { saved { list { version } } }`;
  const hundred = (one: (index: number) => string) =>
    Array.from({ length: 100 }, (_, index) => `a${index}: ${one(index)}`).join('\n');
  const signIn = () => `signIn(email: "${scene.provider.email}", password: "${DEMO_PASSWORD}") { token }`;

  const TRICKS: Record<string, () => string> = {
    '100 aliases, each with another password': () =>
      `mutation { ${hundred((index) => (index === 99 ? field(DEMO_PASSWORD) : field(`guess ${index}`)))} }`,
    '100 aliases, each with the right password': () => `mutation { ${hundred(() => field(DEMO_PASSWORD))} }`,
    'two of different mutations': () => `mutation { ${saving('guess')} ${field(DEMO_PASSWORD)} }`,
    'one beside a sign-in': () => `mutation { ${signIn()} ${field(DEMO_PASSWORD)} }`,
    'an alias within a fragment': () =>
      `fragment Two on Mutation { b: ${field(DEMO_PASSWORD)} } mutation { a: ${field('guess')} ...Two }`,
    'one fragment spread twice through others': () =>
      `fragment One on Mutation { ${field(DEMO_PASSWORD)} }
       fragment Left on Mutation { ...One } fragment Right on Mutation { ...One }
       mutation { ...Left ...Right }`,
    'an inline fragment': () =>
      `mutation { a: ${field('guess')} ... on Mutation { b: ${field(DEMO_PASSWORD)} } }`,
    'one that is skipped': () =>
      `mutation { a: ${field('guess').replace(') {', ') @skip(if: true) {')} b: ${field(DEMO_PASSWORD)} }`,
  };
  it.each(Object.entries(TRICKS))('%s: refused as a whole, one attempt counted', async (_what, query) => {
    await server.tokenOf(scene.provider.email);
    const before = await state();
    const answer = await server.ask<unknown>(scene.provider.email, query());
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
    expect(answer.data ?? null).toBeNull();
    expect(answer.text).not.toContain('token');
    expect(await state()).toEqual(before);
    expect(await failures()).toBe(1);
  });

  it('five such requests lock', async () => {
    const query = `mutation { ${hundred((index) => field(`guess ${index}`))} }`;
    for (let time = 0; time < 5; time += 1) await server.ask(scene.provider.email, query);
    expect(await codesAfter(DEMO_PASSWORD)).toEqual(['RATE_LIMITED']);
  });

  it('a batch of operations in one request is refused', async () => {
    const before = await state();
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await server.tokenOf(scene.provider.email)}`,
      },
      body: JSON.stringify(
        Array.from({ length: 10 }, (_, index) => ({
          query: `mutation { ${field(index === 9 ? DEMO_PASSWORD : `guess ${index}`)} }`,
        })),
      ),
    });
    expect(response.status).toBe(400);
    expect(await state()).toEqual(before);
    expect(await failures()).toBe(0);
  });

  it('one mutation, under an alias or in a fragment, is as good as any', async () => {
    const answer = await server.ask(
      scene.provider.email,
      `fragment One on Mutation { it: ${field(DEMO_PASSWORD)} } mutation { ...One }`,
    );
    expect(answer.data).toEqual({ it: { list: { version: 1 } } });
  });

  it('operations that are not run do not count', async () => {
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await server.tokenOf(scene.provider.email)}`,
      },
      body: JSON.stringify({
        query: `mutation One { ${field(DEMO_PASSWORD)} } mutation Other { ${field('wrong')} }`,
        operationName: 'One',
      }),
    });
    expect(await response.json()).toEqual({ data: { addUserDelegate: { list: { version: 1 } } } });
    expect(await failures()).toBe(0);
  });
});

// Reported at MichalLytek/type-graphql#1443: validation errors echo the password.
describe('case 11: the password is in no answer, log line or history', () => {
  const SECRET = 'Kestrel-71-umbrella';
  const literal = (input: string) => `mutation { addUserDelegate(input: ${input}) { list { version } } }`;
  const ids = () => `providerId: "${scene.provider.globalId}", userId: "${scene.moa.globalId}"`;
  const variable = (type: string) =>
    `mutation ($input: ${type}) { addUserDelegate(input: $input) { list { version } } }`;
  const input = (rest: Record<string, unknown>) => ({
    input: { providerId: scene.provider.globalId, userId: scene.moa.globalId, ...rest },
  });
  const WANTED = 'AddUserDelegateInput!';
  const inPassword = (query: string) =>
    `mutation ($password: String!) { saveBillingDelegates(input: { lists: [], password: $password }) ${query} }`;

  type Request = [query: string, variables?: Record<string, unknown>];
  const REQUESTS: Record<string, () => Request> = {
    'wrong, as a variable': () => [variable(WANTED), input({ password: SECRET })],
    'wrong, as a literal': () => [literal(`{ ${ids()}, password: "${SECRET}" }`)],
    'over-long, as a variable': () => [variable(WANTED), input({ password: SECRET.repeat(60) })],
    'over-long, as a literal': () => [literal(`{ ${ids()}, password: "${SECRET.repeat(60)}" }`)],
    'in a list': () => [variable(WANTED), input({ password: [SECRET] })],
    'in a list, as a literal': () => [literal(`{ ${ids()}, password: ["${SECRET}"] }`)],
    'in an object': () => [variable(WANTED), input({ password: { value: SECRET } })],
    'in an object, as a literal': () => [literal(`{ ${ids()}, password: { value: "${SECRET}" } }`)],
    'as the whole input': () => [variable(WANTED), { input: SECRET }],
    'as the whole input, as a literal': () => [literal(`"${SECRET}"`)],
    'as the id': () => [variable(WANTED), input({ userId: SECRET, password: SECRET })],
    'as the version': () => [variable(WANTED), input({ expectedVersion: SECRET })],
    'as the version, as a literal': () => [literal(`{ ${ids()}, expectedVersion: "${SECRET}" }`)],
    'as the end': () => [variable(WANTED), input({ expiresAt: SECRET })],
    'as the end, as a literal': () => [literal(`{ ${ids()}, expiresAt: "${SECRET}" }`)],
    'beside a field that is not there': () => [
      variable(WANTED),
      input({ password: SECRET, passwordAgain: SECRET }),
    ],
    'beside a field that is missing': () => [variable(WANTED), { input: { password: SECRET } }],
    'beside a field that is null': () => [variable(WANTED), input({ userId: null, password: SECRET })],
    'in a variable of another type': () => [variable('Int!'), { input: SECRET }],
    'in a default of another type': () => [
      `mutation ($n: Int = "${SECRET}") { addUserDelegate(input: {}) { list { version } } }`,
    ],
    'in a variable of its own': () => [inPassword('{ saved { list { version } } }'), { password: SECRET }],
    'in a variable of its own, wrong': () => [
      inPassword('{ saved { list { version } } }'),
      { password: [SECRET] },
    ],
    'as a name of a value': () => [literal(`{ ${ids()}, password: ${SECRET.replaceAll('-', '_')} }`)],
    'with a field that is not there': () => [
      literal(`{ ${ids()}, password: "${SECRET}" }`).replace('version', 'nothing'),
    ],
    'in a text that does not end': () => [literal(`{ ${ids()}, password: "${SECRET} }`)],
    'without a colon': () => [literal(`{ ${ids()}, password "${SECRET}" }`)],
    'in the place of a name': () => [literal(`{ ${ids()}, "${SECRET}" }`)],
    'without quotes': () => [literal(`{ ${ids()}, password: ${SECRET} }`)],
    'without a colon and quotes': () => [literal(`{ ${ids()}, password ${SECRET.replaceAll('-', '_')} }`)],
    'as the name of the operation, in quotes': () => [`mutation "${SECRET}" { signIn }`],
    'as a date': () => [`{ dashboard { bills(filter: { serviceFrom: "${SECRET}" }) { nodes { number } } } }`],
    'as a value of an enum': () => [
      `{ dashboard { bills(filter: { kind: "${SECRET}" }) { nodes { number } } } }`,
    ],
    'in the place of a field': () => [`mutation { "${SECRET}" }`],
    'in a block text in the place of a field': () => [`mutation { """${SECRET}""" }`],
    'in signIn': () => [
      `mutation { signIn(email: "${scene.provider.email}", password: "${SECRET}") { name } }`,
    ],
    'in signIn, in a list': () => [
      `mutation { signIn(email: "${scene.provider.email}", password: ["${SECRET}"]) { name } }`,
    ],
    twice: () => [
      `mutation { a: ${literal(`{ ${ids()}, password: "${SECRET}" }`).slice(11, -2)} b: ${literal(`{ ${ids()}, password: "${SECRET}" }`).slice(11, -2)} }`,
    ],
  };

  it.each(Object.entries(REQUESTS))('%s', async (_how, request) => {
    await server.tokenOf(scene.provider.email);
    const logged = server.logged.length;
    const answer = await server.ask(scene.provider.email, ...request());
    const secret = new RegExp(SECRET.replaceAll('-', '.?'));
    expect(answer.errors?.length).toBeGreaterThan(0);
    expect(answer.text).not.toMatch(secret);
    for (const part of ['Kestrel', 'umbrella']) expect(answer.text).not.toContain(part);
    const lines = server.logged.slice(logged);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).not.toMatch(/Kestrel|umbrella/);
  });

  it('nor is the right one, in what a save answers, logs and writes', async () => {
    await server.tokenOf(scene.provider.email);
    const logged = server.logged.length;
    const answer = await attempt(DEMO_PASSWORD);
    expect(answer.errors).toBeUndefined();
    expect(answer.text).not.toContain(DEMO_PASSWORD);
    expect(server.logged.slice(logged).join('')).not.toContain(DEMO_PASSWORD);
    // In no row of any table.
    const tables = await db.query<{ name: string }>(
      "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
    );
    expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(['history', 'attempts']));
    for (const { name } of tables) {
      const rows = await db.query(`SELECT FROM ${name} t WHERE t::text LIKE $1 OR t::text LIKE $2`, [
        `%${DEMO_PASSWORD}%`,
        '%Kestrel%',
      ]);
      expect([name, rows]).toEqual([name, []]);
    }
  });
});

describe('wrong, locked and missing', () => {
  it('tell no more than their code: one text each, whoever asks and whatever was tried', async () => {
    const texts = new Map<string, Set<string>>();
    const note = (answer: { errors?: { message: string; extensions: { code: string } }[] }): void => {
      for (const { message, extensions } of answer.errors ?? []) {
        const known = texts.get(extensions.code) ?? new Set();
        texts.set(extensions.code, known.add(message));
      }
    };
    for (const who of [scene.provider, scene.admin]) {
      for (const password of [
        'wrong',
        null,
        'x',
        'wrong',
        `${DEMO_PASSWORD}!`,
        'wrong',
        'wrong',
        DEMO_PASSWORD,
      ]) {
        note(await attempt(password, server, who));
      }
    }
    expect([...texts.keys()].sort()).toEqual(['PASSWORD_REQUIRED', 'RATE_LIMITED']);
    for (const messages of texts.values()) expect(messages.size).toBe(1);
  });

  it('cost the same: the same statements, and one hash', async () => {
    await server.tokenOf(scene.provider.email);
    const statements = async (password: unknown, code: string): Promise<number> => {
      expect(await codesAfter(password)).toEqual([code]);
      return (JSON.parse(server.logged.at(-1) ?? '{}') as { statements: number }).statements;
    };
    const missing = await statements(null, 'PASSWORD_REQUIRED');
    const wrong = await statements('wrong', 'PASSWORD_REQUIRED');
    for (let time = 0; time < 4; time += 1) await attempt('wrong');
    const locked = await statements('wrong', 'RATE_LIMITED');
    const lockedRight = await statements(DEMO_PASSWORD, 'RATE_LIMITED');
    const lockedMissing = await statements(null, 'RATE_LIMITED');
    expect({ missing, locked, lockedRight, lockedMissing }).toEqual({
      missing: wrong,
      locked: wrong,
      lockedRight: wrong,
      lockedMissing: wrong,
    });
  });

  it('take about the same time', async () => {
    await server.tokenOf(scene.provider.email);
    const median = async (times: number, password: () => unknown): Promise<number> => {
      const took: number[] = [];
      for (let time = 0; time < times; time += 1) {
        const began = performance.now();
        await attempt(password());
        took.push(performance.now() - began);
      }
      return took.sort((one, other) => one - other)[Math.floor(times / 2)] ?? 0;
    };
    await attempt('wrong');
    const missing = await median(9, () => null);
    const wrong = await median(3, () => 'wrong');
    await attempt('wrong');
    const locked = await median(9, () => DEMO_PASSWORD);
    // A hash takes tens of milliseconds: without it, one of them would be far quicker than the others.
    for (const one of [missing, locked]) {
      expect(one).toBeGreaterThan(wrong / 2.5);
      expect(one).toBeLessThan(wrong * 2.5);
    }
  });
});
