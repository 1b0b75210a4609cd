import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { withClient } from '../../src/embedded-database';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { startTestServer, type TestServer } from '../support/server';
import {
  change,
  codesOf,
  historyAndLists,
  historyLength,
  listOf,
  makeScene,
  namesOn,
  type Scene,
  type SingleMutation,
  save,
  stateOf,
} from './support';

let db: TestDatabase;
let server: TestServer;
let scene: Scene;

beforeAll(async () => {
  db = await createTestDatabase();
  server = await startTestServer({ db });
});
beforeEach(async () => {
  scene = await makeScene(server);
});
afterAll(async () => {
  await server.close();
  await db.drop();
});

const FUTURE = '2099-06-30T12:00:00.000Z';

interface State {
  readonly expiresAt: string | null;
  readonly name: string | null;
  readonly active: boolean | null;
  readonly launchesAt: string | null;
}

interface Entry {
  readonly at: string;
  readonly action: string;
  readonly actor: { name: string; kind: string } | null;
  readonly provider: { name: string } | null;
  readonly user: { name: string } | null;
  readonly group: { name: string } | null;
  readonly groupName: string | null;
  readonly before: State | null;
  readonly after: State | null;
}

interface Connection {
  readonly nodes: Entry[];
  readonly edges: { cursor: string; node: { at: string } }[];
  readonly pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
}

const CONNECTION = `{ nodes { at action actor { name kind } provider { name } user { name } group { name } groupName
    before { expiresAt name active launchesAt } after { expiresAt name active launchesAt } }
  edges { cursor node { at } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }`;

type Filter = Record<string, unknown>;
interface Page {
  first?: number;
  after?: string | null;
  last?: number;
  before?: string | null;
}

const askList = (who: string, page: Page & { filter?: Filter } = {}, providerId = scene.provider.globalId) =>
  server.ask<{ delegationHistory: Connection | null }>(
    who,
    `query ($id: ID!, $filter: HistoryFilter, $first: Int, $after: String, $last: Int, $before: String) {
      delegationHistory(providerId: $id, filter: $filter, first: $first, after: $after, last: $last, before: $before)
      ${CONNECTION} }`,
    { id: providerId, ...page },
  );
const askClinic = (who: string, page: Page & { filter?: Filter } = {}, clinicId?: string) =>
  server.ask<{ clinicHistory: Connection | null }>(
    who,
    `query ($id: ID, $filter: HistoryFilter, $first: Int, $after: String, $last: Int, $before: String) {
      clinicHistory(clinicId: $id, filter: $filter, first: $first, after: $after, last: $last, before: $before)
      ${CONNECTION} }`,
    { id: clinicId, ...page },
  );
const listHistory = async (who: string, page?: Page & { filter?: Filter }): Promise<Connection> => {
  const answer = await askList(who, page);
  if (!answer.data?.delegationHistory) throw new Error(answer.text);
  return answer.data.delegationHistory;
};
const clinicHistory = async (who: string, page?: Page & { filter?: Filter }): Promise<Connection> => {
  const answer = await askClinic(who, page);
  if (!answer.data?.clinicHistory) throw new Error(answer.text);
  return answer.data.clinicHistory;
};

const act = (mutation: SingleMutation, input: Record<string, unknown>, who = scene.provider) =>
  change(server, who.email, mutation, { providerId: scene.provider.globalId, ...input });
const end = (expiresAt: string | null): State => ({ expiresAt, name: null, active: null, launchesAt: null });
const person = ({ name }: { name: string }, kind: string) => ({ name, kind });

