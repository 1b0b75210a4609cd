import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A frozen copy of toldProviders() in src/access/predicate.ts; a test fails when the two part, and then a new migration
 * replaces the function.
 */
const TOLD_PROVIDERS = `
    ARRAY(SELECT permitted.provider_id FROM (SELECT 'SUPPORT' AS relation, provider_id, group_id FROM (SELECT p.user_id AS provider_id, NULL::uuid AS group_id FROM providers p WHERE p.clinic_id = the_clinic
    AND EXISTS (SELECT FROM support_users s WHERE s.id = the_viewer AND s.active)) support
    UNION ALL SELECT 'NOT_SEGREGATED' AS relation, provider_id, group_id FROM (SELECT p.user_id AS provider_id, NULL::uuid AS group_id FROM providers p WHERE p.clinic_id = the_clinic AND EXISTS (SELECT FROM users active_user
    WHERE active_user.clinic_id = the_clinic AND active_user.id = the_viewer AND active_user.active)
    AND EXISTS (SELECT FROM clinics c WHERE c.id = the_clinic
    AND (c.segregation_launches_at IS NULL OR c.segregation_launches_at > the_instant))) not_segregated
    UNION ALL SELECT 'OWNER' AS relation, provider_id, group_id FROM (SELECT p.user_id AS provider_id, NULL::uuid AS group_id FROM providers p WHERE p.clinic_id = the_clinic AND p.user_id = the_viewer AND EXISTS (SELECT FROM users active_user
    WHERE active_user.clinic_id = the_clinic AND active_user.id = the_viewer AND active_user.active)) owner
    UNION ALL SELECT 'USER_DELEGATE' AS relation, provider_id, group_id FROM (SELECT d.provider_id, NULL::uuid AS group_id FROM delegations d
    WHERE d.clinic_id = the_clinic AND d.delegate_user_id = the_viewer AND (d.expires_at IS NULL OR d.expires_at > the_instant) AND EXISTS (SELECT FROM users active_user
    WHERE active_user.clinic_id = the_clinic AND active_user.id = the_viewer AND active_user.active)) user_delegate
    UNION ALL SELECT 'GROUP_DELEGATE' AS relation, provider_id, group_id FROM (SELECT d.provider_id, d.delegate_group_id AS group_id FROM group_members m
    JOIN delegations d ON d.clinic_id = m.clinic_id AND d.delegate_group_id = m.group_id
    WHERE m.clinic_id = the_clinic AND m.user_id = the_viewer AND (d.expires_at IS NULL OR d.expires_at > the_instant) AND EXISTS (SELECT FROM users active_user
    WHERE active_user.clinic_id = the_clinic AND active_user.id = the_viewer AND active_user.active)) group_delegate
    UNION ALL SELECT 'ADMINISTRATOR' AS relation, provider_id, group_id FROM (SELECT p.user_id AS provider_id, NULL::uuid AS group_id FROM providers p WHERE p.clinic_id = the_clinic AND EXISTS (SELECT FROM users active_user
    WHERE active_user.clinic_id = the_clinic AND active_user.id = the_viewer AND active_user.active)
    AND EXISTS (SELECT FROM user_permissions held
    WHERE held.clinic_id = the_clinic AND held.user_id = the_viewer AND held.permission = 'EDIT_OTHER_USERS') AND EXISTS (SELECT FROM user_permissions held
    WHERE held.clinic_id = the_clinic AND held.user_id = the_viewer AND held.permission = 'BILLING_DELEGATION_SETTINGS')) administrator) permitted
    WHERE permitted.relation = ANY (CASE the_action WHEN 'VIEW_BILL' THEN '{SUPPORT,NOT_SEGREGATED,OWNER,USER_DELEGATE,GROUP_DELEGATE}'::text[] WHEN 'EXPLAIN_BILL_ACCESS' THEN '{SUPPORT,OWNER,ADMINISTRATOR}'::text[] WHEN 'COUNT_BILLS_FOR_LAUNCH' THEN '{SUPPORT,ADMINISTRATOR}'::text[] END))`;

/** What the policies let through: the clinic that was told, and its providers that the viewer who was told may see. */
const TOLD = `
  (clinic_id, provider_id) IN (
    SELECT nullif(current_setting('billing.clinic', true), '')::uuid,
      unnest(nullif(current_setting('billing.providers', true), '')::uuid[]))`;

/**
 * The second wall: under the API's role, a statement sees only bills, items and payments of the viewer, clinic, instant
 * and action that tell_viewer was called for in the same transaction, and none where it was not. The function finds out
 * whose bills they are; the policies compare. So that is done once for a statement, however many tables it reads.
 * The owner of the tables, who imports, is not held to it.
 * Locks: ACCESS EXCLUSIVE on bills, bill_items and payments for an instant; nothing is read or rewritten.
 */
export class GuardBillsByRow1795610800000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION tell_viewer(the_viewer uuid, the_clinic uuid, the_instant timestamptz, the_action text)
      RETURNS void LANGUAGE plpgsql AS $body$
      BEGIN
        PERFORM set_config('billing.clinic', the_clinic::text, true),
          set_config('billing.providers', (${TOLD_PROVIDERS.trim()})::text, true);
      END $body$`);
    await runner.query('REVOKE ALL ON FUNCTION tell_viewer FROM PUBLIC');
    await runner.query('GRANT EXECUTE ON FUNCTION tell_viewer TO billing_api');
    for (const table of ['bills', 'bill_items', 'payments']) {
      await runner.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
      await runner.query(
        `CREATE POLICY ${table}_seen_by_viewer ON ${table} FOR SELECT TO billing_api USING (${TOLD})`,
      );
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['payments', 'bill_items', 'bills']) {
      await runner.query(`DROP POLICY ${table}_seen_by_viewer ON ${table}`);
      await runner.query(`ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`);
    }
    await runner.query('DROP FUNCTION tell_viewer');
  }
}
