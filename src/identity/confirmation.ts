import type { Viewer } from '../access/viewer';
import { ApiError, badUserInput, rateLimited } from '../errors';
import type { Statements, Transactions } from '../sql';
import { setActor } from './actor';
import type { Credential } from './bearer';
import { hashPassword, LONGEST_PASSWORD, verifyPassword } from './password';
import { IdentityStore } from './store';

const WINDOW_MILLISECONDS = 15 * 60 * 1000;
const FAILURES = 5;

/** What a right confirmation leads to, or why there is none. */
type Outcome<Result> = { readonly result: Result } | { readonly refusal: ApiError };

/** What comes with a change to show that it is the acting user's own. */
export interface Proof {
  /** The password in the input; null or undefined: none. */
  readonly password: string | null | undefined;
  /** The token of the request. */
  readonly credential: Credential | null;
}

/** What may confirm a change. */
export interface ConfirmationRules {
  /** Whether passwords of this product count for anything: people sign in with them. */
  readonly passwords: boolean;
  /** How long ago somebody may have signed in at the issuer, in seconds; and by how many its clock may be ahead. */
  readonly fresh: { readonly seconds: number; readonly skewSeconds: number } | null;
}

const keyOf = (viewer: Viewer): string => `confirm:${viewer.userId}`;

/**
 * Confirms a change by the acting user's password, or by a token of somebody who has just signed in at the issuer
 * elsewhere (docs/decisions/0009), within the change's own transaction. A password that is sent is always the one that
 * counts. Five wrong passwords within 15 minutes lock confirmation, not sign-in, for that user. Attempts of one user are taken one after the other, by a
 * lock in PostgreSQL that all server processes share, so that attempts made at once cannot exceed the five.
 */
export class Confirmation {
  /** Attempts of this process queue here before they take a connection, so that one user cannot hold them all. */
  private readonly queues = new Map<string, Promise<unknown>>();
  /** What a password is compared with where there is nothing to compare it with: every refusal takes the same time. */
  private readonly nobodysHash = hashPassword(crypto.randomUUID());

  /** @param onLocked told of each change that is refused since confirmation is locked */
  constructor(
    private readonly rules: ConfirmationRules = { passwords: true, fresh: null },
    private readonly onLocked: () => void = () => undefined,
  ) {}

  /**
   * Runs `change` in a transaction with the viewer as its actor, if the proof is the viewer's; nothing of it is kept
   * otherwise. Raises PASSWORD_REQUIRED (wrong, missing or not fresh; for who signed in elsewhere with what confirms, as
   * `confirmWith` and `maxAgeSeconds`), RATE_LIMITED (locked), BAD_USER_INPUT (empty or over-long: no password can be
   * that), UNAVAILABLE, and what `change` raises. A missing password and a token that is not fresh are not counted: a
   * client may ask first and be told to confirm.
   */
  async run<Result>(
    transactions: Transactions,
    viewer: Viewer,
    { password, credential }: Proof,
    change: (transaction: Statements) => Promise<Result>,
  ): Promise<Result> {
    if (typeof password === 'string' && (password.length === 0 || password.length > LONGEST_PASSWORD)) {
      throw badUserInput(`\`password\` takes 1 to ${LONGEST_PASSWORD} characters.`);
    }
    const outcome = await this.inTurn(viewer.userId, () =>
      transactions.transaction<Outcome<Result>>(async (transaction) => {
        const refusal = await this.refusalOf(transaction, viewer, password ?? null, credential);
        // Committed with the refusal: a wrong password stays counted.
        if (refusal !== null) return { refusal };
        await setActor(transaction, viewer);
        return { result: await change(transaction) };
      }),
    );
    if ('refusal' in outcome) {
      if (outcome.refusal.code === 'RATE_LIMITED') this.onLocked();
      throw outcome.refusal;
    }
    return outcome.result;
  }

  /** Counts a failed attempt that was refused before its password was looked at. */
  async countFailure(transactions: Transactions, viewer: Viewer): Promise<void> {
    await transactions.transaction(async (transaction) => {
      await lock(transaction, viewer);
      await countFailures(transaction, viewer, 1);
    });
  }

