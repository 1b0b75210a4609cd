import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toGlobalId } from '../../src/global-id';
import { createTestDatabase, type TestDatabase, testCluster } from '../support/database';
import { factories, type MadeUser } from '../support/factories';
import { startTestServer, type TestServer } from '../support/server';
import { type Build, buildServer, type ServerProcess, startProcess } from './processes';
import {
  change,
  codesOf,
  dashboardOf,
  historyAndLists,
  historyLength,
  listOf,
  makeScene,
  namesOn,
  type Scene,
  save,
  stateOf,
} from './support';

const POOL = 4;

let db: TestDatabase;
let server: TestServer;

beforeAll(async () => {
  db = await createTestDatabase();
  server = await startTestServer({ db, poolSize: POOL });
});
afterAll(async () => {
  await server.close();
  await db.drop();
});

/** How often PostgreSQL had to break a deadlock in this database; a save that met one is tried again unseen. */
async function deadlocks(): Promise<number> {
  // What a connection counted is told when it has been idle for a while, or when it is asked to; before 15, after a while.
  if (testCluster().version < 15) await pause(1_000);
  else await db.query('SELECT pg_stat_force_next_flush()');
  const [row] = await db.query<{ deadlocks: number }>(
    'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
  );
  return row?.deadlocks ?? -1;
}

/** More administrators of the scene's clinic, so that confirmations do not wait for one another. */
async function administrators(scene: Scene, count: number): Promise<MadeUser[]> {
  const made: MadeUser[] = [];
  for (let index = 0; index < count; index += 1) {
    made.push(
      await scene.make.user({
        clinicId: scene.clinic.id,
        permissions: ['EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS'],
      }),
    );
  }
  return made;
}

async function users(scene: Scene, count: number): Promise<MadeUser[]> {
  const made: MadeUser[] = [];
  for (let index = 0; index < count; index += 1) {
    made.push(await scene.make.user({ clinicId: scene.clinic.id }));
  }
  return made;
}

async function expectHistoryToFit(): Promise<void> {
  const { told, stored, misfits } = await historyAndLists(db);
  expect(misfits).toEqual([]);
  expect(told).toEqual(stored);
}

describe('saves on one list', () => {
  it('come one after the other: each answers the list after its own change, and the version rises by it', async () => {
    const scene = await makeScene(server);
    const admins = await administrators(scene, 6);
    const delegates = await users(scene, 12);
    const answers = await Promise.all(
      delegates.map((delegate, index) =>
        save(server, admins[index % admins.length]?.email ?? '', [
          { providerId: scene.provider.globalId, addUsers: [{ userId: delegate.globalId }] },
        ]),
      ),
    );
    expect(answers.flatMap(codesOf)).toEqual([]);
    for (const [index, { data }] of answers.entries()) {
      const list = data?.[0]?.list;
      expect(namesOn(list)).toContain(delegates[index]?.name);
      expect(list?.version).toBeGreaterThan(0);
    }
    const list = await listOf(server, scene.provider.email, scene.provider.globalId);
    expect([list.version, list.entries.length]).toEqual([12, 12]);
    await expectHistoryToFit();
  });

  it('never show a list half before and half after one of them: the entries are those of the version', async () => {
    const scene = await makeScene(server);
    const admins = await administrators(scene, 4);
    const delegates = await users(scene, 24);
    let saving = true;
    const read: { version: number; entries: readonly unknown[] }[] = [];
    const reader = async (): Promise<void> => {
      while (saving) read.push(await listOf(server, scene.provider.email, scene.provider.globalId));
    };
    const readers = [reader(), reader(), reader()];
    const answers = await Promise.all(
      delegates.map((delegate, index) =>
        change(server, admins[index % admins.length]?.email ?? '', 'addUserDelegate', {
          providerId: scene.provider.globalId,
          userId: delegate.globalId,
        }),
      ),
    );
    saving = false;
    await Promise.all(readers);
    expect(answers.flatMap(codesOf)).toEqual([]);
    // One entry a change: as many as the version says.
    const lists = [...read, ...answers.flatMap(({ data }) => data?.list ?? [])];
    expect(lists.map(({ entries }) => entries.length)).toEqual(lists.map(({ version }) => version));
    expect(new Set(lists.map(({ version }) => version)).size).toBeGreaterThan(5);
  });

  it('that add the same delegate at once add it once', async () => {
    const scene = await makeScene(server);
    const admins = await administrators(scene, 8);
    const answers = await Promise.all(
      admins.map(({ email }) =>
        change(server, email, 'addUserDelegate', {
          providerId: scene.provider.globalId,
          userId: scene.moa.globalId,
        }),
      ),
    );
    expect(answers.flatMap(codesOf)).toEqual([]);
    expect(answers.filter(({ data }) => data?.change.added.length === 1)).toHaveLength(1);
    expect(answers.map(({ data }) => data?.list.version)).toEqual(admins.map(() => 1));
  });

  it('on one expected version have exactly one winner; the others get CONFLICT and change nothing', async () => {
    for (let round = 0; round < 5; round += 1) {
      const scene = await makeScene(server);
      const racers = [scene.provider, ...(await administrators(scene, 5))];
      const delegates = await users(scene, racers.length);
      const length = await historyLength(db, scene.clinic.id);
      const answers = await Promise.all(
        racers.map(({ email }, index) =>
          save(
            server,
            email,
            [
              {
                providerId: scene.provider.globalId,
                expectedVersion: 0,
                addUsers: [{ userId: delegates[index]?.globalId ?? '' }],
              },
              // What else is in the same save is lost with it.
              {
                providerId: scene.colleague.globalId,
                addUsers: [{ userId: delegates[index]?.globalId ?? '' }],
              },
            ].slice(0, index === 0 ? 1 : 2),
          ),
        ),
      );
      const winners = answers.flatMap((answer, index) => (answer.errors === undefined ? [index] : []));
      expect(winners).toHaveLength(1);
      expect(answers.flatMap(codesOf)).toEqual(Array.from({ length: 5 }, () => 'CONFLICT'));
      const winner = winners[0] ?? -1;
      const list = await listOf(server, scene.provider.email, scene.provider.globalId);
      expect([list.version, namesOn(list)]).toEqual([1, [delegates[winner]?.name]]);
      const other = await listOf(server, scene.admin.email, scene.colleague.globalId);
      expect(namesOn(other)).toEqual(winner === 0 ? [] : [delegates[winner]?.name]);
      expect(await historyLength(db, scene.clinic.id)).toBe(length + (winner === 0 ? 1 : 2));
    }
  });
});

