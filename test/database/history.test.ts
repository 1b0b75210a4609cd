import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase, testCluster } from '../support/database';
import { type Factories, factories } from '../support/factories';
import { refusalOf, rowsOf, STATES } from './support';

describe('the history', () => {
  let db: TestDatabase;
  let owner: Client;
  let make: Factories;

  beforeAll(async () => {
    db = await createTestDatabase();
    make = factories(db);
    owner = new Client({ connectionString: db.url });
    await owner.connect();
  });

  afterAll(async () => {
    await owner?.end();
    await db?.drop();
  });

  test.each([
    'UPDATE history SET at = now()',
    "UPDATE history SET action = 'GROUP_CREATED' WHERE FALSE",
    'DELETE FROM history',
    'DELETE FROM history WHERE FALSE',
    'TRUNCATE history',
    'TRUNCATE users CASCADE',
    // PostgreSQL 14 has no MERGE.
    ...(testCluster().version < 15
      ? []
      : ['MERGE INTO history h USING (SELECT 1) one ON TRUE WHEN MATCHED THEN DELETE']),
  ])('is append-only for the owner too: %s', async (sql) => {
    await make.clinic();
    expect(await refusalOf(owner, sql)).toBe(STATES.restrict);
  });

  interface Entry {
    readonly action: string;
    readonly actor: string | null;
    readonly provider: string | null;
    readonly grp: string | null;
    readonly usr: string | null;
    readonly before: unknown;
    readonly after: unknown;
  }

  /** What the history says after a change by somebody, from that change alone. */
  async function recorded(
    clinicId: string,
    actor: string | null,
    changes: readonly (readonly [sql: string, ...values: unknown[]])[],
  ): Promise<Entry[]> {
    const [last] = await rowsOf<{ id: string }>(
      owner,
      'SELECT coalesce(max(id), 0)::text AS id FROM history',
    );
    await owner.query('BEGIN');
    await owner.query("SELECT set_config('billing.actor_user', $1, true)", [actor ?? '']);
    for (const [sql, ...values] of changes) await owner.query(sql, values);
    await owner.query('COMMIT');
    return rowsOf<Entry>(
      owner,
      `SELECT action, actor_user_id AS actor, provider_id AS provider, group_id AS grp, user_id AS usr, before, after
       FROM history WHERE clinic_id = $1 AND id > $2 ORDER BY id`,
      [clinicId, last?.id],
    );
  }

  const nothing = { actor: null, provider: null, grp: null, usr: null, before: null, after: null };

  test('has every change of a list, with who, for whom and the end before and after', async () => {
    const clinicId = (await make.clinic()).id;
    const provider = (await make.provider({ clinicId })).id;
    const user = (await make.user({ clinicId })).id;
    const group = (await make.group({ clinicId })).id;
    const actor = (await make.user({ clinicId })).id;
    const add =
      'INSERT INTO delegations (clinic_id, provider_id, delegate_user_id, delegate_group_id) VALUES ($1, $2, $3, $4)';
    const end = "UPDATE delegations SET expires_at = '2099-01-01T00:00:00Z' WHERE provider_id = $1";
    const entries = await recorded(clinicId, actor, [
      [add, clinicId, provider, user, null],
      [add, clinicId, provider, null, group],
      [end, provider],
      // What changes nothing is no change.
      [end, provider],
      ['DELETE FROM delegations WHERE provider_id = $1 AND delegate_user_id IS NOT NULL', provider],
      ['DELETE FROM delegations WHERE provider_id = $1', provider],
    ]);
    const open = { expiresAt: null };
    const ended = { expiresAt: '2099-01-01T00:00:00+00:00' };
    const of = { ...nothing, actor, provider };
    const sorted = (list: readonly Entry[]) => list.map((entry) => JSON.stringify(entry)).sort();
    expect(sorted(entries)).toEqual(
      sorted(
        [
          { ...of, action: 'USER_DELEGATE_ADDED', usr: user, after: open },
          { ...of, action: 'GROUP_DELEGATE_ADDED', grp: group, after: open },
          { ...of, action: 'USER_DELEGATE_CHANGED', usr: user, before: open, after: ended },
          { ...of, action: 'GROUP_DELEGATE_CHANGED', grp: group, before: open, after: ended },
          { ...of, action: 'USER_DELEGATE_REMOVED', usr: user, before: ended },
          { ...of, action: 'GROUP_DELEGATE_REMOVED', grp: group, before: ended },
        ].map(({ action, ...entry }) => ({ action, ...entry })),
      ),
    );
  });

  test('has every change of a group and its members, and what a deleted group takes with it', async () => {
    const clinicId = (await make.clinic()).id;
    const provider = (await make.provider({ clinicId })).id;
    const user = (await make.user({ clinicId })).id;
    const grp = '5f0c7f0e-54d8-4b54-9a94-2d3e4f5a6b7c';
    const entries = await recorded(clinicId, provider, [
      ["INSERT INTO groups (clinic_id, id, name) VALUES ($1, $2, 'Clerks')", clinicId, grp],
      ['INSERT INTO group_members (clinic_id, group_id, user_id) VALUES ($1, $2, $3)', clinicId, grp, user],
      [
        'INSERT INTO delegations (clinic_id, provider_id, delegate_group_id) VALUES ($1, $2, $3)',
        clinicId,
        provider,
        grp,
      ],
      ["UPDATE groups SET name = 'CLERKS' WHERE id = $1", grp],
      ["UPDATE groups SET name = 'CLERKS' WHERE id = $1", grp],
      ['DELETE FROM group_members WHERE group_id = $1', grp],
      ['INSERT INTO group_members (clinic_id, group_id, user_id) VALUES ($1, $2, $3)', clinicId, grp, user],
      ['DELETE FROM groups WHERE id = $1', grp],
    ]);
    expect(entries.map((entry) => entry.action).sort()).toEqual([
      'GROUP_CREATED',
      'GROUP_DELEGATE_ADDED',
      'GROUP_DELEGATE_REMOVED',
      'GROUP_DELETED',
      'GROUP_MEMBER_ADDED',
      'GROUP_MEMBER_ADDED',
      'GROUP_MEMBER_REMOVED',
      'GROUP_MEMBER_REMOVED',
      'GROUP_RENAMED',
    ]);
    expect(entries.every((entry) => entry.actor === provider && entry.grp === grp)).toBe(true);
    const renamed = entries.find((entry) => entry.action === 'GROUP_RENAMED');
    expect(renamed).toMatchObject({ before: { name: 'Clerks' }, after: { name: 'CLERKS' } });
    const members = entries.filter((entry) => entry.action.startsWith('GROUP_MEMBER'));
    expect(new Set(members.map((entry) => entry.usr))).toEqual(new Set([user]));
  });

  test('has every deactivation and activation', async () => {
    const clinicId = (await make.clinic()).id;
    const usr = (await make.user({ clinicId })).id;
    const activate = 'UPDATE users SET active = $2 WHERE id = $1';
    const entries = await recorded(clinicId, null, [
      [activate, usr, false],
      [activate, usr, false],
      [activate, usr, true],
      ["UPDATE users SET name = 'Another Name' WHERE id = $1", usr],
    ]);
    expect(entries).toEqual([
      { ...nothing, action: 'USER_DEACTIVATED', usr, before: { active: true }, after: { active: false } },
      { ...nothing, action: 'USER_REACTIVATED', usr, before: { active: false }, after: { active: true } },
    ]);
    const joined = await recorded(clinicId, null, [
      ["INSERT INTO users (clinic_id, name, active) VALUES ($1, 'Left before they came', FALSE)", clinicId],
      ["INSERT INTO users (clinic_id, name) VALUES ($1, 'Comes')", clinicId],
    ]);
    expect(joined.map((entry) => entry.action)).toEqual(['USER_DEACTIVATED']);
  });

  test('has every change of a launch date, also the first', async () => {
    const launched = (await make.clinic({ launchesAt: '2025-01-01T00:00:00Z' })).id;
    const first = await rowsOf<{ action: string; after: unknown }>(
      owner,
      'SELECT action, after FROM history WHERE clinic_id = $1',
      [launched],
    );
    expect(first).toEqual([
      { action: 'SEGREGATION_LAUNCH_SET', after: { launchesAt: '2025-01-01T00:00:00+00:00' } },
    ]);
    const clinicId = (await make.clinic({ launchesAt: null })).id;
    const launch = 'UPDATE clinics SET segregation_launches_at = $2 WHERE id = $1';
    const entries = await recorded(clinicId, null, [
      [launch, clinicId, '2099-01-01T00:00:00Z'],
      [launch, clinicId, '2099-01-01T00:00:00Z'],
      [launch, clinicId, null],
    ]);
    expect(entries.map(({ action, before, after }) => ({ action, before, after }))).toEqual([
      {
        action: 'SEGREGATION_LAUNCH_SET',
        before: { launchesAt: null },
        after: { launchesAt: '2099-01-01T00:00:00+00:00' },
      },
      {
        action: 'SEGREGATION_LAUNCH_SET',
        before: { launchesAt: '2099-01-01T00:00:00+00:00' },
        after: { launchesAt: null },
      },
    ]);
  });

  test('says nothing of a change that was taken back', async () => {
    const clinicId = (await make.clinic()).id;
    const [before] = await rowsOf(owner, 'SELECT count(*) FROM history');
    await owner.query('BEGIN');
    await owner.query("INSERT INTO groups (clinic_id, name) VALUES ($1, 'Not meant')", [clinicId]);
    await owner.query('ROLLBACK');
    expect(await rowsOf(owner, 'SELECT count(*) FROM history')).toEqual([before]);
  });
});
