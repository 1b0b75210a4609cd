import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { Tokens } from '../../src/identity/tokens';
import { createTestDatabase, DEMO_PASSWORD, type TestDatabase } from '../support/database';
import { factories, type MadeUser } from '../support/factories';
import { type Answer, SIGNING_KEY, startTestServer, type TestServer } from '../support/server';

const SIGN_IN = `mutation ($email: String!, $password: String!) {
  signIn(email: $email, password: $password) { token expiresAt name } }`;

type SignedIn = { signIn: { token: string; expiresAt: string; name: string } | null };

/** A database of this file's own with two servers on it, as two processes would be. */
interface Stage {
  readonly db: TestDatabase;
  readonly servers: readonly [TestServer, TestServer];
  close(): Promise<void>;
}

async function stage(): Promise<Stage> {
  const db = await createTestDatabase();
  const servers = [await startTestServer({ db }), await startTestServer({ db })] as const;
  return {
    db,
    servers,
    close: async () => {
      for (const server of servers) await server.close();
      await db.drop();
    },
  };
}

const signIn = (server: TestServer, email: string, password: string) =>
  server.ask<SignedIn>(null, SIGN_IN, { email, password });

const codesOf = (answer: Answer<unknown>): string[] =>
  (answer.errors ?? []).map((error) => error.extensions.code);

/** Everything of an error but where in the document it arose. */
const refusalOf = (answer: Answer<unknown>) =>
  (answer.errors ?? []).map(({ message, extensions }) => ({ message, extensions }));