describe('saves over many lists', () => {
  /** The scene's clinic with 30 providers, made by SQL. */
  async function thirtyProviders(scene: Scene): Promise<string[]> {
    await db.query(
      "INSERT INTO users (clinic_id, id, name) SELECT $1, gen_random_uuid(), 'Many ' || n FROM generate_series(1, 30) n",
      [scene.clinic.id],
    );
    const rows = await db.query<{ id: string }>(
      `INSERT INTO providers (clinic_id, user_id, billing_number)
       SELECT clinic_id, id, name FROM users WHERE clinic_id = $1 AND name LIKE 'Many %' RETURNING user_id AS id`,
      [scene.clinic.id],
    );
    return rows.map(({ id }) => toGlobalId('User', scene.clinic.id, id));
  }

  it('in opposite orders, by two users, for 30 rounds: all finish, without a deadlock', async () => {
    const scene = await makeScene(server);
    const providers = await thirtyProviders(scene);
    const [one, other] = await administrators(scene, 2);
    const backwards = [...providers].reverse();
    const [first, second] = [scene.moa, scene.stranger];
    const before = await deadlocks();
    const length = await historyLength(db, scene.clinic.id);
    for (let round = 0; round < 30; round += 1) {
      const verb = round % 2 === 0 ? 'add' : 'remove';
      const listsOf = (order: readonly string[], delegate: MadeUser, group: boolean) =>
        order.map((providerId) => ({
          providerId,
          ...(verb === 'add'
            ? { addUsers: [{ userId: delegate.globalId }] }
            : { removeUserIds: [delegate.globalId] }),
          ...(group && verb === 'add' ? { addGroups: [{ groupId: scene.clerks.globalId }] } : {}),
          ...(group && verb === 'remove' ? { removeGroupIds: [scene.clerks.globalId] } : {}),
        }));
      const answers = await Promise.all([
        save(server, one?.email ?? '', listsOf(providers, first, true)),
        save(server, other?.email ?? '', listsOf(backwards, second, false)),
      ]);
      expect(answers.flatMap(codesOf)).toEqual([]);
    }
    expect(await deadlocks()).toBe(before);
    // 90 entries came and went 15 times.
    expect(await historyLength(db, scene.clinic.id)).toBe(length + 2 * 15 * 90);
    const versions = await db.query(
      "SELECT DISTINCT list_version FROM providers p JOIN users u ON u.id = p.user_id WHERE u.clinic_id = $1 AND u.name LIKE 'Many %'",
      [scene.clinic.id],
    );
    expect(versions).toEqual([{ list_version: 2 * 15 * 3 }]);
    await expectHistoryToFit();
  });

  it('beside changes of the groups and users that they name: all finish, without a deadlock', async () => {
    const scene = await makeScene(server);
    const providers = await thirtyProviders(scene);
    const admins = await administrators(scene, 4);
    const email = (index: number) => admins[index]?.email ?? '';
    const before = await deadlocks();
    const mutate = (who: number, mutation: string, input: Record<string, unknown>) =>
      server.ask<unknown>(
        email(who),
        `mutation ($input: ${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input!) {
           ${mutation}(input: $input) { __typename } }`,
        { input },
      );
    for (let round = 0; round < 8; round += 1) {
      const group = await scene.make.group({ clinicId: scene.clinic.id, members: [scene.clerk.id] });
      const listsOf = (order: readonly string[]) =>
        order.map((providerId) => ({
          providerId,
          addGroups: [{ groupId: group.globalId }],
          addUsers: [{ userId: scene.moa.globalId }],
        }));
      const everyone = { groupId: group.globalId, userIds: [scene.moa.globalId, scene.stranger.globalId] };
      const answers = await Promise.all([
        save(server, email(0), listsOf(providers)),
        save(server, email(1), listsOf([...providers].reverse())),
        mutate(2, 'addGroupMembers', everyone),
        mutate(3, round % 2 === 0 ? 'deactivateUser' : 'reactivateUser', { userId: scene.moa.globalId }),
        mutate(2, round % 2 === 0 ? 'deleteGroup' : 'renameGroup', {
          groupId: group.globalId,
          ...(round % 2 === 0 ? {} : { name: `Renamed ${round} ${group.id}` }),
        }),
      ]);
      // Whoever comes too late is told so: the group is gone, or the user is not active.
      for (const code of answers.flatMap(codesOf)) expect(['NOT_FOUND', 'BAD_USER_INPUT']).toContain(code);
      await db.query('UPDATE users SET active = TRUE WHERE id = $1', [scene.moa.id]);
    }
    expect(await deadlocks()).toBe(before);
    await expectHistoryToFit();
  });
});

