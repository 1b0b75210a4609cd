import { lstat, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeEmptyHome } from './home';
import { removeLeftovers } from './initdb';
import { type Layout, layoutOf, STAGE_MARKER, STAGE_PREFIX } from './layout';
import { acquireLock, isOwnerAlive, readLock } from './lock';
import { isRoot } from './os-user';
import { outsideBases } from './outside';
import { clearOrphan } from './postmaster';

/** Removes a cluster that is marked as throw-away, with its logs; any other stays. The server must be stopped. */
export async function removeEphemeral(layout: Layout): Promise<void> {
  const mark = await lstat(layout.ephemeralMark).catch(() => undefined);
  if (mark === undefined) return;
  // First out of its place, so that an interruption cannot leave half a cluster without its mark there.
  const stage = await mkdtemp(path.join(layout.home, STAGE_PREFIX));
  await writeFile(path.join(stage, STAGE_MARKER), '', { mode: 0o600 });
  await rename(layout.cluster, path.join(stage, 'cluster'));
  await removeLeftovers(layout);
  await rm(layout.log, { force: true });
  await rm(layout.previousLog, { force: true });
}

/**
 * Stops and removes ephemeral clusters whose owner was killed before it could. Looks at our own folders
 * directly in the system's folder for temporary files, and at root's homes outside; a folder counts only if
 * it and its lock belong to us, and the lock says ephemeral and names a process that is gone.
 */
export async function sweepStaleClusters(log: (line: string) => void): Promise<void> {
  const parents = [tmpdir(), ...(isRoot() ? outsideBases().map((base) => path.join(base, 'data')) : [])];
  for (const parent of parents) {
    for (const name of await readdir(parent).catch(() => [])) {
      await sweep(layoutOf(path.join(parent, name)), log).catch(() => undefined); // not ours, or not now
    }
  }
}

async function sweep(layout: Layout, log: (line: string) => void): Promise<void> {
  for (const file of [layout.home, layout.lock]) {
    const info = await lstat(file);
    if (info.isSymbolicLink() || info.uid !== process.getuid?.()) return;
  }
  const record = await readLock(layout.lock);
  if (record === null || !record.ephemeral || (await isOwnerAlive(record))) return;
  const lock = await acquireLock(layout.lock, { ephemeral: true, home: layout.home, patience: 0 });
  log(`Removing the throw-away database in ${layout.home}: its process ${record.pid} is gone.`);
  await clearOrphan(layout.cluster, log);
  await removeLeftovers(layout);
  await removeEphemeral(layout);
  await lock.release();
  await removeEmptyHome(layout.home);
}
