import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Failed attempts at a password, counted here so that every server process counts the same ones.
 * The columns are those that the library rate-limiter-flexible reads and writes. Global: an address or a name that
 * somebody tries belongs to no clinic. Locks: new table only.
 */
export class CreateAttempts1795610600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE attempts (
        key varchar(255) NOT NULL,
        points integer NOT NULL DEFAULT 0,
        expire bigint,
        CONSTRAINT attempts_pkey PRIMARY KEY (key)
      )`);
    await runner.query('CREATE INDEX attempts_expire_idx ON attempts (expire)');
    await runner.query('GRANT SELECT, INSERT, UPDATE, DELETE ON attempts TO billing_api');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE attempts');
  }
}
