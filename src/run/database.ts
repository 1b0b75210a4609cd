import path from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../config';
import { Database } from '../database';
import { isPlainOverNetwork } from '../database-address';
import { type EmbeddedCluster, startCluster } from '../embedded';
import { keptSigningKey, ownerUrlOf, serverUrlOf, withClient } from '../embedded-database';
import { loadDemo } from '../importers/demo';
import { migrate } from '../migrate';
import { MigrationError, misfit, openFailure } from '../migrations-fit';
import { ReadReplica } from '../replica/read-replica';
import type { StatementWatch } from '../watching/tracing';
import type { Running } from './running';
import { say } from './say';

/** Where the server finds its database, and the key that goes with it. */
export interface Place {
  readonly url: string;
  readonly signingKey: string;
}

/**
 * What is done once, however many processes serve: starts the embedded database and loads the demo clinic into it, or
 * migrates your own, if it is told to. Raises what says why it cannot.
 */
export async function prepareDatabase(config: Config, log: Logger, running: Running): Promise<Place> {
  if (config.databaseUrl === null) return startEmbedded(config, log, running);
  if (isPlainOverNetwork(config.databaseUrl)) {
    log.warn('the connection to the database is not encrypted; see DATABASE_TLS');
  }
  if (config.migrateOnStart) {
    const ran = await migrate(config.migrationDatabaseUrl ?? config.databaseUrl);
    if (ran.length > 0) say(`Migrated the database: ${ran.length} steps.`);
  }
  return { url: config.databaseUrl, signingKey: config.signingKey ?? '' };
}

async function startEmbedded(config: Config, log: Logger, running: Running): Promise<Place> {
  const dataDir = path.resolve(config.dataDir);
  const cluster: EmbeddedCluster = await startCluster({
    dataDir,
    log: say,
    // The server stays up and answers UNAVAILABLE; whoever runs it must know why.
    onUnexpectedExit: (message) => log.error(message),
  });
  running.onStop(() => cluster.stop());
  const ownerUrl = await ownerUrlOf(cluster);
  await migrate(ownerUrl);
  const demo = await withClient(ownerUrl, (client) => loadDemo(client, { password: config.demoPassword }));
  if (demo.loaded) say(`Loaded the demo clinics: ${demo.bills} bills of ${demo.patients} patients.`);
  return {
    url: await serverUrlOf(cluster),
    signingKey: config.signingKey ?? (await keptSigningKey(dataDir)),
  };
}

/** Looks after the standby that takes reads of bills, if one is set; null: there is none. Never raises. */
export async function openReplica(
  config: Config,
  primary: Database,
  log: Logger,
  running: Running,
  onStatement: StatementWatch | undefined,
): Promise<ReadReplica | null> {
  const url = config.readReplicaUrl;
  if (url === null) return null;
  if (isPlainOverNetwork(url)) {
    log.warn('the connection to the read replica is not encrypted; see DATABASE_TLS');
  }
  const replica = await ReadReplica.start({
    primary,
    open: () =>
      Database.open({
        url,
        standby: true,
        poolSize: config.poolSize,
        statementTimeoutMs: config.statementTimeoutMs,
        preparedStatements: config.preparedStatements,
        onPoolError: (error) => log.warn({ err: error }, 'a connection to the read replica was lost'),
        ...(onStatement === undefined ? {} : { onStatement }),
      }),
    maxLagSeconds: config.replicaMaxLagSeconds,
    onChange: ({ usable, reason, error }) => {
      if (usable) log.info('reads of bills go to the read replica');
      else log.warn({ reason, err: error }, 'reads of bills go to the primary instead of the read replica');
    },
  });
  running.onStop(() => replica.close());
  return replica;
}

/** How long connections have to be given back when the server ends; PostgreSQL ends what is left. */
const CLOSE_MS = 2_000;

/**
 * Opens a process's pool and looks whether the database fits this version, which the role of the API is enough for.
 * Raises MigrationError where a person can do something, and the driver's error otherwise.
 */
export async function openDatabase(
  config: Config,
  url: string,
  log: Logger,
  running: Running,
  onStatement: StatementWatch | undefined,
): Promise<Database> {
  const database = await Database.open({
    url,
    poolSize: config.poolSize,
    statementTimeoutMs: config.statementTimeoutMs,
    preparedStatements: config.preparedStatements,
    onPoolError: (error) => log.warn({ err: error }, 'a database connection was lost'),
    ...(onStatement === undefined ? {} : { onStatement }),
  }).catch((error: unknown) => {
    const told = openFailure(error);
    throw told === null ? error : new MigrationError(told, { cause: error });
  });
  running.onStop(async () => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    await Promise.race([database.close(), late]);
    clearTimeout(timer);
  });
  const problem = await misfit(database);
  if (problem !== null) throw new MigrationError(problem);
  if (await mayCreate(database)) {
    log.warn(
      'the role of the API may create tables and functions in the schema public, as everybody may before PostgreSQL 15; an administrator of the database ends that with REVOKE CREATE ON SCHEMA public FROM PUBLIC',
    );
  }
  return database;
}

/** Whether the role of the API may create things where names are looked up, which it has no need of. */
async function mayCreate(database: Database): Promise<boolean> {
  const [row] = await database.query<{ may: boolean | null }>(
    "SELECT has_schema_privilege(current_schema(), 'CREATE') AS may",
    [],
  );
  return row?.may === true;
}
