import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { tooManyRequests } from './problems';

/**
 * Limits how often one viewer asks. Counted in the process, on purpose: the limit protects what the process itself has
 * to give, and a write to PostgreSQL for every read would cost more than most of the reads. N processes so take N times
 * as much from one viewer together. What must hold for all of them together, attempts at passwords, is counted in
 * PostgreSQL (see sign-in.ts and confirmation.ts). Counts vanish within a minute, and so does what is kept of a viewer.
 */
export class RequestRate {
  private readonly limiter: RateLimiterMemory | null;

  /** @param perMinute how many requests a minute; 0: no limit. */
  constructor(perMinute: number) {
    this.limiter = perMinute === 0 ? null : new RateLimiterMemory({ points: perMinute, duration: 60 });
  }

  /** Counts one request. Raises RATE_LIMITED, with when to try again. */
  async count(key: string): Promise<void> {
    try {
      await this.limiter?.consume(key);
    } catch (reason) {
      if (!(reason instanceof RateLimiterRes)) throw reason;
      throw tooManyRequests(Math.max(1, Math.ceil(reason.msBeforeNext / 1000)));
    }
  }
}
