import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { cpuOf, memoryOf } from './processes';

/** A server that does not do what it is there for; the message says which, and what it said last. No stack is of use. */
export class ServerFailure extends Error {}

/** A server process under measurement. */
export interface MeasuredServer {
  /** Its address, without a path. */
  readonly url: string;
  /** Processor time used so far, user and system, in milliseconds; NaN where the system does not tell. */
  cpu(): Promise<number>;
  /** Memory in RAM now, in mebibytes; NaN where the system does not tell. */
  memory(): Promise<number>;
  /** Aborted when the process has ended without being asked to; the reason says what it said last. */
  readonly died: AbortSignal;
  stop(): Promise<void>;
}

/** How to start one. */
export interface ServerProcess {
  readonly name: string;
  /** A compiled file that prints `API <url>/graphql` once it listens. */
  readonly entry: string;
  /** The Node binary; without it, this one. */
  readonly node?: string;
  readonly env: NodeJS.ProcessEnv;
  /** Gives up the start. */
  readonly signal?: AbortSignal;
}

/** How long a server may take until it listens, and until it has ended, in milliseconds. */
const START = 60_000;
const END = 10_000;
const LAST_WORDS = 2_000;

const running = new Set<ChildProcess>();
// However this process ends, no server stays behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** What our server is started with: no logs, no rate limits. */
export const QUIET = {
  SIGNING_KEY: 'only for a benchmark on this machine, and nothing else',
  LOG_LEVEL: 'error',
  AUDIT_LOG: 'false',
  REQUESTS_PER_MINUTE: '0',
};

export const OUR_ENTRY = path.resolve(__dirname, '../../src/main.js');

/** Starts our server as a process of its own, without logs and rate limits, on a free port. */
export function startServer(databaseUrl: string, env: NodeJS.ProcessEnv = {}): Promise<MeasuredServer> {
  return startProcess({
    name: 'ours',
    entry: OUR_ENTRY,
    env: { DATABASE_URL: databaseUrl, ...QUIET, ...env },
  });
}

/** Starts a server as a process of its own, on a free port. Raises what it said where it does not come to listen. */
export async function startProcess(options: ServerProcess): Promise<MeasuredServer> {
  const guard = path.join(__dirname, 'end-with-parent.js');
  const child = spawn(options.node ?? process.execPath, ['--require', guard, options.entry], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      NODE_ENV: 'production',
      PORT: '0',
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A process group of its own: Ctrl-C in the terminal is for us, and we stop it when we are done.
    detached: true,
  });
  running.add(child);
  let words = '';
  const hear = (data: Buffer): void => {
    words = (words + data.toString()).slice(-LAST_WORDS);
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);

  let stopping = false;
  const death = new AbortController();
  const ended = new Promise<void>((resolve) => {
    const end = (how: string): void => {
      running.delete(child);
      resolve();
      if (!stopping)
        death.abort(new ServerFailure(`${options.name} ${how}. It said:\n${words.trim() || '(nothing)'}`));
    };
    // `close`, not `exit`: then everything it said has arrived.
    child.once('close', (code, signal) => end(`ended by itself (${signal ?? `exit code ${code}`})`));
    child.once('error', (error) => end(`could not be started (${error.message})`));
  });
  const stop = async (): Promise<void> => {
    stopping = true;
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), END);
    await ended;
    clearTimeout(force);
  };
  try {
    const signals = options.signal === undefined ? [death.signal] : [death.signal, options.signal];
    const url = await addressOf(child, () => words, signals, options.name);
    const pid = child.pid ?? 0;
    return { url, died: death.signal, cpu: () => cpuOf(pid), memory: () => memoryOf(pid), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Where it says that it listens. Raises when it takes too long, and the reason of a signal that is aborted. */
async function addressOf(
  child: ChildProcess,
  words: () => string,
  signals: readonly AbortSignal[],
  name: string,
): Promise<string> {
  const signal = AbortSignal.any([...signals, AbortSignal.timeout(START)]);
  const late = (reason: unknown): unknown =>
    reason instanceof DOMException && reason.name === 'TimeoutError'
      ? new Error(
          `${name} did not listen within ${START / 1000} s. It said:\n${words().trim() || '(nothing)'}`,
        )
      : reason;
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(late(signal.reason));
    signal.addEventListener('abort', () => reject(late(signal.reason)), { once: true });
    child.stdout?.on('data', () => {
      const url = /^\s*API\s+(http\S+)\/graphql\s*$/m.exec(words())?.[1];
      if (url !== undefined) resolve(url);
    });
  });
}
