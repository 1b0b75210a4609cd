import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { factories, type MadeUser } from '../support/factories';
import { startTestServer, type TestServer } from '../support/server';
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

const SUBJECT = 'nurse-7';

let db: TestDatabase;
let nurse: MadeUser;
const open: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  db = await createTestDatabase();
  nurse = await factories(db).user();
});
afterEach(async () => {
  jest.useRealTimers();
  for (const one of open.splice(0).reverse()) await one.close();
});
afterAll(() => db?.drop());

async function provide(...keys: IssuerKey[]): Promise<TestProvider> {
  const provider = await startProvider(...keys);
  open.push(provider);
  await db.query('DELETE FROM external_sign_ins');
  await link(db, provider.issuer, SUBJECT, nurse, { keepPassword: true });
  return provider;
}

async function serve(provider: Pick<TestProvider, 'issuer'>): Promise<TestServer> {
  const server = await startTestServer({ db, identity: { auth: settingsOf(provider as TestProvider) } });
  open.push(server);
  return server;
}

/** Expects UNAVAILABLE, as a whole, with when to try again. */
async function expectUnavailable(server: TestServer, token: string): Promise<void> {
  const answer = await askWith(server, token, '{ viewer { user { name } } }');
  expect([answer.status, codes(answer)]).toEqual([503, ['UNAVAILABLE']]);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(answer.data).toBeUndefined();
  expect(answer.text).not.toMatch(/127\.0\.0\.1|ECONN|jwks|fetch/i);
}

describe.each(['RS256', 'ES256', 'EdDSA'])('tokens signed with %s', (alg) => {
  test('are taken', async () => {
    const provider = await provide(await makeKey(alg));
    const server = await serve(provider);
    expect(await whoIs(server, (await provider.signIn(SUBJECT)).accessToken)).toBe(nurse.name);
  });
});

describe('new keys of the issuer', () => {
  test('are fetched when a token names one, and withdrawn ones are believed no more', async () => {
    const [first, second] = [await makeKey(), await makeKey()];
    const provider = await provide(first);
    const server = await serve(provider);
    const old = (await provider.signIn(SUBJECT)).accessToken;
    expect(await whoIs(server, old)).toBe(nurse.name);
    await provider.useKeys(second);
    const { accessToken } = await provider.signIn(SUBJECT);
    // It is not asked again at once: anybody can make a token that names a key.
    expect(await whoIs(server, accessToken)).toBe('UNAUTHENTICATED');
    expect(await whoIs(server, old)).toBe(nurse.name);
    later(31);
    expect(await whoIs(server, old)).toBe(nurse.name);
    expect(await whoIs(server, accessToken)).toBe(nurse.name);
    // It was verified before, and it has not ended.
    expect(await whoIs(server, old)).toBe('UNAUTHENTICATED');
    expect(server.logged.join('')).toContain('ERR_JWKS_NO_MATCHING_KEY');
  });

  test('are fetched in any case after ten minutes', async () => {
    const [first, second] = [await makeKey(), await makeKey()];
    const provider = await provide(first);
    const server = await serve(provider);
    const old = await forged(provider, first, { exp: nowSeconds() + 3_600 });
    expect(await whoIs(server, old)).toBe(nurse.name);
    await provider.useKeys(second);
    later(599);
    expect(await whoIs(server, old)).toBe(nurse.name);
    later(2);
    expect(await whoIs(server, old)).toBe('UNAUTHENTICATED');
    expect(server.logged.join('')).toContain('ERR_JWKS_NO_MATCHING_KEY');
  });

  test('announced ahead are there when the first token comes', async () => {
    const [first, second] = [await makeKey(), await makeKey()];
    const provider = await provide(first, second);
    const server = await serve(provider);
    expect(await whoIs(server, (await provider.signIn(SUBJECT)).accessToken)).toBe(nurse.name);
    await provider.useKeys(second, first);
    const before = (await provider.signIn(SUBJECT)).accessToken;
    expect(await whoIs(server, before)).toBe(nurse.name);
    // Nothing had to be fetched for that.
    await provider.down();
    expect(await whoIs(server, await forged(provider, second))).toBe(nurse.name);
  });
});

