import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { ApiError } from '../errors';

/** What is asked by machines that watch the process: answered to the end, and nothing to wait for. */
const WATCHING = /^\/(healthz|readyz)(\?|$)/;
/**
 * So many turns of the event loop, none of them busy, pass before a server that has nothing to do ends: in each, what
 * has arrived at the system is read, so that whatever was sent before the process was told to stop gets an answer.
 */
const QUIET_TURNS = 10;
const TURN_MS = 10;
/** What comes later than this was not on its way then; it is refused, and does not hold the end up. */
const ON_ITS_WAY_MS = 2_000;
/** How long a request that was cut off has to be answered. */
const CUT_OFF_MS = 1_000;

const stoppingRefusal = (): ApiError =>
  new ApiError(
    'UNAVAILABLE',
    'This server process is stopping. Send the request again: another one takes it.',
    {
      extensions: { retryAfterSeconds: 1 },
    },
  );

/** The life of a server process: it works, it stops taking work, it ends. */
export class Lifecycle {
  private working = 0;
  private readonly cuts = new Set<() => void>();
  private told = false;
  /** How many requests were refused since it was told to stop. */
  private refused = 0;

  /** Whether it was told to stop. */
  get stopping(): boolean {
    return this.told;
  }

  /** Calls `cut` when requests have had their time after the process was told to stop. Answers how to forget it. */
  readonly onCutOff = (cut: () => void): (() => void) => {
    this.cuts.add(cut);
    return () => this.cuts.delete(cut);
  };

  /** Counts the requests of a server, and refuses new ones, with 503, once it is stopping. */
  watch(app: FastifyInstance): void {
    app.addHook('onRequest', async (request, reply) => {
      if (WATCHING.test(request.url)) return;
      if (this.told) {
        this.refused += 1;
        throw stoppingRefusal();
      }
      this.working += 1;
      // Comes however the answer ends: sent, or the client went away.
      reply.raw.once('close', () => {
        this.working -= 1;
      });
    });
    app.addHook('onSend', async (_request, reply) => {
      // The client's next request goes to somebody else.
      if (this.told) reply.header('connection', 'close');
    });
  }

  /**
   * Stops taking work and waits until what is under way is answered, for so long at the most; the rest is cut off.
   * The server still listens then, so that whoever watches the process sees that it stops.
   * @param mayEnd not before this
   */
  async drain(milliseconds: number, mayEnd: Promise<unknown> = Promise.resolve()): Promise<void> {
    this.told = true;
    await mayEnd;
    if (await this.quietWithin(milliseconds)) return;
    for (const cut of this.cuts) cut();
    await this.quietWithin(CUT_OFF_MS);
  }

  private async quietWithin(milliseconds: number): Promise<boolean> {
    const began = performance.now();
    for (let quiet = 0; quiet < QUIET_TURNS; ) {
      const { refused } = this;
      await pause(TURN_MS);
      const passed = performance.now() - began;
      const busy = this.working > 0 || (this.refused > refused && passed < ON_ITS_WAY_MS);
      quiet = busy ? 0 : quiet + 1;
      if (passed >= milliseconds) return this.working === 0;
    }
    return true;
  }
}

/** Half a request may hold the end of a server for so long, in milliseconds. */
const HALF_REQUEST_MS = 100;

/** Ends a server that was drained: connections that only half a request has come of are not waited for. */
export async function closeServer(app: FastifyInstance): Promise<void> {
  const closing = app.close();
  const rest = setTimeout(() => app.server.closeAllConnections(), HALF_REQUEST_MS);
  await closing.finally(() => clearTimeout(rest));
}
