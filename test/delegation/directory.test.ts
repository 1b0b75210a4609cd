import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { toGlobalId } from '../../src/global-id';
import { createTestDatabase } from '../support/database';
import { type Answer, startTestServer, type TestServer } from '../support/server';
import { change, codesOf, dashboardOf, listOf, makeScene, namesOn, type Scene } from './support';

type Mutation =
  | 'createGroup'
  | 'renameGroup'
  | 'deleteGroup'
  | 'addGroupMembers'
  | 'removeGroupMembers'
  | 'deactivateUser'
  | 'reactivateUser';

const SELECTIONS: Readonly<Record<Mutation, string>> = {
  createGroup: 'group { id name memberCount }',
  renameGroup: 'group { id name memberCount }',
  deleteGroup: 'groupId removedFrom { id name }',
  addGroupMembers: 'group { id memberCount members { nodes { id active } } } added { id }',
  removeGroupMembers: 'group { id memberCount members { nodes { id active } } } removed { id }',
  deactivateUser: 'user { id active } changed',
  reactivateUser: 'user { id active } changed',
};

interface Payload {
  group?: { id: string; name: string; memberCount: number; members: { nodes: { id: string }[] } };
  groupId?: string;
  removedFrom?: { id: string }[];
  added?: { id: string }[];
  removed?: { id: string }[];
  user?: { id: string; active: boolean };
  changed?: boolean;
}

let server: TestServer;
let scene: Scene;

beforeAll(async () => {
  server = await startTestServer({ db: await createTestDatabase(), poolSize: 8 });
});
beforeEach(async () => {
  scene = await makeScene(server);
});
afterAll(async () => {
  await server.close();
  await server.db.drop();
});

async function run(
  who: { email: string } | null,
  mutation: Mutation,
  input: Record<string, unknown>,
): Promise<Omit<Answer<unknown>, 'data'> & { data: Payload | null }> {
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
  const answer = await server.ask<Record<string, Payload | null> | null>(
    who?.email ?? null,
    `mutation ($input: ${type}!) { ${mutation}(input: $input) { ${SELECTIONS[mutation]} } }`,
    { input },
  );
  return { ...answer, data: answer.data?.[mutation] ?? null };
}

/** Runs a change that must be done. */
async function done(
  who: { email: string },
  mutation: Mutation,
  input: Record<string, unknown>,
): Promise<Payload> {
  const answer = await run(who, mutation, input);
  if (answer.data === null) throw new Error(answer.text);
  return answer.data;
}

interface HistoryRow {
  action: string;
  actor_user_id: string | null;
  provider_id: string | null;
  group_id: string | null;
  user_id: string | null;
  before: unknown;
  after: unknown;
}

/** What the clinic's history says since the scene was set, oldest first. */
const historyOf = (since: number): Promise<HistoryRow[]> =>
  server.db.query<HistoryRow & Record<string, unknown>>(
    `SELECT action, actor_user_id, provider_id, group_id, user_id, before, after FROM history
     WHERE clinic_id = $1 AND id > $2 ORDER BY id`,
    [scene.clinic.id, since],
  );

const lastHistoryId = async (): Promise<number> => {
  const [row] = await server.db.query<{ id: string | null }>('SELECT max(id) AS id FROM history');
  return Number(row?.id ?? 0);
};

const stranger = (type: 'User' | 'Group') => toGlobalId(type, scene.clinic.id, randomUUID());

/** One input for each mutation that an editor may run. */
const inputs = (): Readonly<Record<Mutation, Record<string, unknown>>> => ({
  createGroup: { name: 'Refused' },
  renameGroup: { groupId: scene.clerks.globalId, name: 'Refused' },
  deleteGroup: { groupId: scene.clerks.globalId },
  addGroupMembers: { groupId: scene.clerks.globalId, userIds: [scene.moa.globalId] },
  removeGroupMembers: { groupId: scene.clerks.globalId, userIds: [scene.clerk.globalId] },
  deactivateUser: { userId: scene.moa.globalId },
  reactivateUser: { userId: scene.moa.globalId },
});
const MUTATIONS = Object.keys(SELECTIONS) as Mutation[];