// Reported at bcgov/SIMS#2528: pool deadlock inside transactions.
describe('case 17: five times as many saves at once as the pool has connections', () => {
  it.each([
    ['by as many users, on one list', 5 * POOL, 1],
    ['by as many users, each on a list of their own', 5 * POOL, 5 * POOL],
    ['by one user', 1, 1],
  ])('%s: all finish', async (_how, actorCount, listCount) => {
    const scene = await makeScene(server);
    const actors = await administrators(scene, actorCount);
    const lists: MadeUser[] = [];
    for (let index = 0; index < listCount; index += 1) {
      lists.push(await scene.make.provider({ clinicId: scene.clinic.id }));
    }
    const delegates = await users(scene, 5 * POOL);
    await Promise.all(actors.map(({ email }) => server.tokenOf(email)));
    const answers = await Promise.all(
      delegates.map((delegate, index) =>
        change(server, actors[index % actorCount]?.email ?? '', 'addUserDelegate', {
          providerId: lists[index % listCount]?.globalId,
          userId: delegate.globalId,
        }),
      ),
    );
    expect(answers.flatMap(codesOf)).toEqual([]);
    const [row] = await db.query('SELECT count(*)::int AS count FROM delegations WHERE clinic_id = $1', [
      scene.clinic.id,
    ]);
    expect(row).toEqual({ count: 5 * POOL });
    // Nothing is left behind in the pool.
    const idle = server.database.pool;
    expect([idle.waitingCount, idle.totalCount - idle.idleCount]).toEqual([0, 0]);
  });

  it('none of it changes anything when the password is wrong', async () => {
    const scene = await makeScene(server);
    const before = await stateOf(db, scene.clinic.id);
    const answers = await Promise.all(
      Array.from({ length: 5 * POOL }, () =>
        save(
          server,
          scene.provider.email,
          [{ providerId: scene.provider.globalId, addUsers: [{ userId: scene.moa.globalId }] }],
          'wrong',
        ),
      ),
    );
    expect(new Set(answers.flatMap(codesOf))).toEqual(new Set(['PASSWORD_REQUIRED', 'RATE_LIMITED']));
    expect(await stateOf(db, scene.clinic.id)).toEqual(before);
  });
});

