import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import type { EmbeddedCluster } from '../../src/embedded';
import { ownerUrlOf, serverUrlOf } from '../../src/embedded-database';
import { toGlobalId } from '../../src/global-id';
import { migrate } from '../../src/migrate';
import { eventually, serverPid, sharedFolder } from '../embedded/support';
import { startTestCluster } from '../support/cluster';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { factories } from '../support/factories';
import { type Build, buildServer, type ServerProcess, startProcess } from './processes';
import { change, codesOf, historyAndLists, type ListInput, listOf, save } from './support';

const SAVES = 200;
/** How many are acknowledged before the blow falls. */
const ENOUGH = 25;
const PROVIDERS = 6;
/** Each save is of so many lists. */
const LISTS = 3;

type Queries = Pick<TestDatabase, 'query'>;

let build: Build;
beforeAll(async () => {
  build = await buildServer();
});
afterAll(() => build.remove());

/** A clinic, and 200 saves to make in it, each of which adds a user to three lists and takes another off the first. */
async function prepare(db: Queries) {
  const make = factories(db);
  const clinicId = (await make.clinic()).id;
  const admins: string[] = [];
  for (let index = 0; index < 8; index += 1) {
    const permissions = ['EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS'] as const;
    admins.push((await make.user({ clinicId, permissions })).email);
  }
  const providers: string[] = [];
  for (let index = 0; index < PROVIDERS; index += 1) providers.push((await make.provider({ clinicId })).id);
  const users = async (): Promise<string[]> => {
    const ids = Array.from({ length: SAVES }, () => randomUUID());
    await db.query(
      "INSERT INTO users (clinic_id, id, name) SELECT $1, id, 'User ' || id FROM unnest($2::uuid[]) id",
      [clinicId, ids],
    );
    return ids;
  };
  const coming = await users();
  const going = await users();
  const listsOf = (index: number): string[] =>
    Array.from({ length: LISTS }, (_, list) => providers[(index + list) % PROVIDERS] ?? '');
  await db.query(
    `INSERT INTO delegations (clinic_id, provider_id, delegate_user_id)
     SELECT $1, provider, id FROM unnest($2::uuid[], $3::uuid[]) AS listed (provider, id)`,
    [clinicId, going.map((_, index) => listsOf(index)[0]), going],
  );
  // Makes the middle of a save long: between taking off and putting on, so that the blow falls into some of them.
  await db.query(`CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep(0.03); RETURN NULL; END $$`);
  await db.query(
    'CREATE TRIGGER pause BEFORE UPDATE ON delegations FOR EACH STATEMENT EXECUTE FUNCTION pause()',
  );
  const user = (id: string | undefined): string => toGlobalId('User', clinicId, id ?? '');
  const saves = coming.map((id, index): { who: string; lists: ListInput[] } => ({
    who: admins[index % admins.length] ?? '',
    lists: listsOf(index).map((providerId, list) => ({
      providerId: user(providerId),
      addUsers: [{ userId: user(id) }],
      ...(list === 0 ? { removeUserIds: [user(going[index])] } : {}),
    })),
  }));
  return { clinicId, admins, providers, coming, going, saves, user };
}

type Plan = Awaited<ReturnType<typeof prepare>>;

/** Sends all of the saves at once and calls `blow` in their middle. Answers which ones were acknowledged. */
async function saveUntil(server: ServerProcess, plan: Plan, blow: () => Promise<unknown>): Promise<number[]> {
  // Signed in before, so that what is sent are saves.
  await Promise.all(plan.admins.map((who) => server.ask(who, '{ viewer { email } }')));
  const acknowledged: number[] = [];
  let falling: Promise<unknown> | undefined;
  await Promise.all(
    plan.saves.map(async ({ who, lists }, index) => {
      // A refusal to connect, a broken connection and an error are all the same: not acknowledged.
      const answer = await save(server, who, lists).catch(() => null);
      if (answer === null || answer.errors !== undefined || answer.data === null) return;
      acknowledged.push(index);
      if (acknowledged.length >= ENOUGH) falling ??= blow();
    }),
  );
  await falling;
  expect(acknowledged.length).toBeGreaterThanOrEqual(ENOUGH);
  // In the middle: there was work left to lose.
  expect(acknowledged.length).toBeLessThan(SAVES);
  return acknowledged;
}

/** Each save is there as a whole or not at all, those acknowledged are there, and the history says the same. */
async function expectWhole(db: Queries, plan: Plan, acknowledged: readonly number[]): Promise<void> {
  const rows = await db.query<{ id: string; lists: number }>(
    `SELECT delegate_user_id AS id, count(*)::int AS lists FROM delegations WHERE clinic_id = $1 GROUP BY 1`,
    [plan.clinicId],
  );
  const lists = new Map(rows.map((row) => [row.id, row.lists]));
  const done = plan.coming.map((id, index) => ({
    added: lists.get(id) ?? 0,
    removed: !lists.has(plan.going[index] ?? ''),
  }));
  expect(done.filter(({ added, removed }) => !(removed ? added === LISTS : added === 0))).toEqual([]);
  expect(acknowledged.filter((index) => done[index]?.removed !== true)).toEqual([]);
  const { told, stored, misfits } = await historyAndLists(db);
  expect(misfits).toEqual([]);
  expect(told).toEqual(stored);
  expect(Object.keys(stored).length).toBeGreaterThan(SAVES);
}