describe('who may change users and groups', () => {
  it.each(MUTATIONS)('%s: an editor and an administrator may', async (mutation) => {
    for (const who of ['editor', 'admin'] as const) {
      const answer = await run(scene[who], mutation, inputs()[mutation]);
      expect([answer.errors, answer.data !== null]).toEqual([undefined, true]);
      scene = await makeScene(server);
    }
  });

  it.each(MUTATIONS)('%s: nobody else may, and nothing changes', async (mutation) => {
    const before = await lastHistoryId();
    const { provider, settings, moa, clerk, support } = scene;
    for (const who of [provider, settings, moa, clerk, support]) {
      const answer = await run(who, mutation, inputs()[mutation]);
      expect([answer.data, codesOf(answer)]).toEqual([null, ['FORBIDDEN']]);
    }
    expect(codesOf(await run(null, mutation, inputs()[mutation]))).toEqual(['UNAUTHENTICATED']);
    expect(await historyOf(before)).toEqual([]);
  });

  it('answers the same for what is of another clinic, unknown or of another type', async () => {
    const other = await makeScene(server);
    const support = await scene.make.supportUser();
    const answers = new Set<string>();
    for (const mutation of MUTATIONS) {
      if (mutation === 'createGroup') continue;
      const ofGroup = 'groupId' in inputs()[mutation];
      const key = ofGroup ? 'groupId' : 'userId';
      const named = ofGroup
        ? [other.clerks.globalId, stranger('Group'), scene.moa.globalId, '']
        : [other.moa.globalId, stranger('User'), scene.clerks.globalId, support.globalId, ''];
      for (const id of named) {
        const answer = await run(scene.admin, mutation, { ...inputs()[mutation], [key]: id });
        expect([mutation, codesOf(answer)]).toEqual([mutation, ['NOT_FOUND']]);
        answers.add(answer.errors?.[0]?.message ?? '');
      }
    }
    expect(answers.size).toBe(1);
    // Without the permission, not even that.
    const refused = await run(scene.moa, 'deleteGroup', { groupId: stranger('Group') });
    expect(codesOf(refused)).toEqual(['FORBIDDEN']);
  });
});

