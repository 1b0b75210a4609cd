import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { save, stateOf } from '../delegation/support';
import { createTestDatabase, DEMO_PASSWORD, type TestDatabase } from '../support/database';
import { type Factories, factories, type Made, type MadeUser } from '../support/factories';
import { type Answer, startTestServer, type TestServer } from '../support/server';
import {
  askWith,
  codes,
  forged,
  type IssuerKey,
  later,
  link,
  makeKey,
  nowSeconds,
  settingsOf,
  startProvider,
  type TestProvider,
  whoIs,
} from './support';

const FRESH_SECONDS = 120;

let key: IssuerKey;
let provider: TestProvider;
let db: TestDatabase;
let server: TestServer;
let make: Factories;
let clinic: Made;
/** Signs in at the provider only. */
let doctor: MadeUser;
/** Signs in at the provider, and has a password here too. */
let both: MadeUser;
let assistant: MadeUser;

beforeAll(async () => {
  key = await makeKey();
  provider = await startProvider(key);
  db = await createTestDatabase();
  const auth = settingsOf(provider, { freshSeconds: FRESH_SECONDS });
  server = await startTestServer({ db, identity: { auth } });
  make = factories(db);
});
beforeEach(async () => {
  clinic = await make.clinic();
  doctor = await make.provider({ clinicId: clinic.id });
  both = await make.provider({ clinicId: clinic.id });
  assistant = await make.user({ clinicId: clinic.id });
  await link(db, provider.issuer, doctor.id, doctor);
  await link(db, provider.issuer, both.id, both, { keepPassword: true });
});
afterEach(() => void jest.useRealTimers());
afterAll(async () => {
  await server?.close();
  await db?.drop();
  await provider?.close();
});

const SAVE = `mutation ($input: SaveBillingDelegatesInput!) {
  saveBillingDelegates(input: $input) { saved { list { version } } } }`;

/** Adds the assistant to the list of whose token it is. */
const attempt = (
  who: MadeUser,
  token: string,
  password: string | null = null,
  on: TestServer = server,
): Promise<Answer<unknown>> =>
  askWith(on, token, SAVE, {
    input: { lists: [{ providerId: who.globalId, addUsers: [{ userId: assistant.globalId }] }], password },
  });

const failures = async (who: MadeUser): Promise<number> => {
  const [row] = await db.query<{ points: number }>('SELECT points FROM attempts WHERE key = $1', [
    `confirm:${who.id}`,
  ]);
  return row?.points ?? 0;
};

const signedIn = async (who: MadeUser, secondsAgo = 0): Promise<string> =>
  (await provider.signIn(who.id, nowSeconds() - secondsAgo)).accessToken;
/** With these claims, or without them where they are undefined. */
const signed = (who: MadeUser, claims: Record<string, unknown>): Promise<string> =>
  forged(provider, key, { sub: who.id, ...claims });

/** Nothing was changed, for want of a confirmation; and the client is told what to do. */
async function expectRefused(
  who: MadeUser,
  token: string,
  given: { password?: string; confirmWith?: string[]; counted?: number } = {},
): Promise<void> {
  const before = await stateOf(db, clinic.id);
  const answer = await attempt(who, token, given.password ?? null);
  expect(answer.errors).toEqual([
    expect.objectContaining({
      message: expect.stringContaining('sign in again'),
      extensions: {
        code: 'PASSWORD_REQUIRED',
        confirmWith: given.confirmWith ?? ['SIGN_IN'],
        maxAgeSeconds: FRESH_SECONDS,
      },
    }),
  ]);
  expect(await stateOf(db, clinic.id)).toEqual(before);
  expect(await failures(who)).toBe(given.counted ?? 0);
}

