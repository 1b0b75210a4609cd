import { setTimeout as sleep } from 'node:timers/promises';
import { prepareBinaries } from './binaries';
import { EmbeddedPostgresError } from './error';
import { findHome, openHome, removeEmptyHome } from './home';
import { createCluster, hasCluster, readPassword, removeLeftovers, SUPERUSER } from './initdb';
import type { Layout } from './layout';
import { acquireLock, isOwnerAlive, type Lock, readLock } from './lock';
import { clearOrphan } from './postmaster';
import { type Server, startServer } from './server';
import { removeEphemeral, sweepStaleClusters } from './sweep';

/** A running PostgreSQL of our own, reachable only from this machine. */
export interface EmbeddedCluster {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly superuser: string;
  readonly superuserPassword: string;
  /** A connection URL; without a user, the superuser's. It may hold the password: never log it. */
  url(database: string, user?: string, password?: string): string;
  /** Stops the server (within 30 seconds at the most). Further calls wait for the same stop. */
  stop(): Promise<void>;
}

/** What `startCluster` needs to know. */
export interface StartOptions {
  /** The data folder; made if it is missing. A relative path counts from the current folder. */
  readonly dataDir: string;
  /** For tests: fast instead of durable, and removed by `stop()`. */
  readonly ephemeral?: boolean;
  /** Further settings of PostgreSQL (`max_connections`), stronger than ours. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Gets one line for what the person at the terminal should know. */
  readonly log?: (line: string) => void;
  /** Called once when the server ends although nobody called `stop()`. */
  readonly onUnexpectedExit?: (message: string) => void;
}

/**
 * Starts the PostgreSQL of a data folder, which is made on the first start, and waits until it accepts
 * connections. Clears up first what a killed process left behind.
 * @throws EmbeddedPostgresError when the folder is in use or cannot be used, or the server does not start
 */
export async function startCluster(options: StartOptions): Promise<EmbeddedCluster> {
  if (process.platform === 'win32') {
    throw new EmbeddedPostgresError(
      'The embedded PostgreSQL runs on Linux and macOS. Set DATABASE_URL to a PostgreSQL of your own.',
    );
  }
  const log = options.log ?? (() => undefined);
  const ephemeral = options.ephemeral ?? false;
  if (ephemeral) await sweepStaleClusters(log);

  const { layout, user } = await openHome(options.dataDir, log);
  const lock = await acquireLock(layout.lock, { ephemeral, home: layout.home });
  try {
    await removeLeftovers(layout);
    await clearOrphan(layout.cluster, log);
    // A throw-away cluster of a killed process is not continued, and a lasting one is never thrown away.
    await removeEphemeral(layout);
    const found = await hasCluster(layout);
    if (found && ephemeral) {
      throw new EmbeddedPostgresError(
        `${layout.cluster} holds a lasting database. Give a throw-away one a folder of its own.`,
      );
    }
    const binaries = await prepareBinaries(user, layout.home, log);
    if (!found) await createCluster(layout, binaries, user, ephemeral);
    const password = await readPassword(layout);
    await lock.assertHeld();
    const server = await startServer({ layout, binaries, user, ephemeral, settings: options.settings ?? {} });
    try {
      await lock.publish(server.port);
    } catch (error) {
      await server.stop();
      throw error;
    }
    const stop = stopper(server, lock, layout, ephemeral);
    void server.exited.then(() => {
      if (!stop.called) options.onUnexpectedExit?.(`The database server has ended. Its log: ${layout.log}`);
    });
    return describe(server.port, password, () => stop.run());
  } catch (error) {
    if (ephemeral) await removeEphemeral(layout).catch(() => undefined);
    await lock.release().catch(() => undefined);
    if (ephemeral) await removeEmptyHome(layout.home).catch(() => undefined);
    throw error;
  }
}

function stopper(server: Server, lock: Lock, layout: Layout, ephemeral: boolean) {
  const run = async () => {
    await server.stop();
    if (ephemeral) await removeEphemeral(layout);
    await lock.release();
    if (ephemeral) await removeEmptyHome(layout.home);
  };
  let stopping: Promise<void> | undefined;
  return {
    get called() {
      return stopping !== undefined;
    },
    run() {
      stopping ??= run();
      return stopping;
    },
  };
}

function describe(port: number, superuserPassword: string, stop: () => Promise<void>): EmbeddedCluster {
  return {
    host: '127.0.0.1',
    port,
    superuser: SUPERUSER,
    superuserPassword,
    url(database, user = SUPERUSER, password = user === SUPERUSER ? superuserPassword : undefined) {
      const part = encodeURIComponent;
      const secret = password === undefined ? '' : `:${part(password)}`;
      return `postgres://${part(user)}${secret}@127.0.0.1:${port}/${part(database)}`;
    },
    stop,
  };
}

/** How long to wait for a server that is just starting, in milliseconds. */
const STARTING = 60_000;

/**
 * For programs run beside a server: the running cluster of this data folder, or null when none runs (also
 * when only a killed process's server is left; `startCluster` clears that up). Its `stop()` does nothing:
 * the server belongs to the process that started it.
 */
export async function findRunningCluster(dataDir: string): Promise<EmbeddedCluster | null> {
  const layout = await findHome(dataDir);
  if (layout === null) return null;
  const end = performance.now() + STARTING;
  for (;;) {
    const record = await readLock(layout.lock);
    if (record === null || !(await isOwnerAlive(record))) return null;
    if (record.port !== null) {
      return describe(record.port, await readPassword(layout), () => Promise.resolve());
    }
    if (performance.now() > end) {
      throw new EmbeddedPostgresError(
        `The process with pid ${record.pid} is starting the database in ${layout.home} and is not getting on. ` +
          'Stop it, then try again.',
      );
    }
    await sleep(100);
  }
}