/** The lists by the API are those in the database, and can be changed. */
async function expectInService(server: ServerProcess, db: Queries, plan: Plan): Promise<void> {
  const admin = plan.admins[0] ?? '';
  for (const provider of plan.providers) {
    const list = await listOf(server, admin, plan.user(provider));
    const [row] = await db.query(
      `SELECT p.list_version AS version, count(d.id)::int AS entries FROM providers p
       LEFT JOIN delegations d ON d.clinic_id = p.clinic_id AND d.provider_id = p.user_id
       WHERE p.user_id = $1 GROUP BY 1`,
      [provider],
    );
    expect({ version: list.version, entries: list.entries.length }).toEqual(row);
    const input = { providerId: plan.user(provider), userId: plan.user(plan.going[0]) };
    const added = await change(server, admin, 'addUserDelegate', { ...input, expectedVersion: list.version });
    expect(codesOf(added)).toEqual([]);
  }
  const { told, stored, misfits } = await historyAndLists(db);
  expect([misfits, told]).toEqual([[], stored]);
}

it('kill -9 of the server in the middle of 200 saves loses nothing acknowledged and leaves nothing half done', async () => {
  const db = await createTestDatabase();
  const on = { apiUrl: db.apiUrl, ownerUrl: db.url };
  const running: ServerProcess[] = [];
  try {
    const plan = await prepare(db);
    const server = await startProcess(build, on);
    running.push(server);
    const acknowledged = await saveUntil(server, plan, () => server.kill());
    // What the killed process was at ends by itself in the database.
    const connected = async (): Promise<number> =>
      (
        await db.query(
          "SELECT FROM pg_stat_activity WHERE datname = $1 AND application_name = 'billing-access-delegation'",
          [db.name],
        )
      ).length;
    expect(await eventually(async () => (await connected()) === 0)).toBe(true);
    await expectWhole(db, plan, acknowledged);

    const next = await startProcess(build, on);
    running.push(next);
    await expectInService(next, db, plan);
  } finally {
    for (const one of running) await one.stop();
    await db.drop();
  }
});

it('kill -9 of the database in the middle of 200 saves loses nothing acknowledged and leaves nothing half done', async () => {
  const dataDir = await sharedFolder();
  const stops: (() => Promise<unknown>)[] = [];
  const start = async () => {
    const cluster = await startTestCluster({ dataDir });
    stops.push(() => cluster.stop());
    const ownerUrl = await ownerUrlOf(cluster);
    await migrate(ownerUrl);
    const pool = new pg.Pool({ connectionString: ownerUrl, max: 2 });
    // Its connections break with the database, which is the point.
    pool.on('error', () => undefined);
    stops.push(() => pool.end());
    const db: Queries = {
      query: async <Row extends pg.QueryResultRow>(sql: string, params: unknown[] = []) =>
        (await pool.query<Row>(sql, params)).rows,
    };
    const server = await startProcess(build, { apiUrl: await serverUrlOf(cluster), ownerUrl });
    stops.push(() => server.stop());
    return { cluster, db, server };
  };
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).reverse()) await one();
  };
  try {
    const before = await start();
    const plan = await prepare(before.db);
    const acknowledged = await saveUntil(before.server, plan, () => killDatabase(dataDir));
    // The server process is still there, and says that it cannot answer.
    const answer = await before.server.ask(plan.admins[0] ?? '', '{ viewer { email } }');
    expect(codesOf(answer)).toEqual(['UNAVAILABLE']);
    await stop();

    const after: { cluster: EmbeddedCluster; db: Queries; server: ServerProcess } = await start();
    await expectWhole(after.db, plan, acknowledged);
    await expectInService(after.server, after.db, plan);
  } finally {
    await stop();
    await rm(dataDir, { recursive: true, force: true });
  }
});

/** Kills PostgreSQL and every process of it at once, as a power cut would. */
async function killDatabase(dataDir: string): Promise<void> {
  const postmaster = await serverPid(dataDir);
  const children = await childrenOf(postmaster);
  expect(children.length).toBeGreaterThan(0);
  for (const pid of [postmaster, ...children]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      // It ended in between.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

async function childrenOf(parent: number): Promise<number[]> {
  if (!existsSync('/proc/self/stat')) {
    const { stdout } = await promisify(execFile)('pgrep', ['-P', String(parent)]);
    return stdout.trim().split('\n').map(Number);
  }
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const parents = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      return Number(/\) . (\d+) /.exec(stat)?.[1] ?? -1);
    }),
  );
  return pids.flatMap((pid, index) => (parents[index] === parent ? [Number(pid)] : []));
}
