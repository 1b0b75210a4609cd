import { execFile } from 'node:child_process';
import { readFile, readlink, realpath } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { errorCode } from './error';

const run = promisify(execFile);

interface ProcessState {
  readonly zombie: boolean;
  /** Tells this process from an earlier or later one of the same pid; undefined when the system hides it. */
  readonly started: string | undefined;
}

async function linuxState(pid: number): Promise<ProcessState | undefined> {
  const [stat, boot] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''),
  ]);
  // "pid (name) state ppid ...": the name may hold spaces and brackets, so count from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields[19];
  return {
    zombie: fields[0] === 'Z' || fields[0] === 'X',
    started: ticks === undefined ? undefined : `${boot.trim()}/${ticks}`,
  };
}

async function posixState(pid: number): Promise<ProcessState> {
  const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    env: { LC_ALL: 'C', ...pathOnly() },
  });
  const [stat = '', ...started] = stdout.trim().split(/\s+/);
  return { zombie: stat.startsWith('Z'), started: started.length > 0 ? started.join(' ') : undefined };
}

function pathOnly(): { PATH?: string } {
  return process.env.PATH === undefined ? {} : { PATH: process.env.PATH };
}

/** Signal 0: asks only whether the process is there. EPERM means that it is, and belongs to somebody else. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

async function stateOf(pid: number): Promise<ProcessState | undefined> {
  if (!Number.isSafeInteger(pid) || pid <= 0 || !exists(pid)) return undefined;
  try {
    return await (process.platform === 'linux' ? linuxState(pid) : posixState(pid));
  } catch {
    // It ended just now, or the system hides other users' processes from us.
    return exists(pid) ? { zombie: false, started: undefined } : undefined;
  }
}

/** True while the process runs; a zombie (dead, not yet collected by its parent) does not. */
export async function isRunning(pid: number): Promise<boolean> {
  const state = await stateOf(pid);
  return state !== undefined && !state.zombie;
}

/** The start time of a process as an opaque text, equal only for the very same process. */
export async function startTimeOf(pid: number): Promise<string | undefined> {
  return (await stateOf(pid))?.started;
}

/**
 * True when the process of this pid is the one that was seen with this start time. Where the system tells no
 * start time, a running process counts as the same one: refusing is safer than sharing a data folder.
 */
export async function isSameProcess(pid: number, started: string | undefined): Promise<boolean> {
  const state = await stateOf(pid);
  if (state === undefined || state.zombie) return false;
  return state.started === undefined || started === undefined || state.started === started;
}

/** True when the process is a PostgreSQL server of exactly this cluster folder. */
export async function isPostmasterOf(pid: number, cluster: string): Promise<boolean> {
  if (!(await isRunning(pid))) return false;
  if (process.platform === 'linux') {
    try {
      // A postmaster changes into its data folder, whatever path it was started with.
      const [cwd, name] = await Promise.all([
        readlink(`/proc/${pid}/cwd`),
        readFile(`/proc/${pid}/comm`, 'utf8'),
      ]);
      return name.trim() === 'postgres' && cwd === (await realpath(cluster));
    } catch {
      // A process of another user, or one that has ended meanwhile.
      return false;
    }
  }
  try {
    const { stdout } = await run('ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
    return stdout.includes('postgres') && stdout.includes(cluster);
  } catch {
    return false;
  }
}

/** Waits until the process is gone; false when it still runs after `milliseconds`. */
export async function waitUntilGone(pid: number, milliseconds: number): Promise<boolean> {
  const end = performance.now() + milliseconds;
  while (await isRunning(pid)) {
    if (performance.now() > end) return false;
    await sleep(20);
  }
  return true;
}

/** Sends a signal; a process that has already ended is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}
