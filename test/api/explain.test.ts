import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadRelations } from '../../src/access/loader';
import { toGlobalId } from '../../src/global-id';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { type Factories, factories, type Made, type MadeBill, type MadeUser } from '../support/factories';
import { type Answer, startTestServer, type TestServer } from '../support/server';

interface Explanation {
  readonly user: { readonly id: string };
  readonly visible: boolean;
  readonly grounds: readonly {
    readonly ground: string;
    readonly groups: readonly { readonly name: string }[];
  }[];
}

const QUERY = `query ($bill: ID!, $user: ID!) {
  explainBillAccess(billId: $bill, userId: $user) { user { id } visible grounds { ground groups { name } } }
}`;

let db: TestDatabase;
let server: TestServer;
let make: Factories;

beforeAll(async () => {
  db = await createTestDatabase();
  server = await startTestServer({ db });
  make = factories(db);
});

afterAll(async () => {
  await server?.close();
  await db?.drop();
});

const ask = (who: string, bill: string, user: string) =>
  server.ask<{ explainBillAccess: Explanation | null }>(who, QUERY, { bill, user });

/** What an explanation says: each ground, with the groups in brackets. */
async function explained(who: string, bill: Made, user: { globalId: string }): Promise<string[] | string> {
  const { data, errors } = await ask(who, bill.globalId, user.globalId);
  if (errors !== undefined) {
    expect(data.explainBillAccess).toBeNull();
    return errors.map((error) => error.extensions.code).join();
  }
  const explanation = data.explainBillAccess;
  expect(explanation?.user.id).toBe(user.globalId);
  // Visible is nothing else than that a ground holds.
  expect(explanation?.visible).toBe((explanation?.grounds.length ?? 0) > 0);
  return (explanation?.grounds ?? []).map(({ ground, groups }) =>
    groups.length === 0 ? ground : `${ground} (${groups.map((group) => group.name).join(', ')})`,
  );
}

/** Whether that user gets the bill, by asking for it: what every explanation must agree with. */
async function gets(who: string, bill: Made): Promise<boolean> {
  const { data } = await server.ask<{ bill: { id: string } | null }>(
    who,
    'query ($id: ID!) { bill(id: $id) { id } }',
    { id: bill.globalId },
  );
  return data.bill !== null;
}

interface Cast {
  owner: MadeUser;
  otherProvider: MadeUser;
  admin: MadeUser;
  halfAdmin: MadeUser;
  named: MadeUser;
  grouped: MadeUser;
  both: MadeUser;
  expired: MadeUser;
  expiredInGroup: MadeUser;
  ending: MadeUser;
  deactivated: MadeUser;
  stranger: MadeUser;
  support: { id: string; globalId: string; email: string };
  formerSupport: { id: string; globalId: string; email: string };
  bill: MadeBill;
  otherBill: MadeBill;
  clinicId: string;
}

/** A clinic with somebody of every kind around one provider's bill. */
async function castOf(launchesAt: string | null): Promise<Cast> {
  const clinicId = (await make.clinic({ launchesAt })).id;
  const owner = await make.provider({ clinicId });
  const otherProvider = await make.provider({ clinicId });
  const user = (more: { active?: boolean } = {}) => make.user({ clinicId, ...more });
  const cast = {
    clinicId,
    owner,
    otherProvider,
    admin: await make.user({
      clinicId,
      permissions: ['EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS'],
    }),
    halfAdmin: await make.user({ clinicId, permissions: ['BILLING_DELEGATION_SETTINGS'] }),
    named: await user(),
    grouped: await user(),
    both: await user(),
    expired: await user(),
    expiredInGroup: await user(),
    ending: await user(),
    deactivated: await user({ active: false }),
    stranger: await user(),
    support: await make.supportUser(),
    formerSupport: await make.supportUser({ active: false }),
    bill: await make.bill({ clinicId, providerId: owner.id }),
    otherBill: await make.bill({ clinicId, providerId: otherProvider.id }),
  };
  const list = (entry: { userId?: string; groupId?: string; expiresAt?: string }) =>
    make.delegation({ clinicId, providerId: owner.id, ...entry });
  const { grouped, both, deactivated, expiredInGroup } = cast;
  const clerks = await make.group({
    clinicId,
    name: 'Clerks',
    members: [grouped.id, both.id, deactivated.id],
  });
  const analysts = await make.group({ clinicId, name: 'Analysts', members: [both.id] });
  const locums = await make.group({ clinicId, name: 'Locums', members: [expiredInGroup.id, both.id] });
  // On no list.
  await make.group({ clinicId, name: 'Social committee', members: [cast.stranger.id, both.id] });
  await list({ groupId: clerks.id });
  await list({ groupId: analysts.id, expiresAt: '2099-01-01T00:00:00Z' });
  await list({ groupId: locums.id, expiresAt: '2025-06-01T00:00:00Z' });
  for (const id of [cast.named.id, both.id, deactivated.id]) await list({ userId: id });
  await list({ userId: cast.expired.id, expiresAt: '2025-06-01T00:00:00Z' });
  await list({ userId: cast.ending.id, expiresAt: '2099-01-01T00:00:00Z' });
  return cast;
}

