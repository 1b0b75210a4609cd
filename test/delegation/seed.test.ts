import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { hashPassword } from '../../src/identity/password';
import { createTestDatabase, DEMO_PASSWORD, type TestDatabase } from '../support/database';
import { startTestServer, type TestServer } from '../support/server';
import {
  change,
  codesOf,
  everywhere,
  LIST,
  type List,
  listOf,
  makeScene,
  namesOn,
  type Scene,
  save,
  stateOf,
  surfacesOf,
} from './support';

/*
 * The public help page "Delegating billing access to individual users and groups", sentence by sentence. Each test is
 * named after the sentence that it holds the product to.
 */

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

const seen = (who: { email: string }, of: Scene = scene) => surfacesOf(server, who.email, of);
const NOTHING = everywhere();
const everybody = (of: Scene) => [
  of.provider,
  of.colleague,
  of.admin,
  of.editor,
  of.settings,
  of.moa,
  of.clerk,
  of.stranger,
];
const grantMoa = () =>
  change(server, scene.provider.email, 'addUserDelegate', {
    providerId: scene.provider.globalId,
    userId: scene.moa.globalId,
  });
const grantClerks = (provider = scene.provider, who = provider) =>
  change(server, who.email, 'addGroupDelegate', {
    providerId: provider.globalId,
    groupId: scene.clerks.globalId,
  });

describe('what segregation is', () => {
  it('"By default, all users can view billing information."', async () => {
    const open = await makeScene(server, { launchesAt: null });
    for (const user of everybody(open)) {
      expect(await seen(user, open)).toEqual(everywhere(...open.bills, open.colleaguesBill));
    }
  });

  it('"Billing segregation ensures providers can only view their own billing information"', async () => {
    expect(await seen(scene.provider)).toEqual(everywhere(...scene.bills));
    expect(await seen(scene.colleague)).toEqual(everywhere(scene.colleaguesBill));
  });

  it('"keeping it private from other providers and staff in your clinic"', async () => {
    for (const user of [scene.admin, scene.editor, scene.settings, scene.moa, scene.clerk, scene.stranger]) {
      expect([user.name, await seen(user)]).toEqual([user.name, NOTHING]);
    }
    const [bill] = scene.bills;
    const answer = await server.ask<{ bill: null }>(
      scene.colleague.email,
      `{ bill(id: "${bill.globalId}") { id } }`,
    );
    expect([answer.data, answer.errors]).toEqual([{ bill: null }, undefined]);
  });

  it('"allowing TELUS support to maintain full visibility across all provider accounts"', async () => {
    const elsewhere = await makeScene(server);
    for (const one of [scene, elsewhere]) {
      expect(await seen(scene.support, one)).toEqual(everywhere(...one.bills, one.colleaguesBill));
    }
  });

  it('"Billing segregation is a permanent CHR feature"', async () => {
    for (const value of ['NULL', "now() + interval '1 day'", "'2020-01-01'"]) {
      const update = server.db.query(
        `UPDATE clinics SET segregation_launches_at = ${value} WHERE id = $1 RETURNING id`,
        [scene.clinic.id],
      );
      await expect(update).rejects.toMatchObject({ code: '23001' });
    }
    await expect(
      server.db.query('DELETE FROM clinics WHERE id = $1', [scene.clinic.id]),
    ).rejects.toMatchObject({ code: '23001' });
    expect(await seen(scene.stranger)).toEqual(NOTHING);
  });
});