// Reported at milo-os/milo#768: replicas disagree for minutes.
describe('case 28: two server processes on one database', () => {
  let build: Build;
  let processes: ServerProcess[] = [];
  beforeAll(async () => {
    build = await buildServer();
    const on = { apiUrl: db.apiUrl, ownerUrl: db.url };
    processes = await Promise.all([startProcess(build, on), startProcess(build, on)]);
  });
  afterAll(async () => {
    await Promise.all(processes.map((one) => one.stop()));
    await build.remove();
  });

  it('revoked on one, nothing on the other at once, 100 times', async () => {
    const make = factories(db);
    const clinicId = (await make.clinic()).id;
    const provider = await make.provider({ clinicId });
    const delegate = await make.user({ clinicId });
    const member = await make.user({ clinicId });
    const group = await make.group({ clinicId, members: [member.id] });
    const bill = await make.bill({ clinicId, providerId: provider.id });
    const providerId = provider.globalId;
    const seen = async (on: ServerProcess, who: MadeUser) => {
      const answer = await on.ask<{
        bill: { number: string } | null;
        dashboard: { bills: { totalCount: number } };
        viewer: { billingAccess: { nodes: unknown[] } };
      }>(
        who.email,
        `{ bill(id: "${bill.globalId}") { number } dashboard { bills { totalCount } }
           viewer { billingAccess { nodes { provider { id } } } } }`,
      );
      expect(answer.errors).toBeUndefined();
      const { data } = answer;
      return [
        data.bill?.number ?? null,
        data.dashboard.bills.totalCount,
        data.viewer.billingAccess.nodes.length,
      ];
    };
    const all = [bill.number, 1, 1];
    const nothing = [null, 0, 0];
    for (let round = 0; round < 100; round += 1) {
      const [here, there] = round % 2 === 0 ? processes : [...processes].reverse();
      if (here === undefined || there === undefined) throw new Error('two processes are needed');
      const asGroup = round % 4 >= 2;
      const who = asGroup ? member : delegate;
      const entry = asGroup ? { groupId: group.globalId } : { userId: delegate.globalId };
      const [add, remove] = asGroup
        ? (['addGroupDelegate', 'removeGroupDelegate'] as const)
        : (['addUserDelegate', 'removeUserDelegate'] as const);
      expect((await change(here, provider.email, add, { providerId, ...entry })).errors).toBeUndefined();
      expect([round, await seen(there, who)]).toEqual([round, all]);
      expect((await change(here, provider.email, remove, { providerId, ...entry })).errors).toBeUndefined();
      expect([round, await seen(there, who)]).toEqual([round, nothing]);
    }
  });

  it('attempts at a password are counted together', async () => {
    const scene = await makeScene(server);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        save(
          processes[index % 2] as ServerProcess,
          scene.provider.email,
          [{ providerId: scene.provider.globalId, addUsers: [{ userId: scene.moa.globalId }] }],
          `wrong ${index}`,
        ),
      ),
    );
    const codes = answers.flatMap(codesOf);
    expect(codes.filter((code) => code === 'PASSWORD_REQUIRED')).toHaveLength(5);
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(15);
    expect(await dashboardOf(processes[0] as ServerProcess, scene.moa.email)).toEqual([]);
  });

  // Reported at VilnaCRM user-service#463: aliases beat the rate limit.
  it('case 30: 100 aliased passwords are refused and counted as one, with the limits that are shipped', async () => {
    const scene = await makeScene(server);
    const before = await stateOf(db, scene.clinic.id);
    const field = (index: number) =>
      `a${index}: addUserDelegate(input: { providerId: "${scene.provider.globalId}",
         userId: "${scene.moa.globalId}", password: "guess ${index}" }) { list { version } }`;
    const [one] = processes as [ServerProcess];
    const answer = await one.ask<unknown>(
      scene.provider.email,
      `mutation { ${Array.from({ length: 100 }, (_, index) => field(index)).join('\n')} }`,
    );
    expect(new Set(codesOf(answer))).toEqual(new Set(['BAD_USER_INPUT']));
    expect(answer.data ?? null).toBeNull();
    expect(await stateOf(db, scene.clinic.id)).toEqual(before);
    const counted = await db.query('SELECT points FROM attempts WHERE key = $1', [
      `confirm:${scene.provider.id}`,
    ]);
    expect(counted).toEqual([{ points: 1 }]);
  });
});
