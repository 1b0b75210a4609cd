import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt, exportSPKI, importJWK } from 'jose';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { type Factories, factories, type MadeUser } from '../support/factories';
import { startTestServer, type TestServer } from '../support/server';
import {
  askWith,
  codes,
  forged,
  type IssuerKey,
  link,
  makeKey,
  nowSeconds,
  settingsOf,
  startProvider,
  type TestProvider,
  whoIs,
} from './support';

const SUBJECT = 'nurse-7';

let key: IssuerKey;
let provider: TestProvider;
let db: TestDatabase;
let server: TestServer;
let make: Factories;
let nurse: MadeUser;

beforeAll(async () => {
  key = await makeKey('RS256');
  provider = await startProvider(key);
  db = await createTestDatabase();
  server = await startTestServer({ db, auditLog: true, identity: { auth: settingsOf(provider) } });
  make = factories(db);
  nurse = await make.user({ permissions: ['EDIT_OTHER_USERS'] });
  await link(db, provider.issuer, SUBJECT, nurse);
});

afterAll(async () => {
  await server?.close();
  await db?.drop();
  await provider?.close();
});

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('who signs in at the provider', () => {
  test('is the linked user, with what that user may do and sees', async () => {
    const { accessToken } = await provider.signIn(SUBJECT);
    expect(decodeJwt(accessToken)).toMatchObject({ iss: provider.issuer, sub: SUBJECT });
    const answer = await askWith(
      server,
      accessToken,
      '{ viewer { email permissions user { id name } clinic { id } } }',
    );
    expect(answer.errors).toBeUndefined();
    expect(answer.data).toEqual({
      viewer: {
        email: null,
        permissions: ['EDIT_OTHER_USERS'],
        user: { id: nurse.globalId, name: nurse.name },
        clinic: expect.anything(),
      },
    });
  });

  test('can be a support user', async () => {
    const support = await make.supportUser();
    await link(db, provider.issuer, 'telus-1', { id: support.id });
    const { accessToken } = await provider.signIn('telus-1');
    const answer = await askWith<{ clinics: { nodes: unknown[] } }>(
      server,
      accessToken,
      '{ clinics(first: 1) { nodes { id } } viewer { clinic { id } } }',
    );
    expect(answer.errors).toBeUndefined();
    expect(answer.data).toMatchObject({ clinics: { nodes: [{}] }, viewer: { clinic: null } });
  });

  test('can keep a password here beside it', async () => {
    const both = await make.user({ clinicId: nurse.clinicId });
    await link(db, provider.issuer, 'both-ways', both, { keepPassword: true });
    const { accessToken } = await provider.signIn('both-ways');
    expect(await whoIs(server, accessToken)).toBe(both.name);
    expect(await whoIs(server, await server.tokenOf(both.email))).toBe(both.name);
  });

  test('can be a program, if its client is linked', async () => {
    const token = await provider.clientToken();
    expect(await whoIs(server, token)).toBe('UNAUTHENTICATED');
    const program = await make.user({ clinicId: nurse.clinicId });
    await link(db, provider.issuer, 'emr', program);
    expect(await whoIs(server, token)).toBe(program.name);
  });

  test('is nobody without a link, and is told no more than anybody without a token', async () => {
    const { accessToken } = await provider.signIn('stranger');
    const query = '{ viewer { user { name } } }';
    const unknown = await askWith(server, accessToken, query);
    const nobody = await askWith(server, null, query);
    expect(codes(unknown)).toEqual(['UNAUTHENTICATED']);
    expect(unknown.text).toBe(nobody.text);
  });

  test('is not the same subject of another issuer', async () => {
    const user = await make.user({ clinicId: nurse.clinicId });
    await link(db, 'https://elsewhere.example', 'lonely', user);
    const { accessToken } = await provider.signIn('lonely');
    expect(await whoIs(server, accessToken)).toBe('UNAUTHENTICATED');
  });

  test('is out at once when deactivated, and when the link is taken away', async () => {
    const leaving = await make.user({ clinicId: nurse.clinicId });
    await link(db, provider.issuer, 'leaving', leaving);
    const { accessToken } = await provider.signIn('leaving');
    expect(await whoIs(server, accessToken)).toBe(leaving.name);
    await db.query('UPDATE users SET active = FALSE WHERE id = $1', [leaving.id]);
    expect(await whoIs(server, accessToken)).toBe('UNAUTHENTICATED');
    await db.query('UPDATE users SET active = TRUE WHERE id = $1', [leaving.id]);
    expect(await whoIs(server, accessToken)).toBe(leaving.name);
    await db.query('DELETE FROM external_sign_ins WHERE subject = $1', ['leaving']);
    expect(await whoIs(server, accessToken)).toBe('UNAUTHENTICATED');
  });

  test('costs a request no statement more than who signed in here', async () => {
    const local = await make.user({ clinicId: nurse.clinicId });
    const statements = async (token: string): Promise<number> => {
      await askWith(server, token, '{ viewer { permissions } }');
      return (JSON.parse(server.logged.at(-1) ?? '{}') as { statements: number }).statements;
    };
    const { accessToken } = await provider.signIn(SUBJECT);
    expect(await statements(accessToken)).toBe(await statements(await server.tokenOf(local.email)));
  });
});

