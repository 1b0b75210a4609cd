import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toGlobalId } from '../../src/global-id';
import { DEMO_CLINIC } from '../../src/importers/demo/demo-clinic';
import { clinicId, userId } from '../../src/importers/demo/directory';
import { Oracle, type OracleUser } from '../oracle/oracle';
import { Sessions } from '../oracle/sessions';
import { type Factories, factories, type MadeBill, type MadeUser } from '../support/factories';
import { startTestServer, type TestServer } from '../support/server';

const ADMIN = 'admin@demo.example';
const SUPPORT = 'support@demo.example';
const DEMO_ID = clinicId(DEMO_CLINIC);

interface Ground {
  ground: string;
  groupNames: string[];
  groups: { name: string }[];
}

interface Viewers {
  totalCount: number;
  nodes: { user: { id: string; name: string }; grounds: Ground[] }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
}

const WHO = `query ($bill: ID!, $at: DateTime, $first: Int, $after: String, $last: Int, $before: String) {
  whoCanSeeBill(billId: $bill, at: $at, first: $first, after: $after, last: $last, before: $before) {
    totalCount
    nodes { user { id name } grounds { ground groupNames groups { name } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

let server: TestServer;
let make: Factories;
let sessions: Sessions;

beforeAll(async () => {
  server = await startTestServer();
  make = factories(server.db);
  sessions = new Sessions(server);
});

afterAll(() => server.close());

async function who(as: string, bill: string, more: Record<string, unknown> = {}): Promise<Viewers> {
  const answer = await server.ask<{ whoCanSeeBill: Viewers }>(as, WHO, { bill, first: 500, ...more });
  expect(answer.errors).toBeUndefined();
  return answer.data.whoCanSeeBill;
}

async function billOf(key: string): Promise<string> {
  const [bill] = await server.db.query<{ id: string }>(
    'SELECT id FROM bills WHERE clinic_id = $1 AND provider_id = $2 ORDER BY id LIMIT 1',
    [DEMO_ID, userId(DEMO_CLINIC, key)],
  );
  if (bill === undefined) throw new Error('the demo has no such bill');
  return toGlobalId('Bill', DEMO_ID, bill.id);
}

describe('who may see a bill', () => {
  it('names everybody with every ground, and the groups', async () => {
    const clinic = (await make.clinic()).id;
    const owner = await make.provider({ clinicId: clinic, name: 'Ana' });
    const both = await make.user({ clinicId: clinic, name: 'Ben' });
    const member = await make.user({ clinicId: clinic, name: 'Cleo' });
    const left = await make.user({ clinicId: clinic, name: 'Dov', active: false });
    const late = await make.user({ clinicId: clinic, name: 'Eva' });
    await make.user({
      clinicId: clinic,
      name: 'Fay',
      permissions: ['EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS'],
    });
    const clerks = await make.group({
      clinicId: clinic,
      name: 'Clerks',
      members: [both.id, member.id, left.id],
    });
    const audit = await make.group({ clinicId: clinic, name: 'Audit', members: [both.id] });
    await make.group({ clinicId: clinic, name: 'Unlisted', members: [late.id] });
    const list = { clinicId: clinic, providerId: owner.id };
    await make.delegation({ ...list, userId: both.id });
    await make.delegation({ ...list, userId: left.id });
    await make.delegation({ ...list, userId: late.id, expiresAt: '2026-01-01T00:00:00Z' });
    await make.delegation({ ...list, groupId: clerks.id });
    await make.delegation({ ...list, groupId: audit.id });
    const bill = await make.bill(list);

    const { nodes, totalCount } = await who(owner.email, bill.globalId);
    const none = { groupNames: [], groups: [] };
    expect(nodes.filter((node) => !node.grounds.some(({ ground }) => ground === 'SUPPORT'))).toEqual([
      { user: { id: owner.globalId, name: 'Ana' }, grounds: [{ ground: 'OWNER', ...none }] },
      {
        user: { id: both.globalId, name: 'Ben' },
        grounds: [
          { ground: 'USER_DELEGATE', ...none },
          {
            ground: 'GROUP_DELEGATE',
            groupNames: ['Audit', 'Clerks'],
            groups: [{ name: 'Audit' }, { name: 'Clerks' }],
          },
        ],
      },
      {
        user: { id: member.globalId, name: 'Cleo' },
        grounds: [{ ground: 'GROUP_DELEGATE', groupNames: ['Clerks'], groups: [{ name: 'Clerks' }] }],
      },
    ]);
    const [{ count } = { count: -1 }] = await server.db.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM support_users WHERE active',
    );
    expect(totalCount).toBe(3 + count);
    expect(nodes).toHaveLength(totalCount);
  });

  it('is told alike to the provider, to administrators and to support', async () => {
    const bill = await billOf('provider.a');
    const told = await who('provider.a@demo.example', bill);
    expect(await who(ADMIN, bill)).toEqual(told);
    expect(await who(SUPPORT, bill)).toEqual(told);
  });

  it('answers anybody else as if the bill did not exist', async () => {
    const bill = await billOf('provider.a');
    const unknown = toGlobalId('Bill', DEMO_ID, '00000000-0000-4000-8000-000000000000');
    const foreign = await make.provider();
    const half = await make.user({ clinicId: DEMO_ID, permissions: ['BILLING_DELEGATION_SETTINGS'] });
    const outsiders = [
      'provider.b@demo.example',
      // Sees the bill, and may still not know who else does.
      'delegate@demo.example',
      'clerk@demo.example',
      'stranger@demo.example',
      'editor@demo.example',
      half.email,
      foreign.email,
    ];
    for (const as of outsiders) {
      for (const at of [null, '2026-10-01T00:00:00.000Z']) {
        const answer = await ask(as, bill, at);
        expect(answer.errors?.map((error) => error.extensions.code)).toEqual(['NOT_FOUND']);
        expect(answer.text).toBe((await ask(as, unknown, at)).text);
      }
    }
    for (const as of ['provider.a@demo.example', ADMIN, SUPPORT]) {
      expect((await ask(as, unknown, null)).text).toBe((await ask('stranger@demo.example', bill, null)).text);
    }
    expect((await ask(null, bill, null)).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });

  const ask = async (as: string | null, bill: string, at: string | null) => {
    // Some of the demo's people cannot sign in: the test signs their tokens itself.
    if (as === 'editor@demo.example') {
      const person = { id: userId(DEMO_CLINIC, 'editor'), clinicId: DEMO_ID };
      return sessions.ask(person, WHO, { bill, at });
    }
    return server.ask(as, WHO, { bill, at });
  };

  it('refuses an instant in the future, and what is no page', async () => {
    const bill = await billOf('provider.a');
    const soon = new Date(Date.now() + 60_000).toISOString();
    for (const variables of [{ at: soon }, { first: -1 }, { first: 501 }, { after: 'no cursor' }]) {
      const answer = await server.ask(ADMIN, WHO, { bill, ...variables });
      expect(answer.errors?.map((error) => error.extensions.code)).toEqual(['BAD_USER_INPUT']);
    }
  });

  it('answers an instant before everything with support alone', async () => {
    const bill = await billOf('provider.a');
    for (const at of ['0001-01-01T00:00:00.000Z', '1999-12-31T23:59:59.000Z']) {
      const { nodes } = await who(ADMIN, bill, { at });
      expect(nodes.flatMap((node) => node.grounds.map(({ ground }) => ground))).toEqual(
        nodes.map(() => 'SUPPORT'),
      );
    }
  });

  it('agrees with explainBillAccess and with the dashboards of all users', async () => {
    const oracle = await Oracle.read(server.db);
    const people = oracle.users.filter((user) => user.clinicId === DEMO_ID || user.clinicId === null);
    for (const key of ['provider.a', 'provider.c', 'provider.e']) {
      const bill = await billOf(key);
      const { nodes } = await who(ADMIN, bill);
      const told = new Map(nodes.map((node) => [node.user.id, node.grounds]));
      for (const person of people) {
        const id = toGlobalId('User', person.clinicId, person.id);
        const { data, errors } = await server.ask<{
          explainBillAccess: { visible: boolean; grounds: Ground[] };
        }>(
          ADMIN,
          `query ($bill: ID!, $user: ID!) { explainBillAccess(billId: $bill, userId: $user) {
             visible grounds { ground groupNames groups { name } } } }`,
          { bill, user: id },
        );
        expect(errors).toBeUndefined();
        expect({ person, grounds: told.get(id) ?? [] }).toEqual({
          person,
          grounds: data.explainBillAccess.grounds,
        });
        expect(data.explainBillAccess.visible).toBe(told.has(id));
        expect({ person, sees: await seesBills(person, key) }).toEqual({ person, sees: told.has(id) });
      }
    }
  });

  /** Whether the person's own dashboard has bills of the provider. */
  async function seesBills(person: OracleUser, key: string): Promise<boolean> {
    const answer = await sessions.ask<{ dashboard: { bills: { totalCount: number } } }>(
      person,
      `query ($clinic: ID!, $provider: ID!) { dashboard(clinicId: $clinic) {
         bills(first: 0, filter: { providerIds: [$provider] }) { totalCount } } }`,
      {
        clinic: toGlobalId('Clinic', DEMO_ID, DEMO_ID),
        provider: toGlobalId('User', DEMO_ID, userId(DEMO_CLINIC, key)),
      },
    );
    if (!person.active) {
      expect(answer.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
      return false;
    }
    return (answer.data?.dashboard.bills.totalCount ?? 0) > 0;
  }

  it('pages by name without gaps or repeats, from both ends', async () => {
    const clinic = (await make.clinic({ launchesAt: null })).id;
    const owner = await make.provider({ clinicId: clinic });
    // The same name twice: the id settles it.
    for (const name of ['Ida', 'Ida', 'Ida', 'Jon', 'Kim']) await make.user({ clinicId: clinic, name });
    const bill = await make.bill({ clinicId: clinic, providerId: owner.id });
    const whole = await who(owner.email, bill.globalId);
    const walk = async (next: (page: Viewers) => Record<string, unknown>, start: Record<string, unknown>) => {
      const pages: Viewers['nodes'][] = [];
      let variables = start;
      for (let more = true; more; ) {
        const page = await who(owner.email, bill.globalId, { first: null, ...variables });
        expect(page.totalCount).toBe(whole.totalCount);
        pages.push(page.nodes);
        more = 'last' in start ? page.pageInfo.hasPreviousPage : page.pageInfo.hasNextPage;
        variables = next(page);
      }
      return pages;
    };
    const forward = await walk((page) => ({ first: 2, after: page.pageInfo.endCursor }), { first: 2 });
    expect(forward.flat()).toEqual(whole.nodes);
    const backward = await walk((page) => ({ last: 2, before: page.pageInfo.startCursor }), { last: 2 });
    expect(backward.reverse().flat()).toEqual(whole.nodes);

    // A cursor stays where it is when somebody joins in front of it.
    const first = await who(owner.email, bill.globalId, { first: 2 });
    await make.user({ clinicId: clinic, name: 'Abe' });
    const second = await who(owner.email, bill.globalId, { first: 500, after: first.pageInfo.endCursor });
    expect([...first.nodes, ...second.nodes]).toEqual(whole.nodes);
  });
});

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('who could see a bill at an instant in the past', () => {
  /** What was answered live at an instant. */
  interface Recorded {
    what: string;
    at: string;
    live: unknown;
  }

  /** Users and grounds. Groups by name: which of them are there today is another matter. */
  const essence = ({ nodes, totalCount }: Viewers) => ({
    totalCount,
    people: nodes.map(({ user, grounds }) => ({
      name: user.name,
      grounds: grounds.map(({ ground, groupNames }) => ({ ground, groupNames })),
    })),
  });

  it('is what was answered at that instant, whatever was changed since', async () => {
    const clinic = (await make.clinic({ launchesAt: null })).id;
    const owner = await make.provider({ clinicId: clinic, name: 'Owner' });
    const colleague = await make.provider({ clinicId: clinic, name: 'Colleague' });
    const people = new Map<string, MadeUser>();
    for (const name of ['Ana', 'Ben', 'Cleo', 'Dov'])
      people.set(name, await make.user({ clinicId: clinic, name }));
    const id = (name: string): string => people.get(name)?.id ?? '';
    const clerks = await make.group({ clinicId: clinic, name: 'Clerks', members: [id('Ben'), id('Cleo')] });
    const spare = await make.group({ clinicId: clinic, name: 'Spare', members: [id('Dov')] });
    const list = { clinicId: clinic, providerId: owner.id };
    const bill: MadeBill = await make.bill(list);
    const sql = async (text: string, ...values: unknown[]): Promise<void> => {
      await server.db.query(text, values);
    };

    const recorded: Recorded[] = [];
    const record = async (what: string): Promise<void> => {
      await pause(4);
      const at = new Date().toISOString();
      await pause(2);
      recorded.push({ what, at, live: essence(await who(owner.email, bill.globalId)) });
      await pause(4);
    };
    const unlist =
      'DELETE FROM delegations WHERE provider_id = $1 AND $2 IN (delegate_user_id, delegate_group_id)';
    const activate = 'UPDATE users SET active = $2 WHERE id = $1';
    const soon = () => new Date(Date.now() + 1_000);

    await record('before anything: not launched');
    await make.delegation({ ...list, userId: id('Ana') });
    await make.delegation({ clinicId: clinic, providerId: colleague.id, userId: id('Dov') });
    await record('Ana added');
    const launch = soon();
    await sql('UPDATE clinics SET segregation_launches_at = $2 WHERE id = $1', clinic, launch);
    await record('launch planned');
    await pause(launch.getTime() - Date.now() + 5);
    await record('launched by the clock');
    await make.delegation({ ...list, groupId: clerks.id });
    await record('Clerks added');
    const end = soon();
    await make.delegation({ ...list, userId: id('Ben'), expiresAt: end });
    await record('Ben added for a while, too');
    await pause(end.getTime() - Date.now() + 5);
    await record('Ben expired');
    await sql(
      'UPDATE delegations SET expires_at = NULL WHERE provider_id = $1 AND delegate_user_id = $2',
      owner.id,
      id('Ben'),
    );
    await record('Ben without end');
    await sql(unlist, owner.id, id('Ana'));
    await record('Ana removed');
    await make.delegation({ ...list, userId: id('Ana') });
    await record('Ana back');
    await make.member({ clinicId: clinic, groupId: clerks.id, userId: id('Dov') });
    await record('Dov joins Clerks');
    await sql('DELETE FROM group_members WHERE group_id = $1 AND user_id = $2', clerks.id, id('Cleo'));
    await record('Cleo leaves Clerks');
    await make.member({ clinicId: clinic, groupId: clerks.id, userId: id('Cleo') });
    await record('Cleo joins again');
    await sql(activate, id('Ben'), false);
    await record('Ben deactivated');
    await sql('UPDATE groups SET name = $2 WHERE id = $1', clerks.id, 'Billing clerks');
    await record('Clerks renamed');
    await sql(activate, id('Ben'), true);
    await record('Ben reactivated');
    await make.delegation({ ...list, groupId: spare.id });
    await record('Spare added');
    await sql('UPDATE groups SET name = $2 WHERE id = $1', spare.id, 'Spare hands');
    await record('Spare renamed');
    await sql('DELETE FROM groups WHERE id = $1', clerks.id);
    await record('Clerks deleted');
    await make.user({ clinicId: clinic, name: 'Eve', active: false });
    const late = await make.user({ clinicId: clinic, name: 'Finn' });
    await make.member({ clinicId: clinic, groupId: spare.id, userId: late.id });
    await record('Finn comes and joins Spare');
    await make.group({ clinicId: clinic, name: 'Billing clerks', members: [id('Cleo')] });
    await sql(unlist, owner.id, spare.id);
    await record('another group of that name, and Spare removed');

    // The recording is worth something only if it differs from step to step.
    const seen = recorded.map(({ live }) => JSON.stringify(live));
    expect(new Set(seen).size).toBeGreaterThan(14);
    for (const { what, at, live } of recorded) {
      for (const as of [owner.email, SUPPORT]) {
        expect({ what, ...essence(await who(as, bill.globalId, { at })) }).toEqual({
          what,
          ...(live as object),
        });
      }
    }

    // The deletion of the group took its members and its entries along, and all of that is in the history.
    const gone = await server.db.query<{ action: string }>(
      'SELECT DISTINCT action FROM history WHERE group_id = $1 AND action ~ $2 ORDER BY action',
      [clerks.id, 'DELETED|DELEGATE_REMOVED|MEMBER_REMOVED'],
    );
    expect(gone.map((row) => row.action)).toEqual([
      'GROUP_DELEGATE_REMOVED',
      'GROUP_DELETED',
      'GROUP_MEMBER_REMOVED',
    ]);

    // A group that was deleted since is named, by the name that it had then, and is no more to be had.
    const renamed = recorded.find(({ what }) => what === 'Clerks renamed');
    const before = recorded.find(({ what }) => what === 'Ben deactivated');
    const groundOf = async (at: string | undefined) =>
      (await who(owner.email, bill.globalId, { at })).nodes
        .find(({ user }) => user.name === 'Cleo')
        ?.grounds.find(({ ground }) => ground === 'GROUP_DELEGATE');
    expect(await groundOf(before?.at)).toEqual({
      ground: 'GROUP_DELEGATE',
      groupNames: ['Clerks'],
      groups: [],
    });
    expect(await groundOf(renamed?.at)).toEqual({
      ground: 'GROUP_DELEGATE',
      groupNames: ['Billing clerks'],
      groups: [],
    });
  });

  it('pages and counts at that instant', async () => {
    const clinic = (await make.clinic()).id;
    const owner = await make.provider({ clinicId: clinic });
    const list = { clinicId: clinic, providerId: owner.id };
    for (const name of ['Ana', 'Ben', 'Cleo']) {
      await make.delegation({ ...list, userId: (await make.user({ clinicId: clinic, name })).id });
    }
    const bill = await make.bill(list);
    await pause(4);
    const at = new Date().toISOString();
    await pause(4);
    await server.db.query('DELETE FROM delegations WHERE provider_id = $1', [owner.id]);
    const whole = await who(owner.email, bill.globalId, { at });
    const first = await who(owner.email, bill.globalId, { at, first: 2 });
    const second = await who(owner.email, bill.globalId, { at, after: first.pageInfo.endCursor });
    expect(whole.nodes.map(({ user }) => user.name)).toEqual(expect.arrayContaining(['Ana', 'Ben', 'Cleo']));
    expect([...first.nodes, ...second.nodes]).toEqual(whole.nodes);
    expect(first.totalCount).toBe(whole.nodes.length);
    expect((await who(owner.email, bill.globalId)).totalCount).toBe(whole.totalCount - 3);
  });
});
