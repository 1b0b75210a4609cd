import { errors, type JSONWebKeySet, type JWTPayload, type JWTVerifyResult, jwtVerify } from 'jose';
import { ApiError } from '../errors';
import { IssuerKeys } from './issuer-keys';
import type { IssuerSettings } from './issuer-settings';
import { TokenCache } from './token-cache';

/** How long a token may be made for. Ours end within a day too (TOKEN_MINUTES). */
export const LONGEST_LIFETIME_SECONDS = 24 * 60 * 60;

/** What a token may call itself, where it does: an access token (RFC 9068), or a JWT and no more. */
const TYPES = /^(application\/)?(at\+jwt|jwt)$/i;

/** OpenID Connect Core: at most 255 ASCII characters. */
const SUBJECT = /^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/** Whether a text can be what an issuer calls somebody. */
export const isSubject = (text: string): boolean => SUBJECT.test(text);

/** Somebody as the issuer knows them. Who that is here, a row of `external_sign_ins` says. */
export interface ExternalIdentity {
  readonly issuer: string;
  readonly subject: string;
  /** When the person last showed who they are, in seconds since 1970; null: the token does not tell. */
  readonly authTime: number | null;
}

/** Checks the tokens of the issuer that signs people in elsewhere. */
export class IssuerTokens {
  private readonly keys: IssuerKeys;
  private readonly cache = new TokenCache<ExternalIdentity>();
  /** The set of keys that the tokens in the cache were verified with. */
  private cachedFor: JSONWebKeySet | null = null;

  constructor(private readonly settings: IssuerSettings) {
    this.keys = new IssuerKeys(settings.issuer);
  }

  /** Whose tokens these are: `iss`. */
  get issuer(): string {
    return this.settings.issuer;
  }

  /**
   * Whom a token is of; null unless the issuer signed it, for us, it holds now, and was made for a day at most.
   * Raises UNAVAILABLE when the issuer's keys cannot be had: it cannot be told then.
   * @param refused is told why a token is refused, in words that hold nothing of the token.
   */
  async verify(token: string, refused: (reason: string) => void): Promise<ExternalIdentity | null> {
    const known = this.remembered(token);
    if (known !== undefined) return known;
    try {
      const [verified, keys] = await this.signed(token);
      const identity = identityOf(verified);
      this.keep(token, identity, verified.payload, keys);
      return identity;
    } catch (error) {
      if (error instanceof ApiError) throw error;
      refused(reasonOf(error));
      return null;
    }
  }

  /** A token that verifies, and the set of keys that it was verified with. */
  private async signed(token: string): Promise<[JWTVerifyResult, JSONWebKeySet | null]> {
    const { issuer, audience, algorithms, clockSkewSeconds } = this.settings;
    let keys: JSONWebKeySet | null = null;
    const verified = await jwtVerify(
      token,
      async (header, jws) => {
        const key = await this.keys.keyOf(header, jws);
        keys = this.keys.current;
        return key;
      },
      {
        issuer,
        audience,
        algorithms: [...algorithms],
        clockTolerance: clockSkewSeconds,
        // Refuses those that were made in the future, too.
        maxTokenAge: LONGEST_LIFETIME_SECONDS,
        requiredClaims: ['sub', 'exp', 'iat'],
      },
    );
    return [verified, keys];
  }

  /** A token is believed no longer than the key that verified it. */
  private remembered(token: string): ExternalIdentity | undefined {
    return this.cachedFor !== null && this.cachedFor === this.keys.current
      ? this.cache.get(token, this.settings.clockSkewSeconds)
      : undefined;
  }

  private keep(
    token: string,
    said: ExternalIdentity,
    { exp = 0, nbf = 0, iat = 0 }: JWTPayload,
    keys: JSONWebKeySet | null,
  ): void {
    if (keys === null || keys !== this.keys.current) return;
    if (keys !== this.cachedFor) this.cache.clear();
    this.cachedFor = keys;
    this.cache.keep(token, { said, from: Math.max(nbf, iat), until: exp });
  }
}

/** Raises jose's error for a claim that is not as it must be. */
function identityOf({ payload, protectedHeader }: JWTVerifyResult): ExternalIdentity {
  const { iss = '', sub, exp = 0, iat = 0, auth_time: authTime } = payload;
  const refuse = (claim: string, reason: string): never => {
    throw new errors.JWTClaimValidationFailed(`"${claim}" ${reason}`, payload, claim, reason);
  };
  if (protectedHeader.typ !== undefined && !TYPES.test(protectedHeader.typ)) refuse('typ', 'unexpected');
  if (exp - iat > LONGEST_LIFETIME_SECONDS) refuse('exp', 'too_late');
  // Bound to a key that its holder would have to show (RFC 7800): nobody is asked to here.
  if (payload.cnf !== undefined) refuse('cnf', 'unexpected');
  if (typeof sub !== 'string' || !isSubject(sub)) return refuse('sub', 'invalid');
  const signedIn = typeof authTime === 'number' && Number.isFinite(authTime) ? authTime : null;
  return Object.freeze({ issuer: iss, subject: sub, authTime: signedIn });
}

/** jose's own code, with the claim that it is about; its messages can hold text of the token. */
function reasonOf(error: unknown): string {
  if (!(error instanceof errors.JOSEError)) return 'a key of the issuer cannot be used';
  const failed = error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired;
  return failed ? `${error.code} ${error.claim} ${error.reason}` : error.code;
}