  private async refusalOf(
    transaction: Statements,
    viewer: Viewer,
    password: string | null,
    credential: Credential | null,
  ): Promise<ApiError | null> {
    await lock(transaction, viewer);
    const [attempts] = await transaction.query<{ seconds: number }>(
      `SELECT ceil((expire - ${NOW}) / 1000.0)::int AS seconds FROM attempts
       WHERE key = $1 AND points >= $2 AND expire > ${NOW}`,
      [keyOf(viewer), FAILURES],
    );
    // Says nothing of passwords, so it leaves their failures counted.
    if (attempts === undefined && password === null && this.isFresh(credential)) return null;
    const stored = await new IdentityStore(transaction).passwordHashOf(viewer);
    const hash = this.rules.passwords ? stored : null;
    const right = await verifyPassword(hash ?? (await this.nobodysHash), password ?? '-');
    if (attempts === undefined && right && password !== null && hash !== null) {
      await transaction.query('DELETE FROM attempts WHERE key = $1', [keyOf(viewer)]);
      return null;
    }
    // Every refusal writes, so that they take the same time; one that does not count adds nothing.
    await countFailures(transaction, viewer, attempts === undefined && password !== null ? 1 : 0);
    if (attempts !== undefined) return rateLimited(attempts.seconds);
    return this.unconfirmed(credential, hash !== null);
  }

  /**
   * Whether the token is of somebody who showed at the issuer, just now, who they are. When it was issued (`iat`) does
   * not matter: a token is renewed without anybody at the keyboard.
   */
  private isFresh(credential: Credential | null): boolean {
    const authTime = credential?.kind === 'EXTERNAL' ? credential.identity.authTime : null;
    const { fresh } = this.rules;
    if (authTime === null || fresh === null) return false;
    const age = Date.now() / 1000 - authTime;
    return age <= fresh.seconds && age >= -fresh.skewSeconds;
  }

  private unconfirmed(credential: Credential | null, hasPassword: boolean): ApiError {
    if (credential?.kind !== 'EXTERNAL' || this.rules.fresh === null) {
      return new ApiError(
        'PASSWORD_REQUIRED',
        'Confirm with your own password: it was missing or wrong. Nothing was changed.',
      );
    }
    const { seconds } = this.rules.fresh;
    const again = `sign in again with your organisation and send this request, without a password, with the new token within ${seconds} seconds`;
    return new ApiError(
      'PASSWORD_REQUIRED',
      hasPassword
        ? `Confirm with your own password, which was missing or wrong, or ${again}. Nothing was changed.`
        : `Confirm that it is you: ${again}. Nothing was changed.`,
      {
        extensions: {
          confirmWith: hasPassword ? ['PASSWORD', 'SIGN_IN'] : ['SIGN_IN'],
          // As `max_age` in the request that sends the user to the issuer.
          maxAgeSeconds: seconds,
        },
      },
    );
  }

  private async inTurn<Result>(key: string, act: () => Promise<Result>): Promise<Result> {
    const before = this.queues.get(key) ?? Promise.resolve();
    const mine = before.then(act, act);
    this.queues.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.queues.get(key) === mine) this.queues.delete(key);
    }
  }
}

/** Milliseconds since 1970 by the database's clock, as rate-limiter-flexible's table has them. */
const NOW = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

/** Held until the transaction ends. */
async function lock(transaction: Statements, viewer: Viewer): Promise<void> {
  await transaction.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [keyOf(viewer)]);
}

/** Adds failures (0 or 1); the 15 minutes begin with the first one. A row of none is one that has expired. */
async function countFailures(transaction: Statements, viewer: Viewer, failures: number): Promise<void> {
  await transaction.query(
    `INSERT INTO attempts AS a (key, points, expire) VALUES ($1, $2::int, ${NOW} + $3::bigint)
     ON CONFLICT (key) DO UPDATE SET
       points = CASE WHEN a.expire > ${NOW} THEN a.points + excluded.points ELSE excluded.points END,
       expire = CASE WHEN a.expire > ${NOW} THEN a.expire ELSE excluded.expire END`,
    [keyOf(viewer), failures, failures === 0 ? 0 : WINDOW_MILLISECONDS],
  );
}
