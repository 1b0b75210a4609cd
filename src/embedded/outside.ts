import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EmbeddedPostgresError, errorCode } from './error';
import { APP } from './layout';

/**
 * Folders outside the data folder for what root's server user must be able to reach, best first. The first
 * survives everything, the second a restart of the machine, the third at least a restart of the server.
 */
export function outsideBases(): string[] {
  const uid = process.getuid?.() ?? 0;
  const bases = ['/var/lib', '/var/tmp', tmpdir()].filter((parent) => existsSync(parent));
  return [...new Set(bases)].map((parent) =>
    path.join(parent, parent === '/var/lib' ? APP : `${APP}-${uid}`),
  );
}

/**
 * Makes a folder that others may pass through but only we may write to, or checks that an existing one is so.
 * The parents may be open to everyone (`/var/tmp`): somebody else could have put a folder or a link there.
 */
export async function ensureOwnFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o755 });
    await chmod(folder, 0o755); // whatever the umask is
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  await assertOwnFolder(folder);
}

/** Fails unless the path is a real folder of ours that nobody else can write to. */
export async function assertOwnFolder(folder: string): Promise<void> {
  const info = await lstat(folder);
  if (!info.isDirectory() || info.uid !== process.getuid?.() || (info.mode & 0o022) !== 0) {
    throw new EmbeddedPostgresError(
      `${folder} is not used: it must be a folder that belongs to you and that nobody else can write to.`,
    );
  }
}
