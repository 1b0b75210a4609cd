import { type ChildProcess, fork } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import path from 'node:path';
import { jest } from '@jest/globals';
import { exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from 'jose';
import type { IssuerSettings } from '../../src/identity/issuer-settings';
import type { TestDatabase } from '../support/database';
import type { Answer, TestServer } from '../support/server';

/** What the provider's tokens for this API have in `aud`. */
export const AUDIENCE = 'https://billing.example/api';
const CLIENT = { id: 'emr', secret: 'a secret of the tests, and of nothing else' };
const CALLBACK = 'https://emr.example/signed-in';

/** A key pair of a provider: what it publishes and signs with, and what tests sign with in its name. */
export interface IssuerKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
  readonly jwk: JWK;
  readonly publicJwk: JWK;
}

let keysMade = 0;

/** Makes a key pair for an algorithm. */
export async function makeKey(alg = 'ES256'): Promise<IssuerKey> {
  keysMade += 1;
  const kid = `key-${keysMade}`;
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const common = { kid, alg, use: 'sig' };
  return {
    kid,
    alg,
    privateKey,
    jwk: { ...(await exportJWK(privateKey)), ...common },
    publicJwk: { ...(await exportJWK(publicKey)), ...common },
  };
}

/** What somebody gets who signs in. */
export interface SignedIn {
  readonly accessToken: string;
  readonly idToken: string;
  readonly refreshToken: string;
}

/** A running provider. Signing in is the authorization code flow with PKCE, over HTTP. */
export interface TestProvider {
  readonly issuer: string;
  /** Signs somebody in; `authTime` (seconds since 1970): when they gave their password, by default now. */
  signIn(subject: string, authTime?: number): Promise<SignedIn>;
  /** A new access token for a refresh token: nobody signs in. */
  refresh(refreshToken: string): Promise<string>;
  /** A token of a program, for itself: its subject is the client. */
  clientToken(): Promise<string>;
  /** From now on the provider has and uses these keys, the first one to sign. */
  useKeys(...keys: readonly IssuerKey[]): Promise<void>;
  /** Stops answering; connections are refused. */
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a provider with these keys. */
export async function startProvider(...keys: readonly IssuerKey[]): Promise<TestProvider> {
  const child = fork(path.join(__dirname, 'provider.mjs'), [], { silent: true, execArgv: [] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (text) => {
      said += String(text);
    });
  const tell = (message: object) => told(child, message, () => said);
  const jwksOf = (all: readonly IssuerKey[]) => all.map((key) => key.jwk);
  const issuer = (await tell({ act: 'start', keys: jwksOf(keys) })) as string;
  const token = async (grant: Record<string, string>): Promise<Record<string, string>> => {
    const response = await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${CLIENT.id}:${encodeURIComponent(CLIENT.secret)}`).toString('base64')}`,
      },
      body: new URLSearchParams(grant),
    });
    if (response.status !== 200) throw new Error(`no token: ${await response.text()}\n${said}`);
    return (await response.json()) as Record<string, string>;
  };
  return {
    issuer,
    signIn: async (subject, authTime) => {
      const verifier = randomBytes(32).toString('base64url');
      const code = await codeFor(issuer, verifier, { accountId: subject, ts: authTime });
      const grant = { grant_type: 'authorization_code', code, code_verifier: verifier };
      const tokens = await token({ ...grant, redirect_uri: CALLBACK });
      return {
        accessToken: tokens.access_token ?? '',
        idToken: tokens.id_token ?? '',
        refreshToken: tokens.refresh_token ?? '',
      };
    },
    refresh: async (refreshToken) =>
      (await token({ grant_type: 'refresh_token', refresh_token: refreshToken })).access_token ?? '',
    clientToken: async () => (await token({ grant_type: 'client_credentials' })).access_token ?? '',
    useKeys: async (...next) => void (await tell({ act: 'keys', keys: jwksOf(next) })),
    down: async () => void (await tell({ act: 'down' })),
    up: async () => void (await tell({ act: 'up' })),
    close: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill();
      }),
  };
}

