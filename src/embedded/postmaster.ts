import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { EmbeddedPostgresError, errorCode } from './error';
import { isPostmasterOf, isRunning, signal, waitUntilGone } from './processes';

/** What a running server says about itself in its `postmaster.pid`. */
export interface PostmasterFile {
  readonly pid: number;
  readonly port: number | undefined;
  readonly ready: boolean;
}

const pidFile = (cluster: string) => path.join(cluster, 'postmaster.pid');

/** Reads `postmaster.pid` of a cluster; null when there is none (yet). */
export async function readPostmasterFile(cluster: string): Promise<PostmasterFile | null> {
  let text: string;
  try {
    text = await readFile(pidFile(cluster), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
  // Lines: pid, data folder, start time, port, socket folder, listen address, shared memory, status.
  const lines = text.split('\n');
  const port = Number.parseInt(lines[3] ?? '', 10);
  return {
    // A server in single-user mode writes a negative pid.
    pid: Math.abs(Number.parseInt(lines[0] ?? '', 10)),
    port: Number.isNaN(port) ? undefined : port,
    ready: (lines[7] ?? '').trim() === 'ready',
  };
}

/** How long each way of stopping may take, in milliseconds, before the next harder one. */
const STOP_STEPS: readonly (readonly [NodeJS.Signals, number])[] = [
  ['SIGINT', 20_000], // fast shutdown: sessions are ended, everything is written
  ['SIGQUIT', 5_000], // immediate shutdown: the next start recovers from the log
  ['SIGKILL', 5_000],
];

/** Stops a server by its pid, within 30 seconds at the most. Its children end with it. */
export async function stopPostmaster(pid: number): Promise<void> {
  for (const [name, patience] of STOP_STEPS) {
    signal(pid, name);
    if (await waitUntilGone(pid, patience)) return;
  }
  throw new EmbeddedPostgresError(
    `The database server (pid ${pid}) does not stop. End it by hand, then try again.`,
  );
}

/**
 * Clears what a killed owner left behind: stops a server of this cluster that still runs, and removes a
 * `postmaster.pid` whose process is gone or is something else by now (PostgreSQL would refuse to start).
 * Call it only while holding the lock of the cluster.
 */
export async function clearOrphan(cluster: string, log: (line: string) => void): Promise<void> {
  const left = await readPostmasterFile(cluster);
  if (left === null) return;
  if (await isPostmasterOf(left.pid, cluster)) {
    log(`Stopping the database server (pid ${left.pid}) that an ended process left behind ...`);
    await stopPostmaster(left.pid);
  }
  const now = await readPostmasterFile(cluster);
  if (now !== null && (now.pid === left.pid || !(await isRunning(now.pid)))) {
    await rm(pidFile(cluster), { force: true });
  }
}
