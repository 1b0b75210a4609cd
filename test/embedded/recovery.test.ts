import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { findRunningCluster } from '../../src/embedded';
import {
  cleanUp,
  eventually,
  installInto,
  killWatchdogOf,
  runs,
  serverPid,
  sharedFolder,
  start,
  startOwner,
  store,
  stored,
  temporaryFolder,
} from './support';

let shared: string;
let installation: string;
let dataDir: string;
beforeAll(async () => {
  shared = await sharedFolder();
  installation = await installInto(shared);
  dataDir = path.join(shared, 'data');
});
afterEach(cleanUp);
afterAll(() => rm(shared, { recursive: true, force: true }));

const onLinux = process.platform === 'linux' ? test : test.skip;

describe('after kill -9 of the owner', () => {
  test('the server shuts down by itself, and the next start continues', async () => {
    const owner = await startOwner(installation, dataDir);
    await store(owner, 3);
    const pid = await serverPid(dataDir);
    await owner.kill('SIGKILL');
    expect(await eventually(async () => !(await runs(pid)))).toBe(true);
    expect(await findRunningCluster(dataDir)).toBeNull();
    expect(await stored((await start(dataDir)).cluster)).toEqual([3]);
  });

  onLinux('a server that is left behind is stopped by the next start, with its data kept', async () => {
    const owner = await startOwner(installation, dataDir);
    await store(owner, 4);
    const orphan = await serverPid(dataDir);
    await killWatchdogOf(owner.pid);
    await owner.kill('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await runs(orphan)).toBe(true);

    const { cluster, lines } = await start(dataDir);
    expect(await runs(orphan)).toBe(false);
    expect(lines.join()).toContain(`pid ${orphan}`);
    expect(await stored(cluster)).toEqual([4]);
  });

  onLinux('with the server killed too, its leftovers do not stop the next start', async () => {
    const owner = await startOwner(installation, dataDir);
    await store(owner, 5);
    const pid = await serverPid(dataDir);
    await killWatchdogOf(owner.pid);
    await owner.kill('SIGKILL');
    process.kill(pid, 'SIGKILL');
    expect(await stored((await start(dataDir)).cluster)).toEqual([5]);
  });

  onLinux('a throw-away cluster is swept by the next one that starts', async () => {
    const folder = await temporaryFolder();
    const owner = await startOwner(installation, folder, { ephemeral: true });
    const orphan = await serverPid(folder);
    await killWatchdogOf(owner.pid);
    await owner.kill('SIGKILL');
    const { lines } = await start(await temporaryFolder(), { ephemeral: true });
    expect(lines.join()).toContain(folder);
    expect(await runs(orphan)).toBe(false);
    expect(existsSync(folder)).toBe(false);
  });
});

describe('the lock', () => {
  const record = { app: 'billing-access-delegation', nonce: 'n', ephemeral: false, port: 1 };

  test('of a process that is gone, or a file that is no lock at all, is taken over', async () => {
    for (const content of [JSON.stringify({ ...record, pid: 2 ** 22 + 7 }), '', 'rubbish']) {
      await writeFile(path.join(dataDir, 'postgres.lock'), content);
      expect(await findRunningCluster(dataDir)).toBeNull();
      await (await start(dataDir)).cluster.stop();
    }
  });

  test('with the pid of some other process, started at another time, is taken over', async () => {
    const { cluster } = await start(dataDir);
    const { started } = JSON.parse(await readFile(path.join(dataDir, 'postgres.lock'), 'utf8'));
    await cluster.stop();
    // The pid of our parent, which runs, but with our own start time.
    const foreign = { ...record, pid: process.ppid, started: `${started}0` };
    await writeFile(path.join(dataDir, 'postgres.lock'), JSON.stringify(foreign));
    // And the same mistake in PostgreSQL's own file, which it would refuse to start with.
    await writeFile(
      path.join(dataDir, 'postgres', 'postmaster.pid'),
      `${process.ppid}\n${dataDir}\n1\n5432\n`,
    );
    expect(await findRunningCluster(dataDir)).toBeNull();
    await start(dataDir);
    expect(await runs(process.ppid)).toBe(true);
  });

  test('of a running process is respected: a clear message with its pid', async () => {
    const owner = await startOwner(installation, dataDir);
    await expect(start(dataDir)).rejects.toThrow(`already in use by the process with pid ${owner.pid}`);
    expect(await findRunningCluster(dataDir)).not.toBeNull();
    await findRunningCluster(dataDir).then((cluster) => cluster?.stop());
    await store(owner, 1);
  });

  test('goes to exactly one of two that start at once', async () => {
    const owners = await Promise.all([startOwner(installation, dataDir), startOwner(installation, dataDir)]);
    const [winner] = owners.filter(({ error }) => error === undefined);
    const [loser] = owners.filter(({ error }) => error !== undefined);
    expect(loser?.error).toContain(`EmbeddedPostgresError: The database in ${dataDir} is already in use`);
    expect(loser?.error).toContain(`pid ${winner?.pid}`);
    await store({ url: (database) => winner?.url(database) ?? '' }, 1);
  });

  test('a start waits for an owner that is just stopping', async () => {
    const owner = await startOwner(installation, dataDir);
    const [{ cluster }] = await Promise.all([start(dataDir), owner.stop()]);
    await store(cluster, 1);
  });
});

test('nothing but the named files is left in a stopped data folder', async () => {
  await (await start(dataDir)).cluster.stop();
  expect((await readdir(dataDir)).sort()).toEqual(['postgres', 'postgres.log', 'postgres.log.1']);
});