function told(child: ChildProcess, message: object, said: () => string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error(`the provider ended: ${said()}`));
    child.once('exit', ended);
    child.once('message', (answer: { result?: unknown; error?: string }) => {
      child.off('exit', ended);
      if (answer.error === undefined) resolve(answer.result);
      else reject(new Error(`${answer.error}\n${said()}`));
    });
    child.send(message);
  });
}

/** Goes through the provider's sign-in as a browser would, until it sends the browser back with a code. */
async function codeFor(issuer: string, verifier: string, login: object): Promise<string> {
  const query = new URLSearchParams({
    client_id: CLIENT.id,
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid offline_access billing',
    prompt: 'login',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    login_hint: JSON.stringify(login),
  });
  const cookies = new Map<string, string>();
  let address = `${issuer}/auth?${query}`;
  for (let step = 0; step < 6; step += 1) {
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
    const response = await fetch(address, { redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) cookies.set(name, value);
    }
    const next = response.headers.get('location');
    if (next === null) throw new Error(`no way on from ${address}: ${await response.text()}`);
    address = new URL(next, issuer).toString();
    if (address.startsWith(CALLBACK)) {
      const code = new URL(address).searchParams.get('code');
      if (code === null) throw new Error(`no code: ${address}`);
      return code;
    }
  }
  throw new Error('the sign-in went in circles');
}

/** The settings for a provider. */
export const settingsOf = (provider: TestProvider, given: Partial<IssuerSettings> = {}): IssuerSettings => ({
  issuer: provider.issuer,
  audience: AUDIENCE,
  algorithms: ['RS256', 'ES256', 'EdDSA'],
  clockSkewSeconds: 30,
  freshSeconds: 300,
  ...given,
});

/** Everything about time but what the date is: that goes on. */
const REAL = [
  ...(['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'setInterval'] as const),
  ...(['setTimeout', 'clearImmediate', 'clearInterval', 'clearTimeout'] as const),
];

/**
 * Sets the clock of this process, of the server in it too, forward by so many seconds, and stops it there, until
 * jest.useRealTimers().
 */
export function later(seconds: number): void {
  jest.useFakeTimers({ now: Date.now() + seconds * 1000, doNotFake: [...REAL] });
}

/** Now, in seconds since 1970. */
export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/**
 * A token in the provider's name, signed with its own key: right in everything, but for these claims (undefined: left
 * out) and headers. What no provider would make, for the tests of what is refused.
 */
export function forged(
  provider: TestProvider,
  key: IssuerKey,
  claims: Record<string, unknown> = {},
  header: Partial<JWTHeaderParameters> = {},
): Promise<string> {
  const now = nowSeconds();
  const all = { iss: provider.issuer, aud: AUDIENCE, sub: 'nurse-7', iat: now, exp: now + 600, ...claims };
  return new SignJWT(all)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header })
    .sign(key.privateKey);
}

/** Links an account at a provider to a user, as `npm run link-account` does, and takes the user's password away. */
export async function link(
  db: TestDatabase,
  issuer: string,
  subject: string,
  user: { readonly clinicId?: string; readonly id: string },
  { keepPassword = false }: { keepPassword?: boolean } = {},
): Promise<void> {
  const { clinicId = null, id } = user;
  await db.query(
    `INSERT INTO external_sign_ins (issuer, subject, clinic_id, user_id, support_user_id) VALUES ($1, $2, $3, $4, $5)`,
    [issuer, subject, clinicId, clinicId === null ? null : id, clinicId === null ? id : null],
  );
  if (!keepPassword) await db.query('DELETE FROM sign_ins WHERE user_id = $1 OR support_user_id = $1', [id]);
}

/** Sends an operation with a token. */
export async function askWith<Data = Record<string, never>>(
  server: TestServer,
  token: string | null,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<Answer<Data>> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, ...JSON.parse(text) } as Answer<Data>;
}

/** The name of whose a token is, or the codes of the errors. */
export async function whoIs(server: TestServer, token: string | null): Promise<string> {
  const answer = await askWith<{ viewer: { user: { name: string } } | null }>(
    server,
    token,
    '{ viewer { user { name } } }',
  );
  return answer.data?.viewer?.user.name ?? codes(answer).join(' ');
}

/** The codes of an answer's errors. */
export const codes = (answer: Pick<Answer<unknown>, 'errors'>): string[] =>
  (answer.errors ?? []).map((error) => error.extensions.code);
