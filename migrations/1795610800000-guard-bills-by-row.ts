import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A frozen copy of billPolicySql() in src/access/predicate.ts; a test fails when the two part, and then a new migration
 * replaces the policy.
 */
const SEEN_BY_VIEWER = `
  clinic_id = nullif(current_setting('billing.clinic', true), '')::uuid AND provider_id = ANY (ARRAY(
  SELECT permitted.provider_id FROM (SELECT 'SUPPORT' AS relation, provider_id, group_id FROM (SELECT p.user_id AS provider_id, NULL::uuid AS group_id FROM providers p WHERE p.clinic_id = nullif(current_setting('billing.clinic', true), '')::uuid
  AND EXISTS (SELECT FROM support_users s WHERE s.id = nullif(current_setting('billing.viewer', true), '')::uuid AND s.active)) support
  UNION ALL SELECT 'NOT_SEGREGATED' AS relation, provider_id, group_id FROM (SELECT p.user_id AS provider_id, NULL::uuid AS group_id FROM providers p WHERE p.clinic_id = nullif(current_setting('billing.clinic', true), '')::uuid AND EXISTS (SELECT FROM users active_user
  WHERE active_user.clinic_id = nullif(current_setting('billing.clinic', true), '')::uuid AND active_user.id = nullif(current_setting('billing.viewer', true), '')::uuid AND active_user.active)
  AND EXISTS (SELECT FROM clinics c WHERE c.id = nullif(current_setting('billing.clinic', true), '')::uuid
  AND (c.segregation_launches_at IS NULL OR c.segregation_launches_at > nullif(current_setting('billing.now', true), '')::timestamptz))) not_segregated
  UNION ALL SELECT 'OWNER' AS relation, provider_id, group_id FROM (SELECT p.user_id AS provider_id, NULL::uuid AS group_id FROM providers p WHERE p.clinic_id = nullif(current_setting('billing.clinic', true), '')::uuid AND p.user_id = nullif(current_setting('billing.viewer', true), '')::uuid AND EXISTS (SELECT FROM users active_user
  WHERE active_user.clinic_id = nullif(current_setting('billing.clinic', true), '')::uuid AND active_user.id = nullif(current_setting('billing.viewer', true), '')::uuid AND active_user.active)) owner
  UNION ALL SELECT 'USER_DELEGATE' AS relation, provider_id, group_id FROM (SELECT d.provider_id, NULL::uuid AS group_id FROM delegations d
  WHERE d.clinic_id = nullif(current_setting('billing.clinic', true), '')::uuid AND d.delegate_user_id = nullif(current_setting('billing.viewer', true), '')::uuid AND (d.expires_at IS NULL OR d.expires_at > nullif(current_setting('billing.now', true), '')::timestamptz) AND EXISTS (SELECT FROM users active_user
  WHERE active_user.clinic_id = nullif(current_setting('billing.clinic', true), '')::uuid AND active_user.id = nullif(current_setting('billing.viewer', true), '')::uuid AND active_user.active)) user_delegate
  UNION ALL SELECT 'GROUP_DELEGATE' AS relation, provider_id, group_id FROM (SELECT d.provider_id, d.delegate_group_id AS group_id FROM group_members m
  JOIN delegations d ON d.clinic_id = m.clinic_id AND d.delegate_group_id = m.group_id
  WHERE m.clinic_id = nullif(current_setting('billing.clinic', true), '')::uuid AND m.user_id = nullif(current_setting('billing.viewer', true), '')::uuid AND (d.expires_at IS NULL OR d.expires_at > nullif(current_setting('billing.now', true), '')::timestamptz) AND EXISTS (SELECT FROM users active_user
  WHERE active_user.clinic_id = nullif(current_setting('billing.clinic', true), '')::uuid AND active_user.id = nullif(current_setting('billing.viewer', true), '')::uuid AND active_user.active)) group_delegate
  UNION ALL SELECT 'ADMINISTRATOR' AS relation, provider_id, group_id FROM (SELECT p.user_id AS provider_id, NULL::uuid AS group_id FROM providers p WHERE p.clinic_id = nullif(current_setting('billing.clinic', true), '')::uuid AND EXISTS (SELECT FROM users active_user
  WHERE active_user.clinic_id = nullif(current_setting('billing.clinic', true), '')::uuid AND active_user.id = nullif(current_setting('billing.viewer', true), '')::uuid AND active_user.active)
  AND EXISTS (SELECT FROM user_permissions held
  WHERE held.clinic_id = nullif(current_setting('billing.clinic', true), '')::uuid AND held.user_id = nullif(current_setting('billing.viewer', true), '')::uuid AND held.permission = 'EDIT_OTHER_USERS') AND EXISTS (SELECT FROM user_permissions held
  WHERE held.clinic_id = nullif(current_setting('billing.clinic', true), '')::uuid AND held.user_id = nullif(current_setting('billing.viewer', true), '')::uuid AND held.permission = 'BILLING_DELEGATION_SETTINGS')) administrator) permitted
  WHERE permitted.relation = ANY (CASE current_setting('billing.action', true) WHEN 'VIEW_BILL' THEN '{SUPPORT,NOT_SEGREGATED,OWNER,USER_DELEGATE,GROUP_DELEGATE}'::text[] WHEN 'EXPLAIN_BILL_ACCESS' THEN '{SUPPORT,OWNER,ADMINISTRATOR}'::text[] WHEN 'COUNT_BILLS_FOR_LAUNCH' THEN '{SUPPORT,ADMINISTRATOR}'::text[] END)))`;

/** What hangs on a bill is seen with it: the policy on bills holds in this sub-query too. */
const partOf = (table: string): string =>
  `EXISTS (SELECT FROM bills b WHERE b.clinic_id = ${table}.clinic_id AND b.id = ${table}.bill_id)`;

/**
 * The second wall: under the API's role, a statement sees only bills of the viewer, clinic, instant and action that it
 * was told of in the settings billing.viewer, billing.clinic, billing.now and billing.action, and none without them.
 * The owner of the tables, who imports, is not held to it.
 * Locks: ACCESS EXCLUSIVE on bills, bill_items and payments for an instant; nothing is read or rewritten.
 */
export class GuardBillsByRow1795610800000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE bills ENABLE ROW LEVEL SECURITY');
    await runner.query(
      `CREATE POLICY bills_seen_by_viewer ON bills FOR SELECT TO billing_api USING (${SEEN_BY_VIEWER})`,
    );
    for (const table of ['bill_items', 'payments']) {
      await runner.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
      await runner.query(
        `CREATE POLICY ${table}_seen_by_viewer ON ${table} FOR SELECT TO billing_api USING (${partOf(table)})`,
      );
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['payments', 'bill_items', 'bills']) {
      await runner.query(`DROP POLICY ${table}_seen_by_viewer ON ${table}`);
      await runner.query(`ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`);
    }
  }
}