describe('groups', () => {
  it('are created, renamed and found, each with its history by the actor', async () => {
    const since = await lastHistoryId();
    const { group } = await done(scene.editor, 'createGroup', { name: '  Équipe de jour ' });
    expect(group).toMatchObject({ name: 'Équipe de jour', memberCount: 0 });
    const renamed = await done(scene.admin, 'renameGroup', { groupId: group?.id, name: 'Night team' });
    expect(renamed.group?.name).toBe('Night team');
    // A new case is a new name; the same name is no change.
    await done(scene.admin, 'renameGroup', { groupId: group?.id, name: 'Night Team' });
    await done(scene.admin, 'renameGroup', { groupId: group?.id, name: 'Night Team' });
    expect(await historyOf(since)).toMatchObject([
      { action: 'GROUP_CREATED', actor_user_id: scene.editor.id, after: { name: 'Équipe de jour' } },
      {
        action: 'GROUP_RENAMED',
        actor_user_id: scene.admin.id,
        before: { name: 'Équipe de jour' },
        after: { name: 'Night team' },
      },
      { action: 'GROUP_RENAMED', before: { name: 'Night team' }, after: { name: 'Night Team' } },
    ]);
  });

  it('refuses a name that the clinic has, in any case: CONFLICT; other clinics have their own', async () => {
    const other = await makeScene(server);
    await done(scene.editor, 'createGroup', { name: 'Équipe' });
    const taken = await done(scene.editor, 'createGroup', { name: 'Taken' });
    await done(other.editor, 'createGroup', { name: 'Équipe' });
    const since = await lastHistoryId();
    for (const name of ['Équipe', 'ÉQUIPE', ' équipe', 'E\u0301quipe']) {
      for (const answer of [
        await run(scene.editor, 'createGroup', { name }),
        await run(scene.editor, 'renameGroup', { groupId: taken.group?.id, name }),
      ]) {
        expect(codesOf(answer)).toEqual(['CONFLICT']);
        expect(answer.text).not.toMatch(/groups_name_key|duplicate|SQL/);
      }
    }
    expect(await historyOf(since)).toEqual([]);
    // Ten at once: one wins.
    const racing = await Promise.all(
      Array.from({ length: 10 }, () => run(scene.editor, 'createGroup', { name: 'Raced' })),
    );
    expect(racing.flatMap(codesOf)).toEqual(Array(9).fill('CONFLICT'));
  });

  it('refuses names that are empty, over-long or not plain: BAD_USER_INPUT', async () => {
    const since = await lastHistoryId();
    for (const name of ['', '   ', '\u200b', 'x'.repeat(201), 'a\0b', 'a\nb', '\u0301']) {
      expect(codesOf(await run(scene.editor, 'createGroup', { name }))).toEqual(['BAD_USER_INPUT']);
      const rename = await run(scene.editor, 'renameGroup', { groupId: scene.clerks.globalId, name });
      expect(codesOf(rename)).toEqual(['BAD_USER_INPUT']);
    }
    expect(await historyOf(since)).toEqual([]);
    const longest = await done(scene.editor, 'createGroup', { name: '👩'.repeat(200) });
    expect(longest.group?.name).toBe('👩'.repeat(200));
  });

  it('gain and lose members; who is there, or is not, makes no error and no history', async () => {
    const { clerks, clerk, moa, stranger: someone, editor, admin } = scene;
    const groupId = clerks.globalId;
    const since = await lastHistoryId();
    const userIds = [moa.globalId, clerk.globalId, moa.globalId, someone.globalId];
    const added = await done(editor, 'addGroupMembers', { groupId, userIds });
    expect(new Set(added.added?.map((user) => user.id))).toEqual(new Set([moa.globalId, someone.globalId]));
    expect(added.group?.memberCount).toBe(3);
    expect(added.group?.members.nodes).toHaveLength(3);
    expect((await done(editor, 'addGroupMembers', { groupId, userIds })).added).toEqual([]);
    expect((await done(editor, 'addGroupMembers', { groupId, userIds: [] })).added).toEqual([]);

    const other = await makeScene(server);
    const gone = [moa.globalId, admin.globalId, stranger('User'), other.moa.globalId];
    const removed = await done(admin, 'removeGroupMembers', { groupId, userIds: gone });
    expect(removed.removed).toEqual([{ id: moa.globalId }]);
    expect(removed.group?.memberCount).toBe(2);
    expect((await done(admin, 'removeGroupMembers', { groupId, userIds: gone })).removed).toEqual([]);

    const history = await historyOf(since);
    const steps = history.map((row) => `${row.action} ${row.user_id} by ${row.actor_user_id}`);
    expect(steps.slice(0, 2).sort()).toEqual(
      [moa, someone].map((user) => `GROUP_MEMBER_ADDED ${user.id} by ${editor.id}`).sort(),
    );
    expect(steps.slice(2)).toEqual([`GROUP_MEMBER_REMOVED ${moa.id} by ${admin.id}`]);
    const rows = await server.db.query(
      'SELECT added_by FROM group_members WHERE group_id = $1 AND user_id = $2',
      [clerks.id, someone.id],
    );
    expect(rows).toEqual([{ added_by: editor.id }]);
  });

  it('refuse members who are deactivated, foreign, unknown, no users, or too many at once, as a whole', async () => {
    const { make, clerks, clinic, moa, editor } = scene;
    const groupId = clerks.globalId;
    const inactive = await make.user({ clinicId: clinic.id, active: false });
    const other = await makeScene(server);
    const support = await make.supportUser();
    const since = await lastHistoryId();
    const messages = new Set<string>();
    for (const wrong of [other.moa.globalId, stranger('User'), support.globalId]) {
      const answer = await run(editor, 'addGroupMembers', { groupId, userIds: [moa.globalId, wrong] });
      expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
      messages.add(answer.errors?.[0]?.message ?? '');
    }
    expect(messages.size).toBe(1);
    for (const mutation of ['addGroupMembers', 'removeGroupMembers'] as const) {
      for (const userIds of [
        [clerks.globalId],
        [''],
        Array.from({ length: 1_001 }, () => moa.globalId),
        ...(mutation === 'addGroupMembers' ? [[moa.globalId, inactive.globalId]] : []),
      ]) {
        expect(codesOf(await run(editor, mutation, { groupId, userIds }))).toEqual(['BAD_USER_INPUT']);
      }
    }
    expect(await historyOf(since)).toEqual([]);
  });

  it('give a new member at once the bills of every provider who lists them, and take them back', async () => {
    const { clerks, moa, provider, editor, bills } = scene;
    await change(server, provider.email, 'addGroupDelegate', {
      providerId: provider.globalId,
      groupId: clerks.globalId,
    });
    expect(await dashboardOf(server, moa.email)).toEqual([]);
    await done(editor, 'addGroupMembers', { groupId: clerks.globalId, userIds: [moa.globalId] });
    expect(await dashboardOf(server, moa.email)).toEqual(bills.map((bill) => bill.number).sort());
    await done(editor, 'removeGroupMembers', { groupId: clerks.globalId, userIds: [moa.globalId] });
    expect(await dashboardOf(server, moa.email)).toEqual([]);
  });

  // Reported at typeorm/typeorm#7202: deleted relations still read.
  it('case 18: give nobody access once deleted, leave every list, and raise its version', async () => {
    const { clerks, clerk, provider, colleague, admin } = scene;
    for (const owner of [provider, colleague]) {
      await change(server, owner.email, 'addGroupDelegate', {
        providerId: owner.globalId,
        groupId: clerks.globalId,
      });
    }
    expect(await dashboardOf(server, clerk.email)).toHaveLength(3);
    const versions = [provider, colleague].map((owner) => listOf(server, owner.email, owner.globalId));
    const [before] = await Promise.all(versions);
    const since = await lastHistoryId();
    const deleted = await done(admin, 'deleteGroup', { groupId: clerks.globalId });
    expect(deleted.groupId).toBe(clerks.globalId);
    expect(new Set(deleted.removedFrom?.map((one) => one.id))).toEqual(
      new Set([provider.globalId, colleague.globalId]),
    );
    expect(await dashboardOf(server, clerk.email)).toEqual([]);
    const list = await listOf(server, provider.email, provider.globalId);
    expect([namesOn(list), list.version]).toEqual([[], (before?.version ?? 0) + 1]);

    const history = await historyOf(since);
    expect(history.every((row) => row.actor_user_id === admin.id && row.group_id === clerks.id)).toBe(true);
    expect(history.map((row) => row.action)).toEqual([
      'GROUP_DELEGATE_REMOVED',
      'GROUP_DELEGATE_REMOVED',
      'GROUP_MEMBER_REMOVED',
      'GROUP_DELETED',
    ]);
    expect(codesOf(await run(admin, 'deleteGroup', { groupId: clerks.globalId }))).toEqual(['NOT_FOUND']);
    const late = await run(admin, 'addGroupMembers', { groupId: clerks.globalId, userIds: [] });
    expect(codesOf(late)).toEqual(['NOT_FOUND']);
  });

  it('tell an editor without the second permission nothing of whose lists they were on', async () => {
    const { clerks, provider, editor, clinic, make } = scene;
    await make.delegation({ clinicId: clinic.id, providerId: provider.id, groupId: clerks.id });
    expect((await done(editor, 'deleteGroup', { groupId: clerks.globalId })).removedFrom).toEqual([]);
    expect(namesOn(await listOf(server, provider.email, provider.globalId))).toEqual([]);
  });

  it('show what was read before a change anew after it, in one request', async () => {
    const id = scene.clerks.globalId;
    const answer = await server.ask<{ one: Payload; two: Payload; three: Payload }>(
      scene.editor.email,
      `mutation ($id: ID!, $user: ID!) {
        one: addGroupMembers(input: { groupId: $id, userIds: [$user] }) { group { memberCount members { nodes { id } } } }
        two: removeGroupMembers(input: { groupId: $id, userIds: [$user] }) { group { memberCount members { nodes { id } } } }
        three: renameGroup(input: { groupId: $id, name: "Anew" }) { group { name memberCount members { nodes { id } } } }
      }`,
      { id, user: scene.moa.globalId },
    );
    const { one, two, three } = answer.data;
    expect([one, two, three].map(({ group }) => [group?.memberCount, group?.members.nodes.length])).toEqual([
      [2, 2],
      [1, 1],
      [1, 1],
    ]);
  });
});

