import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type ServerUser, spawnAs } from '../../src/embedded/os-user';
import { DrillError } from './say';

/** A process of the drill. */
export interface Running {
  readonly name: string;
  readonly pid: number;
  readonly child: ChildProcess;
  /** Whether it has ended. */
  ended(): boolean;
  kill(signal: NodeJS.Signals): void;
  /** Asks it to end, waits, and ends it by force when it does not. */
  stop(milliseconds?: number): Promise<void>;
}

export interface StartOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** A file that gets what it prints. */
  readonly log: string;
  readonly user?: ServerUser;
  readonly env?: NodeJS.ProcessEnv;
}

const PARENT_DEATH = '/usr/bin/setpriv';

/**
 * Starts a process in a session of its own (Ctrl-C is for the drill, which stops it in order). Where the system has
 * setpriv, the kernel ends it too when the drill itself is killed outright.
 */
export function start(options: StartOptions): Running {
  const wrapped = existsSync(PARENT_DEATH);
  const [command, args] = wrapped
    ? [PARENT_DEATH, ['--pdeathsig', 'TERM', '--', options.command, ...options.args]]
    : [options.command, options.args];
  const log = openSync(options.log, 'a');
  const child = spawn(command, [...args], {
    ...spawnAs(options.user ?? null),
    cwd: '/',
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      LANG: 'C.UTF-8',
      ...options.env,
    },
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  if (child.pid === undefined) throw new DrillError(`${options.command} does not start.`);
  const { pid } = child;
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    name: options.name,
    pid,
    child,
    ended,
    kill: (signal) => void child.kill(signal),
    stop: async (milliseconds = 10_000) => {
      if (ended()) return;
      child.kill('SIGTERM');
      const inTime = await Promise.race([gone.then(() => true), pause(milliseconds, false, { ref: false })]);
      if (!inTime) child.kill('SIGKILL');
      await gone;
    },
  };
}

/** The children of a process, theirs and so on, from Linux's /proc. */
export async function descendants(of: number): Promise<number[]> {
  const children = new Map<number, number[]>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const found: number[] = [];
  for (
    let next = children.get(of) ?? [];
    next.length > 0;
    next = next.flatMap((pid) => children.get(pid) ?? [])
  ) {
    found.push(...next);
  }
  return found;
}

/** Sends a signal; a process that has ended already is no error. */
export function signalAll(pids: readonly number[], signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // Gone.
    }
  }
}

/** So many free ports of 127.0.0.1, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const probes = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const probe = createServer();
          probe.once('error', reject);
          probe.listen(0, '127.0.0.1', () => resolve(probe));
        }),
    ),
  );
  return Promise.all(
    probes.map((probe) => {
      const address = probe.address();
      return new Promise<number>((resolve) =>
        probe.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0)),
      );
    }),
  );
}

/** Waits until it holds. Raises DrillError naming what was waited for. */
export async function until(
  what: string,
  seconds: number,
  holds: () => Promise<boolean>,
  signal?: AbortSignal,
): Promise<void> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    if (await holds().catch(() => false)) return;
    signal?.throwIfAborted();
    if (performance.now() > end) throw new DrillError(`After ${seconds} seconds, still not so: ${what}.`);
    await pause(100);
  }
}