describe('explainBillAccess in a clinic that has launched', () => {
  let cast: Cast;

  beforeAll(async () => {
    cast = await castOf('2025-01-01T00:00:00Z');
  });

  const GROUNDS = [
    ['owner', ['OWNER']],
    ['named', ['USER_DELEGATE']],
    ['grouped', ['GROUP_DELEGATE (Clerks)']],
    ['both', ['USER_DELEGATE', 'GROUP_DELEGATE (Analysts, Clerks)']],
    ['expired', []],
    ['expiredInGroup', []],
    ['ending', ['USER_DELEGATE']],
    ['deactivated', []],
    ['stranger', []],
    ['otherProvider', []],
    ['admin', []],
    ['halfAdmin', []],
    ['support', ['SUPPORT']],
    ['formerSupport', []],
  ] as const;

  test.each(GROUNDS)('says of %s: %j, whoever asks that may', async (who, grounds) => {
    for (const asker of [cast.owner, cast.admin, cast.support]) {
      expect(await explained(asker.email, cast.bill, cast[who])).toEqual(grounds);
    }
  });

  test.each(GROUNDS.filter(([who]) => who !== 'deactivated' && who !== 'formerSupport'))(
    'agrees for %s with what they get',
    async (who, grounds) => {
      expect(await gets(cast[who].email, cast.bill)).toBe(grounds.length > 0);
    },
  );

  test.each([
    ['named', ['USER_DELEGATE']],
    ['grouped', ['GROUP_DELEGATE (Clerks)']],
    ['both', ['USER_DELEGATE', 'GROUP_DELEGATE (Analysts, Clerks)']],
    ['ending', ['USER_DELEGATE']],
    // They answer for the bill, or for the lists: about anybody, thus about themselves too.
    ['owner', ['OWNER']],
    ['admin', []],
    ['support', ['SUPPORT']],
    // They cannot see the bill: for them it does not exist.
    ['expired', 'NOT_FOUND'],
    ['expiredInGroup', 'NOT_FOUND'],
    ['stranger', 'NOT_FOUND'],
    ['otherProvider', 'NOT_FOUND'],
    ['halfAdmin', 'NOT_FOUND'],
  ] as const)('answers %s about themselves: %j', async (who, answer) => {
    expect(await explained(cast[who].email, cast.bill, cast[who])).toEqual(answer);
  });

  test.each(['named', 'grouped', 'both', 'stranger', 'otherProvider', 'halfAdmin'] as const)(
    'answers %s nothing about others',
    async (who) => {
      for (const about of [cast.owner, cast.ending, cast.deactivated, cast.support]) {
        expect(await explained(cast[who].email, cast.bill, about)).toBe('NOT_FOUND');
      }
    },
  );

  test('answers a provider nothing about a bill of another provider', async () => {
    expect(await explained(cast.owner.email, cast.otherBill, cast.owner)).toBe('NOT_FOUND');
    expect(await explained(cast.owner.email, cast.otherBill, cast.otherProvider)).toBe('NOT_FOUND');
  });

  test('answers hidden, foreign, unknown and malformed alike, byte for byte', async () => {
    const elsewhere = await castOf(null);
    const never = (type: 'Bill' | 'User') =>
      toGlobalId(type, cast.clinicId, '00000000-0000-4000-8000-000000000000');
    const { stranger, named, bill } = cast;
    const texts = async (asked: Promise<Answer<unknown>>[]): Promise<Set<string>> =>
      new Set((await Promise.all(asked)).map((answer) => answer.text));
    const toStranger = await texts([
      ask(stranger.email, bill.globalId, stranger.globalId),
      ask(stranger.email, bill.globalId, named.globalId),
      ask(stranger.email, never('Bill'), stranger.globalId),
      ask(stranger.email, never('Bill'), never('User')),
      ask(stranger.email, elsewhere.bill.globalId, stranger.globalId),
      ask(stranger.email, bill.globalId, elsewhere.named.globalId),
      ask(stranger.email, stranger.globalId, bill.globalId),
      ask(stranger.email, 'no id', stranger.globalId),
      ask(stranger.email, bill.globalId, ''),
    ]);
    expect([...toStranger]).toHaveLength(1);
    expect([...toStranger][0]).toContain('"code":"NOT_FOUND"');
    expect([...toStranger][0]).toContain('"explainBillAccess":null');
    // The owner, who may ask about anybody of the clinic, asks about somebody who is not of it.
    const toOwner = await texts([
      ask(cast.owner.email, bill.globalId, elsewhere.named.globalId),
      ask(cast.owner.email, bill.globalId, never('User')),
      ask(cast.owner.email, elsewhere.bill.globalId, cast.owner.globalId),
    ]);
    expect(toOwner).toEqual(toStranger);
    // Support, to whom no bill is hidden, asks about a user who has nothing to do with the bill's clinic.
    expect(await texts([ask(cast.support.email, bill.globalId, elsewhere.named.globalId)])).toEqual(
      toStranger,
    );
  });

  test('follows every change from the next request on', async () => {
    const clinicId = cast.clinicId;
    const user = await make.user({ clinicId });
    const group = await make.group({ clinicId, name: 'Changing', members: [user.id] });
    const now = () => explained(cast.otherProvider.email, cast.otherBill, user);
    expect(await now()).toEqual([]);
    await make.delegation({ clinicId, providerId: cast.otherProvider.id, groupId: group.id });
    expect(await now()).toEqual(['GROUP_DELEGATE (Changing)']);
    await make.delegation({ clinicId, providerId: cast.otherProvider.id, userId: user.id });
    expect(await now()).toEqual(['USER_DELEGATE', 'GROUP_DELEGATE (Changing)']);
    await db.query('DELETE FROM group_members WHERE user_id = $1', [user.id]);
    expect(await now()).toEqual(['USER_DELEGATE']);
    await db.query('UPDATE users SET active = FALSE WHERE id = $1', [user.id]);
    expect(await now()).toEqual([]);
  });
});