describe('deactivation', () => {
  it('keeps memberships and entries, flagged; refuses a live session; reactivation gives back what is listed', async () => {
    const { clerks, clerk, moa, provider, editor, bills } = scene;
    const providerId = provider.globalId;
    await change(server, provider.email, 'addUserDelegate', { providerId, userId: moa.globalId });
    await change(server, provider.email, 'addGroupDelegate', { providerId, groupId: clerks.globalId });
    const numbers = bills.map((bill) => bill.number).sort();
    // Both are signed in now, and stay so.
    expect(await dashboardOf(server, moa.email)).toEqual(numbers);
    expect(await dashboardOf(server, clerk.email)).toEqual(numbers);
    const since = await lastHistoryId();
    for (const user of [moa, clerk]) {
      const off = await done(editor, 'deactivateUser', { userId: user.globalId });
      expect(off).toEqual({ user: { id: user.globalId, active: false }, changed: true });
      const seen = await server.ask(user.email, '{ viewer { email } dashboard { totals { count } } }');
      expect(new Set(codesOf(seen))).toEqual(new Set(['UNAUTHENTICATED']));
      expect((await done(editor, 'deactivateUser', { userId: user.globalId })).changed).toBe(false);
    }
    const list = await listOf(server, provider.email, providerId);
    expect(list.entries).toMatchObject([
      { user: { name: moa.name, active: false }, active: false, givesAccess: false },
      { group: { name: clerks.name }, memberCount: 0, givesAccess: false },
    ]);
    const group = await server.ask<{ node: { memberCount: number; members: { nodes: unknown[] } } }>(
      editor.email,
      'query ($id: ID!) { node(id: $id) { ... on Group { memberCount members { nodes { name active groups { name } } } } } }',
      { id: clerks.globalId },
    );
    expect(group.data.node).toEqual({
      memberCount: 0,
      members: { nodes: [{ name: clerk.name, active: false, groups: [{ name: clerks.name }] }] },
    });

    expect((await done(editor, 'reactivateUser', { userId: moa.globalId })).changed).toBe(true);
    expect((await done(editor, 'reactivateUser', { userId: moa.globalId })).changed).toBe(false);
    expect(await dashboardOf(server, moa.email)).toEqual(numbers);
    // What was taken off the list in the meantime is not given back.
    await change(server, provider.email, 'removeGroupDelegate', { providerId, groupId: clerks.globalId });
    await done(editor, 'reactivateUser', { userId: clerk.globalId });
    expect(await dashboardOf(server, clerk.email)).toEqual([]);

    const changes = (await historyOf(since)).filter((row) => row.action.startsWith('USER_')).slice(0, 3);
    expect(changes).toMatchObject([
      { action: 'USER_DEACTIVATED', user_id: moa.id, actor_user_id: editor.id, after: { active: false } },
      { action: 'USER_DEACTIVATED', user_id: clerk.id, actor_user_id: editor.id },
      { action: 'USER_REACTIVATED', user_id: moa.id, actor_user_id: editor.id, after: { active: true } },
    ]);
    expect(await historyOf(since)).toHaveLength(5);
  });

  it('cannot be done to oneself', async () => {
    const answer = await run(scene.editor, 'deactivateUser', { userId: scene.editor.globalId });
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
    expect((await run(scene.editor, 'createGroup', { name: 'Still here' })).errors).toBeUndefined();
  });
});