describe('signing in', () => {
  let on: Stage;
  let server: TestServer;
  let user: MadeUser;
  let gone: MadeUser;

  beforeAll(async () => {
    on = await stage();
    [server] = on.servers;
    const make = factories(on.db);
    user = await make.user({ email: 'Mixed.Case@Test.Example', name: 'Zoë Lindqvist' });
    gone = await make.user({ clinicId: user.clinicId, active: false });
  });

  afterAll(() => on?.close());

  test('with the right password gives a token that ends, and the name', async () => {
    const { data, errors } = await signIn(server, user.email, DEMO_PASSWORD);
    expect(errors).toBeUndefined();
    expect(data.signIn).toMatchObject({ name: 'Zoë Lindqvist' });
    const minutes = (Date.parse(data.signIn?.expiresAt ?? '') - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(55);
    expect(minutes).toBeLessThanOrEqual(60);
    const answer = await withToken(server, data.signIn?.token ?? '');
    expect(answer.data?.viewer).toEqual({ email: 'Mixed.Case@Test.Example' });
  });

  test('takes the address in any case, and spaces around it', async () => {
    for (const email of ['mixed.case@test.example', 'MIXED.CASE@TEST.EXAMPLE', ' Mixed.Case@Test.Example ']) {
      expect((await signIn(server, email, DEMO_PASSWORD)).data.signIn?.name).toBe('Zoë Lindqvist');
    }
  });

  test('takes the password as it is', async () => {
    for (const password of [DEMO_PASSWORD.toUpperCase(), ` ${DEMO_PASSWORD}`, `${DEMO_PASSWORD} `]) {
      expect(codesOf(await signIn(server, user.email, password))).toEqual(['UNAUTHENTICATED']);
    }
    // Not to be locked out of what follows.
    await signIn(server, user.email, DEMO_PASSWORD);
  });

  test('is refused alike for a wrong password, an unknown address and a deactivated account', async () => {
    const wrong = await signIn(server, user.email, 'not the password');
    expect(codesOf(wrong)).toEqual(['UNAUTHENTICATED']);
    expect(wrong.data.signIn).toBeNull();
    for (const other of [
      await signIn(server, 'nobody@test.example', DEMO_PASSWORD),
      await signIn(server, 'no address', DEMO_PASSWORD),
      await signIn(server, 'nul\0@test.example', DEMO_PASSWORD),
      await signIn(server, '%', DEMO_PASSWORD),
      await signIn(server, gone.email, DEMO_PASSWORD),
      await signIn(server, gone.email, 'not the password'),
    ]) {
      expect(refusalOf(other)).toEqual(refusalOf(wrong));
      expect(other.text).toBe(wrong.text);
    }
  });

  test('takes about as long without an account as with a wrong password', async () => {
    const time = async (email: string): Promise<number> => {
      const began = performance.now();
      await signIn(server, email, 'not the password');
      return performance.now() - began;
    };
    const known: number[] = [];
    const unknown: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      known.push(await time(user.email));
      unknown.push(await time(`nobody-${round}@test.example`));
    }
    // A hash is compared in both; without one, the answer would take a tenth of the time.
    expect(Math.min(...unknown)).toBeGreaterThan(Math.min(...known) / 3);
  });

  test.each([
    ['an empty address', '', 'x'],
    ['a blank address', '   ', 'x'],
    ['an over-long address', `${'a'.repeat(300)}@test.example`, 'x'],
    ['an empty password', 'a@test.example', ''],
    ['an over-long password', 'a@test.example', 'p'.repeat(1025)],
  ])('with %s is a mistake, told without repeating it', async (_what, email, password) => {
    const answer = await signIn(server, email, password);
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
    expect(answer.text).not.toContain('aaa');
    expect(answer.text).not.toContain('ppp');
  });

  test('leaves the password in no log and no answer, however it is sent', async () => {
    const secret = 'Tr0ub4dor-and-3';
    const attempts = [
      await signIn(server, user.email, secret),
      await signIn(server, secret, 'x'),
      await signIn(server, user.email, secret.repeat(100)),
      await server.ask(null, `mutation { signIn(email: "${user.email}", password: "${secret}") { token } }`),
      await server.ask(null, SIGN_IN, { email: user.email, password: [secret, secret] }),
      await server.ask(null, SIGN_IN, { email: user.email, password: { text: secret } }),
      await server.ask(null, SIGN_IN, { email: user.email, password: secret, more: secret }),
      await server.ask(null, `mutation { signIn(email: "${user.email}", password: ${secret}) { token } }`),
      await server.ask(null, `mutation { signIn(email: "a", password: "${secret}") { nothing } }`),
      await server.ask(null, `mutation { signIn(email: "a", passwort: "${secret}") { token } }`),
    ];
    for (const answer of attempts) expect(answer.text).not.toContain(secret);
    expect(server.logged.join('')).not.toContain(secret);
    expect(server.logged.join('')).not.toContain(DEMO_PASSWORD);
    await signIn(server, user.email, DEMO_PASSWORD);
  });

  test('leaves no address and no password in the table of attempts', async () => {
    await signIn(server, 'somebody@test.example', 'a secret of theirs');
    const rows = await on.db.query<{ key: string }>('SELECT key FROM attempts');
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toMatch(/test\.example|secret/);
  });
});

/** Asks who the viewer is with a token of the test's own making. */
async function withToken(
  server: TestServer,
  token: string,
  header = `Bearer ${token}`,
): Promise<Answer<{ viewer: { email: string } | null } | null>> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: header },
    body: JSON.stringify({ query: '{ viewer { email } }' }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, ...JSON.parse(text) };
}