describe('what delegation is', () => {
  it('"Billing access delegation enables you to grant selective access to your billing information"', async () => {
    expect(await seen(scene.moa)).toEqual(NOTHING);
    await grantMoa();
    // Selective: this provider's bills and no other's, to this user and nobody else.
    expect(await seen(scene.moa)).toEqual(everywhere(...scene.bills));
    expect(await seen(scene.clerk)).toEqual(NOTHING);
  });

  it('"authorize specific team members such as your clinic\'s MOA team or billing clerks": users and groups', async () => {
    const both = await save(server, scene.provider.email, [
      {
        providerId: scene.provider.globalId,
        addUsers: [{ userId: scene.moa.globalId }],
        addGroups: [{ groupId: scene.clerks.globalId }],
      },
    ]);
    expect(both.errors).toBeUndefined();
    for (const user of [scene.moa, scene.clerk]) expect(await seen(user)).toEqual(everywhere(...scene.bills));
    expect(await seen(scene.stranger)).toEqual(NOTHING);
  });

  it('"You maintain full control over who has access": a delegate can neither read the list nor delegate on', async () => {
    await grantMoa();
    const before = await stateOf(db, scene.clinic.id);
    const read = await server.ask(
      scene.moa.email,
      `{ billingDelegation(providerId: "${scene.provider.globalId}") { version } }`,
    );
    expect(codesOf(read)).toEqual(['FORBIDDEN']);
    const onward = await change(server, scene.moa.email, 'addUserDelegate', {
      providerId: scene.provider.globalId,
      userId: scene.stranger.globalId,
    });
    expect(codesOf(onward)).toEqual(['FORBIDDEN']);
    expect(await stateOf(db, scene.clinic.id)).toEqual(before);
  });

  it('"can revoke permissions at any time"', async () => {
    await grantMoa();
    await grantClerks();
    const { globalId: providerId, email } = scene.provider;
    await change(server, email, 'removeUserDelegate', { providerId, userId: scene.moa.globalId });
    expect(await seen(scene.moa)).toEqual(NOTHING);
    expect(await seen(scene.clerk)).toEqual(everywhere(...scene.bills));
    await change(server, email, 'removeGroupDelegate', { providerId, groupId: scene.clerks.globalId });
    expect(await seen(scene.clerk)).toEqual(NOTHING);
  });

  const SURFACES = {
    '"Billing dashboard"': 'dashboard',
    '"Bills created in encounters"': 'encounter',
    '"Patient chart (insured and private billing)"': 'chart',
    '"Visits dashboard (insured and private billing)"': 'visits',
  } as const;
  it.each(Object.entries(SURFACES))(
    '"When you grant billing access to a user, they can view your bills from": %s',
    async (_sentence, surface) => {
      expect((await seen(scene.moa))[surface]).toEqual([]);
      await grantMoa();
      // One insured bill, one private one.
      expect((await seen(scene.moa))[surface]).toEqual(scene.bills.map((bill) => bill.number).sort());
    },
  );

  it('"All users that bill must manage their delegation list": every provider has one, nobody else does', async () => {
    for (const provider of [scene.provider, scene.colleague]) {
      expect(await listOf(server, provider.email, provider.globalId)).toMatchObject({
        version: 0,
        entries: [],
        provider: { name: provider.name },
      });
    }
    const answer = await server.ask(
      scene.admin.email,
      `{ billingDelegation(providerId: "${scene.moa.globalId}") { version } }`,
    );
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
  });

  it('"If you leave the delegation list blank, only the provider sees their own bills."', async () => {
    expect((await listOf(server, scene.provider.email, scene.provider.globalId)).entries).toEqual([]);
    for (const user of everybody(scene)) {
      const own = user === scene.provider ? scene.bills : [];
      const theirs = user === scene.colleague ? [scene.colleaguesBill] : [];
      expect([user.name, await seen(user)]).toEqual([user.name, everywhere(...own, ...theirs)]);
    }
  });

  it('"Your billing team members cannot access billing information unless you explicitly delegate access."', async () => {
    expect(await seen(scene.clerk)).toEqual(NOTHING);
    await grantClerks();
    expect(await seen(scene.clerk)).toEqual(everywhere(...scene.bills));
  });
});

