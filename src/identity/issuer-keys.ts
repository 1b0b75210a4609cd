import {
  type CryptoKey,
  createRemoteJWKSet,
  customFetch,
  type ExportedJWKSCache,
  errors,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
  jwksCache,
} from 'jose';
import { ApiError } from '../errors';
import { isSecureAddress } from './issuer-address';

/** How long the issuer may take to answer, both documents together. */
const TIMEOUT_MS = 3_000;
/** After a failure nothing is asked for so long, so that a silent issuer does not hold up every request. */
const PAUSE_AFTER_FAILURE_MS = 5_000;
/** How often an unknown key may make us look for new ones: tokens that anybody can make up must not cause more. */
const COOLDOWN_MS = 30_000;
/** For how long keys are believed. A withdrawn key is refused, and a dead issuer trusted no more, after that. */
const MAX_AGE_MS = 10 * 60_000;

/** What is wrong with what the issuer publishes, or that it does not answer; for the log. */
export class IssuerError extends Error {}

/**
 * The public keys of an issuer: its discovery document (OpenID Connect Discovery 1.0) is read, the key set that it
 * names is fetched, and both again every ten minutes and when a token names a key that is not in the set. Kept in this
 * process; other processes fetch their own.
 */
export class IssuerKeys {
  private readonly remote: ReturnType<typeof createRemoteJWKSet>;
  /** jose puts the set that it uses here. */
  private readonly fetched: Partial<ExportedJWKSCache> = {};
  private pausedUntil = 0;

  constructor(private readonly issuer: string) {
    this.remote = createRemoteJWKSet(discoveryAddress(issuer), {
      timeoutDuration: TIMEOUT_MS,
      cooldownDuration: COOLDOWN_MS,
      cacheMaxAge: MAX_AGE_MS,
      [jwksCache]: this.fetched as Record<string, never>,
      [customFetch]: (address, options) => this.fetch(address, options),
    });
  }

  /** The set of keys that is believed now, another object each time that it was fetched; null: there is none, or too old. */
  get current(): JSONWebKeySet | null {
    return this.remote.fresh ? (this.fetched.jwks ?? null) : null;
  }

  /**
   * The key that a token says it was signed with. Raises jose's error when the issuer has no such key, UNAVAILABLE
   * when its keys cannot be had.
   */
  async keyOf(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    try {
      return await this.remote(header, token);
    } catch (error) {
      const refusesToken =
        error instanceof errors.JWKSNoMatchingKey ||
        error instanceof errors.JWKSMultipleMatchingKeys ||
        error instanceof errors.JOSENotSupported;
      throw refusesToken ? error : keysUnavailable(error);
    }
  }

  private async fetch(discovery: string, options: RequestInit): Promise<Response> {
    if (Date.now() < this.pausedUntil) throw new IssuerError('the issuer did not answer a moment ago');
    try {
      const document: unknown = await (await answerOf(discovery, options)).json();
      const keys = await answerOf(keySetAddress(document, this.issuer), options);
      // Read here, so that a failure on the way counts as one.
      const body = await keys.arrayBuffer();
      return new Response(body);
    } catch (error) {
      this.pausedUntil = Date.now() + PAUSE_AFTER_FAILURE_MS;
      throw error;
    }
  }
}

/** The cause is for the log. */
const keysUnavailable = (cause: unknown): ApiError =>
  new ApiError(
    'UNAVAILABLE',
    'Tokens of your organisation cannot be checked at the moment. Try again in a few seconds.',
    { cause, extensions: { retryAfterSeconds: PAUSE_AFTER_FAILURE_MS / 1000 } },
  );

/** Where an issuer's discovery document is: a slash at the end of the issuer is left out. */
const discoveryAddress = (issuer: string): URL =>
  new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);

async function answerOf(address: string, options: RequestInit): Promise<Response> {
  const response = await fetch(address, options);
  if (response.status !== 200) throw new IssuerError(`${address} answered with status ${response.status}`);
  return response;
}

/** The address of the key set that a discovery document names. The document must be of this very issuer. */
function keySetAddress(document: unknown, issuer: string): string {
  const { issuer: said, jwks_uri: address } = (document ?? {}) as { issuer?: unknown; jwks_uri?: unknown };
  if (said !== issuer) throw new IssuerError('the discovery document is of another issuer than AUTH_ISSUER');
  if (typeof address !== 'string' || !isSecureAddress(address)) {
    throw new IssuerError('the discovery document names no https address as jwks_uri');
  }
  return address;
}
