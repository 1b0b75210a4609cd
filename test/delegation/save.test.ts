import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { toGlobalId } from '../../src/global-id';
import { createTestDatabase, DEMO_PASSWORD, type TestDatabase } from '../support/database';
import { startTestServer, type TestServer } from '../support/server';
import {
  change,
  codesOf,
  dashboardOf,
  everywhere,
  historyLength,
  LIST,
  type List,
  type ListInput,
  listOf,
  makeScene,
  namesOn,
  PAYLOAD,
  type Payload,
  type Scene,
  type SingleMutation,
  save,
  stateOf,
  surfacesOf,
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
const LATER = '2099-12-31T23:59:59.999Z';
const names = (parties: readonly { name: string }[] | undefined) => (parties ?? []).map(({ name }) => name);
const ofProvider = (input: Record<string, unknown>) => ({
  providerId: scene.provider.globalId,
  ...input,
});
const act = (mutation: SingleMutation, input: Record<string, unknown>) =>
  change(server, scene.provider.email, mutation, ofProvider(input));
const state = () => stateOf(db, scene.clinic.id);
const list = () => listOf(server, scene.provider.email, scene.provider.globalId);
const changeOf = (payload: Payload | null | undefined) => ({
  provider: payload?.change.provider.name,
  added: names(payload?.change.added),
  changed: names(payload?.change.changed),
  removed: names(payload?.change.removed),
});

describe('the four single mutations', () => {
  it('grant and revoke, and show the list after the change and what changed', async () => {
    const provider = scene.provider.name;
    const user = { userId: scene.moa.globalId };
    const group = { groupId: scene.clerks.globalId };
    const steps = [
      { by: 'addUserDelegate', input: user, on: [scene.moa.name], added: [scene.moa.name], removed: [] },
      {
        by: 'addGroupDelegate',
        input: group,
        on: [scene.moa.name, scene.clerks.name],
        added: [scene.clerks.name],
        removed: [],
      },
      {
        by: 'removeUserDelegate',
        input: user,
        on: [scene.clerks.name],
        added: [],
        removed: [scene.moa.name],
      },
      { by: 'removeGroupDelegate', input: group, on: [], added: [], removed: [scene.clerks.name] },
    ] as const;
    for (const [index, step] of steps.entries()) {
      const began = Date.now();
      const answer = await act(step.by, step.input);
      expect(answer.errors).toBeUndefined();
      expect(changeOf(answer.data)).toEqual({
        provider,
        added: step.added,
        changed: [],
        removed: step.removed,
      });
      expect(answer.data?.list.version).toBe(index + 1);
      expect(namesOn(answer.data?.list)).toEqual(step.on);
      // What the payload says is what a later request reads, whoever added it and when included.
      expect(answer.data?.list).toEqual(await list());
      for (const entry of answer.data?.list.entries ?? []) {
        expect(entry.addedBy).toEqual({ name: provider });
        expect(Math.abs(Date.parse(entry.addedAt) - began)).toBeLessThan(60_000);
      }
    }
  });

  it('say who added an entry: the administrator, not the provider', async () => {
    const answer = await change(
      server,
      scene.admin.email,
      'addUserDelegate',
      ofProvider({ userId: scene.moa.globalId }),
    );
    expect(answer.data?.list.entries[0]?.addedBy).toEqual({ name: scene.admin.name });
  });

  it('take another provider as a delegate', async () => {
    expect((await act('addUserDelegate', { userId: scene.colleague.globalId })).errors).toBeUndefined();
    expect(await dashboardOf(server, scene.colleague.email)).toEqual(
      [...scene.bills, scene.colleaguesBill].map((bill) => bill.number).sort(),
    );
  });
});

describe('refused, with nothing changed', () => {
  type Attempt = () => Promise<{ data: unknown } & Parameters<typeof codesOf>[0]>;
  const saving =
    (lists: readonly ListInput[], who?: string): Attempt =>
    () =>
      save(server, who ?? scene.provider.email, lists);
  const adding =
    (input: Record<string, unknown>, who?: string): Attempt =>
    () =>
      change(server, who ?? scene.provider.email, 'addUserDelegate', ofProvider(input));
  const addingGroup =
    (groupId: string): Attempt =>
    () =>
      act('addGroupDelegate', { groupId });
  const inClinic = (type: 'User' | 'Group') => toGlobalId(type, scene.clinic.id, randomUUID());

  /** What is refused, with which code, and what to prepare; the attempt itself must change nothing. */
  const REFUSALS: Record<string, [code: string, prepare: () => Attempt | Promise<Attempt>]> = {
    'a deactivated user': [
      'BAD_USER_INPUT',
      async () => {
        const gone = await scene.make.user({ clinicId: scene.clinic.id, active: false });
        return adding({ userId: gone.globalId });
      },
    ],
    'a user of another clinic': [
      'NOT_FOUND',
      async () => adding({ userId: (await scene.make.user()).globalId }),
    ],
    "a user of another clinic under the id of the provider's": [
      'NOT_FOUND',
      async () => adding({ userId: toGlobalId('User', scene.clinic.id, (await scene.make.user()).id) }),
    ],
    'a group of another clinic': ['NOT_FOUND', async () => addingGroup((await scene.make.group()).globalId)],
    "a group of another clinic under the id of the provider's": [
      'NOT_FOUND',
      async () => addingGroup(toGlobalId('Group', scene.clinic.id, (await scene.make.group()).id)),
    ],
    'support as a delegate': ['NOT_FOUND', () => adding({ userId: scene.support.globalId })],
    'an unknown user': ['NOT_FOUND', () => adding({ userId: inClinic('User') })],
    'an unknown group': ['NOT_FOUND', () => addingGroup(inClinic('Group'))],
    'an id that is none': ['NOT_FOUND', () => adding({ userId: "' OR 1=1 --" })],
    'an empty id': ['NOT_FOUND', () => adding({ userId: '' })],
    'the id of a group where a user belongs': ['NOT_FOUND', () => adding({ userId: scene.clerks.globalId })],
    'the id of a user where a group belongs': ['NOT_FOUND', () => addingGroup(scene.moa.globalId)],
    'the provider themselves': ['BAD_USER_INPUT', () => adding({ userId: scene.provider.globalId })],
    'the provider themselves, by an administrator': [
      'BAD_USER_INPUT',
      () => adding({ userId: scene.provider.globalId }, scene.admin.email),
    ],
    'the list of a user who does not bill': [
      'BAD_USER_INPUT',
      () => adding({ providerId: scene.stranger.globalId, userId: scene.moa.globalId }, scene.admin.email),
    ],
    'the list of a user who does not bill, by that user': [
      'BAD_USER_INPUT',
      () => adding({ providerId: scene.stranger.globalId, userId: scene.moa.globalId }, scene.stranger.email),
    ],
    'the list of an unknown provider': [
      'NOT_FOUND',
      () => adding({ providerId: inClinic('User'), userId: scene.moa.globalId }, scene.admin.email),
    ],
    'a list of another clinic, by an administrator of this one': [
      'NOT_FOUND',
      async () => {
        const foreign = await scene.make.provider();
        return adding({ providerId: foreign.globalId, userId: scene.moa.globalId }, scene.admin.email);
      },
    ],
    'a delegate who delegates on': [
      'FORBIDDEN',
      async () => {
        const { id: clinicId } = scene.clinic;
        const delegate = await scene.make.user({ clinicId });
        const other = await scene.make.provider({ clinicId });
        await scene.make.delegation({ clinicId, providerId: other.id, userId: delegate.id });
        return adding({ providerId: other.globalId, userId: scene.moa.globalId }, delegate.email);
      },
    ],
    support: ['FORBIDDEN', () => adding({ userId: scene.moa.globalId }, scene.support.email)],
    'support, who removes': [
      'FORBIDDEN',
      () => saving([ofProvider({ removeUserIds: [scene.moa.globalId] })], scene.support.email),
    ],
    'another provider': ['FORBIDDEN', () => adding({ userId: scene.moa.globalId }, scene.colleague.email)],
    'an end in the past': [
      'BAD_USER_INPUT',
      () => adding({ userId: scene.moa.globalId, expiresAt: '2020-01-01T00:00:00Z' }),
    ],
    'an end that is this very instant': [
      'BAD_USER_INPUT',
      () => adding({ userId: scene.moa.globalId, expiresAt: new Date().toISOString() }),
    ],
    'an end that is no instant': [
      'BAD_USER_INPUT',
      () => adding({ userId: scene.moa.globalId, expiresAt: 'tomorrow' }),
    ],
    'a delegate named twice': [
      'BAD_USER_INPUT',
      () =>
        saving([ofProvider({ addUsers: [{ userId: scene.moa.globalId }, { userId: scene.moa.globalId }] })]),
    ],
    'a delegate both added and removed': [
      'BAD_USER_INPUT',
      () =>
        saving([
          ofProvider({
            addGroups: [{ groupId: scene.clerks.globalId }],
            removeGroupIds: [scene.clerks.globalId],
          }),
        ]),
    ],
    'a provider named twice': [
      'BAD_USER_INPUT',
      () =>
        saving([
          ofProvider({ addUsers: [{ userId: scene.moa.globalId }] }),
          ofProvider({ addUsers: [{ userId: scene.stranger.globalId }] }),
        ]),
    ],
    'no list at all': ['BAD_USER_INPUT', () => saving([])],
    'more than 1,000 lists': [
      'BAD_USER_INPUT',
      () => saving(Array.from({ length: 1001 }, () => ofProvider({}))),
    ],
    'more than 10,000 entries': [
      'BAD_USER_INPUT',
      () => saving([ofProvider({ removeUserIds: Array.from({ length: 10_001 }, () => inClinic('User')) })]),
    ],
    'a version that the list does not have': [
      'CONFLICT',
      () => adding({ userId: scene.moa.globalId, expectedVersion: 1 }),
    ],
    'a version below zero': ['CONFLICT', () => adding({ userId: scene.moa.globalId, expectedVersion: -1 })],
    'an old version, even with nothing to change': [
      'CONFLICT',
      () => saving([ofProvider({ expectedVersion: 7 })]),
    ],
  };

  it.each(Object.entries(REFUSALS))('%s', async (_what, [code, prepare]) => {
    const attempt = await prepare();
    const before = await state();
    const answer = await attempt();
    expect([codesOf(answer), answer.data]).toEqual([[code], null]);
    expect(await state()).toEqual(before);
  });

  it('nobody: not signed in', async () => {
    const before = await state();
    const answer = await server.ask<unknown>(
      null,
      'mutation ($input: SaveBillingDelegatesInput!) { saveBillingDelegates(input: $input) { saved { list { version } } } }',
      {
        input: {
          password: DEMO_PASSWORD,
          lists: [ofProvider({ addUsers: [{ userId: scene.moa.globalId }] })],
        },
      },
    );
    expect([codesOf(answer), answer.data]).toEqual([['UNAUTHENTICATED'], { saveBillingDelegates: null }]);
    expect(await state()).toEqual(before);
  });

  it('a user deactivated later can be kept on the list, but their end cannot be moved', async () => {
    await act('addUserDelegate', { userId: scene.moa.globalId });
    await db.query('UPDATE users SET active = FALSE WHERE id = $1', [scene.moa.id]);
    const before = await state();
    const answer = await act('addUserDelegate', { userId: scene.moa.globalId, expiresAt: FUTURE });
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
    expect(await state()).toEqual(before);
  });
});

describe('saveBillingDelegates over many lists', () => {
  /** Three more providers, one of whose lists is at version 1. */
  async function providers() {
    const { id: clinicId } = scene.clinic;
    const all = [
      await scene.make.provider({ clinicId }),
      await scene.make.provider({ clinicId }),
      await scene.make.provider({ clinicId }),
    ];
    for (const provider of all) {
      await scene.make.delegation({ clinicId, providerId: provider.id, userId: scene.stranger.id });
    }
    return all;
  }
  /** A change of each list: two added, one removed. */
  const changesOf = (of: readonly { globalId: string }[]): ListInput[] =>
    of.map((provider) => ({
      providerId: provider.globalId,
      expectedVersion: 1,
      addUsers: [{ userId: scene.moa.globalId, expiresAt: FUTURE }],
      addGroups: [{ groupId: scene.clerks.globalId }],
      removeUserIds: [scene.stranger.globalId],
    }));

  it('saves all of them, and answers in the order of the input', async () => {
    const all = await providers();
    const answer = await save(server, scene.admin.email, changesOf(all));
    expect(answer.data?.map((one) => one.list.provider.name)).toEqual(all.map(({ name }) => name));
    for (const one of answer.data ?? []) {
      expect(namesOn(one.list)).toEqual([scene.moa.name, scene.clerks.name]);
      expect(one.list.version).toBe(4);
      expect(changeOf(one)).toMatchObject({
        added: [scene.moa.name, scene.clerks.name],
        changed: [],
        removed: [scene.stranger.name],
      });
    }
  });

  const BAD: Record<string, [code: string, (changes: ListInput[]) => Promise<ListInput> | ListInput]> = {
    'a deactivated user': [
      'BAD_USER_INPUT',
      async ([, , last]) => {
        const gone = await scene.make.user({ clinicId: scene.clinic.id, active: false });
        return { ...(last as ListInput), addUsers: [{ userId: gone.globalId }] };
      },
    ],
    'an unknown group': [
      'NOT_FOUND',
      ([, , last]) => ({
        ...(last as ListInput),
        addGroups: [{ groupId: toGlobalId('Group', scene.clinic.id, randomUUID()) }],
      }),
    ],
    'an old version': ['CONFLICT', ([, , last]) => ({ ...(last as ListInput), expectedVersion: 0 })],
    'an end in the past': [
      'BAD_USER_INPUT',
      ([, , last]) => ({
        ...(last as ListInput),
        addUsers: [{ userId: scene.moa.globalId, expiresAt: '2020-01-01T00:00:00Z' }],
      }),
    ],
    'the provider themselves': [
      'BAD_USER_INPUT',
      ([, , last]) => ({ ...(last as ListInput), addUsers: [{ userId: (last as ListInput).providerId }] }),
    ],
    'a list of another clinic': [
      'NOT_FOUND',
      async () => ({ providerId: (await scene.make.provider()).globalId }),
    ],
    'a user who does not bill': ['BAD_USER_INPUT', () => ({ providerId: scene.clerk.globalId })],
  };
  it.each(Object.entries(BAD))('one bad entry, %s: nothing of any list is changed', async (_what, bad) => {
    const [code, spoil] = bad;
    const changes = changesOf(await providers());
    const spoilt = await spoil(changes);
    const before = await state();
    // Wherever it stands among the good ones.
    for (const lists of [
      [...changes.slice(0, 2), spoilt],
      [spoilt, ...changes.slice(0, 2)],
    ]) {
      const answer = await save(server, scene.admin.email, lists);
      expect([codesOf(answer), answer.data]).toEqual([[code], null]);
    }
    expect(await state()).toEqual(before);
  });

  it("one list that is not the actor's to change: nothing is changed, the own list included", async () => {
    const before = await state();
    const answer = await save(server, scene.provider.email, [
      ofProvider({ addUsers: [{ userId: scene.moa.globalId }] }),
      { providerId: scene.colleague.globalId, addUsers: [{ userId: scene.moa.globalId }] },
    ]);
    expect([codesOf(answer), answer.data]).toEqual([['FORBIDDEN'], null]);
    expect(await state()).toEqual(before);
  });

  it('assigns a group to every provider of a clinic in one call, with as many statements as for two', async () => {
    const clinic = await scene.make.clinic();
    const clinicId = clinic.id;
    const admin = await scene.make.user({
      clinicId,
      permissions: ['EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS'],
    });
    const clerk = await scene.make.user({ clinicId });
    const team = await scene.make.group({ clinicId, members: [clerk.id] });
    const other = await scene.make.group({ clinicId });
    await db.query(
      "INSERT INTO users (clinic_id, id, name) SELECT $1, gen_random_uuid(), 'Dr. ' || n FROM generate_series(1, 60) n",
      [clinicId],
    );
    const providers = await db.query<{ id: string }>(
      `INSERT INTO providers (clinic_id, user_id, billing_number)
       SELECT clinic_id, id, name FROM users WHERE clinic_id = $1 AND name LIKE 'Dr.%' RETURNING user_id AS id`,
      [clinicId],
    );
    for (const { id } of providers) await scene.make.bill({ clinicId, providerId: id });
    const assign = async (group: { globalId: string }, to: typeof providers) => {
      const logged = server.logged.length;
      const answer = await save(
        server,
        admin.email,
        to.map(({ id }) => ({
          providerId: toGlobalId('User', clinicId, id),
          addGroups: [{ groupId: group.globalId }],
        })),
      );
      expect(answer.errors).toBeUndefined();
      const lines = server.logged.slice(logged).map((line) => JSON.parse(line) as { statements?: number });
      return { answer, statements: lines.at(-1)?.statements };
    };
    expect(await dashboardOf(server, clerk.email)).toHaveLength(0);
    const few = await assign(other, providers.slice(0, 2));
    const all = await assign(team, providers);
    expect(all.answer.data).toHaveLength(60);
    expect(all.answer.data?.every((one) => names(one.change.added)[0] === team.name)).toBe(true);
    // A few more or less is how loads fall into batches; one for each list would be 58 more.
    expect(Math.abs((all.statements ?? 0) - (few.statements ?? 0))).toBeLessThan(5);
    expect(await dashboardOf(server, clerk.email)).toHaveLength(60);
  });
});

describe('what is there already', () => {
  it('is added again, and what is not there removed, without error, history or a new version', async () => {
    await act('addUserDelegate', { userId: scene.moa.globalId, expiresAt: FUTURE });
    await act('addGroupDelegate', { groupId: scene.clerks.globalId });
    const before = await state();
    const idle = [
      await act('addUserDelegate', { userId: scene.moa.globalId }),
      await act('addUserDelegate', { userId: scene.moa.globalId, expiresAt: FUTURE }),
      await act('addGroupDelegate', { groupId: scene.clerks.globalId, expiresAt: null }),
      await act('removeUserDelegate', { userId: scene.stranger.globalId }),
      await act('removeGroupDelegate', {
        groupId: (await scene.make.group({ clinicId: scene.clinic.id })).globalId,
      }),
    ];
    for (const answer of idle) {
      expect(answer.errors).toBeUndefined();
      expect(changeOf(answer.data)).toMatchObject({ added: [], changed: [], removed: [] });
      expect(answer.data?.list.version).toBe(2);
    }
    const nothing = await save(server, scene.provider.email, [ofProvider({ expectedVersion: 2 })]);
    expect(nothing.data?.[0]?.list.version).toBe(2);
    // The group made on the way is the one new line of the history.
    const [after] = (await state()) as [Record<string, unknown[]>];
    expect([{ ...after, history: after.history?.slice(0, -1) }]).toEqual(before);
  });

  // Reported at typeorm/typeorm#12690: a delete with a missing id hits more.
  it('case 14: removing an unknown or empty delegate changes no row', async () => {
    const { id: clinicId } = scene.clinic;
    await act('addUserDelegate', { userId: scene.moa.globalId });
    await act('addGroupDelegate', { groupId: scene.clerks.globalId });
    await scene.make.delegation({ clinicId, providerId: scene.colleague.id, userId: scene.stranger.id });
    const before = await state();
    const unknown = {
      user: toGlobalId('User', clinicId, randomUUID()),
      group: toGlobalId('Group', clinicId, randomUUID()),
    };
    const answers = [
      // Of the clinic, but there is no such user or group; and one that only another list has.
      [await act('removeUserDelegate', { userId: unknown.user }), []],
      [await act('removeGroupDelegate', { groupId: unknown.group }), []],
      [await act('removeUserDelegate', { userId: scene.stranger.globalId }), []],
      [await save(server, scene.provider.email, [ofProvider({ removeUserIds: [], removeGroupIds: [] })]), []],
      // No id of the clinic's, or none at all.
      [await act('removeUserDelegate', { userId: '' }), ['NOT_FOUND']],
      [await act('removeUserDelegate', { userId: ' ' }), ['NOT_FOUND']],
      [await act('removeGroupDelegate', { groupId: '' }), ['NOT_FOUND']],
      [await act('removeUserDelegate', { userId: scene.clerks.globalId }), ['NOT_FOUND']],
      [await act('removeUserDelegate', { userId: null }), ['BAD_USER_INPUT']],
      [await act('removeUserDelegate', {}), ['BAD_USER_INPUT']],
      [await save(server, scene.provider.email, [ofProvider({ removeUserIds: [''] })]), ['NOT_FOUND']],
      [await act('removeUserDelegate', { providerId: '', userId: scene.moa.globalId }), ['NOT_FOUND']],
    ] as const;
    expect(answers.map(([answer]) => codesOf(answer))).toEqual(answers.map(([, codes]) => codes));
    expect(await state()).toEqual(before);
  });
});

describe('the end of an entry', () => {
  const entry = async () => (await list()).entries[0];
  const put = (input: Record<string, unknown>) =>
    act('addUserDelegate', { userId: scene.moa.globalId, ...input });

  it('is set, left alone, moved and cleared', async () => {
    const steps = [
      [{ expiresAt: FUTURE }, FUTURE, 'added'],
      [{}, FUTURE, null],
      [{ expiresAt: LATER }, LATER, 'changed'],
      [{ expiresAt: '2099-12-31T18:59:59.999-05:00' }, LATER, null],
      [{ expiresAt: null }, null, 'changed'],
      [{}, null, null],
      [{ expiresAt: FUTURE }, FUTURE, 'changed'],
    ] as const;
    let version = 0;
    for (const [input, end, what] of steps) {
      const answer = await put(input);
      expect(answer.errors).toBeUndefined();
      if (what !== null) version += 1;
      expect(answer.data?.list).toMatchObject({ version, entries: [{ expiresAt: end }] });
      expect(changeOf(answer.data)).toMatchObject({
        added: [],
        changed: [],
        removed: [],
        ...(what === null ? {} : { [what]: [scene.moa.name] }),
      });
      expect((await entry())?.expiresAt).toBe(end);
    }
  });

  it('works for groups and in the many-list form alike', async () => {
    const group = { groupId: scene.clerks.globalId };
    await save(server, scene.provider.email, [ofProvider({ addGroups: [{ ...group, expiresAt: FUTURE }] })]);
    expect((await entry())?.expiresAt).toBe(FUTURE);
    const moved = await save(server, scene.provider.email, [
      ofProvider({ addGroups: [{ ...group, expiresAt: LATER }] }),
    ]);
    expect(changeOf(moved.data?.[0])).toMatchObject({ changed: [scene.clerks.name] });
    await save(server, scene.provider.email, [ofProvider({ addGroups: [group] })]);
    expect((await entry())?.expiresAt).toBe(LATER);
    await act('addGroupDelegate', { ...group, expiresAt: null });
    expect((await entry())?.expiresAt).toBeNull();
  });

  it('gives access before it and none from it on; the entry stays, flagged, until it is given a new end', async () => {
    const soon = new Date(Date.now() + 1_500).toISOString();
    await put({ expiresAt: soon });
    expect(await dashboardOf(server, scene.moa.email)).toHaveLength(2);
    expect(await entry()).toMatchObject({ active: true, givesAccess: true });
    await new Promise((resolve) => setTimeout(resolve, Date.parse(soon) - Date.now() + 50));
    expect(await dashboardOf(server, scene.moa.email)).toEqual([]);
    expect(await entry()).toMatchObject({ active: true, givesAccess: false, expiresAt: soon });
    // Added again without an end given, it stays expired: nothing was changed.
    expect(changeOf((await put({})).data)).toMatchObject({ added: [], changed: [] });
    expect(await dashboardOf(server, scene.moa.email)).toEqual([]);
    expect(changeOf((await put({ expiresAt: null })).data)).toMatchObject({ changed: [scene.moa.name] });
    expect(await dashboardOf(server, scene.moa.email)).toHaveLength(2);
  });
});

describe('expectedVersion', () => {
  it('lets the change pass on the version it was made on, and no other', async () => {
    const first = await act('addUserDelegate', { userId: scene.moa.globalId, expectedVersion: 0 });
    expect(first.data?.list.version).toBe(1);
    const before = await state();
    for (const [mutation, input] of [
      ['addUserDelegate', { userId: scene.stranger.globalId }],
      ['removeUserDelegate', { userId: scene.moa.globalId }],
      ['addGroupDelegate', { groupId: scene.clerks.globalId }],
      ['removeGroupDelegate', { groupId: scene.clerks.globalId }],
    ] as const) {
      const lost = await act(mutation, { ...input, expectedVersion: 0 });
      expect([codesOf(lost), lost.data]).toEqual([['CONFLICT'], null]);
    }
    expect(await state()).toEqual(before);
    const read = await list();
    const second = await act('removeUserDelegate', {
      userId: scene.moa.globalId,
      expectedVersion: read.version,
    });
    expect(second.data?.list.version).toBe(2);
  });

  it('rises by one for each entry changed, whatever changed it', async () => {
    await save(server, scene.provider.email, [
      ofProvider({
        addUsers: [{ userId: scene.moa.globalId }, { userId: scene.stranger.globalId }],
        addGroups: [{ groupId: scene.clerks.globalId }],
      }),
    ]);
    expect((await list()).version).toBe(3);
    // A group that is deleted takes its entries along.
    await db.query('DELETE FROM groups WHERE id = $1', [scene.clerks.id]);
    expect(await list()).toMatchObject({ version: 4 });
    expect(namesOn(await list())).not.toContain(scene.clerks.name);
    const stale = await act('removeUserDelegate', { userId: scene.moa.globalId, expectedVersion: 3 });
    expect(codesOf(stale)).toEqual(['CONFLICT']);
  });
});

describe('one operation that changes and reads', () => {
  /** The list by a way of its own, from the user and not from the payload. */
  const READ = `{ user { billingDelegation { ${LIST} } } }`;
  interface Read {
    user: { billingDelegation: List };
  }
  const readsAround = (mutation: string, input: string) => `mutation ($provider: ID!, $input: ${input}!) {
    before: reactivateUser(input: { userId: $provider }) ${READ}
    change: ${mutation}(input: $input) { ${PAYLOAD} }
    after: reactivateUser(input: { userId: $provider }) ${READ} }`;

  // Reported at graphql/dataloader#69 (22) and rmosolgo/graphql-ruby#4600 (36).
  it('case 22, case 36: adds a delegate and reads the list, before and after', async () => {
    const answer = await server.ask<{ before: Read; change: Payload; after: Read }>(
      scene.admin.email,
      readsAround('addUserDelegate', 'AddUserDelegateInput'),
      {
        provider: scene.provider.globalId,
        input: ofProvider({ userId: scene.moa.globalId, password: DEMO_PASSWORD }),
      },
    );
    expect(answer.errors).toBeUndefined();
    const { before, change: changed, after } = answer.data;
    expect([before.user.billingDelegation.version, namesOn(before.user.billingDelegation)]).toEqual([0, []]);
    expect([changed.list.version, namesOn(changed.list)]).toEqual([1, [scene.moa.name]]);
    expect(after.user.billingDelegation).toEqual(changed.list);
  });

  // Reported at maticzav/graphql-shield#582: a verdict outlives the change in one operation.
  it('case 9: removes a delegate and reads; their next request shows nothing', async () => {
    await act('addUserDelegate', { userId: scene.moa.globalId });
    expect(await dashboardOf(server, scene.moa.email)).toHaveLength(2);
    const answer = await server.ask<{ before: Read; change: Payload; after: Read }>(
      scene.admin.email,
      readsAround('removeUserDelegate', 'RemoveUserDelegateInput'),
      {
        provider: scene.provider.globalId,
        input: ofProvider({ userId: scene.moa.globalId, password: DEMO_PASSWORD }),
      },
    );
    expect(answer.errors).toBeUndefined();
    const { before, change: changed, after } = answer.data;
    expect(namesOn(before.user.billingDelegation)).toEqual([scene.moa.name]);
    expect(namesOn(changed.list)).toEqual([]);
    expect(after.user.billingDelegation).toEqual(changed.list);
    expect(await surfacesOf(server, scene.moa.email, scene)).toEqual(everywhere());
  });

  it('case 22, case 36: the list by every way inside the payload is the one after the change', async () => {
    const read = `{ billingDelegation { version entries { __typename } } }`;
    const answer = await server.ask<{
      addUserDelegate: Record<'list' | 'change', { provider: { billingDelegation: object } }>;
    }>(
      scene.provider.email,
      `mutation ($input: AddUserDelegateInput!) { addUserDelegate(input: $input) {
        list { provider ${read} } change { provider ${read} } } }`,
      { input: ofProvider({ userId: scene.moa.globalId, password: DEMO_PASSWORD }) },
    );
    const after = {
      provider: { billingDelegation: { version: 1, entries: [{ __typename: 'UserDelegate' }] } },
    };
    expect(answer.data.addUserDelegate).toEqual({ list: after, change: after });
  });
});

// Reported at hasura/graphql-engine#10711: overlapping roles.
it('case 25: granted as a user and through a group, removing one leaves exactly the other; a bill is listed once', async () => {
  const both = await save(server, scene.provider.email, [
    ofProvider({
      addUsers: [{ userId: scene.clerk.globalId }],
      addGroups: [{ groupId: scene.clerks.globalId }],
    }),
  ]);
  expect(both.errors).toBeUndefined();
  const grounds = async () => {
    const answer = await server.ask<{
      viewer: { billingAccess: { nodes: { provider: { name: string }; grounds: { ground: string }[] }[] } };
    }>(scene.clerk.email, '{ viewer { billingAccess { nodes { provider { name } grounds { ground } } } } }');
    return answer.data.viewer.billingAccess.nodes.map((one) => [
      one.provider.name,
      ...one.grounds.map(({ ground }) => ground),
    ]);
  };
  const { provider } = scene;
  const all = everywhere(...scene.bills);
  expect(await grounds()).toEqual([[provider.name, 'USER_DELEGATE', 'GROUP_DELEGATE']]);
  expect(await surfacesOf(server, scene.clerk.email, scene)).toEqual(all);

  await act('removeUserDelegate', { userId: scene.clerk.globalId });
  expect(await grounds()).toEqual([[provider.name, 'GROUP_DELEGATE']]);
  expect(await surfacesOf(server, scene.clerk.email, scene)).toEqual(all);

  await act('addUserDelegate', { userId: scene.clerk.globalId });
  await act('removeGroupDelegate', { groupId: scene.clerks.globalId });
  expect(await grounds()).toEqual([[provider.name, 'USER_DELEGATE']]);
  expect(await surfacesOf(server, scene.clerk.email, scene)).toEqual(all);

  await act('removeUserDelegate', { userId: scene.clerk.globalId });
  expect(await grounds()).toEqual([]);
  expect(await surfacesOf(server, scene.clerk.email, scene)).toEqual(everywhere());
});

// Reported at camunda/camunda#45045: revoked access lives on.
it('case 27: a delegate polls through a revoke: no success in a request that starts after the acknowledgement', async () => {
  for (let round = 0; round < 3; round += 1) {
    await act('addUserDelegate', { userId: scene.moa.globalId });
    let acknowledged = Number.POSITIVE_INFINITY;
    const polls: { began: number; bills: number; codes: string[] }[] = [];
    const poll = async (): Promise<void> => {
      while (performance.now() < acknowledged + 100) {
        const began = performance.now();
        const answer = await server.ask<{ dashboard: { bills: { nodes: { number: string }[] } } | null }>(
          scene.moa.email,
          '{ dashboard { bills { nodes { number } } } }',
        );
        polls.push({
          began,
          bills: answer.data.dashboard?.bills.nodes.length ?? 0,
          codes: codesOf(answer),
        });
      }
    };
    const pollers = [poll(), poll(), poll(), poll()];
    await new Promise((resolve) => setTimeout(resolve, 50));
    await act('removeUserDelegate', { userId: scene.moa.globalId });
    acknowledged = performance.now();
    await Promise.all(pollers);
    const before = polls.filter((one) => one.began < acknowledged);
    const after = polls.filter((one) => one.began >= acknowledged);
    expect(before.some((one) => one.bills === 2)).toBe(true);
    expect(after.length).toBeGreaterThan(0);
    expect(after.filter((one) => one.bills > 0 || one.codes.length > 0)).toEqual([]);
    // All of what they may see or nothing, also in the requests that the revoke comes into the middle of.
    expect(polls.filter((one) => one.bills !== 0 && one.bills !== 2)).toEqual([]);
    expect(before.flatMap((one) => one.codes).filter((code) => code !== 'FORBIDDEN')).toEqual([]);
  }
});

// Reported at zulip/zulip#26515: deactivated users stay in groups.
it('case 29: a deactivated user is still listed, flagged, and refused, in a live session too', async () => {
  const { id: clinicId } = scene.clinic;
  await act('addUserDelegate', { userId: scene.clerk.globalId });
  await act('addGroupDelegate', { groupId: scene.clerks.globalId });
  expect(await surfacesOf(server, scene.clerk.email, scene)).toEqual(everywhere(...scene.bills));

  await db.query('UPDATE users SET active = FALSE WHERE id = $1', [scene.clerk.id]);
  const query = '{ viewer { email } dashboard { bills { totalCount } } }';
  const refused = await server.ask<unknown>(scene.clerk.email, query);
  expect(new Set(codesOf(refused))).toEqual(new Set(['UNAUTHENTICATED']));
  expect(refused.data).toEqual({ viewer: null, dashboard: null });
  const signIn = await server.ask(
    null,
    `mutation { signIn(email: "${scene.clerk.email}", password: "${DEMO_PASSWORD}") { token } }`,
  );
  expect(codesOf(signIn)).toEqual(['UNAUTHENTICATED']);

  const [asUser, asGroup] = (await list()).entries;
  expect(asUser).toMatchObject({ user: { active: false }, active: false, givesAccess: false });
  expect(asGroup).toMatchObject({ group: { name: scene.clerks.name }, memberCount: 0, givesAccess: false });
  const members = await db.query('SELECT user_id FROM group_members WHERE clinic_id = $1', [clinicId]);
  expect(members).toEqual([{ user_id: scene.clerk.id }]);

  // Reactivated, they have again what is still listed.
  await act('removeUserDelegate', { userId: scene.clerk.globalId });
  await db.query('UPDATE users SET active = TRUE WHERE id = $1', [scene.clerk.id]);
  expect(await surfacesOf(server, scene.clerk.email, scene)).toEqual(everywhere(...scene.bills));
  await act('removeGroupDelegate', { groupId: scene.clerks.globalId });
  expect(await surfacesOf(server, scene.clerk.email, scene)).toEqual(everywhere());
  expect(await historyLength(db, clinicId)).toBeGreaterThan(0);
});
