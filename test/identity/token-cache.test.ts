import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { TokenCache } from '../../src/identity/token-cache';
import { Tokens } from '../../src/identity/tokens';
import { SIGNING_KEY } from '../support/server';
import { later, nowSeconds } from './support';

afterEach(() => void jest.useRealTimers());

const SESSION = {
  userId: '00000000-0000-4000-8000-000000000001',
  clinicId: '00000000-0000-4000-8000-000000000002',
};

describe('a token of ours', () => {
  test('that was verified before is refused once it has ended', async () => {
    const tokens = new Tokens(SIGNING_KEY, 1);
    const { token } = await tokens.issue(SESSION);
    const first = await tokens.verify(token);
    expect(first).toEqual(SESSION);
    // The very same object: it was not verified again.
    expect(await tokens.verify(token)).toBe(first);
    later(58);
    expect(await tokens.verify(token)).toBe(first);
    later(3);
    expect(await tokens.verify(token)).toBeNull();
    expect(await tokens.verify(token)).toBeNull();
  });

  test('that was refused is not remembered, and is taken when its time has come', async () => {
    const tokens = new Tokens(SIGNING_KEY, 60);
    const token = await new SignJWT({ clinic: SESSION.clinicId })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer('billing-access-delegation')
      .setAudience('billing-access-delegation/api')
      .setSubject(SESSION.userId)
      .setIssuedAt()
      .setNotBefore(nowSeconds() + 60)
      .setExpirationTime(nowSeconds() + 600)
      .sign(new TextEncoder().encode(SIGNING_KEY));
    expect(await tokens.verify(token)).toBeNull();
    later(61);
    expect(await tokens.verify(token)).toEqual(SESSION);
    // Where the clock is set back, it is not valid yet, remembered or not.
    later(-61);
    expect(await tokens.verify(token)).toBeNull();
  });

  test('is remembered for the key that verified it alone', async () => {
    const { token } = await new Tokens(SIGNING_KEY, 60).issue(SESSION);
    const other = new Tokens(`${SIGNING_KEY}, another`, 60);
    expect(await new Tokens(SIGNING_KEY, 60).verify(token)).toEqual(SESSION);
    expect(await other.verify(token)).toBeNull();
    expect(await other.verify(token)).toBeNull();
  });

  test('is remembered whole: one that differs in a letter is another', async () => {
    const tokens = new Tokens(SIGNING_KEY, 60);
    const { token } = await tokens.issue(SESSION);
    expect(await tokens.verify(token)).toEqual(SESSION);
    expect(await tokens.verify(token.replace(/.$/, (end) => (end === 'A' ? 'E' : 'A')))).toBeNull();
    expect(await tokens.verify(`${token}x`)).toBeNull();
  });
});

describe('the cache', () => {
  const holding = (said: string) => ({ said, from: nowSeconds() - 10, until: nowSeconds() + 600 });

  test('holds so many and forgets what was used longest ago', () => {
    const cache = new TokenCache<string>(3);
    for (const token of ['a', 'b', 'c']) cache.keep(token, holding(token));
    expect(cache.get('a')).toBe('a');
    cache.keep('d', holding('d'));
    expect(['a', 'b', 'c', 'd'].map((token) => cache.get(token))).toEqual(['a', undefined, 'c', 'd']);
    for (let more = 0; more < 100; more += 1) cache.keep(`more ${more}`, holding('more'));
    expect(cache.size).toBe(3);
  });

  test('allows the clock skew that it is told of at both ends, and no more', () => {
    const cache = new TokenCache<string>();
    const now = nowSeconds();
    cache.keep('ended', { said: 'ended', from: 0, until: now - 20 });
    expect(cache.get('ended', 30)).toBe('ended');
    expect(cache.get('ended', 10)).toBeUndefined();
    cache.keep('early', { said: 'early', from: now + 20, until: now + 600 });
    expect(cache.get('early', 10)).toBeUndefined();
    expect(cache.get('early', 30)).toBe('early');
  });

  test('holds no token in the clear', () => {
    const cache = new TokenCache<string>();
    cache.keep('a.secret.token', holding('x'));
    expect(JSON.stringify([...(cache as unknown as { tokens: Map<string, unknown> }).tokens])).not.toContain(
      'secret',
    );
  });
});
