import { createHash, randomUUID } from 'node:crypto';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Database } from '../database';
import { meansUnavailable } from '../database';
import { ApiError, badUserInput, rateLimited, unavailable } from '../errors';
import { hashPassword, LONGEST_PASSWORD, verifyPassword } from './password';
import { IdentityStore } from './store';
import type { Session, Tokens } from './tokens';

const WINDOW_SECONDS = 15 * 60;
const FAILURES_PER_ACCOUNT = 10;
/** Higher: a whole clinic may come from one address. */
const FAILURES_PER_ADDRESS = 100;
const LONGEST_EMAIL = 254;

/** Signs people in. Failed attempts are counted in PostgreSQL, so that every server process counts the same ones. */
export class SignInService {
  private readonly store: IdentityStore;
  private readonly perAccount: RateLimiterPostgres;
  private readonly perAddress: RateLimiterPostgres;
  /** What a password is compared with where there is no account, so that both take the same time. */
  private readonly nobodysHash = hashPassword(randomUUID());

  constructor(
    database: Database,
    private readonly tokens: Tokens,
    private readonly enabled = true,
  ) {
    this.store = new IdentityStore(database);
    const limiter = (keyPrefix: string, points: number) =>
      new RateLimiterPostgres({
        storeClient: database.source,
        storeType: 'typeorm',
        tableName: 'attempts',
        tableCreated: true,
        keyPrefix,
        points,
        duration: WINDOW_SECONDS,
      });
    this.perAccount = limiter('sign-in-account', FAILURES_PER_ACCOUNT);
    this.perAddress = limiter('sign-in-address', FAILURES_PER_ADDRESS);
  }

  /**
   * A session token for the right password of an active account. Raises UNAUTHENTICATED with one and the same text
   * for an unknown name, a wrong password and a deactivated account; RATE_LIMITED after 10 failures for a name or
   * 100 from an address within 15 minutes; FORBIDDEN where people sign in elsewhere; BAD_USER_INPUT; UNAVAILABLE.
   */
  async signIn(
    email: string,
    password: string,
    address: string,
  ): Promise<{ token: string; expiresAt: Date; session: Session }> {
    if (!this.enabled) {
      throw new ApiError(
        'FORBIDDEN',
        'Nobody signs in with a password here: sign in with your organisation, and send its token.',
      );
    }
    const name = email.trim();
    if (name.length === 0 || name.length > LONGEST_EMAIL)
      throw badUserInput('`email` takes 1 to 254 characters.');
    if (password.length === 0 || password.length > LONGEST_PASSWORD) {
      throw badUserInput('`password` takes 1 to 1024 characters.');
    }
    // Counted before the password is looked at and given back when it was right: attempts at once cannot slip through.
    const accountKey = digest(name.toLowerCase());
    await this.count(this.perAddress, address);
    await this.count(this.perAccount, accountKey);

    const account = name.includes('\0') ? null : await this.store.accountOf(name);
    const right = await verifyPassword(account?.passwordHash ?? (await this.nobodysHash), password);
    if (account === null || !right || !account.active) {
      throw new ApiError('UNAUTHENTICATED', 'The e-mail address or the password is wrong.');
    }
    await this.limited(() => this.perAccount.delete(accountKey));
    await this.limited(() => this.perAddress.reward(address));
    const session = { userId: account.userId, clinicId: account.clinicId };
    return { ...(await this.tokens.issue(session)), session };
  }

  private async count(limiter: RateLimiterPostgres, key: string): Promise<void> {
    await this.limited(() => limiter.consume(key));
  }

  /** The library rejects with a result when the limit is reached, and with the driver's error otherwise. */
  private async limited(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (reason) {
      if (reason instanceof RateLimiterRes)
        throw rateLimited(Math.max(1, Math.ceil(reason.msBeforeNext / 1000)));
      throw meansUnavailable(reason) ? unavailable(reason) : reason;
    }
  }
}

/** Names that somebody tried are kept as digests only. */
const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');