describe('a token', () => {
  test('made as the provider makes them is taken, so that what follows fails for its own reason', async () => {
    expect(await whoIs(server, await forged(provider, key))).toBe(nurse.name);
    expect(await whoIs(server, await forged(provider, key, {}, { typ: 'JWT' }))).toBe(nurse.name);
    expect(
      await whoIs(server, await forged(provider, key, { aud: ['other', 'https://billing.example/api'] })),
    ).toBe(nurse.name);
  });

  const REFUSED: Record<string, [reason: string | null, make: () => Promise<string> | string]> = {
    'of another audience': [
      'ERR_JWT_CLAIM_VALIDATION_FAILED aud check_failed',
      () => forged(provider, key, { aud: 'https://other.example' }),
    ],
    'that tells who somebody is to the front end (an ID token)': [
      'ERR_JWT_CLAIM_VALIDATION_FAILED aud check_failed',
      async () => (await provider.signIn(SUBJECT)).idToken,
    ],
    'without an audience': [
      'ERR_JWT_CLAIM_VALIDATION_FAILED aud missing',
      () => forged(provider, key, { aud: undefined }),
    ],
    // Not the configured issuer's: nobody is even asked for a key.
    'of another issuer': [null, () => forged(provider, key, { iss: 'https://issuer.example' })],
    'of the issuer with a slash': [null, () => forged(provider, key, { iss: `${provider.issuer}/` })],
    'without an issuer': [null, () => forged(provider, key, { iss: undefined })],
    'that says it is one of ours': [null, () => forged(provider, key, { iss: 'billing-access-delegation' })],
    'without a signature (alg: none)': [
      'ERR_JOSE_ALG_NOT_ALLOWED',
      async () => `${base64({ alg: 'none', typ: 'at+jwt' })}.${(await forged(provider, key)).split('.')[1]}.`,
    ],
    'without a signature, in other letters': [
      'ERR_JOSE_ALG_NOT_ALLOWED',
      async () => `${base64({ alg: 'NoNe' })}.${(await forged(provider, key)).split('.')[1]}.AAAA`,
    ],
    'whose signature is cut off': [
      'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
      async () => (await forged(provider, key)).replace(/[^.]*$/, ''),
    ],
    'signed by HS256 with the public key (PEM)': [
      'ERR_JOSE_ALG_NOT_ALLOWED',
      async () => {
        const publicKey = await importJWK(key.publicJwk, key.alg);
        return hs256(await exportSPKI(publicKey as CryptoKey));
      },
    ],
    'signed by HS256 with the public key (JWK)': [
      'ERR_JOSE_ALG_NOT_ALLOWED',
      () => hs256(JSON.stringify(key.publicJwk)),
    ],
    'signed with an algorithm that the key has and the settings do not allow': [
      'ERR_JOSE_ALG_NOT_ALLOWED',
      async () => {
        const other = {
          ...key,
          alg: 'PS256',
          privateKey: await importJWK({ ...key.jwk, alg: 'PS256' }, 'PS256'),
        };
        return forged(provider, other as IssuerKey);
      },
    ],
    'signed with a key of somebody else under the id of a right one': [
      'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
      async () => forged(provider, { ...(await makeKey('RS256')), kid: key.kid }),
    ],
    'that brings its key along': [
      'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
      async () => {
        const own = await makeKey('RS256');
        return forged(provider, { ...own, kid: key.kid }, {}, { jwk: own.publicJwk });
      },
    ],
    'signed with an unknown key': [
      'ERR_JWKS_NO_MATCHING_KEY',
      async () => forged(provider, await makeKey('RS256')),
    ],
    'that ended': [
      'ERR_JWT_EXPIRED exp check_failed',
      () => forged(provider, key, { iat: nowSeconds() - 600, exp: nowSeconds() - 31 }),
    ],
    'without an end': [
      'ERR_JWT_CLAIM_VALIDATION_FAILED exp missing',
      () => forged(provider, key, { exp: undefined }),
    ],
    'whose end is a text': [
      'ERR_JWT_CLAIM_VALIDATION_FAILED exp invalid',
      () => forged(provider, key, { exp: '2999-01-01' }),
    ],
    'that was made in the future': [
      'ERR_JWT_CLAIM_VALIDATION_FAILED iat check_failed',
      () => forged(provider, key, { iat: nowSeconds() + 60 }),
    ],
    'that does not say when it was made': [
      'ERR_JWT_CLAIM_VALIDATION_FAILED iat missing',
      () => forged(provider, key, { iat: undefined }),
    ],
    'that does not hold yet': [
      'ERR_JWT_CLAIM_VALIDATION_FAILED nbf check_failed',
      () => forged(provider, key, { nbf: nowSeconds() + 60 }),
    ],
    'made for longer than a day': [
      'ERR_JWT_CLAIM_VALIDATION_FAILED exp too_late',
      () => forged(provider, key, { exp: nowSeconds() + 86_401 + 5 }),
    ],
    'without a subject': [
      'ERR_JWT_CLAIM_VALIDATION_FAILED sub missing',
      () => forged(provider, key, { sub: undefined }),
    ],
    'with an empty subject': [
      'ERR_JWT_CLAIM_VALIDATION_FAILED sub invalid',
      () => forged(provider, key, { sub: '' }),
    ],
    'whose subject is a number': [
      'ERR_JWT_CLAIM_VALIDATION_FAILED sub invalid',
      () => forged(provider, key, { sub: 7 }),
    ],
    'whose subject has a NUL': [
      'ERR_JWT_CLAIM_VALIDATION_FAILED sub invalid',
      () => forged(provider, key, { sub: `${SUBJECT}\0` }),
    ],
    'whose subject is too long': [
      'ERR_JWT_CLAIM_VALIDATION_FAILED sub invalid',
      () => forged(provider, key, { sub: 'x'.repeat(256) }),
    ],
    'of another kind': [
      'ERR_JWT_CLAIM_VALIDATION_FAILED typ unexpected',
      () => forged(provider, key, {}, { typ: 'logout+jwt' }),
    ],
    'that is bound to a key of its holder': [
      'ERR_JWT_CLAIM_VALIDATION_FAILED cnf unexpected',
      () => forged(provider, key, { cnf: { jkt: 'x' } }),
    ],
    'with a header that must be understood and is not': [
      'ERR_JOSE_NOT_SUPPORTED',
      async () => {
        const [, payload] = (await forged(provider, key)).split('.');
        return `${base64({ alg: key.alg, kid: key.kid, crit: ['x'], x: 1 })}.${payload}.AAAA`;
      },
    ],
    'that says something else than was signed': [
      'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
      async () => {
        const token = await forged(provider, key, { sub: 'stranger' });
        const [head, , signature] = token.split('.');
        return [head, base64({ ...decodeJwt(token), sub: SUBJECT }), signature].join('.');
      },
    ],
  };

  function hs256(secret: string): string {
    const now = nowSeconds();
    const claims = {
      iss: provider.issuer,
      aud: 'https://billing.example/api',
      sub: SUBJECT,
      iat: now,
      exp: now + 600,
    };
    const body = `${base64({ alg: 'HS256', kid: key.kid })}.${base64(claims)}`;
    return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
  }

  test.each(Object.entries(REFUSED))('%s is refused', async (_what, [reason, makeToken]) => {
    const token = await makeToken();
    const logged = server.logged.length;
    // Twice: a refusal is not remembered as anything else.
    for (const _time of [1, 2]) {
      const answer = await askWith(server, token, '{ viewer { user { name } } }');
      expect(codes(answer)).toEqual(['UNAUTHENTICATED']);
      expect(answer.data).toEqual({ viewer: null });
      expect(answer.errors?.[0]?.message).toBe(
        'Sign in first: the token is missing, expired or no longer valid.',
      );
    }
    const reasons = server.logged
      .slice(logged)
      .map((line) => JSON.parse(line) as { reason?: string })
      .flatMap((line) => line.reason ?? []);
    expect(reasons).toEqual(reason === null ? [] : [reason, reason]);
  });

  test('may be off by the clock skew that is allowed, and no more', async () => {
    for (const claims of [
      { iat: nowSeconds() - 600, exp: nowSeconds() - 15 },
      { iat: nowSeconds() + 15 },
      { nbf: nowSeconds() + 15 },
    ]) {
      expect(await whoIs(server, await forged(provider, key, claims))).toBe(nurse.name);
    }
  });

  test('made for a day is taken', async () => {
    const now = nowSeconds();
    expect(await whoIs(server, await forged(provider, key, { iat: now, exp: now + 86_400 }))).toBe(
      nurse.name,
    );
  });

  test('of the issuer is no token where no issuer is set', async () => {
    const plain = await startTestServer({ db });
    try {
      expect(await whoIs(plain, await forged(provider, key))).toBe('UNAUTHENTICATED');
    } finally {
      await plain.close();
    }
  });

  test('appears in no log and no answer', async () => {
    const good = await forged(provider, key);
    const bad = await forged(provider, key, { aud: 'https://other.example' });
    for (const token of [good, bad]) {
      const answer = await askWith(
        server,
        token,
        '{ viewer { user { name } } dashboard { bills { totalCount } } }',
      );
      for (const part of token.split('.')) expect(answer.text).not.toContain(part);
    }
    const log = server.logged.join('');
    expect(log.length).toBeGreaterThan(0);
    for (const part of [good, bad].flatMap((token) => token.split('.').slice(1)))
      expect(log).not.toContain(part);
    expect(log).not.toMatch(/eyJ/);
  });
});