describe('who may read', () => {
  it('a list: the provider, administrators with both permissions and support, and nobody else', async () => {
    await act('addUserDelegate', { userId: scene.moa.globalId });
    for (const { email } of [scene.provider, scene.admin, scene.support]) {
      expect((await listHistory(email)).nodes).toHaveLength(1);
    }
    // The delegate among them.
    for (const { email } of [scene.moa, scene.colleague, scene.editor, scene.settings, scene.stranger]) {
      const answer = await askList(email);
      expect([codesOf(answer), answer.data]).toEqual([['FORBIDDEN'], { delegationHistory: null }]);
    }
    const elsewhere = await makeScene(server);
    for (const { email } of [elsewhere.admin, elsewhere.provider]) {
      expect(codesOf(await askList(email))).toEqual(['NOT_FOUND']);
    }
    const nobodys = await server.ask(null, `{ delegationHistory(providerId: "x") { nodes { action } } }`);
    expect(codesOf(nobodys)).toEqual(['UNAUTHENTICATED']);
    expect(codesOf(await askList(scene.admin.email, {}, scene.moa.globalId))).toEqual(['BAD_USER_INPUT']);
  });

  it('a clinic: administrators with both permissions and support, and nobody else', async () => {
    await act('addUserDelegate', { userId: scene.moa.globalId });
    const own = await clinicHistory(scene.admin.email);
    expect(own.nodes.length).toBe(await historyLength(db, scene.clinic.id));
    const supports = await askClinic(scene.support.email, {}, scene.clinic.globalId);
    expect(supports.data.clinicHistory).toEqual(own);
    expect(codesOf(await askClinic(scene.support.email))).toEqual(['BAD_USER_INPUT']);
    for (const { email } of [scene.provider, scene.moa, scene.editor, scene.settings, scene.stranger]) {
      const answer = await askClinic(email);
      expect([codesOf(answer), answer.data]).toEqual([['FORBIDDEN'], { clinicHistory: null }]);
    }
    const elsewhere = await makeScene(server);
    const foreign = await askClinic(scene.admin.email, {}, elsewhere.clinic.globalId);
    expect(codesOf(foreign)).toEqual(['NOT_FOUND']);
    expect(codesOf(await server.ask(null, '{ clinicHistory { nodes { action } } }'))).toEqual([
      'UNAUTHENTICATED',
    ]);
  });
});