describe('"Important"', () => {
  it('"billing access delegation must be configured before that happens": lists are kept and hold from the launch on', async () => {
    const soon = await makeScene(server, { launchesAt: '2099-01-01T00:00:00Z' });
    const providerId = soon.provider.globalId;
    const saved = await save(server, soon.provider.email, [
      { providerId, addUsers: [{ userId: soon.moa.globalId }] },
    ]);
    expect(namesOn(saved.data?.[0]?.list)).toEqual([soon.moa.name]);
    for (const user of [soon.moa, soon.stranger]) {
      expect(await seen(user, soon)).toEqual(everywhere(...soon.bills, soon.colleaguesBill));
    }
    // The launch comes by the clock; here it comes by moving it to now.
    await db.query('UPDATE clinics SET segregation_launches_at = clock_timestamp() WHERE id = $1', [
      soon.clinic.id,
    ]);
    expect(await seen(soon.moa, soon)).toEqual(everywhere(...soon.bills));
    expect(await seen(soon.stranger, soon)).toEqual(NOTHING);
  });

  it('"create a group for your billing clerks and assign it to each provider": one call', async () => {
    const assigned = await save(
      server,
      scene.admin.email,
      [scene.provider, scene.colleague].map((provider) => ({
        providerId: provider.globalId,
        addGroups: [{ groupId: scene.clerks.globalId }],
      })),
    );
    expect(assigned.data?.map(({ list }) => namesOn(list))).toEqual([
      [scene.clerks.name],
      [scene.clerks.name],
    ]);
    expect(await seen(scene.clerk)).toEqual(everywhere(...scene.bills, scene.colleaguesBill));
  });

  it('"When a new person joins your billing team, simply add them to that group and they automatically gain access to all assigned providers."', async () => {
    await grantClerks();
    await grantClerks(scene.colleague);
    expect(await seen(scene.stranger)).toEqual(NOTHING);
    const added = await server.ask(
      scene.editor.email,
      'mutation ($input: AddGroupMembersInput!) { addGroupMembers(input: $input) { added { name } } }',
      { input: { groupId: scene.clerks.globalId, userIds: [scene.stranger.globalId] } },
    );
    expect(added.data).toEqual({ addGroupMembers: { added: [{ name: scene.stranger.name }] } });
    // The very next request.
    expect(await seen(scene.stranger)).toEqual(everywhere(...scene.bills, scene.colleaguesBill));
  });
});

describe('"Tip: If you have Edit Other Users and Billing delegation settings permissions, you can configure billing delegates for other providers."', () => {
  it('"across your entire organization": an administrator changes the lists of all providers', async () => {
    for (const provider of [scene.provider, scene.colleague]) {
      expect((await grantClerks(provider, scene.admin)).errors).toBeUndefined();
    }
    // Which gives the administrator no bill.
    expect(await seen(scene.admin)).toEqual(NOTHING);
  });

  it.each(['editor', 'settings', 'stranger', 'colleague'] as const)(
    'both are needed: refused to the %s, who can neither read nor change the list',
    async (role) => {
      await grantMoa();
      const before = await stateOf(db, scene.clinic.id);
      const { email } = scene[role];
      const providerId = scene.provider.globalId;
      const entry = { providerId, userId: scene.stranger.globalId };
      const group = { providerId, groupId: scene.clerks.globalId };
      const refused = [
        await change(server, email, 'addUserDelegate', entry),
        await change(server, email, 'removeUserDelegate', { ...entry, userId: scene.moa.globalId }),
        await change(server, email, 'addGroupDelegate', group),
        await change(server, email, 'removeGroupDelegate', group),
        await save(server, email, [{ providerId, removeUserIds: [scene.moa.globalId] }]),
        await server.ask(email, `{ billingDelegation(providerId: "${providerId}") { version } }`),
        await server.ask(email, `{ delegationHistory(providerId: "${providerId}") { nodes { action } } }`),
      ];
      expect(refused.map(codesOf)).toEqual(refused.map(() => ['FORBIDDEN']));
      expect(await stateOf(db, scene.clinic.id)).toEqual(before);
    },
  );

  it('taken from the administrator, the permission is gone in the next request of the live session', async () => {
    expect((await grantClerks(scene.provider, scene.admin)).errors).toBeUndefined();
    await db.query("DELETE FROM user_permissions WHERE user_id = $1 AND permission = 'EDIT_OTHER_USERS'", [
      scene.admin.id,
    ]);
    expect(codesOf(await grantClerks(scene.colleague, scene.admin))).toEqual(['FORBIDDEN']);
  });
});

