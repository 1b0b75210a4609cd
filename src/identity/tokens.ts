import { jwtVerify, SignJWT } from 'jose';
import { TokenCache } from './token-cache';

/** The `iss` of our own tokens. No issuer elsewhere can have it: theirs are addresses. */
export const ISSUER = 'billing-access-delegation';
const AUDIENCE = 'billing-access-delegation/api';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const isId = (claim: unknown): claim is string => typeof claim === 'string' && UUID.test(claim);

/** Whose session a token is: a user of a clinic, or (clinicId null) a support user. */
export interface Session {
  readonly userId: string;
  readonly clinicId: string | null;
}

/** Signs and checks session tokens (JWT, HS256). A token says who somebody is, never what they may do. */
export class Tokens {
  private readonly key: Uint8Array;
  private readonly cache = new TokenCache<Session>();

  constructor(
    signingKey: string,
    private readonly minutes: number,
  ) {
    this.key = new TextEncoder().encode(signingKey);
  }

  /** A token and the instant at which it ends. */
  async issue(session: Session): Promise<{ token: string; expiresAt: Date }> {
    const expiresAt = new Date(Math.floor(Date.now() / 1000 + this.minutes * 60) * 1000);
    const token = await new SignJWT({ clinic: session.clinicId })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject(session.userId)
      .setIssuedAt()
      .setExpirationTime(expiresAt)
      .sign(this.key);
    return { token, expiresAt };
  }

  /** The session of a token that verified before and holds still; undefined: it must be verified. */
  remembered(token: string): Session | undefined {
    return this.cache.get(token);
  }

  /** The session of a token that this key signed and that has not ended; null for anything else. */
  async verify(token: string): Promise<Session | null> {
    const known = this.remembered(token);
    if (known !== undefined) return known;
    try {
      const { payload } = await jwtVerify(token, this.key, {
        issuer: ISSUER,
        audience: AUDIENCE,
        algorithms: ['HS256'],
        requiredClaims: ['sub', 'exp', 'iat'],
      });
      const clinic = payload.clinic ?? null;
      if (!isId(payload.sub) || !(clinic === null || isId(clinic))) return null;
      const session: Session = Object.freeze({ userId: payload.sub, clinicId: clinic });
      this.cache.keep(token, { said: session, from: payload.nbf ?? 0, until: payload.exp ?? 0 });
      return session;
    } catch {
      return null;
    }
  }
}
