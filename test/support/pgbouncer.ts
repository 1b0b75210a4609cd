import { spawn } from 'node:child_process';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../src/embedded/free-port';
import { chooseServerUser, spawnAs } from '../../src/embedded/os-user';
import { withClient } from '../../src/embedded-database';

/** Whether this run reaches PostgreSQL through PgBouncer in transaction mode: `npm run test:pgbouncer`. */
export const throughPgBouncer = (): boolean => process.env.TEST_PGBOUNCER === 'true';

export interface PgBouncer {
  /** The same address through it. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts PgBouncer, as README says it is set up: its account gets by ALTER ROLE what PgBouncer does not pass on.
 * @param adminUrl of a superuser, directly
 * @param serverUrl as the server signs in, directly
 */
export async function startPgBouncer(adminUrl: string, serverUrl: string): Promise<PgBouncer> {
  const { username, password, port: postgresPort } = new URL(serverUrl);
  await withClient(adminUrl, async (client) => {
    for (const setting of ["role = 'billing_api'", "timezone = 'UTC'", "statement_timeout = '10s'"]) {
      await client.query(`ALTER ROLE ${username} SET ${setting}`);
    }
  });
  const folder = await mkdtemp(path.join(tmpdir(), 'billing-pgbouncer-'));
  const user = await chooseServerUser();
  const port = await freePort();
  const users = path.join(folder, 'users.txt');
  const config = path.join(folder, 'pgbouncer.ini');
  await writeFile(users, `"${username}" "${decodeURIComponent(password)}"\n`, { mode: 0o600 });
  await writeFile(
    config,
    `[databases]
* = host=127.0.0.1 port=${postgresPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = transaction
default_pool_size = 20
max_client_conn = 2000
ignore_startup_parameters = extra_float_digits, options, statement_timeout
; Each transaction on another connection than the last: what a session keeps would be missed at once.
server_round_robin = 1
server_idle_timeout = 5
; After an outage, try again soon: the default waits for 15 seconds.
server_login_retry = 1
log_connections = 0
log_disconnections = 0
`,
    { mode: 0o600 },
  );
  if (user !== null) for (const file of [folder, users, config]) await chown(file, user.uid, user.gid);
  // The kernel ends it too when the run is killed outright.
  const command = ['--pdeathsig', 'INT', '--', 'pgbouncer', '-q', config];
  const child = spawn('setpriv', command, { ...spawnAs(user), cwd: '/', stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const address = new URL(serverUrl);
  address.port = String(port);
  const stop = async (): Promise<void> => {
    child.kill('SIGINT');
    const late = pause(3_000, 'late', { ref: false });
    if ((await Promise.race([ended, late])) === 'late') child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  };
  for (const end = performance.now() + 10_000; ; await pause(50)) {
    const there = await withClient(address.toString(), () => Promise.resolve(true)).catch(() => false);
    if (there) return { url: address.toString(), stop };
    if (child.exitCode !== null || child.pid === undefined || performance.now() > end) {
      await stop();
      throw new Error('PgBouncer does not start. On Debian: apt-get install pgbouncer');
    }
  }
}
