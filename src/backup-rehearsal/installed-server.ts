import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../embedded/free-port';
import { chooseServerUser, spawnAs } from '../embedded/os-user';
import { withClient } from '../embedded-database';
import { RehearsalError } from './error';
import type { Programs } from './programs';

const run = promisify(execFile);
const START_MILLISECONDS = 60_000;

/** A throw-away server of the PostgreSQL that is installed on this machine, for a rehearsal alone. */
export interface InstalledServer {
  /** An address under its superuser. It holds a password: never print it. */
  url(database: string): string;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

/** Whether the server stands beside the programs for backups. */
export async function hasServer({ folder }: Programs): Promise<boolean> {
  return access(path.join(folder, 'initdb')).then(
    () => true,
    () => false,
  );
}

/** Makes a cluster in a temporary folder and starts it on a free port of 127.0.0.1. Raises RehearsalError. */
export async function startInstalledServer({ folder, version }: Programs): Promise<InstalledServer> {
  const user = await chooseServerUser();
  const home = await mkdtemp(path.join(tmpdir(), 'billing-rehearsal-'));
  const remove = (): Promise<void> => rm(home, { recursive: true, force: true, maxRetries: 3 });
  const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
  const password = randomBytes(24).toString('base64url');
  const data = path.join(home, 'data');
  try {
    const passwordFile = path.join(home, 'password');
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (user !== null) {
      await chown(home, user.uid, user.gid);
      await chown(passwordFile, user.uid, user.gid);
    }
    const make = [
      '-D',
      data,
      '-U',
      'postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
    ];
    await run(path.join(folder, 'initdb'), [...make, '--locale=C', '--no-sync'], {
      ...spawnAs(user),
      cwd: '/',
      env: environment,
    });
    const port = await freePort();
    const settings = [
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      `port=${port}`,
      'log_statement=none',
    ];
    let said = '';
    const child = spawn(
      path.join(folder, 'postgres'),
      ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
      { ...spawnAs(user), cwd: '/', env: environment, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2_000);
    });
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const url = (database: string): string => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
    const stop = async (): Promise<void> => {
      // A fast stop: sessions end, what was saved is on disk.
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT');
      await Promise.race([ended, sleep(30_000, undefined, { ref: false }).then(() => child.kill('SIGKILL'))]);
      await remove();
    };
    const until = performance.now() + START_MILLISECONDS;
    while (!(await answers(url('postgres')))) {
      if (child.exitCode !== null || performance.now() > until) {
        await stop();
        throw new RehearsalError(`PostgreSQL ${version} in ${folder} did not start: ${said.trim()}`);
      }
      await sleep(100);
    }
    return { url, stop };
  } catch (error) {
    await remove();
    throw error;
  }
}

const answers = (url: string): Promise<boolean> =>
  withClient(url, (client) => client.query('SELECT 1')).then(
    () => true,
    () => false,
  );
