import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toGlobalId } from '../../src/global-id';
import { OTHER_CLINIC } from '../../src/importers/demo/other-clinic';
import { scheduleLaunch } from '../../src/launch/schedule';
import type { Transactions } from '../../src/sql';
import { Oracle, type OracleUser } from '../oracle/oracle';
import { Sessions } from '../oracle/sessions';
import { type Factories, factories, type Made } from '../support/factories';
import { type Answer, startTestServer, type TestServer } from '../support/server';

const SUPPORT = 'support@demo.example';
const BOTH = ['EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS'] as const;

let server: TestServer;
let make: Factories;
let sessions: Sessions;

beforeAll(async () => {
  server = await startTestServer();
  make = factories(server.db);
  sessions = new Sessions(server);
});

afterAll(() => server.close());

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const inMilliseconds = (milliseconds: number): string => new Date(Date.now() + milliseconds).toISOString();
const tomorrow = (): string => inMilliseconds(86_400_000);
const codesOf = (answer: Answer<unknown>): string[] =>
  (answer.errors ?? []).map((error) => error.extensions.code);

interface Scheduled {
  scheduleSegregationLaunch: {
    clinic: { segregationLaunchesAt: string | null; segregationLaunched: boolean };
  };
}

const schedule = (who: string | null, clinicId: string, at: string | null) =>
  server.ask<Scheduled>(
    who,
    `mutation ($clinicId: ID!, $at: DateTime) {
       scheduleSegregationLaunch(input: { clinicId: $clinicId, at: $at }) {
         clinic { segregationLaunchesAt segregationLaunched } } }`,
    { clinicId, at },
  );

/** The launches that the history of a clinic has, and who set them. */
const historyOf = (clinicId: string) =>
  server.db.query<{ support: string | null; before: string | null; after: string | null }>(
    `SELECT actor_support_user_id AS support, before->>'launchesAt' AS before, after->>'launchesAt' AS after
     FROM history WHERE clinic_id = $1 AND action = 'SEGREGATION_LAUNCH_SET' ORDER BY at, id`,
    [clinicId],
  );

const millisecondsOf = (instant: string | null | undefined): number | null =>
  instant === null || instant === undefined ? null : new Date(instant).getTime();

