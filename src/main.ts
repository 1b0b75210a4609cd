import cluster from 'node:cluster';
import type { Logger } from 'pino';
import { type Config, readConfig } from './config';
import { demoSignIns } from './importers/demo';
import { createLogger } from './logging';
import { type Place, prepareDatabase } from './run/database';
import { Running } from './run/running';
import { fail, say } from './run/say';
import { portProblem, serve } from './run/serve';
import { runWorker } from './run/worker';
import { Workers, WorkersError } from './run/workers';
import { startMetricsServer } from './watching/metrics-server';

/** What serves: where, and how to read its metrics. */
interface Service {
  readonly address: string;
  readonly readMetrics: () => Promise<string>;
}

async function serveHere(config: Config, place: Place, log: Logger, running: Running): Promise<Service> {
  const { address, metrics } = await serve(config, place, log, running);
  return { address, readMetrics: async () => metrics?.registry.metrics() ?? '' };
}

async function serveByWorkers(config: Config, place: Place, log: Logger, running: Running): Promise<Service> {
  const workers = new Workers({
    count: config.workers,
    place,
    shutdownSeconds: config.shutdownSeconds,
    log,
  });
  running.onStop(() => workers.stop());
  return { address: await workers.start(), readMetrics: () => workers.read() };
}

/** Starts to answer Prometheus, where it is asked for; answers where. */
async function openMetrics(
  config: Config,
  read: () => Promise<string>,
  log: Logger,
  running: Running,
): Promise<string | null> {
  const { metrics } = config;
  if (metrics === null) return null;
  const server = await startMetricsServer({ ...metrics, read, log }).catch((error: unknown) => {
    throw portProblem(error, 'METRICS_PORT', metrics) ?? error;
  });
  running.onStop(() => server.close());
  return server.url;
}

function welcome(address: string, metricsUrl: string | null, config: Config): void {
  say('');
  say(`  API       ${address}/graphql`);
  if (config.graphiql) say(`  GraphiQL  ${address}/graphiql`);
  if (metricsUrl !== null) say(`  Metrics   ${metricsUrl}`);
  if (config.databaseUrl === null) {
    say('');
    say(`  Demo sign-ins, password ${config.demoPassword}:`);
    const width = Math.max(...demoSignIns.map((one) => one.email.length));
    for (const one of demoSignIns) say(`    ${one.email.padEnd(width)}  ${one.who}`);
  }
  say('');
  say('  Stop with Ctrl-C.');
}

async function main(): Promise<void> {
  const running = new Running();
  const end = (): void => void running.stop().then(() => process.exit(0), fail);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!running.stopping) say('Stopping ...');
      end();
    });
  }
  // The start script holds a channel to this process; when it is killed outright, the channel closes.
  process.on('disconnect', end);
  try {
    const config = readConfig();
    const log = createLogger(config.logLevel);
    const place = await prepareDatabase(config, log, running);
    const service = await (config.workers === 1 ? serveHere : serveByWorkers)(config, place, log, running);
    const metricsUrl = await openMetrics(config, service.readMetrics, log, running);
    welcome(service.address, metricsUrl, config);
  } catch (error) {
    // Told to stop while it started: what was still starting failed on that account.
    const stopped = running.stopping;
    await running.stop();
    if (stopped) process.exit(0);
    // The worker has told what was wrong.
    if (error instanceof WorkersError) process.exit(1);
    fail(error);
  }
}

if (cluster.isWorker) runWorker();
else void main();
