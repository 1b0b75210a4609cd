import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { EmbeddedPostgresError, findRunningCluster } from '../../src/embedded';
import { cleanUp, query, sharedFolder, start, store, stored, temporaryFolder } from './support';

let shared: string;
let lasting: string;
beforeAll(async () => {
  shared = await sharedFolder();
  lasting = path.join(shared, 'my data');
});
afterEach(cleanUp);
afterAll(() => rm(shared, { recursive: true, force: true }));

describe('a lasting cluster', () => {
  test('keeps its data and its password across restarts, in a path with spaces', async () => {
    const dataDir = lasting;
    const { cluster: first } = await start(dataDir);
    await store(first, 7);
    expect(await findRunningCluster(dataDir)).toMatchObject({
      port: first.port,
      superuserPassword: first.superuserPassword,
    });
    await first.stop();
    expect(await findRunningCluster(dataDir)).toBeNull();
    expect(existsSync(path.join(dataDir, 'postgres.lock'))).toBe(false);

    const { cluster: second } = await start(dataDir);
    expect(await stored(second)).toEqual([7]);
    expect(second.superuserPassword).toBe(first.superuserPassword);
  });

  test('listens on 127.0.0.1 only, asks for the password, and keeps time and text in one way', async () => {
    const dataDir = lasting;
    const { cluster } = await start(dataDir);
    const [row] = await query(
      cluster.url('postgres'),
      `SELECT current_setting('listen_addresses') AS addresses, current_setting('unix_socket_directories') AS sockets,
              current_setting('timezone') AS timezone, pg_encoding_to_char(encoding) AS encoding,
              datlocprovider::text AS provider, datlocale, upper('é') AS upper
         FROM pg_database WHERE datname = 'template1'`,
    );
    expect(row).toEqual({
      addresses: '127.0.0.1',
      sockets: '',
      timezone: 'UTC',
      encoding: 'UTF8',
      provider: 'b',
      datlocale: 'C.UTF-8',
      upper: 'É',
    });
    await expect(query(cluster.url('postgres', 'postgres', 'wrong'))).rejects.toThrow(
      /password authentication/,
    );
    const secret = path.join(dataDir, 'postgres', 'superuser-password');
    expect((await stat(secret)).mode & 0o777).toBe(0o600);
    expect((await readFile(secret, 'utf8')).trim()).toBe(cluster.superuserPassword);
    expect(cluster.url('a b', 'someone')).toBe(`postgres://someone@127.0.0.1:${cluster.port}/a%20b`);
  });

  test('stops within the call, twice without harm', async () => {
    const { cluster } = await start(lasting);
    await Promise.all([cluster.stop(), cluster.stop()]);
    await cluster.stop();
    const port = createServer();
    await new Promise<void>((resolve) => port.listen(cluster.port, cluster.host, resolve));
    await new Promise((resolve) => port.close(resolve));
  });

  test('is not continued, nor removed, as a throw-away one', async () => {
    const dataDir = lasting;
    const { cluster } = await start(dataDir);
    await store(cluster, 1);
    await cluster.stop();
    await expect(start(dataDir, { ephemeral: true })).rejects.toThrow(/holds a lasting database/);
    expect(await stored((await start(dataDir)).cluster)).toEqual([1]);
  });
});

describe('a throw-away cluster', () => {
  test('is gone after its stop, what else is in the folder is not', async () => {
    const dataDir = path.join(await temporaryFolder(), 'data');
    const { cluster } = await start(dataDir, { ephemeral: true });
    await writeFile(path.join(dataDir, 'mine.txt'), 'kept');
    await cluster.stop();
    expect(await readdir(dataDir)).toEqual(['mine.txt']);
  });
});

describe('a folder that cannot be used', () => {
  test('in a place that is a file: says so and what to do', async () => {
    const file = path.join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    for (const dataDir of [file, path.join(file, 'data')]) {
      const attempt = start(dataDir);
      await expect(attempt).rejects.toBeInstanceOf(EmbeddedPostgresError);
      await expect(attempt).rejects.toThrow(/Cannot use the data folder .*file.*Set DATA_DIR to a folder/);
    }
  });

  test('something else where the cluster would lie: nothing is overwritten', async () => {
    const dataDir = await temporaryFolder();
    await mkdir(path.join(dataDir, 'postgres'));
    if (process.getuid?.() === 0) {
      await expect(start(dataDir)).rejects.toThrow(/belongs to root/);
    } else {
      await writeFile(path.join(dataDir, 'postgres', 'letter.txt'), 'mine');
      await expect(start(dataDir)).rejects.toThrow(/holds no PostgreSQL database/);
      expect(await readdir(path.join(dataDir, 'postgres'))).toEqual(['letter.txt']);
    }
    expect(existsSync(path.join(dataDir, 'postgres.lock'))).toBe(false);
  });

  test('a setting that PostgreSQL refuses: the end of its log is in the message', async () => {
    const dataDir = lasting;
    await (await start(dataDir)).cluster.stop();
    const conf = path.join(dataDir, 'postgres', 'postgresql.conf');
    const before = await readFile(conf, 'utf8');
    await writeFile(conf, 'no_such_setting = 1\n', { flag: 'a' });
    await expect(start(dataDir)).rejects.toThrow(/did not start.*no_such_setting/s);
    await writeFile(conf, before);
    expect(existsSync(path.join(dataDir, 'postgres.lock'))).toBe(false);
  });

  test('a cluster of another version is left alone', async () => {
    const dataDir = lasting;
    await (await start(dataDir)).cluster.stop();
    await writeFile(path.join(dataDir, 'postgres', 'PG_VERSION'), '15\n');
    await expect(start(dataDir)).rejects.toThrow(/made by PostgreSQL 15/);
  });
});

test('an interrupted creation starts over, and only our own half-made folder is removed', async () => {
  const dataDir = await temporaryFolder();
  const ours = path.join(dataDir, '.postgres-init-AAAAAA');
  const foreign = path.join(dataDir, '.postgres-init-BBBBBB');
  for (const folder of [ours, foreign]) await mkdir(path.join(folder, 'cluster'), { recursive: true });
  await writeFile(path.join(ours, 'made-by-billing-access-delegation'), '');
  await start(dataDir);
  expect(existsSync(ours)).toBe(false);
  expect(existsSync(foreign)).toBe(true);
});
