import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { factories } from '../support/factories';
import { startTestServer, type TestServer } from '../support/server';
import { codesOf } from './support';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(() => server.close());

const QUERIES = [
  '{ viewer { email } }',
  '{ dashboard { bills { nodes { number } totalCount } totals { count } } }',
  '{ visits { nodes { startedAt insuredBills { nodes { number } } } } }',
  '{ patients { nodes { name } } }',
  '{ clinics { nodes { name } } }',
];

// Reported at keycloak-connect-graphql#124: a session outlived its revocation.
it.each(['a provider', 'a delegate', 'an administrator', 'support'])(
  'case 33: %s is out at once, and back when active again',
  async (who) => {
    const make = factories(server.db);
    const clinicId = (await make.clinic()).id;
    const owner = await make.provider({ clinicId });
    await make.bill({ clinicId, providerId: owner.id, number: `SECRET-${who}` });
    const delegate = await make.user({ clinicId });
    await make.delegation({ clinicId, providerId: owner.id, userId: delegate.id });
    const permissions = ['EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS'] as const;
    const person = {
      'a provider': () => Promise.resolve(owner),
      'a delegate': () => Promise.resolve(delegate),
      'an administrator': () => make.user({ clinicId, permissions }),
      support: () => make.supportUser(),
    }[who];
    if (person === undefined) throw new Error(`nobody is ${who}`);
    const { id, email } = await person();
    const table = who === 'support' ? 'support_users' : 'users';
    const setActive = (active: boolean) =>
      server.db.query(`UPDATE ${table} SET active = $2 WHERE id = $1`, [id, active]);

    const [viewer = ''] = QUERIES;
    expect((await server.ask(email, viewer)).errors).toBeUndefined();
    await setActive(false);
    for (const query of QUERIES) {
      const answer = await server.ask<Record<string, unknown>>(email, query);
      expect([query, codesOf(answer)]).toEqual([query, ['UNAUTHENTICATED']]);
      expect(Object.values(answer.data)).toEqual([null]);
      expect(answer.text).not.toMatch(/SECRET/);
    }
    // Nor in again, with the right password.
    await expect(server.tokenOf(email, undefined)).resolves.toEqual(expect.any(String));
    const again = await server.ask(
      null,
      'mutation ($e: String!, $p: String!) { signIn(email: $e, password: $p) { token } }',
      { e: email, p: 'demo-password-only' },
    );
    expect(codesOf(again)).toEqual(['UNAUTHENTICATED']);
    await setActive(true);
    expect((await server.ask(email, viewer)).errors).toBeUndefined();
  },
);

it('case 33: a group loses sight with its deactivated member only', async () => {
  const make = factories(server.db);
  const clinicId = (await make.clinic()).id;
  const owner = await make.provider({ clinicId });
  await make.bill({ clinicId, providerId: owner.id });
  const members = [await make.user({ clinicId }), await make.user({ clinicId })];
  const group = await make.group({ clinicId, members: members.map((member) => member.id) });
  await make.delegation({ clinicId, providerId: owner.id, groupId: group.id });
  const count = async (email: string) =>
    (
      await server.ask<{ dashboard: { totals: { count: number } } | null }>(
        email,
        '{ dashboard { totals { count } } }',
      )
    ).data.dashboard?.totals.count;
  const [first, second] = members.map((member) => member.email) as [string, string];
  expect([await count(first), await count(second)]).toEqual([1, 1]);
  await server.db.query('UPDATE users SET active = false WHERE id = $1', [members[0]?.id]);
  expect([await count(first), await count(second)]).toEqual([undefined, 1]);
});