describe('scheduling the launch', () => {
  it('is set, moved and cleared by support, with each change in the history', async () => {
    const clinic = await make.clinic({ launchesAt: null });
    const first = tomorrow();
    const second = inMilliseconds(3_600_000);
    for (const at of [first, second, null, first]) {
      const { data, errors } = await schedule(SUPPORT, clinic.globalId, at);
      expect(errors).toBeUndefined();
      expect(data.scheduleSegregationLaunch.clinic).toEqual({
        segregationLaunchesAt: at,
        segregationLaunched: false,
      });
    }
    const [support] = await server.db.query<{ id: string }>(
      'SELECT support_user_id AS id FROM sign_ins WHERE email = $1',
      [SUPPORT],
    );
    const history = await historyOf(clinic.id);
    expect(history.map(({ before, after }) => [millisecondsOf(before), millisecondsOf(after)])).toEqual([
      [null, millisecondsOf(first)],
      [millisecondsOf(first), millisecondsOf(second)],
      [millisecondsOf(second), null],
      [null, millisecondsOf(first)],
    ]);
    expect(new Set(history.map((change) => change.support))).toEqual(new Set([support?.id]));
  });

  it('makes no history when the same instant is set again', async () => {
    const clinic = await make.clinic({ launchesAt: null });
    const at = tomorrow();
    for (const again of [at, at, at, null, null]) {
      expect((await schedule(SUPPORT, clinic.globalId, again)).errors).toBeUndefined();
    }
    expect(await historyOf(clinic.id)).toHaveLength(2);
  });

  it('is refused to everybody else', async () => {
    const clinic = await make.clinic({ launchesAt: null });
    const clinicId = clinic.id;
    const people = [
      await make.user({ clinicId }),
      await make.provider({ clinicId }),
      await make.user({ clinicId, permissions: BOTH }),
      await make.provider({ clinicId, permissions: BOTH }),
    ];
    const foreign = await make.user({ permissions: BOTH });
    const gone = await make.supportUser({ active: true });
    await server.tokenOf(gone.email);
    await server.db.query('UPDATE support_users SET active = FALSE WHERE id = $1', [gone.id]);
    for (const at of [tomorrow(), null]) {
      for (const person of people) {
        expect(codesOf(await schedule(person.email, clinic.globalId, at))).toEqual(['FORBIDDEN']);
      }
      expect(codesOf(await schedule(foreign.email, clinic.globalId, at))).toEqual(['NOT_FOUND']);
      expect(codesOf(await schedule(null, clinic.globalId, at))).toEqual(['UNAUTHENTICATED']);
      expect(codesOf(await schedule(gone.email, clinic.globalId, at))).toEqual(['UNAUTHENTICATED']);
    }
    expect(await historyOf(clinic.id)).toEqual([]);
  });

  it('answers a clinic that is not there, and what is no clinic, with NOT_FOUND', async () => {
    const user = await make.user();
    const absent = '00000000-0000-4000-8000-000000000000';
    for (const id of [toGlobalId('Clinic', absent, absent), user.globalId, 'nonsense', '']) {
      expect(codesOf(await schedule(SUPPORT, id, tomorrow()))).toEqual(['NOT_FOUND']);
    }
  });

  it('refuses an instant that is not ahead, and to guess one that is left out', async () => {
    const clinic = await make.clinic({ launchesAt: null });
    for (const at of [inMilliseconds(-1), '2025-01-01T00:00:00.000Z', '0000-01-01T00:00:00.000Z']) {
      expect(codesOf(await schedule(SUPPORT, clinic.globalId, at))).toEqual(['BAD_USER_INPUT']);
    }
    const left = await server.ask(
      SUPPORT,
      'mutation ($id: ID!) { scheduleSegregationLaunch(input: { clinicId: $id }) { clinic { name } } }',
      { id: clinic.globalId },
    );
    expect(codesOf(left)).toEqual(['BAD_USER_INPUT']);
    expect(codesOf(await schedule(SUPPORT, clinic.globalId, 'soon'))).toEqual(['BAD_USER_INPUT']);
    expect(await historyOf(clinic.id)).toEqual([]);
  });

  it('is permanent once past: in the API, and in the database under any role', async () => {
    const launchedAt = '2025-01-01T00:00:00.000Z';
    const clinic = await make.clinic({ launchesAt: launchedAt });
    const before = await historyOf(clinic.id);
    for (const at of [tomorrow(), null, launchedAt]) {
      const answer = await schedule(SUPPORT, clinic.globalId, at);
      expect(codesOf(answer)).toEqual(['CONFLICT']);
      expect(answer.errors?.[0]?.message).toMatch(/has launched\. It is permanent/);
    }
    await expect(
      server.db.query('UPDATE clinics SET segregation_launches_at = NULL WHERE id = $1', [clinic.id]),
    ).rejects.toThrow('permanent');
    await expect(
      server.database.query('UPDATE clinics SET segregation_launches_at = now() WHERE id = $1', [clinic.id]),
    ).rejects.toThrow('permanent');
    expect(await historyOf(clinic.id)).toEqual(before);
  });

  it('answers CONFLICT, too, when the launch comes while it is being moved', async () => {
    const clinic = await make.clinic({ launchesAt: inMilliseconds(1_000) });
    const [support] = await server.db.query<{ id: string }>('SELECT id FROM support_users LIMIT 1');
    // The clock passes the launch between the look at the clinic and the change.
    const slow: Transactions = {
      query: (text, values) => server.database.query(text, values),
      transaction: (work) =>
        server.database.transaction((transaction) =>
          work({
            query: async (text, values) => {
              if (text.startsWith('UPDATE')) await pause(1_100);
              return transaction.query(text, values);
            },
          }),
        ),
    };
    const viewer = { userId: support?.id ?? '', clinicId: null, permissions: new Set<never>(), now: '' };
    await expect(scheduleLaunch(slow, viewer, clinic.id, null)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await historyOf(clinic.id)).toHaveLength(1);
  });

  it('lets one of several at once win, and the history tell all of them in order', async () => {
    const clinic = await make.clinic({ launchesAt: null });
    const wanted = Array.from({ length: 12 }, (_, index) => inMilliseconds(3_600_000 + index * 1000));
    const answers = await Promise.all(wanted.map((at) => schedule(SUPPORT, clinic.globalId, at)));
    expect(answers.flatMap(codesOf)).toEqual([]);
    const history = await historyOf(clinic.id);
    expect(history).toHaveLength(wanted.length);
    for (const [index, change] of history.entries()) {
      expect(change.before).toBe(history[index - 1]?.after ?? null);
    }
  });
});

