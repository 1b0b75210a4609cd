/** What one request may ask for, and how many the process takes. Every one can be set (see README). */
export interface Limits {
  /** The longest body, in bytes. */
  readonly bodyBytes: number;
  /** How many tokens (names, braces, values) an operation's text has at most. */
  readonly tokens: number;
  /** How deep fields are nested at most; fragments add nothing. */
  readonly depth: number;
  /** How many aliases an operation has at most, fragments counted wherever they are used. */
  readonly aliases: number;
  /** How many directives an operation has at most, fragments counted wherever they are used. */
  readonly directives: number;
  /** How often one selection set names the same field at most. */
  readonly repeats: number;
  /** How many values an operation can cost at most; lists multiply (see cost.ts). */
  readonly cost: number;
  /** How long a request may take from its last byte to its answer, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** How long a client may take to send a request, in milliseconds. */
  readonly receiveTimeoutMs: number;
  /** How many requests the process works on at once; more are refused with 503. */
  readonly concurrent: number;
  /** How many requests a minute the process takes from one viewer, or from one address without one; 0: no limit. */
  readonly requestsPerMinute: number;
}

export const DEFAULT_LIMITS: Limits = {
  bodyBytes: 512 * 1024,
  tokens: 5_000,
  depth: 12,
  aliases: 30,
  directives: 30,
  repeats: 10,
  cost: 100_000,
  requestTimeoutMs: 15_000,
  receiveTimeoutMs: 15_000,
  concurrent: 100,
  requestsPerMinute: 1_200,
};