describe('what it says', () => {
  it('of a list: actor, action, subject, before and after, newest first', async () => {
    const user = { userId: scene.moa.globalId };
    const group = { groupId: scene.clerks.globalId };
    const began = Date.now();
    await act('addUserDelegate', { ...user, expiresAt: FUTURE });
    await act('addUserDelegate', { ...user, expiresAt: null }, scene.admin);
    await act('addGroupDelegate', group);
    await act('addGroupDelegate', { ...group, expiresAt: FUTURE }, scene.admin);
    await act('removeGroupDelegate', group, scene.admin);
    await act('removeUserDelegate', user);
    const { nodes } = await listHistory(scene.provider.email);
    const byProvider = person(scene.provider, 'PROVIDER');
    const byAdmin = person(scene.admin, 'STAFF');
    const ofUser = { user: { name: scene.moa.name }, group: null, groupName: null };
    const ofGroup = { user: null, group: { name: scene.clerks.name }, groupName: scene.clerks.name };
    const provider = { name: scene.provider.name };
    expect(nodes.map(({ at: _at, ...entry }) => entry).reverse()).toEqual([
      {
        action: 'USER_DELEGATE_ADDED',
        actor: byProvider,
        provider,
        ...ofUser,
        before: null,
        after: end(FUTURE),
      },
      {
        action: 'USER_DELEGATE_CHANGED',
        actor: byAdmin,
        provider,
        ...ofUser,
        before: end(FUTURE),
        after: end(null),
      },
      {
        action: 'GROUP_DELEGATE_ADDED',
        actor: byProvider,
        provider,
        ...ofGroup,
        before: null,
        after: end(null),
      },
      {
        action: 'GROUP_DELEGATE_CHANGED',
        actor: byAdmin,
        provider,
        ...ofGroup,
        before: end(null),
        after: end(FUTURE),
      },
      {
        action: 'GROUP_DELEGATE_REMOVED',
        actor: byAdmin,
        provider,
        ...ofGroup,
        before: end(FUTURE),
        after: null,
      },
      {
        action: 'USER_DELEGATE_REMOVED',
        actor: byProvider,
        provider,
        ...ofUser,
        before: end(null),
        after: null,
      },
    ]);
    const times = nodes.map(({ at }) => Date.parse(at));
    expect(times).toEqual([...times].sort((one, other) => other - one));
    for (const time of times) expect(Math.abs(time - began)).toBeLessThan(60_000);
  });

  it('of one list only that list, of the clinic all of them', async () => {
    await act('addUserDelegate', { userId: scene.moa.globalId });
    await change(server, scene.colleague.email, 'addUserDelegate', {
      providerId: scene.colleague.globalId,
      userId: scene.moa.globalId,
    });
    expect((await listHistory(scene.provider.email)).nodes).toHaveLength(1);
    const added = await clinicHistory(scene.admin.email, { filter: { actions: ['USER_DELEGATE_ADDED'] } });
    expect(added.nodes.map((entry) => entry.provider?.name)).toEqual([
      scene.colleague.name,
      scene.provider.name,
    ]);
  });

  it('of groups, members, activation: every action, by its actor', async () => {
    const { admin } = scene;
    const run = async (mutation: string, input: Record<string, unknown>, selection: string) => {
      const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input!`;
      const answer = await server.ask<Record<string, { group?: { id: string } }>>(
        admin.email,
        `mutation ($input: ${type}) { ${mutation}(input: $input) { ${selection} } }`,
        { input },
      );
      expect([mutation, answer.errors]).toEqual([mutation, undefined]);
      return answer.data[mutation];
    };
    const before = await historyLength(db, scene.clinic.id);
    const made = await run('createGroup', { name: 'Night clerks' }, 'group { id }');
    const groupId = made?.group?.id ?? '';
    const userIds = [scene.moa.globalId];
    await run('addGroupMembers', { groupId, userIds }, 'group { name }');
    await act('addGroupDelegate', { groupId });
    await run('renameGroup', { groupId, name: 'Day clerks' }, 'group { name }');
    await run('removeGroupMembers', { groupId, userIds }, 'group { name }');
    await run('deactivateUser', { userId: scene.moa.globalId }, 'changed');
    await run('reactivateUser', { userId: scene.moa.globalId }, 'changed');
    await run('deleteGroup', { groupId }, 'groupId');

    const all = (await clinicHistory(admin.email)).nodes;
    const nodes = all.slice(0, all.length - before).reverse();
    const named = (name: string): State => ({ expiresAt: null, name, active: null, launchesAt: null });
    const active = (value: boolean): State => ({
      expiresAt: null,
      name: null,
      active: value,
      launchesAt: null,
    });
    expect(nodes.map((entry) => [entry.action, entry.user?.name ?? null, entry.before, entry.after])).toEqual(
      expect.arrayContaining([
        ['GROUP_CREATED', null, null, named('Night clerks')],
        ['GROUP_MEMBER_ADDED', scene.moa.name, null, null],
        ['GROUP_DELEGATE_ADDED', null, null, end(null)],
        ['GROUP_RENAMED', null, named('Night clerks'), named('Day clerks')],
        ['GROUP_MEMBER_REMOVED', scene.moa.name, null, null],
        ['USER_DEACTIVATED', scene.moa.name, active(true), active(false)],
        ['USER_REACTIVATED', scene.moa.name, active(false), active(true)],
        ['GROUP_DELEGATE_REMOVED', null, end(null), null],
        ['GROUP_DELETED', null, named('Day clerks'), null],
      ]),
    );
    expect(nodes).toHaveLength(9);
    for (const entry of nodes) {
      const by = entry.action === 'GROUP_DELEGATE_ADDED' ? scene.provider : admin;
      expect([entry.action, entry.actor?.name]).toEqual([entry.action, by.name]);
      // Deleted by now, the group is still called by its last name.
      const aboutGroup = entry.action.startsWith('GROUP');
      expect([entry.group, entry.groupName]).toEqual([null, aboutGroup ? 'Day clerks' : null]);
    }
  });

  it('of a deleted group its last name, in every entry; of a renamed one the name it has', async () => {
    await act('addGroupDelegate', { groupId: scene.clerks.globalId });
    await db.query('UPDATE groups SET name = $2 WHERE id = $1', [
      scene.clerks.id,
      `${scene.clerks.name} new`,
    ]);
    const [renamed] = (await listHistory(scene.provider.email)).nodes;
    expect([renamed?.group?.name, renamed?.groupName]).toEqual([
      `${scene.clerks.name} new`,
      `${scene.clerks.name} new`,
    ]);
    await db.query('DELETE FROM groups WHERE id = $1', [scene.clerks.id]);
    const deleted = (await listHistory(scene.provider.email)).nodes;
    expect(deleted.map((entry) => [entry.action, entry.group, entry.groupName])).toEqual([
      ['GROUP_DELEGATE_REMOVED', null, `${scene.clerks.name} new`],
      ['GROUP_DELEGATE_ADDED', null, `${scene.clerks.name} new`],
    ]);
    // By a database administrator, whom the history cannot name.
    expect(deleted.map((entry) => entry.actor?.name ?? null)).toEqual([null, scene.provider.name]);
    expect(namesOn(await listOf(server, scene.provider.email, scene.provider.globalId))).toEqual([]);
  });

  it('of the launch: set, moved and cleared, by support', async () => {
    const soon = await makeScene(server, { launchesAt: null });
    const later = '2099-12-31T23:59:59.000Z';
    for (const at of [FUTURE, later, null]) {
      const answer = await server.ask(
        soon.support.email,
        'mutation ($input: ScheduleSegregationLaunchInput!) { scheduleSegregationLaunch(input: $input) { clinic { segregationLaunchesAt } } }',
        { input: { clinicId: soon.clinic.globalId, at } },
      );
      expect(answer.data).toEqual({
        scheduleSegregationLaunch: { clinic: { segregationLaunchesAt: at } },
      });
    }
    const { nodes } = await clinicHistory(soon.admin.email, {
      filter: { actions: ['SEGREGATION_LAUNCH_SET'] },
    });
    expect(
      nodes.map((entry) => [entry.before?.launchesAt, entry.after?.launchesAt, entry.actor?.kind]),
    ).toEqual([
      [later, null, 'SUPPORT'],
      [FUTURE, later, 'SUPPORT'],
      [null, FUTURE, 'SUPPORT'],
    ]);
    const [stored] = await db.query(
      'SELECT DISTINCT actor_user_id, actor_support_user_id FROM history WHERE clinic_id = $1 AND action = $2',
      [soon.clinic.id, 'SEGREGATION_LAUNCH_SET'],
    );
    expect(stored).toEqual({ actor_user_id: null, actor_support_user_id: soon.support.id });
    const bySupport = await clinicHistory(soon.admin.email, { filter: { actorId: soon.support.globalId } });
    expect(bySupport.nodes).toHaveLength(3);
  });
});

describe('in the transaction of the change', () => {
  it('is written with it: both by one transaction', async () => {
    await act('addUserDelegate', { userId: scene.moa.globalId });
    const [row] = await db.query(
      `SELECT d.xmin::text = h.xmin::text AS together FROM delegations d JOIN history h USING (clinic_id, provider_id)
       WHERE d.clinic_id = $1`,
      [scene.clinic.id],
    );
    expect(row).toEqual({ together: true });
  });

  it('goes with a change that fails in the end', async () => {
    await db.query(`CREATE FUNCTION refuse_commit() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'refused at commit'; END $$`);
    await db.query(`CREATE CONSTRAINT TRIGGER refuse_commit AFTER INSERT ON delegations DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW WHEN (NEW.delegate_user_id = '${scene.moa.id}') EXECUTE FUNCTION refuse_commit()`);
    try {
      const before = await stateOf(db, scene.clinic.id);
      const answer = await save(server, scene.provider.email, [
        {
          providerId: scene.provider.globalId,
          addUsers: [{ userId: scene.moa.globalId }, { userId: scene.stranger.globalId }],
          addGroups: [{ groupId: scene.clerks.globalId }],
        },
      ]);
      expect([codesOf(answer), answer.data]).toEqual([['INTERNAL'], null]);
      expect(answer.text).not.toContain('commit');
      expect(await stateOf(db, scene.clinic.id)).toEqual(before);
    } finally {
      await db.query('DROP FUNCTION refuse_commit CASCADE');
    }
  });

  it('takes the change with it when it cannot be written', async () => {
    await db.query(`CREATE FUNCTION refuse_history() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'no room for history'; END $$`);
    await db.query(`CREATE TRIGGER refuse_history BEFORE INSERT ON history
      FOR EACH ROW WHEN (NEW.action LIKE '%DELEGATE%') EXECUTE FUNCTION refuse_history()`);
    try {
      const before = await stateOf(db, scene.clinic.id);
      const answer = await act('addUserDelegate', { userId: scene.moa.globalId });
      expect([codesOf(answer), answer.data]).toEqual([['INTERNAL'], null]);
      expect(await stateOf(db, scene.clinic.id)).toEqual(before);
    } finally {
      await db.query('DROP FUNCTION refuse_history CASCADE');
    }
    expect((await act('addUserDelegate', { userId: scene.moa.globalId })).errors).toBeUndefined();
  });

  it('tells the lists as they are, step by step', async () => {
    await act('addUserDelegate', { userId: scene.moa.globalId, expiresAt: FUTURE });
    await act('addGroupDelegate', { groupId: scene.clerks.globalId });
    await act('addUserDelegate', { userId: scene.moa.globalId, expiresAt: null });
    await act('removeGroupDelegate', { groupId: scene.clerks.globalId });
    const { told, stored, misfits } = await historyAndLists(db);
    expect(misfits).toEqual([]);
    expect(told).toEqual(stored);
    expect(told[`${scene.provider.id} ${scene.moa.id}`]).toBe('no end');
  });
});

describe('filters', () => {
  beforeEach(async () => {
    await act('addUserDelegate', { userId: scene.moa.globalId });
    await act('addUserDelegate', { userId: scene.stranger.globalId }, scene.admin);
    await act('addGroupDelegate', { groupId: scene.clerks.globalId }, scene.admin);
    await act('removeUserDelegate', { userId: scene.moa.globalId }, scene.admin);
  });
  const found = async (filter: Filter) =>
    (await listHistory(scene.provider.email, { filter })).nodes.map((entry) => entry.action);

  it('by action, actor, user and group, and by all of them together', async () => {
    expect(await found({})).toHaveLength(4);
    expect(await found({ actions: ['USER_DELEGATE_ADDED'] })).toHaveLength(2);
    expect(await found({ actions: ['USER_DELEGATE_REMOVED', 'GROUP_DELEGATE_ADDED'] })).toEqual([
      'USER_DELEGATE_REMOVED',
      'GROUP_DELEGATE_ADDED',
    ]);
    expect(await found({ actions: [] })).toEqual([]);
    expect(await found({ actions: null, actorId: null, userId: null, groupId: null })).toHaveLength(4);
    expect(await found({ actorId: scene.admin.globalId })).toHaveLength(3);
    expect(await found({ userId: scene.moa.globalId })).toEqual([
      'USER_DELEGATE_REMOVED',
      'USER_DELEGATE_ADDED',
    ]);
    expect(await found({ groupId: scene.clerks.globalId })).toEqual(['GROUP_DELEGATE_ADDED']);
    expect(await found({ userId: scene.moa.globalId, actorId: scene.admin.globalId })).toEqual([
      'USER_DELEGATE_REMOVED',
    ]);
    expect(await found({ userId: scene.clerk.globalId })).toEqual([]);
    // The same over the clinic, where the group's own entries are too.
    const ofGroup = await clinicHistory(scene.admin.email, { filter: { groupId: scene.clerks.globalId } });
    expect(ofGroup.nodes.map((entry) => entry.action)).toEqual([
      'GROUP_DELEGATE_ADDED',
      'GROUP_MEMBER_ADDED',
      'GROUP_CREATED',
    ]);
  });

  it('by time: from an instant on, and before an instant', async () => {
    const { nodes } = await listHistory(scene.provider.email);
    const [newest, , , oldest] = nodes.map((entry) => Date.parse(entry.at));
    const at = (time: number) => new Date(time).toISOString();
    // Instants come to the millisecond, and are kept to the microsecond.
    const after = at((newest ?? 0) + 1);
    expect(await found({ from: after })).toEqual([]);
    expect(await found({ to: after })).toHaveLength(4);
    expect(await found({ from: at(newest ?? 0) })).toEqual(['USER_DELEGATE_REMOVED']);
    expect(await found({ to: at(newest ?? 0) })).toHaveLength(3);
    expect(await found({ from: at(oldest ?? 0), to: at((oldest ?? 0) + 1) })).toEqual([
      'USER_DELEGATE_ADDED',
    ]);
  });

  it('take ids of the right type; one of another clinic matches nothing', async () => {
    for (const filter of [
      { userId: scene.clerks.globalId },
      { groupId: scene.moa.globalId },
      { actorId: 'x' },
      { actions: ['EVERYTHING'] },
      { from: 'yesterday' },
    ]) {
      expect(codesOf(await askList(scene.provider.email, { filter }))).toEqual(['BAD_USER_INPUT']);
    }
    const elsewhere = await makeScene(server);
    expect(await found({ userId: elsewhere.moa.globalId })).toEqual([]);
  });
});

describe('pages', () => {
  /** Seven entries: two saves of three, and one more. */
  beforeEach(async () => {
    const three = {
      users: [scene.moa, scene.stranger].map(({ globalId: userId }) => ({ userId })),
      groups: [{ groupId: scene.clerks.globalId }],
    };
    const providerId = scene.provider.globalId;
    await save(server, scene.provider.email, [
      { providerId, addUsers: three.users, addGroups: three.groups },
    ]);
    await save(server, scene.provider.email, [
      {
        providerId,
        removeUserIds: three.users.map(({ userId }) => userId),
        removeGroupIds: three.groups.map(({ groupId }) => groupId),
      },
    ]);
    await act('addUserDelegate', { userId: scene.clerk.globalId });
  });
  const walk = async (size: number, backward: boolean, between?: () => Promise<unknown>) => {
    const pages: Connection[] = [];
    let cursor: string | null = null;
    for (;;) {
      const page: Connection = await listHistory(
        scene.provider.email,
        backward ? { last: size, before: cursor } : { first: size, after: cursor },
      );
      pages.push(page);
      const more = backward ? page.pageInfo.hasPreviousPage : page.pageInfo.hasNextPage;
      if (!more) return backward ? pages.reverse() : pages;
      cursor = backward ? page.pageInfo.startCursor : page.pageInfo.endCursor;
      if (pages.length > 20) throw new Error('the pages do not end');
      await between?.();
    }
  };

  it.each([1, 2, 3, 7, 8])('of %d, forwards and backwards, hold every entry once, in order', async (size) => {
    const whole = (await listHistory(scene.provider.email)).nodes;
    expect(whole).toHaveLength(7);
    for (const backward of [false, true]) {
      const pages = await walk(size, backward);
      expect(pages.flatMap((page) => page.nodes)).toEqual(whole);
      expect(pages).toHaveLength(Math.ceil(7 / size));
      const cursors = pages.flatMap((page) => page.edges.map((edge) => edge.cursor));
      expect(new Set(cursors).size).toBe(7);
    }
  });

  it('do not move when something is added between them', async () => {
    const whole = (await listHistory(scene.provider.email)).nodes;
    let turn = 0;
    const pages = await walk(2, false, () => {
      turn += 1;
      return act(turn % 2 === 1 ? 'addUserDelegate' : 'removeUserDelegate', { userId: scene.moa.globalId });
    });
    expect(pages.flatMap((page) => page.nodes)).toEqual(whole);
    expect((await listHistory(scene.provider.email)).nodes.length).toBeGreaterThan(7);
  });

  it('have cursors that hold the place of the entry, and nothing else', async () => {
    const { edges, nodes } = await listHistory(scene.provider.email, { first: 2 });
    for (const [index, { cursor }] of edges.entries()) {
      const [order, at, id, ...rest] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as string[];
      expect([order, rest]).toEqual(['AT', []]);
      expect(new Date(at ?? '').toISOString()).toBe(nodes[index]?.at);
      expect(id).toMatch(/^\d+$/);
    }
    const forged = Buffer.from(JSON.stringify(['AT', '9999-01-01 00:00:00+00', '1'])).toString('base64url');
    expect((await listHistory(scene.provider.email, { after: forged })).nodes).toHaveLength(7);
    const bad = ['x', '', Buffer.from('["AT"]').toString('base64url'), `${edges[0]?.cursor}x`.slice(5)];
    for (const after of bad) {
      expect(codesOf(await askList(scene.provider.email, { after }))).toEqual(['BAD_USER_INPUT']);
    }
    for (const page of [{ first: -1 }, { last: -1 }, { first: 501 }, { first: 1, last: 1 }]) {
      expect(codesOf(await askList(scene.provider.email, page))).toEqual(['BAD_USER_INPUT']);
    }
    expect((await listHistory(scene.provider.email, { first: 0 })).nodes).toEqual([]);
  });
});

describe('append-only, in the database itself', () => {
  const CHANGES = {
    update: "UPDATE history SET action = 'USER_REACTIVATED'",
    'update of no row': "UPDATE history SET action = 'USER_REACTIVATED' WHERE FALSE",
    delete: 'DELETE FROM history',
    truncate: 'TRUNCATE history',
  };
  const INSERT = `INSERT INTO history (clinic_id, at, action) SELECT id, now(), 'USER_DEACTIVATED' FROM clinics`;
  const SAY = `SELECT record_history(id, 'USER_DEACTIVATED', NULL, NULL, NULL, NULL, NULL) FROM clinics`;

  it.each(Object.entries({ ...CHANGES, insert: INSERT, 'say so itself': SAY }))(
    'the role of the API may not %s',
    async (_what, sql) => {
      const before = await stateOf(db, scene.clinic.id);
      for (const role of ['billing_api', 'billing_server']) {
        await withClient(db.apiUrl, async (client) => {
          await client.query(`SET ROLE ${role}`);
          expect((await client.query('SELECT count(*) FROM history')).rowCount).toBe(1);
          await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
        });
      }
      expect(await stateOf(db, scene.clinic.id)).toEqual(before);
    },
  );

  it.each(['ALTER TABLE history DISABLE TRIGGER ALL', 'DROP TRIGGER delegations_history ON delegations'])(
    'the role of the API may not take the triggers away: %s',
    async (sql) => {
      await withClient(db.apiUrl, async (client) => {
        await client.query('SET ROLE billing_api');
        await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
        await expect(client.query("SET session_replication_role = 'replica'")).rejects.toMatchObject({
          code: '42501',
        });
      });
    },
  );

  it.each(Object.entries(CHANGES))('the owner of the table is refused too: %s', async (_what, sql) => {
    const before = await stateOf(db, scene.clinic.id);
    await expect(db.query(sql)).rejects.toMatchObject({ code: '23001' });
    expect(await stateOf(db, scene.clinic.id)).toEqual(before);
  });
});
