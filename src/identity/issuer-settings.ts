/** The algorithms that can be allowed: signatures made with a private key, which the issuer alone has. */
export const ALGORITHMS = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const),
];

export type Algorithm = (typeof ALGORITHMS)[number];

/** Who signs people in elsewhere, and which of its tokens are for us. */
export interface IssuerSettings {
  /** As its tokens and its discovery document have it, to the letter. */
  readonly issuer: string;
  /** What its tokens for this API have in `aud`. */
  readonly audience: string;
  readonly algorithms: readonly Algorithm[];
  /** By how many seconds its clock may differ from ours. */
  readonly clockSkewSeconds: number;
  /** How long ago somebody may have signed in there to confirm a change, in seconds. */
  readonly freshSeconds: number;
}
