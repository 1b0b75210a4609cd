import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';

/** A server process under measurement. */
export interface MeasuredServer {
  readonly url: string;
  /** Processor time used so far, user and system, in milliseconds. */
  cpu(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts our server as a process of its own, without logs and rate limits, on a free port. */
export async function startServer(databaseUrl: string, env: NodeJS.ProcessEnv = {}): Promise<MeasuredServer> {
  const main = path.resolve(__dirname, '../../src/main.js');
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      DATABASE_URL: databaseUrl,
      SIGNING_KEY: 'only for a benchmark on this machine, and nothing else',
      PORT: '0',
      LOG_LEVEL: 'error',
      AUDIT_LOG: 'false',
      REQUESTS_PER_MINUTE: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const url = await addressOf(child);
  return {
    url,
    cpu: () => cpuOf(child.pid ?? 0),
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout?.on('data', (data: Buffer) => {
      said += data.toString();
      const url = /API +(http\S+)\/graphql/.exec(said)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${said}`)));
  });
}

/** Linux tells a process's ticks in /proc; elsewhere there is no figure. */
async function cpuOf(pid: number): Promise<number> {
  const { readFile } = await import('node:fs/promises');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  return ticks * 10;
}