describe('explainBillAccess in a clinic that has not launched', () => {
  let cast: Cast;

  beforeAll(async () => {
    cast = await castOf('2099-01-01T00:00:00Z');
  });

  test.each([
    ['owner', ['NOT_SEGREGATED', 'OWNER']],
    ['both', ['NOT_SEGREGATED', 'USER_DELEGATE', 'GROUP_DELEGATE (Analysts, Clerks)']],
    ['expired', ['NOT_SEGREGATED']],
    ['stranger', ['NOT_SEGREGATED']],
    ['admin', ['NOT_SEGREGATED']],
    ['deactivated', []],
    ['support', ['SUPPORT']],
  ] as const)('says of %s: %j', async (who, grounds) => {
    expect(await explained(cast.admin.email, cast.bill, cast[who])).toEqual(grounds);
  });

  test('answers everybody about themselves, since everybody sees the bill, and still not about others', async () => {
    expect(await explained(cast.stranger.email, cast.bill, cast.stranger)).toEqual(['NOT_SEGREGATED']);
    expect(await explained(cast.stranger.email, cast.bill, cast.owner)).toBe('NOT_FOUND');
  });
});

describe('at the instant itself', () => {
  // One microsecond on either side: what is compared is the database's own precision.
  const BEFORE = '2026-03-30 14:04:59.999999+00';
  const EXACTLY = '2026-03-30 14:05:00+00';
  const AFTER = '2026-03-30 14:05:00.000001+00';

  async function relationsAt(now: string, clinicId: string, providerId: string, userId: string) {
    const [held = []] = await loadRelations(server.database, { userId, now }, [{ clinicId, providerId }]);
    return held.map((row) => row.relation);
  }

  test('an entry gives access before its end, and none from its end on', async () => {
    const clinicId = (await make.clinic()).id;
    const provider = await make.provider({ clinicId });
    const user = await make.user({ clinicId });
    const member = await make.user({ clinicId });
    const group = await make.group({ clinicId, members: [member.id] });
    for (const entry of [{ userId: user.id }, { groupId: group.id }]) {
      await make.delegation({ clinicId, providerId: provider.id, expiresAt: EXACTLY, ...entry });
    }
    const at = (now: string) =>
      Promise.all([user, member].map(({ id }) => relationsAt(now, clinicId, provider.id, id)));
    expect(await at(BEFORE)).toEqual([['USER_DELEGATE'], ['GROUP_DELEGATE']]);
    expect(await at(EXACTLY)).toEqual([[], []]);
    expect(await at(AFTER)).toEqual([[], []]);
  });

  test('segregation holds from its launch on, and not before', async () => {
    const clinicId = (await make.clinic({ launchesAt: EXACTLY })).id;
    const provider = await make.provider({ clinicId });
    const user = await make.user({ clinicId });
    const at = (now: string) => relationsAt(now, clinicId, provider.id, user.id);
    expect(await at(BEFORE)).toEqual(['NOT_SEGREGATED']);
    expect(await at(EXACTLY)).toEqual([]);
    expect(await at(AFTER)).toEqual([]);
  });

  test('a launch takes effect by the clock alone, in a session that goes on', async () => {
    const clinicId = (await make.clinic({ launchesAt: new Date(Date.now() + 1500) })).id;
    const bill = await make.bill({ clinicId });
    const reader = await make.user({ clinicId });
    await server.tokenOf(reader.email);
    expect(await gets(reader.email, bill)).toBe(true);
    const deadline = Date.now() + 10_000;
    while ((await gets(reader.email, bill)) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(await gets(reader.email, bill)).toBe(false);
  });
});
