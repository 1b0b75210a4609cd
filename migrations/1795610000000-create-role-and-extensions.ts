import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The role that the API runs under, and the extensions that the tables and the name search use.
 * The role owns nothing, so that no request can change the schema or rewrite the history.
 * Locks: none on any table.
 */
export class CreateRoleAndExtensions1795610000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Roles belong to the whole cluster: another database of it may have created this one already, even just now.
    await runner.query(`
      DO $$
      BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'billing_api') THEN
          CREATE ROLE billing_api NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
        END IF;
      EXCEPTION
        WHEN duplicate_object OR unique_violation THEN NULL;
        WHEN insufficient_privilege THEN
          RAISE EXCEPTION 'the role billing_api is missing and % may not create it', current_user
            USING HINT = 'Let an administrator run: CREATE ROLE billing_api NOLOGIN NOSUPERUSER NOBYPASSRLS';
      END
      $$`);
    // Whoever migrates may also act as the role, so that one address of a database is enough to try the product.
    await runner.query(`
      DO $$
      BEGIN
        EXECUTE format('GRANT billing_api TO %I', current_user);
      EXCEPTION
        WHEN insufficient_privilege THEN
          RAISE NOTICE 'the server must connect as a member of billing_api: % is none', current_user;
      END
      $$`);
    await runner.query('GRANT SELECT ON migrations TO billing_api');
    await runner.query('CREATE EXTENSION IF NOT EXISTS citext');
    await runner.query('CREATE EXTENSION IF NOT EXISTS pg_trgm');
    await runner.query('CREATE EXTENSION IF NOT EXISTS unaccent');
    await runner.query('GRANT USAGE ON SCHEMA public TO billing_api');
  }

  async down(runner: QueryRunner): Promise<void> {
    // The role stays: other databases of the cluster may use it.
    await runner.query('REVOKE USAGE ON SCHEMA public FROM billing_api');
    await runner.query('DROP EXTENSION unaccent, pg_trgm, citext');
  }
}