describe('the launch itself', () => {
  const countOf = async (email: string): Promise<number> => {
    const answer = await server.ask<{ dashboard: { bills: { totalCount: number } } }>(
      email,
      '{ dashboard { bills(first: 0) { totalCount } } }',
    );
    return answer.data.dashboard.bills.totalCount;
  };

  it('takes effect by the clock alone, moved or not', async () => {
    const clinic = await make.clinic({ launchesAt: null });
    const clinicId = clinic.id;
    const owner = await make.provider({ clinicId });
    const colleague = await make.provider({ clinicId });
    const delegate = await make.user({ clinicId });
    const stranger = await make.user({ clinicId, permissions: BOTH });
    // The list is prepared before the launch.
    await make.delegation({ clinicId, providerId: owner.id, userId: delegate.id });
    await make.bill({ clinicId, providerId: owner.id });
    await make.bill({ clinicId, providerId: owner.id });
    await make.bill({ clinicId, providerId: colleague.id });
    const everybody = [owner, colleague, delegate, stranger];
    const counts = () => Promise.all(everybody.map((person) => countOf(person.email)));
    expect(await counts()).toEqual([3, 3, 3, 3]);

    const first = inMilliseconds(1_500);
    await schedule(SUPPORT, clinic.globalId, first);
    expect(await counts()).toEqual([3, 3, 3, 3]);
    // Moved in time: the first instant passes and nothing happens.
    const second = inMilliseconds(3_000);
    expect((await schedule(SUPPORT, clinic.globalId, second)).errors).toBeUndefined();
    await pause(new Date(first).getTime() - Date.now() + 20);
    expect(await counts()).toEqual([3, 3, 3, 3]);

    await pause(new Date(second).getTime() - Date.now() + 5);
    expect(await counts()).toEqual([2, 1, 2, 0]);
    expect(codesOf(await schedule(SUPPORT, clinic.globalId, tomorrow()))).toEqual(['CONFLICT']);
    expect(codesOf(await schedule(SUPPORT, clinic.globalId, null))).toEqual(['CONFLICT']);
    expect(await counts()).toEqual([2, 1, 2, 0]);
  });

  it('does not come once cleared', async () => {
    const clinic = await make.clinic({ launchesAt: null });
    const stranger = await make.user({ clinicId: clinic.id });
    await make.bill({ clinicId: clinic.id });
    const at = inMilliseconds(1_000);
    await schedule(SUPPORT, clinic.globalId, at);
    expect((await schedule(SUPPORT, clinic.globalId, null)).errors).toBeUndefined();
    await pause(new Date(at).getTime() - Date.now() + 20);
    expect(await countOf(stranger.email)).toBe(1);
  });
});

interface Named {
  name: string;
}

interface Readiness {
  launchReadiness: {
    clinic: { segregationLaunchesAt: string | null };
    blankLists: { totalCount: number; nodes: { provider: Named; billCount: number }[] };
    entriesWithoutAccess: {
      totalCount: number;
      nodes: { provider: Named; delegate: Named; reason: string; expiresAt: string | null }[];
    };
    losses: {
      totalCount: number;
      nodes: {
        provider: Named & { id: string };
        billCount: number;
        userCount: number;
        users: { nodes: (Named & { id: string })[] };
      }[];
    };
  };
}

const READINESS = `query ($clinic: ID) { launchReadiness(clinicId: $clinic) {
  clinic { segregationLaunchesAt }
  blankLists(first: 500) { totalCount nodes { provider { name } billCount } }
  entriesWithoutAccess(first: 500) { totalCount nodes {
    provider { name } delegate { ... on User { name } ... on Group { name } } reason expiresAt } }
  losses(first: 500) { totalCount nodes { provider { id name } billCount userCount users(first: 500) { nodes { id name } } } }
} }`;

