import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Finds users and groups by any part of their name, in any case, with or without accents. One index answers what is
 * inside a name, one what it begins with, in order. Locks: builds indexes on users and groups (SHARE: no writes to
 * these two while it runs, reads go on); both are small, and bills are not touched.
 */
export class AddNameSearch1795610700000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE EXTENSION IF NOT EXISTS btree_gin');
    // unaccent() itself may change with its rules file, so PostgreSQL indexes it only behind a promise like this one.
    await runner.query(`
      CREATE FUNCTION search_text(name text) RETURNS text
      LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT SET search_path = pg_catalog, public, pg_temp
      AS $$ SELECT lower(public.unaccent('public.unaccent', name)) $$`);
    // With the columns in it the second index answers alone, and search_text() is not computed anew for every row: one
    // or two letters, which trigrams cannot find, take a tenth of the time.
    for (const { table, included } of [
      { table: 'users', included: 'name, active' },
      { table: 'groups', included: 'name' },
    ]) {
      await runner.query(
        `CREATE INDEX ${table}_search_idx ON ${table} USING gin (clinic_id, search_text(name::text) gin_trgm_ops)`,
      );
      await runner.query(
        `CREATE INDEX ${table}_search_order_idx ON ${table} (clinic_id, search_text(name::text) COLLATE "C", id)
         INCLUDE (${included})`,
      );
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['users', 'groups']) {
      await runner.query(`DROP INDEX ${table}_search_order_idx`);
      await runner.query(`DROP INDEX ${table}_search_idx`);
    }
    await runner.query('DROP FUNCTION search_text');
    await runner.query('DROP EXTENSION btree_gin');
  }
}
