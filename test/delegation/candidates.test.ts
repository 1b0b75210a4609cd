import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toGlobalId } from '../../src/global-id';
import { createTestDatabase } from '../support/database';
import { type Factories, factories, type Made, type MadeUser } from '../support/factories';
import { type Answer, startTestServer, type TestServer } from '../support/server';
import { codesOf } from './support';

interface Candidate {
  delegate: { __typename: string; id: string; name: string; memberCount?: number };
  listed: boolean;
  self: boolean;
}

interface Candidates {
  delegateCandidates: {
    nodes: Candidate[];
    edges: { cursor: string }[];
    pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
  } | null;
}

const QUERY = `query ($providerId: ID!, $search: String, $first: Int, $after: String, $last: Int, $before: String) {
  delegateCandidates(providerId: $providerId, search: $search, first: $first, after: $after, last: $last, before: $before) {
    nodes { listed self delegate { __typename ... on User { id name } ... on Group { id name memberCount } } }
    edges { cursor }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

let server: TestServer;
let make: Factories;
let clinic: Made;
let owner: MadeUser;
let admin: MadeUser;

beforeAll(async () => {
  server = await startTestServer({ db: await createTestDatabase() });
  make = factories(server.db);
  clinic = await make.clinic();
  owner = await make.provider({ clinicId: clinic.id, name: 'Dr. Olivia Owner' });
  admin = await make.user({
    clinicId: clinic.id,
    name: 'Ada Admin',
    permissions: ['EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS'],
  });
});

afterAll(async () => {
  await server.close();
  await server.db.drop();
});

const ask = (who: string | null, variables: Record<string, unknown>): Promise<Answer<Candidates>> =>
  server.ask<Candidates>(who, QUERY, { providerId: owner.globalId, search: null, ...variables });

const found = (answer: Answer<Candidates>): Candidate[] => {
  expect(answer.errors).toBeUndefined();
  return answer.data.delegateCandidates?.nodes ?? [];
};

const namesFor = async (search: string | null, within = owner): Promise<string[]> =>
  found(await ask(within.email, { providerId: within.globalId, search })).map((one) => one.delegate.name);

/** A provider of a clinic of their own, which has these users and groups besides. */
async function clinicWith(users: readonly string[], groups: readonly string[] = []): Promise<MadeUser> {
  const own = await make.clinic();
  const provider = await make.provider({ clinicId: own.id, name: 'Zz Provider' });
  for (const name of users) await make.user({ clinicId: own.id, name });
  for (const name of groups) await make.group({ clinicId: own.id, name });
  return provider;
}

describe('what is found', () => {
  it('takes any part of the name, in any case, with or without accents on either side', async () => {
    const provider = await clinicWith(['Zoë Lefèvre', 'Łukasz Nguyễn', 'Jose\u0301 Æble', 'Иван Петров']);
    for (const search of ['zoe', 'ZOË', 'Zoe\u0308', 'lefevre', 'LEFÈVRE', 'fÈv', 'e l', '  zoë  ']) {
      expect(await namesFor(search, provider)).toEqual(['Zoë Lefèvre']);
    }
    for (const search of ['lukasz', 'NGUYEN', 'Nguyễn', 'łu']) {
      expect(await namesFor(search, provider)).toEqual(['Łukasz Nguyễn']);
    }
    for (const search of ['josé', 'aeble', 'Æ']) {
      expect(await namesFor(search, provider)).toEqual(['Jose\u0301 Æble']);
    }
    for (const search of ['иван', 'ПЕТРОВ', 'етр']) {
      expect(await namesFor(search, provider)).toEqual(['Иван Петров']);
    }
    expect(await namesFor('nobody of this name', provider)).toEqual([]);
  });

  it.each([
    ['%', ['50% off']],
    ['％', ['50% off']],
    ['_', ['snake_case']],
    ['\\', ['back\\slash']],
    ['0%', ['50% off']],
    ['e_c', ['snake_case']],
    ['k\\s', ['back\\slash']],
    ['^', []],
    ['.', ['a.b']],
    ['.*', []],
    ['(x', ['(x) [y]']],
    ['[', ['(x) [y]']],
    ['[y', ['(x) [y]']],
    ["'", ["O'Neil"]],
    ["'; DROP TABLE users; --", []],
    // Reported at typeorm/typeorm#8453: % finds all.
  ])('case 15: takes special characters as plain text: %s', async (search, names) => {
    plain ??= await clinicWith(['50% off', 'snake_case', 'back\\slash', 'a.b', '(x) [y]', "O'Neil", 'plain']);
    expect(await namesFor(search, plain)).toEqual(names);
  });
  let plain: MadeUser | undefined;

  it('ranks names that begin with the search, then those of which a word does, then the rest, over users and groups', async () => {
    const provider = await clinicWith(
      ['Ann', 'Anna Zed', 'Bo Ánnika', 'Jo-Ann Lee', 'Johanna', 'Susanne', 'Zed'],
      ['ANNEX team', "D'Annunzio", 'Hanno'],
    );
    expect(await namesFor('ann', provider)).toEqual([
      'Ann',
      'Anna Zed',
      'ANNEX team',
      'Bo Ánnika',
      "D'Annunzio",
      'Jo-Ann Lee',
      'Hanno',
      'Johanna',
      'Susanne',
    ]);
    // The same for what is too short for trigrams.
    expect(await namesFor('an', provider)).toEqual(await namesFor('ann', provider));
    expect(await namesFor('иван', await clinicWith(['Жиживан', 'Пётр Иван', 'Иван']))).toEqual([
      'Иван',
      'Пётр Иван',
      'Жиживан',
    ]);
  });

  it('lists everybody by name without a search: active users, all groups, nobody of another clinic', async () => {
    const provider = await clinicWith(['Émile', 'eve', 'Adam'], ['Empty group']);
    await make.user({ clinicId: provider.clinicId, name: 'Gone Already', active: false });
    for (const search of [null, '\u0301']) {
      expect(await namesFor(search, provider)).toEqual([
        'Adam',
        'Émile',
        'Empty group',
        'eve',
        'Zz Provider',
      ]);
    }
    expect(await namesFor('gone', provider)).toEqual([]);
  });

  it.each(['', '   '])('case 12: refuses to search for nothing: "%s"', async (search) => {
    const answer = await ask(owner.email, { search });
    expect([answer.data.delegateCandidates, codesOf(answer)]).toEqual([null, ['BAD_USER_INPUT']]);
  });

  it('marks who is listed and the provider, and leaves neither out', async () => {
    const { clinicId } = owner;
    const listed = await make.user({ clinicId, name: 'Marked Listed' });
    const free = await make.user({ clinicId, name: 'Marked Free' });
    const gone = await make.user({ clinicId, name: 'Marked Gone', active: false });
    const group = await make.group({ clinicId, name: 'Marked Group', members: [listed.id, gone.id] });
    const other = await make.provider({ clinicId, name: 'Marked Other Provider' });
    await make.delegation({ clinicId, providerId: owner.id, userId: listed.id });
    await make.delegation({ clinicId, providerId: owner.id, groupId: group.id });
    await make.delegation({ clinicId, providerId: other.id, userId: free.id });

    const marks = (candidates: Candidate[]) =>
      candidates.map((one) => [one.delegate.__typename, one.delegate.name, one.listed, one.self]);
    const answer = found(await ask(owner.email, { search: 'marked' }));
    expect(marks(answer)).toEqual([
      ['User', 'Marked Free', false, false],
      ['Group', 'Marked Group', true, false],
      ['User', 'Marked Listed', true, false],
      ['User', 'Marked Other Provider', false, false],
    ]);
    // Of the two members only the active one counts.
    expect(answer[1]?.delegate.memberCount).toBe(1);
    expect(marks(found(await ask(owner.email, { search: 'olivia' })))).toEqual([
      ['User', 'Dr. Olivia Owner', false, true],
    ]);
    const ofOther = found(await ask(admin.email, { providerId: other.globalId, search: 'marked' }));
    expect(ofOther.filter((one) => one.listed).map((one) => one.delegate.name)).toEqual(['Marked Free']);
    expect(ofOther.filter((one) => one.self).map((one) => one.delegate.name)).toEqual([
      'Marked Other Provider',
    ]);
  });
});

describe('who may search', () => {
  it('is the provider, an administrator with both permissions, and support', async () => {
    const support = await make.supportUser();
    for (const who of [owner.email, admin.email, support.email]) {
      expect(found(await ask(who, { search: 'olivia' }))).toHaveLength(1);
    }
  });

  it('is nobody else: FORBIDDEN', async () => {
    const { clinicId } = owner;
    const refused = [
      await make.user({ clinicId }),
      await make.provider({ clinicId }),
      await make.user({ clinicId, permissions: ['EDIT_OTHER_USERS'] }),
      await make.user({ clinicId, permissions: ['BILLING_DELEGATION_SETTINGS'] }),
    ];
    const delegate = await make.user({ clinicId });
    await make.delegation({ clinicId, providerId: owner.id, userId: delegate.id });
    for (const { email } of [...refused, delegate]) {
      const answer = await ask(email, { search: 'olivia' });
      expect([answer.data.delegateCandidates, codesOf(answer)]).toEqual([null, ['FORBIDDEN']]);
    }
    expect(codesOf(await ask(null, {}))).toEqual(['UNAUTHENTICATED']);
  });

  it('answers the same for a provider of another clinic, an unknown one and what is no user', async () => {
    const foreign = await make.provider();
    const group = await make.group({ clinicId: clinic.id });
    const unknown = toGlobalId('User', clinic.id, randomUUID());
    const texts = new Set<string>();
    for (const providerId of [foreign.globalId, unknown, group.globalId, 'x', '']) {
      const answer = await ask(admin.email, { providerId });
      expect(codesOf(answer)).toEqual(['NOT_FOUND']);
      texts.add(answer.text);
    }
    expect(texts.size).toBe(1);
  });

  it('refuses a user who does not bill: BAD_USER_INPUT', async () => {
    expect(codesOf(await ask(admin.email, { providerId: admin.globalId }))).toEqual(['BAD_USER_INPUT']);
  });
});

describe('paging', () => {
  const readAll = async (
    provider: MadeUser,
    search: string | null,
    size: number,
    backward: boolean,
  ): Promise<string[]> => {
    const ids: string[] = [];
    for (let cursor: string | null = null; ; ) {
      const window = backward ? { last: size, before: cursor } : { first: size, after: cursor };
      const answer = await ask(provider.email, { providerId: provider.globalId, search, ...window });
      const page = found(answer).map((one) => one.delegate.id);
      const info = answer.data.delegateCandidates?.pageInfo;
      if (backward) ids.unshift(...page);
      else ids.push(...page);
      if (!(backward ? info?.hasPreviousPage : info?.hasNextPage)) return ids;
      cursor = (backward ? info?.startCursor : info?.endCursor) ?? null;
    }
  };

  it('goes through all candidates in both directions, without repeats, across the ranks and equal names', async () => {
    const users = ['Ann', 'Ann', 'Ánn', 'Ann B', 'Jo Ann', 'Jo Ann', 'Hanna', 'Hanna', 'Other'];
    const provider = await clinicWith(users, ['Ann', 'Jo Ann', 'Hanna']);
    for (const [search, count] of [
      ['ann', 11],
      ['an', 11],
      [null, 13],
    ] as const) {
      const whole = await readAll(provider, search, 500, false);
      expect(new Set(whole).size).toBe(count);
      expect(whole).toHaveLength(count);
      for (const size of [1, 2, 3, 5]) {
        expect(await readAll(provider, search, size, false)).toEqual(whole);
        expect(await readAll(provider, search, size, true)).toEqual(whole);
      }
    }
  });

  it('refuses a cursor of another search, a forged one, and pages out of bounds', async () => {
    const first = await ask(owner.email, { search: 'm', first: 1 });
    const cursor = first.data.delegateCandidates?.pageInfo.endCursor;
    const forged = (position: unknown): string => Buffer.from(JSON.stringify(position)).toString('base64url');
    const [order, value, id] = JSON.parse(Buffer.from(cursor ?? '', 'base64url').toString()) as string[];
    for (const variables of [
      { search: 'n', after: cursor },
      { search: 'm', after: 'x' },
      { search: 'm', after: forged([order, `9${value}`, id]) },
      { search: 'm', after: forged([order, `0\0`, id]) },
      { search: 'm', after: forged([order, value, '1']) },
      { search: null, first: -1 },
      { search: null, first: 1_000_000 },
      { search: null, first: 1, last: 1 },
      { search: 'x'.repeat(201) },
      { search: 'a\0b' },
    ]) {
      const answer = await ask(owner.email, variables);
      expect([variables, codesOf(answer)]).toEqual([variables, ['BAD_USER_INPUT']]);
    }
    expect(found(await ask(owner.email, { search: '👩'.repeat(200) }))).toEqual([]);
    expect(found(await ask(owner.email, { search: null, first: 0 }))).toEqual([]);
  });

  it('tells in a cursor nothing but the place of a row that was shown', async () => {
    const answer = await ask(owner.email, { search: 'olivia' });
    const cursor = answer.data.delegateCandidates?.edges[0]?.cursor ?? '';
    expect(JSON.parse(Buffer.from(cursor, 'base64url').toString())).toEqual([
      expect.stringMatching(/^MATCH /),
      '1dr. olivia owner',
      owner.id,
    ]);
  });
});