describe('a token', () => {
  let on: Stage;
  let server: TestServer;
  let user: MadeUser;
  let good: string;

  beforeAll(async () => {
    on = await stage();
    [server] = on.servers;
    user = await factories(on.db).user();
    good = await server.tokenOf(user.email);
  });

  afterAll(() => on?.close());

  /** A token as the server makes them, changed; `null`: one without an end. */
  const signed = (change: ((token: SignJWT) => SignJWT) | null, key = SIGNING_KEY): Promise<string> => {
    const token = new SignJWT({ clinic: user.clinicId })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer('billing-access-delegation')
      .setAudience('billing-access-delegation/api')
      .setSubject(user.id)
      .setIssuedAt();
    const changed = change === null ? token : change(token.setExpirationTime('10 minutes'));
    return changed.sign(new TextEncoder().encode(key));
  };
  const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const payloadOf = (token: string): Record<string, unknown> =>
    JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

  test('of the server is taken, by any server with the same key', async () => {
    for (const one of on.servers)
      expect((await withToken(one, good)).data?.viewer).toEqual({ email: user.email });
    // The test's own way of making tokens is right, or the refusals below would say nothing.
    const own = await signed((token) => token);
    expect((await withToken(server, own)).data?.viewer).toEqual({ email: user.email });
  });

  test('holds nothing but who and until when', () => {
    expect(Object.keys(payloadOf(good)).sort()).toEqual(['aud', 'clinic', 'exp', 'iat', 'iss', 'sub']);
  });

  const refused: [string, () => string | Promise<string>][] = [
    ['is missing', () => ''],
    ['is no token', () => 'abc'],
    ['has expired', () => signed((token) => token.setExpirationTime(new Date(Date.now() - 1000)))],
    ['never ends', () => signed(null)],
    [
      'was signed with another key',
      () => signed((token) => token, 'another key that is long enough to be one'),
    ],
    ['is of another issuer', () => signed((token) => token.setIssuer('somebody else'))],
    ['is for another audience', () => signed((token) => token.setAudience('another/api'))],
    ['is not valid yet', () => signed((token) => token.setNotBefore('1 hour'))],
    [
      'names somebody unknown',
      () => signed((token) => token.setSubject('00000000-0000-4000-8000-000000000000')),
    ],
    [
      'was changed in what it says',
      () => {
        const [head, , sign] = good.split('.');
        return [head, base64({ ...payloadOf(good), clinic: null }), sign].join('.');
      },
    ],
    [
      'was changed in its signature',
      () => good.replace(/.{4}$/, (end) => (end === 'AAAA' ? 'BBBB' : 'AAAA')),
    ],
    ['lost its signature', () => good.replace(/[^.]*$/, '')],
    ['has no algorithm', () => `${base64({ alg: 'none' })}.${good.split('.')[1]}.`],
    [
      'has no algorithm and a signature',
      () => `${base64({ alg: 'None', typ: 'JWT' })}.${good.split('.')[1]}.${good.split('.')[2]}`,
    ],
    [
      'has another algorithm with the same key',
      () => {
        const body = `${base64({ alg: 'HS512' })}.${good.split('.')[1]}`;
        return `${body}.${createHmac('sha512', SIGNING_KEY).update(body).digest('base64url')}`;
      },
    ],
    [
      'names a user of another clinic',
      () =>
        new Tokens(SIGNING_KEY, 5)
          .issue({ userId: user.id, clinicId: '00000000-0000-4000-8000-000000000000' })
          .then(({ token }) => token),
    ],
    [
      'calls a user of a clinic support',
      () => new Tokens(SIGNING_KEY, 5).issue({ userId: user.id, clinicId: null }).then(({ token }) => token),
    ],
  ];

  test.each(refused)('that %s is refused', async (_what, token) => {
    const answer = await withToken(server, await token());
    expect({ codes: codesOf(answer), viewer: answer.data?.viewer ?? null }).toEqual({
      codes: ['UNAUTHENTICATED'],
      viewer: null,
    });
  });

  test.each([
    ['Basic', () => `Basic ${good}`],
    ['no scheme', () => good],
    ['two tokens', () => `Bearer ${good} ${good}`],
  ])('sent with %s is refused', async (_what, authorization) => {
    expect(codesOf(await withToken(server, '', authorization()))).toEqual(['UNAUTHENTICATED']);
  });

  test('whose subject is no id is refused and not an error of ours', async () => {
    const answer = await withToken(server, await signed((token) => token.setSubject("' OR 1 = 1 --")));
    expect(codesOf(answer)).toEqual(['UNAUTHENTICATED']);
  });

  test('ends with the account: from the next request on, on every server', async () => {
    const leaving = await factories(on.db).user({ clinicId: user.clinicId });
    const token = await server.tokenOf(leaving.email);
    for (const one of on.servers) expect(codesOf(await withToken(one, token))).toEqual([]);
    await on.db.query('UPDATE users SET active = FALSE WHERE id = $1', [leaving.id]);
    for (const one of on.servers) expect(codesOf(await withToken(one, token))).toEqual(['UNAUTHENTICATED']);
  });

  test('appears in no log', () => {
    const lines = on.servers.flatMap((one) => one.logged).join('');
    expect(lines).not.toContain(good);
    expect(lines).not.toContain(good.split('.')[2]);
  });
});

