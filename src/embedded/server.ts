import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Binaries } from './binaries';
import { EmbeddedPostgresError, errorCode, folderError } from './error';
import { freePort } from './free-port';
import { serverEnvironment } from './initdb';
import type { Layout } from './layout';
import { type ServerUser, spawnAs } from './os-user';
import { readPostmasterFile, stopPostmaster } from './postmaster';

/** A running server process. */
export interface Server {
  readonly port: number;
  /** Settles when the process ends, asked for or not. */
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly layout: Layout;
  readonly binaries: Binaries;
  readonly user: ServerUser;
  readonly ephemeral: boolean;
  readonly settings: Readonly<Record<string, string>>;
}

/** Recovery after a crash may take long; a start that takes longer than this is given up. */
const START_MILLISECONDS = 120_000;
const ATTEMPTS = 8;

const BASE_SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Statements and the DETAIL of an error hold patients' data: neither belongs in a log.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
};

/** For clusters that are thrown away: nothing has to survive a power cut. */
const EPHEMERAL_SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
};

/** Starts the server of a finished cluster on a free port of 127.0.0.1 and waits until it accepts connections. */
export async function startServer(options: ServerOptions): Promise<Server> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const { child, exited } = await spawnPostgres(options, port);
    if (await waitUntilReady(child, options.layout)) return guard(child, exited, port, options.user);
    const tail = await logTail(options.layout);
    // Somebody took the port in between, or the last children of a killed server are just ending.
    const passing = /could not (bind|create any TCP)|shared memory block .* still in use/s.test(tail);
    if (!passing || attempt === ATTEMPTS) {
      throw new EmbeddedPostgresError(
        `The database server did not start. The end of its log (${options.layout.log}):\n  ${tail}`,
      );
    }
    await sleep(250);
  }
}

async function spawnPostgres(
  options: ServerOptions,
  port: number,
): Promise<{ child: ChildProcess; exited: Promise<void> }> {
  const { layout, user } = options;
  const settings: Record<string, string> = {
    ...BASE_SETTINGS,
    ...(options.ephemeral ? EPHEMERAL_SETTINGS : {}),
    ...options.settings,
    port: String(port),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = await openLog(layout);
  try {
    const child = spawn(options.binaries.postgres, ['-D', layout.cluster, ...flags], {
      ...spawnAs(user),
      cwd: '/',
      env: serverEnvironment(),
      // A process group of its own: Ctrl-C in the terminal is for us, and we stop the server when we are done.
      detached: true,
      // A file, not a pipe: the server can go on writing if we are killed.
      stdio: ['ignore', log.fd, log.fd],
    });
    const exited = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    // A program that ends without stop() must not hang on this child; the watchdog stops it then.
    child.unref();
    return { child, exited };
  } finally {
    await log.close();
  }
}

async function openLog(layout: Layout) {
  await rename(layout.log, layout.previousLog).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw folderError('write to', layout.home, error);
  });
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
  return open(layout.log, flags, 0o600).catch((error: unknown) => {
    throw folderError('write to', layout.home, error);
  });
}

/** The last lines of the server's log. */
async function logTail(layout: Layout): Promise<string> {
  const text = await readFile(layout.log, 'utf8').catch(() => '');
  return text.trim() === '' ? '(empty)' : text.trim().split('\n').slice(-12).join('\n  ');
}

/** True once the server accepts connections, false when it ended before. Reads the pid file, as pg_ctl does. */
async function waitUntilReady(child: ChildProcess, layout: Layout): Promise<boolean> {
  const end = performance.now() + START_MILLISECONDS;
  while (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const file = await readPostmasterFile(layout.cluster);
    if (file?.ready === true && file.pid === child.pid) return true;
    if (performance.now() > end) {
      await stopPostmaster(child.pid);
      throw new EmbeddedPostgresError(
        `The database server was not ready within ${START_MILLISECONDS / 1000} seconds. The end of its log ` +
          `(${layout.log}):\n  ${await logTail(layout)}`,
      );
    }
    await sleep(15);
  }
  return false;
}

function guard(child: ChildProcess, exited: Promise<void>, port: number, user: ServerUser): Server {
  const pid = child.pid ?? 0;
  const dismiss = startWatchdog(pid, user);
  void exited.then(dismiss);
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    await stopPostmaster(pid);
    await exited;
  };
  return {
    port,
    exited,
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}

/**
 * A shell that waits for the end of a pipe which only we hold open: when we end without stopping the server,
 * even by `kill -9`, it tells the server to shut down in good order.
 * @returns ends the watchdog
 */
function startWatchdog(pid: number, user: ServerUser): () => void {
  const child = spawn('/bin/sh', ['-c', 'read -r _; kill -INT "$1"', 'sh', String(pid)], {
    ...spawnAs(user),
    cwd: '/',
    env: serverEnvironment(),
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.once('error', () => undefined); // without a shell there is no watchdog; the next start clears up
  child.stdin.once('error', () => undefined);
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  return () => {
    child.kill('SIGKILL');
  };
}
