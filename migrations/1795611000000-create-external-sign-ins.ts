import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Who the people are that an issuer elsewhere signs in: its name for them (`sub`) and one user of a clinic or one
 * support user here. Global like `sign_ins`: a person signs in before the clinic is known. At each issuer a user has one
 * account. The API's role only reads it: whoever could write it could become anybody.
 * Locks: a new table; its foreign keys take SHARE ROW EXCLUSIVE on users and support_users for an instant, so that
 * writes to those two wait that long and reads do not.
 */
export class CreateExternalSignIns1795611000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE external_sign_ins (
        issuer text NOT NULL,
        subject text NOT NULL,
        clinic_id uuid,
        user_id uuid,
        support_user_id uuid,
        linked_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT external_sign_ins_pkey PRIMARY KEY (issuer, subject),
        CONSTRAINT external_sign_ins_user_key UNIQUE (clinic_id, user_id, issuer),
        CONSTRAINT external_sign_ins_support_user_key UNIQUE (support_user_id, issuer),
        CONSTRAINT external_sign_ins_user_fkey FOREIGN KEY (clinic_id, user_id) REFERENCES users (clinic_id, id),
        CONSTRAINT external_sign_ins_support_user_fkey FOREIGN KEY (support_user_id) REFERENCES support_users (id),
        CONSTRAINT external_sign_ins_one_person_check CHECK (
          (support_user_id IS NULL AND clinic_id IS NOT NULL AND user_id IS NOT NULL)
          OR (support_user_id IS NOT NULL AND clinic_id IS NULL AND user_id IS NULL)),
        CONSTRAINT external_sign_ins_issuer_check CHECK (issuer ~ '^https?://[^[:space:]]+$'),
        CONSTRAINT external_sign_ins_subject_check CHECK (subject ~ '^[!-~]([ -~]{0,253}[!-~])?$')
      )`);
    await runner.query('GRANT SELECT ON external_sign_ins TO billing_api');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE external_sign_ins');
  }
}
