import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, lstat, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { type EmbeddedCluster, type StartOptions, startCluster } from '../../src/embedded';
import { openHome, removeEmptyHome } from '../../src/embedded/home';
import { readPassword, SUPERUSER, serverEnvironment } from '../../src/embedded/initdb';
import { type Layout, STAGE_MARKER, STAGE_PREFIX } from '../../src/embedded/layout';
import { acquireLock } from '../../src/embedded/lock';
import { type ServerUser, spawnAs } from '../../src/embedded/os-user';
import { clearOrphan } from '../../src/embedded/postmaster';
import { startServer } from '../../src/embedded/server';
import { removeEphemeral, sweepStaleClusters } from '../../src/embedded/sweep';
import { withClient } from '../../src/embedded-database';

const run = promisify(execFile);

/** The folder with `initdb` and `postgres` of the version that the tests shall run on; null: the embedded one. */
const chosenPrograms = (): string | null => process.env.TEST_POSTGRES_BIN || null;

/**
 * Starts the PostgreSQL of a data folder, as `startCluster` does, on the version that TEST_POSTGRES_BIN names: what the
 * product promises of 14 to 18 is tried by running the same tests on each.
 */
export function startTestCluster(options: StartOptions): Promise<EmbeddedCluster> {
  const programs = chosenPrograms();
  return programs === null ? startCluster(options) : startChosen(programs, options);
}

/** The major version of the PostgreSQL at an address. */
export const versionOf = (url: string): Promise<number> =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ number: string }>(
      "SELECT current_setting('server_version_num') AS number",
    );
    return Math.floor(Number(rows[0]?.number) / 10_000);
  });

async function startChosen(programs: string, options: StartOptions): Promise<EmbeddedCluster> {
  const { dataDir, ephemeral = false, settings = {}, log = () => undefined } = options;
  const binaries = { initdb: path.join(programs, 'initdb'), postgres: path.join(programs, 'postgres') };
  if (ephemeral) await sweepStaleClusters(log);
  const { layout, user } = await openHome(dataDir, log);
  const lock = await acquireLock(layout.lock, { ephemeral, home: layout.home });
  await clearOrphan(layout.cluster, log);
  if ((await lstat(layout.cluster).catch(() => null)) === null) {
    await createCluster(binaries.initdb, layout, user, ephemeral);
  }
  const superuserPassword = await readPassword(layout);
  const server = await startServer({ layout, binaries, user, ephemeral, settings });
  await lock.publish(server.port);
  const end = async (): Promise<void> => {
    await server.stop();
    if (ephemeral) await removeEphemeral(layout);
    await lock.release();
    if (ephemeral) await removeEmptyHome(layout.home);
  };
  let ending: Promise<void> | undefined;
  return {
    host: '127.0.0.1',
    port: server.port,
    superuser: SUPERUSER,
    superuserPassword,
    url(database, name = SUPERUSER, password = name === SUPERUSER ? superuserPassword : undefined) {
      const address = new URL(`postgres://127.0.0.1:${server.port}/${encodeURIComponent(database)}`);
      address.username = name;
      if (password !== undefined) address.password = password;
      return address.toString();
    },
    stop: () => {
      ending ??= end();
      return ending;
    },
  };
}

/** Makes it complete in a folder beside its place, as `src/embedded` does, but by words that versions before 17 know. */
async function createCluster(
  initdb: string,
  layout: Layout,
  user: ServerUser,
  ephemeral: boolean,
): Promise<void> {
  const stage = await mkdtemp(path.join(layout.home, STAGE_PREFIX));
  const [cluster, password] = [path.join(stage, 'cluster'), path.join(stage, 'password')];
  try {
    await writeFile(path.join(stage, STAGE_MARKER), '', { mode: 0o600 });
    await writeFile(password, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
    if (user !== null) for (const one of [password, stage]) await chown(one, user.uid, user.gid);
    const to = [`--pgdata=${cluster}`, `--username=${SUPERUSER}`, `--pwfile=${password}`];
    await run(initdb, [...to, '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'], {
      ...spawnAs(user),
      cwd: '/',
      env: serverEnvironment(),
    });
    await rename(password, path.join(cluster, path.basename(layout.password)));
    if (ephemeral) await writeFile(path.join(cluster, path.basename(layout.ephemeralMark)), '');
    await rename(cluster, layout.cluster);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}