interface Page {
  totalCount?: number;
  nodes: unknown[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** The nodes of all pages, each once, as text. */
async function everyPage(read: (after: string | null) => Promise<Page | undefined>): Promise<string[]> {
  const found: string[] = [];
  let after: string | null = null;
  for (let more = true; more; ) {
    const page: Page | undefined = await read(after);
    if (page === undefined) throw new Error('there is no such list');
    found.push(...page.nodes.map((node) => JSON.stringify(node)));
    after = page.pageInfo.endCursor;
    more = page.pageInfo.hasNextPage;
    if (!more && page.totalCount !== undefined) expect(page.totalCount).toBe(found.length);
  }
  expect(new Set(found).size).toBe(found.length);
  return found;
}

describe('readiness for the launch', () => {
  async function readinessOf(who: string, clinic: Made): Promise<Readiness['launchReadiness']> {
    const answer = await server.ask<Readiness>(who, READINESS, { clinic: clinic.globalId });
    expect(answer.errors).toBeUndefined();
    return answer.data.launchReadiness;
  }

  it('is for administrators with both permissions and for support, and for nobody else', async () => {
    const clinic = await make.clinic({ launchesAt: null });
    const clinicId = clinic.id;
    const admin = await make.user({ clinicId, permissions: BOTH });
    const owner = await make.provider({ clinicId, name: 'Owner' });
    await make.bill({ clinicId, providerId: owner.id });
    const told = await readinessOf(admin.email, clinic);
    expect(await readinessOf(SUPPORT, clinic)).toEqual(told);
    const unnamed = await server.ask<Readiness>(admin.email, READINESS);
    expect(unnamed.data.launchReadiness).toEqual(told);

    const refused = [
      await make.user({ clinicId }),
      owner,
      await make.user({ clinicId, permissions: ['EDIT_OTHER_USERS'] }),
      await make.user({ clinicId, permissions: ['BILLING_DELEGATION_SETTINGS'] }),
    ];
    for (const person of refused) {
      const answer = await server.ask(person.email, READINESS);
      expect(codesOf(answer)).toEqual(['FORBIDDEN']);
      expect(answer.data).toEqual({ launchReadiness: null });
    }
    const foreign = await make.user({ permissions: BOTH });
    expect(codesOf(await server.ask(foreign.email, READINESS, { clinic: clinic.globalId }))).toEqual([
      'NOT_FOUND',
    ]);
    expect(codesOf(await server.ask(SUPPORT, READINESS))).toEqual(['BAD_USER_INPUT']);
    expect(codesOf(await server.ask(null, READINESS, { clinic: clinic.globalId }))).toEqual([
      'UNAUTHENTICATED',
    ]);
    // Refused where it was asked, and not only by the wall behind.
    expect(server.logged.filter((line) => line.includes('"defect":true'))).toEqual([]);
    // Knowing how many there are opens none of them.
    await server.db.query('UPDATE clinics SET segregation_launches_at = clock_timestamp() WHERE id = $1', [
      clinicId,
    ]);
    const dashboard = await server.ask<{ dashboard: { bills: { totalCount: number } } }>(
      admin.email,
      '{ dashboard { bills { totalCount nodes { id } } } }',
    );
    expect(dashboard.data.dashboard.bills).toEqual({ totalCount: 0, nodes: [] });
  });

  it('lists blank lists with their bills, and entries that give nobody access with the reason', async () => {
    const launch = tomorrow();
    const clinic = await make.clinic({ launchesAt: launch });
    const clinicId = clinic.id;
    const providers: Made[] = [];
    for (const name of ['P1 listed', 'P2 blank', 'P3 blank without bills', 'P4 blank and left']) {
      providers.push(await make.provider({ clinicId, name, active: name !== 'P4 blank and left' }));
    }
    const [listed, blank, , left] = providers.map((provider) => provider.id);
    if (listed === undefined || blank === undefined || left === undefined) throw new Error('no providers');
    for (const providerId of [listed, blank, blank, left]) await make.bill({ clinicId, providerId });

    const active = await make.user({ clinicId, name: 'Active' });
    const gone = await make.user({ clinicId, name: 'Gone', active: false });
    const list = { clinicId, providerId: listed };
    const group = async (name: string, members: string[]) =>
      (await make.group({ clinicId, name, members })).id;
    // These give access.
    await make.delegation({ ...list, userId: active.id });
    await make.delegation({ ...list, groupId: await group('Good', [active.id, gone.id]) });
    await make.delegation({
      ...list,
      groupId: await group('Long', [active.id]),
      expiresAt: '2099-01-01T00:00:00Z',
    });
    const soon = inMilliseconds(3_600_000);
    const past = '2026-01-01T00:00:00.000Z';
    // These do not.
    await make.delegation({ ...list, userId: gone.id, expiresAt: past });
    await make.delegation({ ...list, groupId: await group('Empty', []) });
    await make.delegation({ ...list, groupId: await group('All gone', [gone.id]) });
    await make.delegation({ ...list, groupId: await group('Over', [active.id]), expiresAt: past });
    // Ends before the launch.
    await make.delegation({
      ...list,
      userId: (await make.user({ clinicId, name: 'Short' })).id,
      expiresAt: soon,
    });

    const admin = await make.user({ clinicId, permissions: BOTH });
    const { blankLists, entriesWithoutAccess } = await readinessOf(admin.email, clinic);
    expect(blankLists).toEqual({
      totalCount: 3,
      nodes: [
        { provider: { name: 'P2 blank' }, billCount: 2 },
        { provider: { name: 'P3 blank without bills' }, billCount: 0 },
        { provider: { name: 'P4 blank and left' }, billCount: 1 },
      ],
    });
    expect(entriesWithoutAccess.totalCount).toBe(5);
    const provider = { name: 'P1 listed' };
    expect(entriesWithoutAccess.nodes).toHaveLength(5);
    expect(entriesWithoutAccess.nodes).toEqual(
      expect.arrayContaining([
        { provider, delegate: { name: 'Gone' }, reason: 'DEACTIVATED', expiresAt: past },
        { provider, delegate: { name: 'Empty' }, reason: 'EMPTY_GROUP', expiresAt: null },
        { provider, delegate: { name: 'All gone' }, reason: 'EMPTY_GROUP', expiresAt: null },
        { provider, delegate: { name: 'Over' }, reason: 'EXPIRED', expiresAt: past },
        { provider, delegate: { name: 'Short' }, reason: 'EXPIRED', expiresAt: soon },
      ]),
    );
    // Without a launch ahead it is told for now: what ends tomorrow gives access still.
    await schedule(SUPPORT, clinic.globalId, null);
    const unplanned = await readinessOf(admin.email, clinic);
    expect(unplanned.entriesWithoutAccess.nodes.map(({ delegate }) => delegate.name).sort()).toEqual([
      'All gone',
      'Empty',
      'Gone',
      'Over',
    ]);
  });

  it('pages all of its lists', async () => {
    const clinic = await make.clinic({ launchesAt: null });
    const clinicId = clinic.id;
    const nobody = await make.group({ clinicId, name: 'Nobody' });
    for (const name of ['Dr. A', 'Dr. B', 'Dr. B', 'Dr. C']) {
      const { id: providerId } = await make.provider({ clinicId, name });
      await make.bill({ clinicId, providerId });
      if (name !== 'Dr. A') await make.delegation({ clinicId, providerId, groupId: nobody.id });
    }
    for (let more = 0; more < 2; more += 1) await make.provider({ clinicId, name: 'Dr. Z' });
    await make.user({ clinicId, name: 'Staff' });
    const list = (field: string) =>
      everyPage(async (after) => {
        const answer = await server.ask<{ launchReadiness: Record<string, Page> }>(
          SUPPORT,
          `query ($clinic: ID!, $after: String) { launchReadiness(clinicId: $clinic) { ${field}(first: 1, after: $after) {
             totalCount nodes { provider { id } } pageInfo { hasNextPage endCursor } } } }`,
          { clinic: clinic.globalId, after },
        );
        return answer.data.launchReadiness[field];
      });
    expect(await list('blankLists')).toHaveLength(3);
    expect(await list('entriesWithoutAccess')).toHaveLength(3);
    expect(await list('losses')).toHaveLength(4);

    // The users of one loss, one at a time: the other five providers and the staff.
    const users = await everyPage(async (after) => {
      const answer = await server.ask<{ launchReadiness: { losses: { nodes: { users: Page }[] } } }>(
        SUPPORT,
        `query ($clinic: ID!, $after: String) { launchReadiness(clinicId: $clinic) { losses(first: 1) { nodes {
           users(first: 1, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } } } }`,
        { clinic: clinic.globalId, after },
      );
      return answer.data.launchReadiness.losses.nodes[0]?.users;
    });
    expect(users).toHaveLength(6);
  });

  it('predicts exactly what all dashboards lose', async () => {
    const [other] = await server.db.query<{ id: string }>('SELECT id FROM clinics WHERE name = $1', [
      OTHER_CLINIC.name,
    ]);
    const clinicId = other?.id ?? '';
    const clinic: Made = { clinicId, id: clinicId, globalId: toGlobalId('Clinic', clinicId, clinicId) };
    const providers = (
      await server.db.query<{ id: string }>(
        'SELECT user_id AS id FROM providers WHERE clinic_id = $1 ORDER BY billing_number',
        [clinicId],
      )
    ).map(({ id }) => id);
    const [one, two, three] = providers;
    if (one === undefined || two === undefined || three === undefined)
      throw new Error('the demo has changed');
    const admin = await make.user({ clinicId, name: 'Admin', permissions: BOTH });
    const people = await Promise.all(
      ['Ana', 'Ben', 'Cleo', 'Dov', 'Eve'].map((name) =>
        make.user({ clinicId, name, active: name !== 'Eve' }),
      ),
    );
    const [ana, ben, cleo, dov, eve] = people.map((person) => person.id);
    if (
      ana === undefined ||
      ben === undefined ||
      cleo === undefined ||
      dov === undefined ||
      eve === undefined
    )
      throw new Error('nobody was made');
    const group = await make.group({ clinicId, name: 'Some', members: [ben, cleo, eve, two] });
    const launch = inMilliseconds(4_000);
    const before = new Date(Date.now() + 3_500);
    await make.delegation({ clinicId, providerId: one, userId: ana });
    await make.delegation({ clinicId, providerId: one, userId: eve });
    await make.delegation({ clinicId, providerId: one, groupId: group.id });
    // Gives access now, and will have ended by the launch; the next will not.
    await make.delegation({ clinicId, providerId: two, userId: dov, expiresAt: before });
    await make.delegation({ clinicId, providerId: two, userId: ana, expiresAt: tomorrow() });
    // A provider without bills: nothing to lose.
    await make.provider({ clinicId, name: 'Dr. New' });
    expect((await schedule(SUPPORT, clinic.globalId, launch)).errors).toBeUndefined();

    const oracle = await Oracle.read(server.db);
    const viewers = oracle.users.filter((user) => user.clinicId === clinicId || user.clinicId === null);
    const told = await readinessOf(admin.email, clinic);
    const seenBefore = await seenBy(viewers, clinic, providers);
    // All of that was still before the launch.
    expect(Date.now()).toBeLessThan(new Date(launch).getTime());
    await pause(new Date(launch).getTime() - Date.now() + 20);
    const seenAfter = await seenBy(viewers, clinic, providers);

    const lost = new Map<string, number>();
    for (const [pair, count] of seenBefore) {
      const rest = seenAfter.get(pair) ?? 0;
      if (rest < count) lost.set(pair, count - rest);
    }
    const predicted = new Map(
      told.losses.nodes.flatMap(({ provider, billCount, users }) =>
        users.nodes.map((user): [string, number] => [`${user.id} ${provider.id}`, billCount]),
      ),
    );
    expect(predicted.size).toBeGreaterThan(10);
    expect([...predicted].sort()).toEqual([...lost].sort());
    for (const loss of told.losses.nodes) expect(loss.userCount).toBe(loss.users.nodes.length);
    expect(told.losses.nodes.map(({ provider }) => provider.name)).not.toContain('Dr. New');
    expect(told.losses.totalCount).toBe(told.losses.nodes.length);

    // Launched: there is nothing left to lose.
    expect((await readinessOf(admin.email, clinic)).losses).toEqual({ totalCount: 0, nodes: [] });
    expect((await readinessOf(SUPPORT, clinic)).losses).toEqual({ totalCount: 0, nodes: [] });
  });

  /** How many bills of which provider everybody's dashboard shows, by "user provider". */
  async function seenBy(
    people: readonly OracleUser[],
    clinic: Made,
    providers: readonly string[],
  ): Promise<Map<string, number>> {
    const seen = new Map<string, number>();
    await Promise.all(
      people.map(async (person) => {
        const fields = providers.map(
          (id, index) =>
            `p${index}: bills(first: 0, filter: { providerIds: ["${toGlobalId('User', clinic.id, id)}"] }) { totalCount }`,
        );
        const answer = await sessions.ask<{ dashboard: Record<string, { totalCount: number }> }>(
          person,
          `{ dashboard(clinicId: "${clinic.globalId}") { ${fields.join(' ')} } }`,
        );
        for (const [index, id] of providers.entries()) {
          const user = toGlobalId('User', person.clinicId, person.id);
          const count = answer.data?.dashboard?.[`p${index}`]?.totalCount ?? 0;
          seen.set(`${user} ${toGlobalId('User', clinic.id, id)}`, count);
        }
      }),
    );
    return seen;
  }
});