describe('unknown keys', () => {
  test('do not make us ask the issuer again and again', async () => {
    const key = await makeKey();
    const { issuer, asked } = await fakeIssuer((asked, self) =>
      asked === '/jwks' ? { keys: [key.publicJwk] } : { issuer: self, jwks_uri: `${self}/jwks` },
    );
    const server = await serve({ issuer });
    const provider = { issuer } as TestProvider;
    const stray = await makeKey();
    for (let time = 0; time < 5; time += 1) {
      expect(await whoIs(server, await forged(provider, { ...stray, kid: `unknown-${time}` }))).toBe(
        'UNAUTHENTICATED',
      );
    }
    expect(asked).toEqual(['/.well-known/openid-configuration', '/jwks']);
  });
});

describe('an issuer that does not answer', () => {
  test('lets nobody in whose token has to be looked at, until it does', async () => {
    const key = await makeKey();
    const provider = await provide(key);
    const server = await serve(provider);
    const { accessToken } = await provider.signIn(SUBJECT);
    await provider.down();
    await expectUnavailable(server, accessToken);
    await expectUnavailable(server, await forged(provider, await makeKey()));
    // Who signs in here does not need it, and who sends nothing may still do so.
    expect(await whoIs(server, await server.tokenOf(nurse.email))).toBe(nurse.name);
    expect(await whoIs(server, null)).toBe('UNAUTHENTICATED');
    await provider.up();
    later(6);
    expect(await whoIs(server, accessToken)).toBe(nurse.name);
    // Why is in the log, and the token is not.
    const log = server.logged.join('');
    expect(log).toMatch(/ECONNREFUSED|fetch failed/);
    expect(log).not.toMatch(/eyJ/);
  });

  test('is trusted for as long as its keys are, and no longer', async () => {
    const provider = await provide(await makeKey());
    const server = await serve(provider);
    const { accessToken } = await provider.signIn(SUBJECT);
    expect(await whoIs(server, accessToken)).toBe(nurse.name);
    await provider.down();
    expect(await whoIs(server, accessToken)).toBe(nurse.name);
    later(601);
    await expectUnavailable(server, accessToken);
  });

  test('is not asked again for each request', async () => {
    const { issuer, asked } = await fakeIssuer(() => null);
    const server = await serve({ issuer });
    const token = await forged({ issuer } as TestProvider, await makeKey());
    for (let time = 0; time < 4; time += 1) await expectUnavailable(server, token);
    expect(asked).toHaveLength(1);
  });

  test('does not hold a request up for ever', async () => {
    const { issuer } = await fakeIssuer(() => undefined);
    const server = await serve({ issuer });
    const began = performance.now();
    await expectUnavailable(server, await forged({ issuer } as TestProvider, await makeKey()));
    expect(performance.now() - began).toBeLessThan(6_000);
  });
});

describe('a discovery document', () => {
  const OTHER = 'the discovery document is of another issuer than AUTH_ISSUER';
  const NO_ADDRESS = 'the discovery document names no https address as jwks_uri';
  const DOCUMENTS: Record<string, [why: string, documentOf: (issuer: string) => unknown]> = {
    'of another issuer': [
      OTHER,
      (issuer) => ({ issuer: 'https://issuer.example', jwks_uri: `${issuer}/jwks` }),
    ],
    'without an issuer': [OTHER, (issuer) => ({ jwks_uri: `${issuer}/jwks` })],
    'without keys': [NO_ADDRESS, (issuer) => ({ issuer })],
    'with keys at an address that anybody on the way can change': [
      NO_ADDRESS,
      (issuer) => ({ issuer, jwks_uri: 'http://issuer.example/jwks' }),
    ],
    'that is none': [OTHER, () => 'null'],
  };

  test.each(Object.entries(DOCUMENTS))('%s is not believed', async (_what, [why, documentOf]) => {
    const key = await makeKey();
    const { issuer } = await fakeIssuer((asked, self) =>
      asked === '/jwks' ? { keys: [key.publicJwk] } : documentOf(self),
    );
    const server = await serve({ issuer });
    await expectUnavailable(server, await forged({ issuer } as TestProvider, key));
    expect(server.logged.join('')).toContain(why);
  });
});

/** An issuer that answers what it is told to: JSON, null for a failure, undefined for never. */
async function fakeIssuer(
  answerTo: (path: string, issuer: string) => unknown,
): Promise<{ issuer: string; asked: string[] }> {
  const asked: string[] = [];
  const server: Server = createServer((request, response: ServerResponse) => {
    asked.push(request.url ?? '');
    const answer = answerTo(request.url ?? '', issuer);
    if (answer === null) response.writeHead(500).end();
    else if (answer !== undefined) response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  open.push({
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return { issuer, asked };
}