describe('too many failures', () => {
  let on: Stage;

  beforeAll(async () => {
    on = await stage();
  });

  afterAll(() => on?.close());

  test('lock one account after 10 on all servers together, the right password included, and no other', async () => {
    const make = factories(on.db);
    const user = await make.user();
    const other = await make.user({ clinicId: user.clinicId });
    const codes: string[] = [];
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const server = on.servers[attempt % 2] as TestServer;
      // In any case: it is one account.
      const email = attempt % 3 === 0 ? user.email.toUpperCase() : user.email;
      codes.push(...codesOf(await signIn(server, email, `wrong ${attempt}`)));
    }
    expect(codes).toEqual(Array(10).fill('UNAUTHENTICATED'));
    for (const server of on.servers) {
      const answer = await signIn(server, user.email, DEMO_PASSWORD);
      expect(codesOf(answer)).toEqual(['RATE_LIMITED']);
      expect(answer.data.signIn).toBeNull();
      const seconds = Number(answer.errors?.[0]?.extensions.retryAfterSeconds);
      expect(seconds).toBeGreaterThan(14 * 60);
      expect(seconds).toBeLessThanOrEqual(15 * 60);
      expect(codesOf(await signIn(server, other.email, DEMO_PASSWORD))).toEqual([]);
    }
    // When the time is over, the account is as before.
    await on.db.query('UPDATE attempts SET expire = 1');
    expect(codesOf(await signIn(on.servers[1], user.email, DEMO_PASSWORD))).toEqual([]);
  });

  test('are counted for an address without an account too, so that the lock tells nothing', async () => {
    const codes: string[] = [];
    for (let attempt = 0; attempt < 11; attempt += 1) {
      codes.push(...codesOf(await signIn(on.servers[0], 'never@test.example', 'wrong')));
    }
    expect(codes).toEqual([...Array(10).fill('UNAUTHENTICATED'), 'RATE_LIMITED']);
  });

  test('are forgotten with the right password', async () => {
    const user = await factories(on.db).user();
    for (let round = 0; round < 2; round += 1) {
      for (let attempt = 0; attempt < 9; attempt += 1) await signIn(on.servers[0], user.email, 'wrong');
      expect(codesOf(await signIn(on.servers[0], user.email, DEMO_PASSWORD))).toEqual([]);
    }
  });

  test('made at once do not slip through', async () => {
    const user = await factories(on.db).user();
    const answers = await Promise.all(
      Array.from({ length: 25 }, (_, at) => signIn(on.servers[at % 2] as TestServer, user.email, 'wrong')),
    );
    const codes = answers.flatMap(codesOf);
    expect(codes.filter((code) => code === 'UNAUTHENTICATED').length).toBeLessThanOrEqual(10);
    expect(codes.filter((code) => code === 'RATE_LIMITED').length).toBeGreaterThanOrEqual(15);
  });

  test('from one network address lock it after 100, on all servers, whatever the account', async () => {
    const user = await factories(on.db).user();
    await on.db.query('DELETE FROM attempts');
    await signIn(on.servers[0], 'first@test.example', 'wrong');
    // As if 99 had failed: each takes as long as a hash. The row is the one that the failure above made.
    const counted = await on.db.query(
      `UPDATE attempts SET points = points + 98 WHERE key LIKE 'sign-in-address:%' RETURNING points`,
    );
    expect(counted).toEqual([{ points: 99 }]);
    expect(codesOf(await signIn(on.servers[1], 'second@test.example', 'wrong'))).toEqual(['UNAUTHENTICATED']);
    for (const server of on.servers) {
      expect(codesOf(await signIn(server, user.email, DEMO_PASSWORD))).toEqual(['RATE_LIMITED']);
    }
  });
});
