import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { connected, refusalOf, rowsOf, STATES } from './support';

/** How the server connects: with the role of the API. And how somebody would who had its password. */
const WAYS = [
  ['the role of the API', '-c role=billing_api'],
  ["the server's sign-in", undefined],
] as const;

describe.each(WAYS)('as %s', (_name, options) => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await createTestDatabase({ demo: true });
  });

  afterAll(() => db?.drop());

  const asApi = <Result>(use: (client: Client) => Promise<Result>): Promise<Result> =>
    connected(db.apiUrl, use, options);

  test('nothing is owned, and no attribute lets it past a rule', async () => {
    const [role] = await asApi((client) =>
      rowsOf(
        client,
        `SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
           (SELECT count(*)::int FROM pg_class WHERE relowner = r.oid) AS relations,
           (SELECT count(*)::int FROM pg_proc WHERE proowner = r.oid) AS functions
         FROM pg_roles r WHERE rolname = current_user`,
      ),
    );
    expect(role).toEqual({
      rolsuper: false,
      rolbypassrls: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolreplication: false,
      relations: 0,
      functions: 0,
    });
  });

  test('exactly this may be written', async () => {
    const tables = await asApi((client) =>
      rowsOf<{ what: string }>(
        client,
        `SELECT c.relname || ': ' || string_agg(privilege, ', ' ORDER BY privilege) AS what
         FROM pg_class c CROSS JOIN unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) privilege
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
           AND has_table_privilege(c.oid, privilege)
         GROUP BY c.relname ORDER BY 1`,
      ),
    );
    expect(tables.map((row) => row.what)).toEqual([
      'attempts: DELETE, INSERT, UPDATE',
      'delegations: DELETE, INSERT',
      'group_members: DELETE, INSERT',
      'groups: DELETE, INSERT',
    ]);
    const columns = await asApi((client) =>
      rowsOf<{ what: string }>(
        client,
        `SELECT c.relname || '.' || a.attname AS what FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
           AND has_column_privilege(c.oid, a.attnum, 'UPDATE') AND NOT has_table_privilege(c.oid, 'UPDATE')
         ORDER BY 1`,
      ),
    );
    expect(columns.map((row) => row.what)).toEqual([
      'clinics.segregation_launches_at',
      'delegations.expires_at',
      'groups.name',
      'providers.list_version',
      'users.active',
    ]);
  });

  test.each([
    // The history, whatever the way.
    "INSERT INTO history (clinic_id, at, action) SELECT id, now(), 'GROUP_CREATED' FROM clinics LIMIT 1",
    'UPDATE history SET at = now()',
    'DELETE FROM history',
    'TRUNCATE history',
    "SELECT record_history(gen_random_uuid(), 'GROUP_CREATED', NULL, NULL, NULL, NULL, NULL)",
    // Bills, and what they say.
    'UPDATE bills SET provider_id = provider_id',
    'DELETE FROM bills',
    "INSERT INTO payers (clinic_id, name) SELECT id, 'X' FROM clinics",
    'UPDATE payments SET amount = 1',
    // Who somebody is.
    "UPDATE users SET name = 'X'",
    'DELETE FROM users',
    "INSERT INTO users (clinic_id, name) SELECT id, 'X' FROM clinics",
    "UPDATE sign_ins SET password_hash = 'X'",
    "INSERT INTO external_sign_ins (issuer, subject, clinic_id, user_id) SELECT 'https://x', 'x', clinic_id, id FROM users LIMIT 1",
    "UPDATE external_sign_ins SET subject = 'X'",
    'DELETE FROM external_sign_ins',
    "INSERT INTO user_permissions SELECT clinic_id, id, 'EDIT_OTHER_USERS' FROM users",
    'UPDATE support_users SET active = FALSE',
    'UPDATE delegations SET delegate_user_id = NULL',
    "UPDATE clinics SET name = 'X'",
    // The schema.
    'CREATE TABLE public.mine (id int)',
    'CREATE SCHEMA mine',
    'CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    'ALTER TABLE bills ADD COLUMN mine int',
    'ALTER TABLE history DISABLE TRIGGER ALL',
    'DROP TABLE history',
    'DROP TRIGGER history_append_only ON history',
    'CREATE OR REPLACE FUNCTION refuse_history_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$',
    'SET session_replication_role = replica',
    // Another role.
    'SET ROLE billing_owner',
    'SET SESSION AUTHORIZATION billing_owner',
    'GRANT billing_owner TO billing_api',
    'ALTER ROLE billing_api SUPERUSER',
    'CREATE ROLE mine',
    // Outside the database.
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY (SELECT 1) TO '/tmp/mine'",
    "SELECT pg_read_file('/etc/hostname')",
  ])('this is refused: %s', async (sql) => {
    expect(await asApi((client) => refusalOf(client, sql))).toBe(STATES.privilege);
  });

  test('what it may write leaves its mark in the history', async () => {
    const actions = await asApi(async (client) => {
      await client.query('BEGIN');
      const [last] = await rowsOf<{ id: string }>(client, 'SELECT max(id)::text AS id FROM history');
      await client.query(
        'UPDATE users SET active = NOT active WHERE id = (SELECT min(id::text)::uuid FROM users)',
      );
      const rows = await rowsOf<{ action: string }>(client, 'SELECT action FROM history WHERE id > $1', [
        last?.id,
      ]);
      await client.query('ROLLBACK');
      return rows.map((row) => row.action);
    });
    expect(actions).toEqual([expect.stringMatching(/^USER_(DE|RE)ACTIVATED$/)]);
  });
});
