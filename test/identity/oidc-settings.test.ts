import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, DEMO_PASSWORD, type TestDatabase } from '../support/database';
import { factories, type MadeUser } from '../support/factories';
import { startTestServer, type TestServer } from '../support/server';
import { read, refusalOf } from '../support/settings';
import {
  askWith,
  codes,
  type IssuerKey,
  link,
  makeKey,
  settingsOf,
  startProvider,
  type TestProvider,
  whoIs,
} from './support';

const ISSUER = { AUTH_ISSUER: 'https://issuer.example/realms/clinics', AUTH_AUDIENCE: 'billing' };
describe('the settings of signing in elsewhere', () => {
  test('are off by default', () => {
    expect(read({})).toMatchObject({ auth: null, localSignIn: true });
  });

  test('have defaults for everything but the issuer and the audience', () => {
    expect(read(ISSUER)).toMatchObject({
      auth: {
        issuer: 'https://issuer.example/realms/clinics',
        audience: 'billing',
        algorithms: ['RS256', 'ES256', 'EdDSA'],
        clockSkewSeconds: 30,
        freshSeconds: 300,
      },
      localSignIn: true,
    });
  });

  test('come from the environment', () => {
    const config = read({
      ...ISSUER,
      AUTH_ALGORITHMS: 'PS256, ES384',
      AUTH_CLOCK_SKEW_SECONDS: '5',
      AUTH_FRESH_SECONDS: '60',
      LOCAL_SIGN_IN: 'false',
    });
    expect(config).toMatchObject({
      auth: { algorithms: ['PS256', 'ES384'], clockSkewSeconds: 5, freshSeconds: 60 },
      localSignIn: false,
    });
    expect(Object.isFrozen(config.auth)).toBe(true);
  });

  test.each(['http://127.0.0.1:3000', 'http://localhost:3000/', 'http://[::1]:3000/realms/x'])(
    'take an issuer on this machine without TLS: %s',
    (issuer) => {
      expect(read({ ...ISSUER, AUTH_ISSUER: issuer }).auth?.issuer).toBe(issuer);
    },
  );

  test.each<[string, string]>([
    ['AUTH_ISSUER', 'http://issuer.example'],
    ['AUTH_ISSUER', 'http://127.0.0.1.issuer.example'],
    ['AUTH_ISSUER', 'issuer.example'],
    ['AUTH_ISSUER', 'https://issuer.example?tenant=1'],
    ['AUTH_ISSUER', 'file:///etc/issuer'],
    ['AUTH_ALGORITHMS', 'none'],
    ['AUTH_ALGORITHMS', 'HS256'],
    ['AUTH_ALGORITHMS', 'RS256,HS512'],
    ['AUTH_ALGORITHMS', 'RS256,'],
    ['AUTH_ALGORITHMS', 'rs256'],
    ['AUTH_CLOCK_SKEW_SECONDS', '-1'],
    ['AUTH_CLOCK_SKEW_SECONDS', '301'],
    ['AUTH_FRESH_SECONDS', '9'],
    ['AUTH_FRESH_SECONDS', '3601'],
    ['LOCAL_SIGN_IN', 'off'],
  ])('%s=%s is refused by name', (name, value) => {
    expect(refusalOf({ ...ISSUER, [name]: value })).toMatch(new RegExp(`^ {2}${name}: \\S`, 'm'));
  });

  test('that need each other say so', () => {
    const { AUTH_ISSUER, AUTH_AUDIENCE } = ISSUER;
    expect(refusalOf({ AUTH_ISSUER })).toMatch(/AUTH_AUDIENCE: is needed with AUTH_ISSUER/);
    expect(refusalOf({ AUTH_AUDIENCE })).toMatch(/AUTH_AUDIENCE: needs AUTH_ISSUER/);
    expect(refusalOf({ LOCAL_SIGN_IN: 'false' })).toMatch(/LOCAL_SIGN_IN: false needs AUTH_ISSUER/);
  });
});

describe('where nobody signs in here', () => {
  let key: IssuerKey;
  let provider: TestProvider;
  let db: TestDatabase;
  let server: TestServer;
  let user: MadeUser;

  beforeAll(async () => {
    key = await makeKey();
    provider = await startProvider(key);
    db = await createTestDatabase();
    server = await startTestServer({ db, identity: { auth: settingsOf(provider), localSignIn: false } });
    user = await factories(db).user();
    await link(db, provider.issuer, 'nurse-7', user, { keepPassword: true });
  });
  afterAll(async () => {
    await server?.close();
    await db?.drop();
    await provider?.close();
  });

  const signIn = (password: string) =>
    askWith(
      server,
      null,
      'mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password) { token } }',
      { email: user.email, password },
    );

  test('signIn says that, whether the password is right or not, and counts nothing', async () => {
    for (const password of [DEMO_PASSWORD, 'wrong', '']) {
      const answer = await signIn(password);
      expect(codes(answer)).toEqual(['FORBIDDEN']);
      expect(answer.errors?.[0]?.message).toBe(
        'Nobody signs in with a password here: sign in with your organisation, and send its token.',
      );
      expect(answer.data).toEqual({ signIn: null });
    }
    expect(await db.query('SELECT FROM attempts')).toEqual([]);
  });

  test('a token that signIn gave before is worth nothing', async () => {
    const before = await startTestServer({ db });
    try {
      const token = await before.tokenOf(user.email);
      expect(await whoIs(before, token)).toBe(user.name);
      expect(await whoIs(server, token)).toBe('UNAUTHENTICATED');
    } finally {
      await before.close();
    }
  });

  test('the provider signs people in', async () => {
    expect(await whoIs(server, (await provider.signIn('nurse-7')).accessToken)).toBe(user.name);
  });
});
