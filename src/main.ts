import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { type Config, ConfigError, readConfig } from './config';
import { Database } from './database';
import { type EmbeddedCluster, EmbeddedPostgresError, startCluster } from './embedded';
import { keptSigningKey, ownerUrlOf, serverUrlOf, withClient } from './embedded-database';
import { failureText } from './failure-text';
import { demoSignIns, loadDemo } from './importers/demo';
import { createLogger } from './logging';
import { MigrationError, migrate } from './migrate';
import { buildGuardedSchema } from './schema';
import { createServer } from './server';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** What must be stopped again, the last first. */
class Running {
  private readonly stops: (() => Promise<unknown>)[] = [];

  onStop(stop: () => Promise<unknown>): void {
    this.stops.push(stop);
  }

  async stop(): Promise<void> {
    for (let stop = this.stops.pop(); stop !== undefined; stop = this.stops.pop()) await stop();
  }
}

/** Opens the database: your own, or the embedded one with the demo clinic in it. Migrates it first. */
async function openDatabase(
  config: Config,
  log: Logger,
  running: Running,
): Promise<{ database: Database; signingKey: string }> {
  let url = config.databaseUrl;
  let signingKey = config.signingKey;
  if (url === null || config.migrationDatabaseUrl === null) {
    const cluster: EmbeddedCluster = await startCluster({
      dataDir: path.resolve(config.dataDir),
      log: say,
      // The server stays up and answers UNAVAILABLE; whoever runs it must know why.
      onUnexpectedExit: (message) => log.error(message),
    });
    running.onStop(() => cluster.stop());
    const ownerUrl = await ownerUrlOf(cluster);
    await migrate(ownerUrl);
    const demo = await withClient(ownerUrl, (client) => loadDemo(client, { password: config.demoPassword }));
    if (demo.loaded) say(`Loaded the demo clinics: ${demo.bills} bills of ${demo.patients} patients.`);
    url = await serverUrlOf(cluster);
    signingKey ??= await keptSigningKey(path.resolve(config.dataDir));
  } else {
    const ran = await migrate(config.migrationDatabaseUrl);
    if (ran.length > 0) say(`Migrated the database: ${ran.length} steps.`);
  }
  const database = await Database.open({
    url,
    poolSize: config.poolSize,
    statementTimeoutMs: config.statementTimeoutMs,
    onPoolError: (error) => log.warn({ err: error }, 'a database connection was lost'),
  });
  running.onStop(() => database.close());
  return { database, signingKey: signingKey ?? '' };
}

async function listen(app: FastifyInstance, config: Config): Promise<string> {
  try {
    return await app.listen({ host: config.host, port: config.port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
      throw new ConfigError(
        `Port ${config.port} on ${config.host} is taken. Stop what uses it, or choose another: PORT=${config.port + 1} npm start`,
      );
    }
    if ((error as NodeJS.ErrnoException).code === 'EACCES') {
      throw new ConfigError(
        `Port ${config.port} may not be used by this account. Choose one above 1023, for example PORT=4000.`,
      );
    }
    throw error;
  }
}

function welcome(address: string, config: Config): void {
  say('');
  say(`  API       ${address}/graphql`);
  if (config.graphiql) say(`  GraphiQL  ${address}/graphiql`);
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
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => (stopping ??= running.stop());
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping === null) say('Stopping ...');
      void stop().then(() => process.exit(0), fail);
    });
  }
  // The start script holds a channel to this process; when it is killed outright, the channel closes.
  process.on('disconnect', () => void stop().then(() => process.exit(0), fail));
  try {
    const config = readConfig();
    const log = createLogger(config.logLevel);
    const { database, signingKey } = await openDatabase(config, log, running);
    const app = await createServer({
      schema: buildGuardedSchema(),
      database,
      log,
      signingKey,
      tokenMinutes: config.tokenMinutes,
      trustProxy: config.trustProxy,
      graphiqlFolder: config.graphiql ? path.join(__dirname, '..', 'graphiql') : null,
      limits: config.limits,
      corsOrigins: config.corsOrigins,
      auditLog: config.auditLog,
    });
    running.onStop(() => app.close());
    welcome(await listen(app, config), config);
  } catch (error) {
    await stop();
    fail(error);
  }
}

/** Tells why there is no server. What a person can mend comes without a stack. */
function fail(error: unknown): never {
  const text = failureText(error, [ConfigError, MigrationError, EmbeddedPostgresError]);
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

void main();
