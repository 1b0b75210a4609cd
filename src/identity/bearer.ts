import { decodeJwt } from 'jose';
import type { ExternalIdentity, IssuerTokens } from './issuer-tokens';
import { ISSUER, type Session, type Tokens } from './tokens';

/** Whose token came with a request, and where they signed in: here, or at the issuer elsewhere. */
export type Credential =
  | { readonly kind: 'LOCAL'; readonly session: Session }
  | { readonly kind: 'EXTERNAL'; readonly identity: ExternalIdentity };

/** Names who sends a request, for counting requests; the account behind it may not exist. */
export const senderOf = (credential: Credential): string =>
  credential.kind === 'LOCAL' ? credential.session.userId : `subject ${credential.identity.subject}`;

/** Takes a token to whoever can check it: by the issuer that it names, which nobody believes before it is checked. */
export class BearerTokens {
  /**
   * @param local checks our own tokens; null: nobody signs in here, and earlier tokens of ours are worth nothing.
   * @param external checks those of the issuer elsewhere; null: there is none.
   */
  constructor(
    private readonly local: Tokens | null,
    private readonly external: IssuerTokens | null,
  ) {}

  /**
   * What the token in an Authorization header says; null when there is no valid one.
   * Raises UNAVAILABLE when the issuer's keys cannot be had.
   * @param refused is told why a token of the issuer elsewhere is refused, in words that hold nothing of the token.
   */
  async verify(
    authorization: string | undefined,
    refused: (reason: string) => void,
  ): Promise<Credential | null> {
    const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) return null;
    const remembered = this.local?.remembered(token);
    if (remembered !== undefined) return { kind: 'LOCAL', session: remembered };
    const issuer = issuerOf(token);
    if (issuer === ISSUER) {
      const session = (await this.local?.verify(token)) ?? null;
      return session && { kind: 'LOCAL', session };
    }
    if (this.external === null || issuer !== this.external.issuer) return null;
    const identity = await this.external.verify(token, refused);
    return identity && { kind: 'EXTERNAL', identity };
  }
}

/** The issuer that a token names; null: it names none, or is no token. */
function issuerOf(token: string): string | null {
  try {
    return decodeJwt(token).iss ?? null;
  } catch {
    return null;
  }
}