const ACTORS = [
  ['the provider', (of: Scene) => of.provider],
  ['an administrator acting for the provider', (of: Scene) => of.admin],
] as const;

describe.each(ACTORS)('the steps, by %s', (_who, actorOf) => {
  const actor = () => actorOf(scene);
  const providerId = () => scene.provider.globalId;

  it('1 and 2. "click your avatar image > Profile", "Click the Billing tab": opens the list', async () => {
    await grantMoa();
    const answer = await server.ask<{ node: { billingDelegation: List | null } }>(
      actor().email,
      `query ($id: ID!) { node(id: $id) { ... on User { billingDelegation { ${LIST} } } } }`,
      { id: providerId() },
    );
    expect(answer.errors).toBeUndefined();
    expect(namesOn(answer.data.node.billingDelegation ?? undefined)).toEqual([scene.moa.name]);
    expect(namesOn(await listOf(server, actor().email, providerId()))).toEqual([scene.moa.name]);
  });

  it('3. "In the Search for active members or groups field, type the name of the user or group"', async () => {
    const clinicId = scene.clinic.id;
    await scene.make.user({ clinicId, name: 'Zélie Quartz' });
    await scene.make.user({ clinicId, name: 'Zelie Departed', active: false });
    await scene.make.group({ clinicId, name: 'Zelie helpers', members: [scene.clerk.id] });
    await scene.make.user({ name: 'Zelie Elsewhere' });
    const answer = await server.ask<{
      delegateCandidates: { nodes: { delegate: Record<string, unknown>; listed: boolean }[] };
    }>(
      actor().email,
      `query ($id: ID!) { delegateCandidates(providerId: $id, search: "zelie") { nodes { listed self
          delegate { ... on User { name } ... on Group { name memberCount } } } } }`,
      { id: providerId() },
    );
    expect(answer.errors).toBeUndefined();
    const { nodes } = answer.data.delegateCandidates;
    expect(nodes).toHaveLength(2);
    expect(nodes).toContainEqual({ listed: false, self: false, delegate: { name: 'Zélie Quartz' } });
    expect(nodes).toContainEqual({
      listed: false,
      self: false,
      delegate: { name: 'Zelie helpers', memberCount: 1 },
    });
  });

  it('3. "select them from the search results": a user is added', async () => {
    const added = await change(server, actor().email, 'addUserDelegate', {
      providerId: providerId(),
      userId: scene.moa.globalId,
    });
    expect(added.data?.list).toMatchObject({
      version: 1,
      entries: [
        {
          __typename: 'UserDelegate',
          user: { name: scene.moa.name, active: true },
          givesAccess: true,
          addedBy: { name: actor().name },
        },
      ],
    });
  });

  it('3. "the group name is added to the delegation list along with the number of users within that group"', async () => {
    await scene.make.member({
      clinicId: scene.clinic.id,
      groupId: scene.clerks.id,
      userId: scene.stranger.id,
    });
    const added = await change(server, actor().email, 'addGroupDelegate', {
      providerId: providerId(),
      groupId: scene.clerks.globalId,
    });
    expect(added.data?.list.entries).toMatchObject([
      { __typename: 'GroupDelegate', group: { name: scene.clerks.name }, memberCount: 2, givesAccess: true },
    ]);
    // Of those who can use it: a deactivated member is not among them.
    await db.query('UPDATE users SET active = FALSE WHERE id = $1', [scene.clerk.id]);
    const [entry] = (await listOf(server, actor().email, providerId())).entries;
    expect(entry?.memberCount).toBe(1);
  });

  it('4. "To revoke billing access for a user or group, click the trash can icon next to their name."', async () => {
    await grantMoa();
    await grantClerks();
    const user = await change(server, actor().email, 'removeUserDelegate', {
      providerId: providerId(),
      userId: scene.moa.globalId,
    });
    expect(namesOn(user.data?.list)).toEqual([scene.clerks.name]);
    expect(await seen(scene.moa)).toEqual(NOTHING);
    const group = await change(server, actor().email, 'removeGroupDelegate', {
      providerId: providerId(),
      groupId: scene.clerks.globalId,
    });
    expect(namesOn(group.data?.list)).toEqual([]);
    expect(await seen(scene.clerk)).toEqual(NOTHING);
  });

  it('4. "If a user is deactivated after being added to the delegation list, they will remain on the list and you must manually remove them."', async () => {
    await grantMoa();
    expect(await seen(scene.moa)).toEqual(everywhere(...scene.bills));
    const answer = await server.ask(
      scene.editor.email,
      `mutation { deactivateUser(input: { userId: "${scene.moa.globalId}" }) { changed } }`,
    );
    expect(answer.data).toEqual({ deactivateUser: { changed: true } });

    const flagged = await listOf(server, actor().email, providerId());
    expect(flagged.entries).toMatchObject([
      { user: { name: scene.moa.name, active: false }, active: false, givesAccess: false },
    ]);
    // Their live session sees nothing, and ends.
    expect(codesOf(await server.ask(scene.moa.email, '{ dashboard { bills { totalCount } } }'))).toEqual([
      'UNAUTHENTICATED',
    ]);
    // A save that is about somebody else leaves the entry where it is.
    await change(server, actor().email, 'addGroupDelegate', {
      providerId: providerId(),
      groupId: scene.clerks.globalId,
    });
    expect(namesOn(await listOf(server, actor().email, providerId()))).toContain(scene.moa.name);
    const removed = await change(server, actor().email, 'removeUserDelegate', {
      providerId: providerId(),
      userId: scene.moa.globalId,
    });
    expect(namesOn(removed.data?.list)).toEqual([scene.clerks.name]);
  });

  it('5. "Click Save.": one save of everything that was changed', async () => {
    await grantMoa();
    const saved = await save(server, actor().email, [
      {
        providerId: providerId(),
        addUsers: [{ userId: scene.stranger.globalId }],
        addGroups: [{ groupId: scene.clerks.globalId }],
        removeUserIds: [scene.moa.globalId],
      },
    ]);
    expect(saved.errors).toBeUndefined();
    expect(namesOn(await listOf(server, actor().email, providerId()))).toEqual([
      scene.stranger.name,
      scene.clerks.name,
    ]);
    expect(await seen(scene.moa)).toEqual(NOTHING);
    for (const user of [scene.stranger, scene.clerk]) {
      expect(await seen(user)).toEqual(everywhere(...scene.bills));
    }
  });

  it('6. "When prompted, enter your password to confirm and save your changes.": without it nothing is saved', async () => {
    const before = await stateOf(db, scene.clinic.id);
    const lists = [{ providerId: providerId(), addUsers: [{ userId: scene.moa.globalId }] }];
    for (const password of [null, 'not the password']) {
      const refused = await save(server, actor().email, lists, password);
      expect(codesOf(refused)).toEqual(['PASSWORD_REQUIRED']);
      expect(refused.data).toBeNull();
    }
    expect(await stateOf(db, scene.clinic.id)).toEqual(before);
    expect(await seen(scene.moa)).toEqual(NOTHING);
    expect((await save(server, actor().email, lists, DEMO_PASSWORD)).errors).toBeUndefined();
    expect(await seen(scene.moa)).toEqual(everywhere(...scene.bills));
  });
});

it('6. "enter your password": it is the one of who acts, so the provider\'s does not confirm what an administrator does', async () => {
  const own = 'the password of the provider alone';
  await db.query('UPDATE sign_ins SET password_hash = $2 WHERE user_id = $1', [
    scene.provider.id,
    await hashPassword(own),
  ]);
  const lists = [{ providerId: scene.provider.globalId, addUsers: [{ userId: scene.moa.globalId }] }];
  expect(codesOf(await save(server, scene.admin.email, lists, own))).toEqual(['PASSWORD_REQUIRED']);
  await server.tokenOf(scene.provider.email, own);
  expect(codesOf(await save(server, scene.provider.email, lists, DEMO_PASSWORD))).toEqual([
    'PASSWORD_REQUIRED',
  ]);
  expect((await save(server, scene.provider.email, lists, own)).errors).toBeUndefined();
});