describe('users and groups of a clinic', () => {
  const ask = async (who: { email: string }, query: string, variables: Record<string, unknown> = {}) => {
    const answer = await server.ask<Record<string, { nodes: { name: string }[] } | null>>(
      who.email,
      query,
      variables,
    );
    return {
      codes: codesOf(answer),
      names: Object.values(answer.data ?? {})[0]?.nodes.map((one) => one.name),
    };
  };
  const USERS = `query ($clinicId: ID, $search: String, $active: Boolean, $first: Int) {
    users(clinicId: $clinicId, search: $search, active: $active, first: $first) { nodes { name } } }`;
  const GROUPS = `query ($clinicId: ID, $search: String, $first: Int) {
    groups(clinicId: $clinicId, search: $search, first: $first) { nodes { name } } }`;

  it('are found by name, by every user of the clinic; users by whether they are active', async () => {
    const { make, clinic, stranger: someone } = scene;
    await make.user({ clinicId: clinic.id, name: 'Zoë On' });
    await make.user({ clinicId: clinic.id, name: 'Zoé Off', active: false });
    await make.group({ clinicId: clinic.id, name: 'Les zoés' });
    await make.group({ clinicId: clinic.id, name: 'ZOE' });
    expect((await ask(someone, USERS, { search: 'zoe' })).names).toEqual(['Zoé Off', 'Zoë On']);
    expect((await ask(someone, USERS, { search: 'zoe', active: true })).names).toEqual(['Zoë On']);
    expect((await ask(someone, USERS, { search: 'zoe', active: false })).names).toEqual(['Zoé Off']);
    expect((await ask(someone, USERS, { active: false })).names).toEqual(['Zoé Off']);
    expect((await ask(someone, USERS, { search: '%' })).names).toEqual([]);
    expect((await ask(someone, GROUPS, { search: 'zoe' })).names).toEqual(['ZOE', 'Les zoés']);
    expect((await ask(someone, GROUPS)).names).toHaveLength(3);
    expect((await ask(someone, USERS)).names).toHaveLength(10);
  });

  it('are not shown to other clinics; support names the clinic', async () => {
    const other = await makeScene(server);
    for (const query of [USERS, GROUPS]) {
      expect(await ask(scene.admin, query, { clinicId: other.clinic.globalId })).toMatchObject({
        codes: ['NOT_FOUND'],
      });
      expect((await ask(scene.support, query)).codes).toEqual(['BAD_USER_INPUT']);
      const named = await ask(scene.support, query, { clinicId: other.clinic.globalId });
      expect([named.codes, (named.names ?? []).length > 0]).toEqual([[], true]);
      const all = (await ask(other.moa, query)).names ?? [];
      expect(all).not.toContain(scene.moa.name);
      expect(all).not.toContain(scene.clerks.name);
    }
  });

  it('refuse searches and pages that cannot be: BAD_USER_INPUT', async () => {
    for (const query of [USERS, GROUPS]) {
      for (const wrong of [{ search: 'x'.repeat(201) }, { search: 'a\0' }, { first: -1 }, { first: 501 }]) {
        expect((await ask(scene.moa, query, wrong)).codes).toEqual(['BAD_USER_INPUT']);
      }
    }
  });

  it('show the members of many groups in a constant number of statements, each page its own', async () => {
    const { make, clinic, moa, editor } = scene;
    for (let count = 1; count <= 8; count += 1) {
      const members = await Promise.all(
        Array.from({ length: count }, (_, index) =>
          make.user({ clinicId: clinic.id, name: `Member ${index}`, active: index % 2 === 0 }),
        ),
      );
      await make.group({ clinicId: clinic.id, name: `Of ${count}`, members: members.map((user) => user.id) });
    }
    const query = (groups: number) => `{ groups(search: "of ", first: ${groups}) { nodes { name memberCount
      members(first: 3) { nodes { name active groups { name } } pageInfo { hasNextPage endCursor } } } } }`;
    const count = async (groups: number): Promise<number> => {
      const before = server.logged.length;
      expect((await server.ask(moa.email, query(groups))).errors).toBeUndefined();
      const lines = server.logged.slice(before).map((line) => JSON.parse(line) as { statements?: number });
      return lines.flatMap((line) => line.statements ?? [])[0] ?? -1;
    };
    await server.tokenOf(moa.email);
    // A page that is full from the beginnings of names, of whatever size.
    expect(await count(7)).toBe(await count(2));

    interface Members {
      nodes: { name: string; groups: { name: string }[] }[];
      pageInfo: { hasNextPage: boolean; endCursor: string };
    }
    const page = await server.ask<{ groups: { nodes: { name: string; members: Members }[] } }>(
      editor.email,
      query(8),
    );
    const seen = page.data.groups.nodes.map(({ name, members }) => [
      name,
      members.nodes.length,
      members.pageInfo.hasNextPage,
    ]);
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((size) => [`Of ${size}`, Math.min(size, 3), size > 3]));
    for (const { name, members } of page.data.groups.nodes) {
      for (const member of members.nodes) expect(member.groups).toEqual([{ name }]);
    }
    // The rest of the last group, from both ends.
    const { endCursor } = page.data.groups.nodes[7]?.members.pageInfo ?? { endCursor: '' };
    const rest = await server.ask<{ groups: { nodes: { after: Members; before: Members }[] } }>(
      editor.email,
      `query ($cursor: String) { groups(search: "Of 8") { nodes {
        after: members(after: $cursor) { nodes { name } pageInfo { hasNextPage } }
        before: members(last: 2, before: $cursor) { nodes { name } pageInfo { hasNextPage } } } } }`,
      { cursor: endCursor },
    );
    const [group] = rest.data.groups.nodes;
    expect(group?.after.nodes.map((one) => one.name)).toEqual([3, 4, 5, 6, 7].map((n) => `Member ${n}`));
    expect(group?.before.nodes.map((one) => one.name)).toEqual(['Member 0', 'Member 1']);
  });
});

