import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { lchown, lstat, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Binaries } from './binaries';
import { EmbeddedPostgresError, errorCode, folderError, reasonOf } from './error';
import { type Layout, STAGE_MARKER, STAGE_PREFIX } from './layout';
import { type ServerUser, spawnAs } from './os-user';

/** Name of the cluster's superuser. */
export const SUPERUSER = 'postgres';
/** PostgreSQL's major version in the package; a cluster of another one cannot be opened. */
const MAJOR = '18';
const MAX_MILLISECONDS = 120_000;

/** Reads the superuser's password of a finished cluster. */
export async function readPassword(layout: Layout): Promise<string> {
  try {
    return (await readFile(layout.password, 'utf8')).trim();
  } catch (error) {
    throw new EmbeddedPostgresError(
      `The database's password file ${layout.password} cannot be read: ${reasonOf(error)}. ` +
        'Bring it back, or set DATA_DIR to another folder.',
      { cause: error },
    );
  }
}

/**
 * True when the cluster is there and can be opened; false when it is still to be made.
 * @throws EmbeddedPostgresError when something else is in its place, which is never overwritten
 */
export async function hasCluster(layout: Layout): Promise<boolean> {
  let version: string;
  try {
    version = (await readFile(path.join(layout.cluster, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw folderError('read', layout.cluster, error);
    const inside = await readdir(layout.cluster).catch(() => []);
    if (inside.length === 0) return false;
    throw new EmbeddedPostgresError(
      `${layout.cluster} is not empty and holds no PostgreSQL database. Move it away, or set DATA_DIR to ` +
        'another folder.',
    );
  }
  if (version === MAJOR) return true;
  throw new EmbeddedPostgresError(
    `The database in ${layout.cluster} was made by PostgreSQL ${version}, and this program brings version ` +
      `${MAJOR}. Set DATA_DIR to another folder, or carry the data over with pg_dump.`,
  );
}

/** Removes what an interrupted initdb left: only folders of our naming with our marker file inside. */
export async function removeLeftovers(layout: Layout): Promise<void> {
  for (const entry of await readdir(layout.home, { withFileTypes: true })) {
    if (!entry.isDirectory() || !entry.name.startsWith(STAGE_PREFIX)) continue;
    const stage = path.join(layout.home, entry.name);
    const marked = await lstat(path.join(stage, STAGE_MARKER)).catch(() => undefined);
    if (marked === undefined) continue;
    // An initdb that outlived its parent may still write there; then a later start removes the rest.
    await rm(stage, { recursive: true, force: true, maxRetries: 3, retryDelay: 100 }).catch(() => undefined);
  }
}

/**
 * Makes the cluster: in a folder beside its place, which gets its name only when everything in it is
 * complete, the password file included. An interruption therefore never leaves a half-made cluster.
 */
export async function createCluster(
  layout: Layout,
  binaries: Binaries,
  user: ServerUser,
  ephemeral: boolean,
): Promise<void> {
  const stage = await mkdtemp(path.join(layout.home, STAGE_PREFIX)).catch((error: unknown) => {
    throw folderError('write to', layout.home, error);
  });
  try {
    await writeFile(path.join(stage, STAGE_MARKER), '', { mode: 0o600, flag: 'wx' });
    const password = path.join(stage, 'password');
    await writeFile(password, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
    if (user !== null) {
      await lchown(password, user.uid, user.gid);
      await lchown(stage, user.uid, user.gid);
    }
    const made = path.join(stage, 'cluster');
    await runInitdb(made, password, binaries, user, ephemeral);
    await rename(password, path.join(made, path.basename(layout.password)));
    if (ephemeral) await writeFile(path.join(made, path.basename(layout.ephemeralMark)), '', { mode: 0o600 });
    await rename(made, layout.cluster);
    if (!ephemeral) await syncFolder(layout.home);
  } catch (error) {
    throw folderError('write to', layout.home, error);
  } finally {
    await rm(stage, { recursive: true, force: true, maxRetries: 3, retryDelay: 100 }).catch(() => undefined);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function runInitdb(
  cluster: string,
  passwordFile: string,
  binaries: Binaries,
  user: ServerUser,
  ephemeral: boolean,
): Promise<void> {
  const args = [
    `--pgdata=${cluster}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // PostgreSQL's own Unicode rules: the same on every machine, with no locales installed.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-instructions',
    ...(ephemeral ? ['--no-sync'] : []),
  ];
  return new Promise((resolve, reject) => {
    let output = '';
    const child = spawn(binaries.initdb, args, {
      ...spawnAs(user),
      cwd: '/',
      env: serverEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: MAX_MILLISECONDS,
    });
    const keep = (chunk: string) => {
      output = (output + chunk).slice(-4_000);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) return resolve();
      const how = signal === null ? `exit code ${code}` : `stopped by ${signal}`;
      const tail = output.trim().split('\n').slice(-8).join('\n  ');
      reject(
        new EmbeddedPostgresError(
          `The database could not be created (initdb: ${how}). Its last words:\n  ${tail}`,
        ),
      );
    });
  });
}

/** The environment of PostgreSQL's programs: nothing of ours but PATH, so that no PG* variable interferes. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}