describe('who has no password here confirms a change', () => {
  it('with a token of a sign-in moments ago', async () => {
    const answer = await attempt(doctor, await signedIn(doctor));
    expect(answer.errors).toBeUndefined();
    expect(answer.data).toEqual({ saveBillingDelegates: { saved: [{ list: { version: 1 } }] } });
    const [entry] = await db.query<{ actor: string }>(
      'SELECT actor_user_id AS actor FROM history WHERE clinic_id = $1 ORDER BY id DESC LIMIT 1',
      [clinic.id],
    );
    expect(entry?.actor).toBe(doctor.id);
  });

  it('of a sign-in as long ago as is allowed, and the clocks may differ a little', async () => {
    expect(codes(await attempt(doctor, await signedIn(doctor, FRESH_SECONDS - 15)))).toEqual([]);
    expect(codes(await attempt(both, await signed(both, { auth_time: nowSeconds() + 15 })))).toEqual([]);
  });

  it('not with a token of an earlier sign-in, which is as good as ever for reading', async () => {
    const token = await signedIn(doctor, FRESH_SECONDS + 15);
    await expectRefused(doctor, token);
    expect(await whoIs(server, token)).toBe(doctor.name);
  });

  it('not with a token that was renewed: that it was issued just now says nothing of who is there', async () => {
    const { refreshToken } = await provider.signIn(doctor.id, nowSeconds() - FRESH_SECONDS - 15);
    const renewed = await provider.refresh(refreshToken);
    expect(await whoIs(server, renewed)).toBe(doctor.name);
    await expectRefused(doctor, renewed);
  });

  it('no more with a token that became too old while it lay there', async () => {
    const token = await signedIn(doctor);
    expect(codes(await attempt(doctor, token))).toEqual([]);
    later(FRESH_SECONDS - 15);
    expect(codes(await attempt(doctor, token))).toEqual([]);
    later(30);
    expect(codes(await attempt(doctor, token))).toEqual(['PASSWORD_REQUIRED']);
  });

  const NOT_FRESH: Record<string, unknown> = {
    'does not say when that was': undefined,
    'says null': null,
    'says a text': String(nowSeconds()),
    'says a time in the future': nowSeconds() + 120,
    'says milliseconds': Date.now(),
    'says zero': 0,
    'says less than nothing': -1,
  };
  it.each(Object.entries(NOT_FRESH))('not with a token that %s', async (_what, authTime) => {
    await expectRefused(doctor, await signed(doctor, { auth_time: authTime }));
  });

  it('not with the token of a program', async () => {
    await db.query('DELETE FROM external_sign_ins WHERE subject = $1', [doctor.id]);
    await link(db, provider.issuer, 'emr', doctor);
    await expectRefused(doctor, await provider.clientToken());
    await db.query('DELETE FROM external_sign_ins WHERE subject = $1', ['emr']);
  });

  it('not with a password, which is refused in the same words and counted', async () => {
    const fresh = await signedIn(doctor);
    for (const [index, password] of [DEMO_PASSWORD, 'anything', '-'].entries()) {
      await expectRefused(doctor, fresh, { password, counted: index + 1 });
    }
    const stale = await attempt(doctor, await signedIn(doctor, 600));
    const wrong = await attempt(doctor, fresh, 'x');
    expect(wrong.errors?.[0]?.message).toBe(stale.errors?.[0]?.message);
    expect(await failures(doctor)).toBe(4);
    // A fresh sign-in says nothing of the passwords that somebody tries.
    expect(codes(await attempt(doctor, fresh))).toEqual([]);
    expect(await failures(doctor)).toBe(4);
    expect(codes(await attempt(doctor, fresh, 'x'))).toEqual(['PASSWORD_REQUIRED']);
    expect(codes(await attempt(doctor, fresh))).toEqual(['RATE_LIMITED']);
  });

  it('with five at once no more than with one', async () => {
    const fresh = await signedIn(doctor);
    const answers = await Promise.all(Array.from({ length: 10 }, () => attempt(doctor, fresh, 'guess')));
    const all = answers.flatMap(codes);
    expect(all.filter((code) => code === 'PASSWORD_REQUIRED')).toHaveLength(5);
    expect(all.filter((code) => code === 'RATE_LIMITED')).toHaveLength(5);
  });

  it('for themselves only: a fresh token gives no right', async () => {
    const answer = await attempt(both, await signedIn(doctor));
    expect(codes(answer)).toEqual(['FORBIDDEN']);
  });

  it('as long as they are there: not when deactivated', async () => {
    const fresh = await signedIn(doctor);
    await db.query('UPDATE users SET active = FALSE WHERE id = $1', [doctor.id]);
    expect(codes(await attempt(doctor, fresh))).toEqual(['UNAUTHENTICATED']);
  });
});

describe('who has a password here too and signed in at the provider', () => {
  it('confirms with a fresh token alone', async () => {
    expect(codes(await attempt(both, await signedIn(both)))).toEqual([]);
  });

  it('or with the password, when it was long ago', async () => {
    const stale = await signedIn(both, 600);
    await expectRefused(both, stale, { confirmWith: ['PASSWORD', 'SIGN_IN'] });
    expect(codes(await attempt(both, stale, DEMO_PASSWORD))).toEqual([]);
  });

  it('not with a wrong password, however fresh the token', async () => {
    const wrong = { password: 'wrong', confirmWith: ['PASSWORD', 'SIGN_IN'], counted: 1 };
    await expectRefused(both, await signedIn(both), wrong);
  });
});

describe('who signed in here', () => {
  it('confirms with the password, and a token of ours is never fresh', async () => {
    const lists = [{ providerId: both.globalId, addUsers: [{ userId: assistant.globalId }] }];
    const missing = await save(server, both.email, lists, null);
    expect(missing.errors?.[0]?.extensions).toEqual({ code: 'PASSWORD_REQUIRED' });
    expect(codes(await save(server, both.email, lists))).toEqual([]);
  });
});

describe('where nobody signs in here', () => {
  it('a password that is left confirms nothing', async () => {
    const auth = settingsOf(provider, { freshSeconds: FRESH_SECONDS });
    const closed = await startTestServer({ db, identity: { auth, localSignIn: false } });
    try {
      const stale = await signedIn(both, 600);
      const refused = await attempt(both, stale, DEMO_PASSWORD, closed);
      expect(refused.errors?.[0]?.extensions).toMatchObject({ confirmWith: ['SIGN_IN'] });
      expect(await failures(both)).toBe(1);
      expect(codes(await attempt(both, await signedIn(both), null, closed))).toEqual([]);
    } finally {
      await closed.close();
    }
  });
});

it('what confirmed is in no log', () => {
  const log = server.logged.join('');
  expect(log).not.toMatch(/eyJ/);
  expect(log).not.toContain(DEMO_PASSWORD);
});