describe('at the same time', () => {
  const EXPECTED = new Set(['CONFLICT', 'NOT_FOUND', 'BAD_USER_INPUT']);

  it('groups are deleted and put on lists, twenty times: every answer is a plain one, and nothing is left', async () => {
    const { make, clinic, admin } = scene;
    const owners = await Promise.all(Array.from({ length: 6 }, () => make.provider({ clinicId: clinic.id })));
    for (let round = 0; round < 20; round += 1) {
      const group = await make.group({ clinicId: clinic.id, members: [scene.moa.id] });
      const groupId = group.globalId;
      const answers = await Promise.all([
        ...owners
          .slice(0, 3)
          .map(({ email, globalId }) =>
            change(server, email, 'addGroupDelegate', { providerId: globalId, groupId }),
          ),
        run(admin, 'deleteGroup', { groupId }),
        ...owners
          .slice(3)
          .map(({ email, globalId }) =>
            change(server, email, 'addGroupDelegate', { providerId: globalId, groupId }),
          ),
        run(admin, 'addGroupMembers', { groupId, userIds: [scene.stranger.globalId] }),
        run(admin, 'renameGroup', { groupId, name: `Round ${round}` }),
        run(admin, 'deleteGroup', { groupId }),
      ]);
      for (const code of answers.flatMap(codesOf)) expect(EXPECTED).toContain(code);
      await run(admin, 'deleteGroup', { groupId });
      const left = await server.db.query('SELECT FROM delegations WHERE delegate_group_id = $1', [group.id]);
      expect(left).toEqual([]);
    }
  });

  it('a group that is deleted right after its list was read is told as the list had it', async () => {
    const { make, clinic, admin } = scene;
    const owner = await make.provider({ clinicId: clinic.id });
    const group = await make.group({ clinicId: clinic.id, members: [scene.moa.id] });
    await make.delegation({ clinicId: clinic.id, providerId: owner.id, groupId: group.id });
    const real = server.database.query.bind(server.database);
    const statements = jest.spyOn(server.database, 'query');
    let read = 0;
    statements.mockImplementation(async (text, ...rest) => {
      const rows = await real(text, ...rest);
      if (text.includes('list_version AS version') && read++ === 0) {
        await server.db.query('DELETE FROM delegations WHERE delegate_group_id = $1', [group.id]);
        await server.db.query('DELETE FROM group_members WHERE group_id = $1', [group.id]);
        await server.db.query('DELETE FROM groups WHERE id = $1', [group.id]);
      }
      return rows as never;
    });
    try {
      const answer = await server.ask<{ billingDelegation: unknown }>(
        owner.email,
        `query ($id: ID!) { billingDelegation(providerId: $id) { entries { ... on GroupDelegate {
          group { name memberCount members { nodes { name } } } } } } }`,
        { id: owner.globalId },
      );
      expect(read).toBe(1);
      expect(answer.errors).toBeUndefined();
      expect(answer.data.billingDelegation).toEqual({
        entries: [{ group: { name: group.name, memberCount: 1, members: { nodes: [] } } }],
      });
    } finally {
      statements.mockRestore();
    }
    expect((await listOf(server, admin.email, owner.globalId)).entries).toEqual([]);
  });

  it('members come and go and are deactivated in any order of ids, and all changes are in the history', async () => {
    const { make, clinic, admin, editor } = scene;
    const users = await Promise.all(Array.from({ length: 12 }, () => make.user({ clinicId: clinic.id })));
    const groups = await Promise.all([1, 2, 3].map(() => make.group({ clinicId: clinic.id })));
    const ids = users.map((user) => user.globalId);
    const since = await lastHistoryId();
    for (let round = 0; round < 5; round += 1) {
      const answers = await Promise.all(
        groups.flatMap(({ globalId: groupId }, index) => [
          run(admin, 'addGroupMembers', { groupId, userIds: ids }),
          run(editor, 'addGroupMembers', { groupId, userIds: [...ids].reverse() }),
          run(admin, 'removeGroupMembers', { groupId, userIds: ids.slice(index) }),
          run(editor, index === 0 ? 'deactivateUser' : 'reactivateUser', { userId: ids[round] }),
        ]),
      );
      for (const code of answers.flatMap(codesOf)) expect(EXPECTED).toContain(code);
    }
    const history = await historyOf(since);
    const balance = (action: string) => history.filter((row) => row.action === action).length;
    const [members] = await server.db.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM group_members WHERE group_id = ANY ($1)',
      [groups.map((group) => group.id)],
    );
    expect(balance('GROUP_MEMBER_ADDED') - balance('GROUP_MEMBER_REMOVED')).toBe(members?.count);
  });
});
