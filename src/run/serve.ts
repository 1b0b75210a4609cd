import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { type Config, ConfigError, MOST_OPERATIONS } from '../config';
import { closeServer, Lifecycle } from '../http/lifecycle';
import { buildGuardedSchema } from '../schema';
import { createServer } from '../server';
import { Metrics } from '../watching/metrics';
import { OperationNames, shippedOperations } from '../watching/operations';
import type { StatementWatch } from '../watching/tracing';
import { openDatabase, openReplica, type Place } from './database';
import type { Running } from './running';

/** A server that listens. */
export interface Serving {
  /** Where, as `http://host:port`. */
  readonly address: string;
  /** What it counts; null: nothing. */
  readonly metrics: Metrics | null;
}

/**
 * Starts a server in this process, on a database that was prepared. Its stop lets requests finish.
 * @param mayEnd asked when it stops: it goes on listening until this resolves
 */
export async function serve(
  config: Config,
  place: Place,
  log: Logger,
  running: Running,
  mayEnd: () => Promise<void> = () => Promise.resolve(),
): Promise<Serving> {
  const operationNames = new OperationNames(config.operationNames ?? shippedOperations(MOST_OPERATIONS));
  const metrics = config.metrics && new Metrics(operationNames);
  const onStatement: StatementWatch | undefined =
    metrics === null ? undefined : (seconds, outcome) => metrics.statement(seconds, outcome);
  const database = await openDatabase(config, place.url, log, running, onStatement);
  metrics?.watchPool(database.pool, config.poolSize);
  const replica = await openReplica(config, database, log, running, onStatement);
  if (replica !== null) metrics?.watchReplica(replica);
  const lifecycle = new Lifecycle();
  const app = await createServer({
    schema: buildGuardedSchema(),
    database,
    replica,
    log,
    signingKey: place.signingKey,
    tokenMinutes: config.tokenMinutes,
    auth: config.auth,
    localSignIn: config.localSignIn,
    trustProxy: config.trustProxy,
    graphiqlFolder: config.graphiql ? path.join(__dirname, '..', '..', 'graphiql') : null,
    limits: config.limits,
    corsOrigins: config.corsOrigins,
    auditLog: config.auditLog,
    compiledExecutor: config.compiledExecutor,
    lifecycle,
    operationNames,
    metrics,
  });
  running.onStop(async () => {
    await lifecycle.drain(config.shutdownSeconds * 1000, mayEnd());
    await closeServer(app);
  });
  return { address: await listen(app, config), metrics };
}

async function listen(app: FastifyInstance, config: Config): Promise<string> {
  try {
    return await app.listen({ host: config.host, port: config.port });
  } catch (error) {
    throw portProblem(error, 'PORT', config) ?? error;
  }
}

/** What a person can do about a port that cannot be had; null: nothing that is known. */
export function portProblem(
  error: unknown,
  setting: 'PORT' | 'METRICS_PORT',
  { host, port }: { readonly host: string; readonly port: number },
): ConfigError | null {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new ConfigError(
        `Port ${port} on ${host} is taken. Stop what uses it, or choose another: ${setting}=${port + 1} npm start`,
      );
    case 'EACCES':
      return new ConfigError(
        `Port ${port} may not be used by this account. Choose one above 1023, for example ${setting}=4000.`,
      );
    default:
      return null;
  }
}
