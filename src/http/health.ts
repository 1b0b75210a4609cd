import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Lifecycle } from './lifecycle';

/** How long the answer to the last question is the answer: probes of many watchers ask the database once. */
const FRESH_MS = 500;
/** A database that takes longer does not answer. */
const PATIENCE_MS = 2_000;

export interface HealthOptions {
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
  /** Why the database does not fit this version; null: it does. Raises when it does not answer. */
  readonly misfit: () => Promise<string | null>;
}

/** Why a process takes no requests; null: it does. */
type Obstacle = 'stopping' | 'database' | 'migrations' | null;

/**
 * Two questions of whoever watches the process. /healthz: does it live? 200 as long as it does; else restart it.
 * /readyz: shall requests go to it? 503 while it stops, while the database does not answer, and while that has not
 * the migrations of this version; then they go elsewhere, and nothing is restarted.
 */
export function registerHealth(app: FastifyInstance, options: HealthOptions): void {
  const { lifecycle, log } = options;
  let asked: { at: number; obstacle: Promise<Obstacle> } | undefined;
  let last: Obstacle = null;
  let pending: Promise<string | null> | undefined;
  /** Asks the database once at a time: one that is slow does not get more questions. */
  const misfit = (): Promise<string | null> => {
    pending ??= options.misfit().finally(() => {
      pending = undefined;
    });
    return pending;
  };

  const look = async (): Promise<Obstacle> => {
    let reason: unknown;
    let obstacle: Obstacle;
    try {
      reason = await within(misfit(), PATIENCE_MS);
      obstacle = reason === null ? null : 'migrations';
    } catch (error) {
      reason = error;
      obstacle = 'database';
    }
    // Told when it changes, not with every probe.
    if (obstacle !== last) {
      if (obstacle === null) log.info('ready again');
      else log.warn({ obstacle, err: reason }, 'not ready');
      last = obstacle;
    }
    return obstacle;
  };
  const obstacle = async (): Promise<Obstacle> => {
    if (lifecycle.stopping) return 'stopping';
    const now = performance.now();
    if (asked === undefined || now - asked.at > FRESH_MS) asked = { at: now, obstacle: look() };
    const found = await asked.obstacle;
    return lifecycle.stopping ? 'stopping' : found;
  };

  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const found = await obstacle();
    if (found === null) return { status: 'ready' };
    return reply.status(503).send({ status: 'not ready', reason: found });
  });
}

async function within<Result>(answer: Promise<Result>, milliseconds: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`the database did not answer within ${milliseconds / 1000} seconds`)),
      milliseconds,
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
    // If it fails later, that has been told.
    answer.catch(() => undefined);
  }
}
