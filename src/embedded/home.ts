import { randomUUID } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import {
  access,
  chmod,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  realpath,
  rm,
  rmdir,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { EmbeddedPostgresError, errorCode, folderError, reasonOf } from './error';
import { type Layout, layoutOf, ORIGIN_FILE, POINTER_FILE } from './layout';
import { canEnter, chooseServerUser, isRoot, type ServerUser } from './os-user';
import { assertOwnFolder, ensureOwnFolder, outsideBases } from './outside';

/** A data folder made ready: where its cluster lies and who runs it. */
export interface Home {
  readonly layout: Layout;
  readonly user: ServerUser;
}

/** The home that a data folder's pointer names, or the data folder itself. Reads only; null if it is missing. */
export async function findHome(dataDir: string): Promise<Layout | null> {
  try {
    const folder = await realpath(dataDir);
    return layoutOf((await readPointer(folder)) ?? folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return null;
    throw folderError('read', dataDir, error);
  }
}

/**
 * Makes the data folder if it is missing and decides where its cluster lies. Everything lies in the data
 * folder itself, except when root's server user cannot enter it: then in a folder outside, which the pointer
 * file in the data folder names from then on. Existing permissions are never changed.
 */
export async function openHome(dataDir: string, log: (line: string) => void): Promise<Home> {
  const folder = await makeDataFolder(dataDir);
  const pointed = await readPointer(folder);
  if (pointed !== null) return openOutside(folder, pointed, log);

  const layout = layoutOf(folder);
  const owner = await ownerOf(layout.cluster);
  const user = await chooseServerUser(owner);
  if (await canEnter(user, folder)) return { layout, user };
  if (owner !== undefined) {
    throw new EmbeddedPostgresError(
      `The database in ${layout.cluster} belongs to ${user?.name ?? 'another user'}, who cannot enter ${folder}. ` +
        'Let that user pass through its parent folders (chmod o+x), or set DATA_DIR to another folder.',
    );
  }
  return openOutside(folder, await createOutside(folder, user), log);
}

async function makeDataFolder(dataDir: string): Promise<string> {
  try {
    // Root's server user has to pass through; what lies inside is closed by itself.
    await mkdir(dataDir, { recursive: true, mode: isRoot() ? 0o711 : 0o700 });
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    return await realpath(dataDir);
  } catch (error) {
    throw folderError('use', dataDir, await obstacleOf(dataDir, error));
  }
}

/** A recursive mkdir on a read-only file system fails with ENOENT: ask the nearest existing folder instead. */
async function obstacleOf(dataDir: string, error: unknown): Promise<unknown> {
  if (errorCode(error) !== 'ENOENT') return error;
  let folder = path.resolve(dataDir);
  while (!existsSync(folder)) folder = path.dirname(folder);
  return access(folder, constants.W_OK).then(
    () => error,
    (reason: unknown) => reason,
  );
}

async function ownerOf(cluster: string): Promise<{ uid: number; gid: number } | undefined> {
  let info: Awaited<ReturnType<typeof lstat>>;
  try {
    info = await lstat(cluster);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw folderError('read', cluster, error);
  }
  if (!info.isDirectory()) {
    throw new EmbeddedPostgresError(
      `${cluster} is in the way of the database: it is not a folder. Move it away.`,
    );
  }
  if (info.uid === 0 && isRoot()) {
    throw new EmbeddedPostgresError(
      `${cluster} belongs to root, as whom PostgreSQL refuses to run. Give it back to the user it had before ` +
        '(chown -R postgres), or set DATA_DIR to another folder.',
    );
  }
  if (!isRoot() && info.uid !== process.getuid?.()) {
    throw new EmbeddedPostgresError(
      `The database in ${cluster} belongs to another user (id ${info.uid}): it was made by root or by somebody ` +
        'else. Start as before, or set DATA_DIR to another folder.',
    );
  }
  return { uid: info.uid, gid: info.gid };
}

async function readPointer(folder: string): Promise<string | null> {
  try {
    return (await readFile(path.join(folder, POINTER_FILE), 'utf8')).trim();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw folderError('read', folder, error);
  }
}

async function openOutside(folder: string, home: string, log: (line: string) => void): Promise<Home> {
  const pointer = path.join(folder, POINTER_FILE);
  try {
    await assertOwnFolder(home);
  } catch (error) {
    throw new EmbeddedPostgresError(
      `${pointer} says that the database lies in ${home}, but that folder is missing or not yours. ` +
        'Bring it back, or delete the file to begin with an empty database.',
      { cause: error },
    );
  }
  const layout = layoutOf(home);
  const user = await chooseServerUser(await ownerOf(layout.cluster));
  log(`The database is kept in ${home}, because its user cannot enter ${folder}.`);
  return { layout, user };
}

/** Makes a home outside and the pointer to it; of two starters at once, the second uses the first one's. */
async function createOutside(folder: string, user: ServerUser): Promise<string> {
  const home = await makeOutside(folder, user);
  const draft = path.join(folder, `${POINTER_FILE}.${randomUUID()}`);
  try {
    await writeFile(path.join(home, ORIGIN_FILE), `${folder}\n`, { mode: 0o600, flag: 'wx' });
    await writeFile(draft, `${home}\n`, { mode: 0o600, flag: 'wx' });
    await link(draft, path.join(folder, POINTER_FILE));
    return home;
  } catch (error) {
    await rm(path.join(home, ORIGIN_FILE), { force: true });
    await rmdir(home);
    const other = errorCode(error) === 'EEXIST' ? await readPointer(folder) : null;
    if (other !== null) return other;
    throw folderError('write to', folder, error);
  } finally {
    await rm(draft, { force: true });
  }
}

async function makeOutside(folder: string, user: ServerUser): Promise<string> {
  const failures: string[] = [];
  for (const base of outsideBases()) {
    try {
      await ensureOwnFolder(base);
      await ensureOwnFolder(path.join(base, 'data'));
      const home = path.join(base, 'data', randomUUID());
      await mkdir(home);
      await chmod(home, 0o711); // whatever the umask is
      if (await canEnter(user, home)) return home;
      await rmdir(home);
      failures.push(`${base}: its user cannot enter it either`);
    } catch (error) {
      failures.push(`${base}: ${reasonOf(error)}`);
    }
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL runs as the user ${user?.name ?? '(unknown)'}, who cannot enter ${folder}, and no other place ` +
      `was found for the database:\n  ${failures.join('\n  ')}\nSet DATA_DIR to a folder that this user can enter.`,
  );
}

/**
 * Removes a home outside with its pointer, or the data folder, once they hold nothing more. Folders with
 * anything else in them stay.
 */
export async function removeEmptyHome(home: string): Promise<void> {
  const origin = await readFile(path.join(home, ORIGIN_FILE), 'utf8').catch(() => '');
  const folder = origin.trim();
  if (folder !== '' && (await readPointer(folder).catch(() => null)) === home) {
    await rm(path.join(folder, POINTER_FILE), { force: true });
    await removeIfEmpty(folder);
  }
  if ((await readdir(home).catch(() => [])).join() === ORIGIN_FILE) {
    await rm(path.join(home, ORIGIN_FILE), { force: true });
  }
  await removeIfEmpty(home);
}

async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: unknown) => {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(errorCode(error) ?? '')) throw error;
  });
}
