import { execFile } from 'node:child_process';
import { chown, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { EmbeddedCluster } from '../../src/embedded';
import { ownerUrlOf, serverUrlOf, withClient } from '../../src/embedded-database';
import { loadDemo } from '../../src/importers/demo';
import { migrate } from '../../src/migrate';
import { sharedFolder } from '../embedded/support';
import { startTestCluster } from '../support/cluster';
import { DEMO_PASSWORD, type TestDatabase } from '../support/database';

/** A PostgreSQL with the demo clinic, and a standby that follows it by streaming replication. */
export interface ReplicatedPair {
  readonly primary: TestDatabase;
  /** The standby's address as the server signs in. */
  readonly replicaUrl: string;
  /** Whether the standby replays what it receives. */
  replay(on: boolean): Promise<void>;
  /** Waits until the standby has replayed everything that the primary has written by now. */
  caughtUp(): Promise<void>;
  stopReplica(): Promise<void>;
  stop(): Promise<void>;
}

const SETTINGS = { fsync: 'off', max_connections: '100', wal_keep_size: '256MB', max_wal_senders: '4' };

/** Copies the primary's folder while it is stopped, which needs no program but PostgreSQL itself. */
async function copyAsStandby(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await promisify(execFile)('cp', ['-a', path.join(from, 'postgres'), path.join(to, 'postgres')]);
  const signal = path.join(to, 'postgres', 'standby.signal');
  await writeFile(signal, '');
  const owner = await stat(path.join(to, 'postgres'));
  await chown(signal, owner.uid, owner.gid);
}

async function ask<Row extends object>(url: string, text: string, params: unknown[] = []): Promise<Row[]> {
  return withClient(url, async (client) => (await client.query<Row>(text, params)).rows);
}

export async function startPair(): Promise<ReplicatedPair> {
  const folder = await sharedFolder();
  const [first, second] = [path.join(folder, 'primary'), path.join(folder, 'replica')];
  let running: EmbeddedCluster = await startTestCluster({ dataDir: first, settings: SETTINGS });
  const ownerUrl = await ownerUrlOf(running);
  await migrate(ownerUrl);
  await withClient(ownerUrl, (client) => loadDemo(client, { password: DEMO_PASSWORD }));
  await running.stop();
  await copyAsStandby(first, second);
  running = await startTestCluster({ dataDir: first, settings: SETTINGS });
  const replica = await startTestCluster({
    dataDir: second,
    settings: {
      ...SETTINGS,
      primary_conninfo: `host=127.0.0.1 port=${running.port} user=${running.superuser} password=${running.superuserPassword}`,
    },
  });
  const url = await ownerUrlOf(running);
  const apiUrl = await serverUrlOf(running);
  const replicaUrl = new URL(apiUrl);
  replicaUrl.port = String(replica.port);
  const admin = { primary: running.url('billing'), replica: replica.url('billing') };
  const primary: TestDatabase = {
    name: 'billing',
    url,
    apiUrl,
    query: (sql, params = []) => ask(url, sql, params),
    drop: () => Promise.resolve(),
  };
  return {
    primary,
    replicaUrl: replicaUrl.toString(),
    replay: async (on) => {
      await ask(admin.replica, on ? 'SELECT pg_wal_replay_resume()' : 'SELECT pg_wal_replay_pause()');
      const wanted = on ? 'not paused' : 'paused';
      for (let state = ''; state !== wanted; ) {
        state = (
          await ask<{ state: string }>(admin.replica, 'SELECT pg_get_wal_replay_pause_state() AS state')
        )[0]?.state as string;
      }
    },
    caughtUp: async () => {
      const [written] = await ask<{ lsn: string }>(admin.primary, 'SELECT pg_current_wal_lsn()::text AS lsn');
      const there = 'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS there';
      while (!(await ask<{ there: boolean }>(admin.replica, there, [written?.lsn]))[0]?.there);
    },
    stopReplica: () => replica.stop(),
    stop: async () => {
      await replica.stop();
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
