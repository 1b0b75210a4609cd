import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The delegation lists: one row for each delegate of a provider, a user or a group.
 * Every change of a list raises its version, whoever makes it, so that a lost update can be told.
 * Locks: new table only.
 */
export class CreateDelegations1795610200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE delegations (
        clinic_id uuid NOT NULL,
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        provider_id uuid NOT NULL,
        delegate_user_id uuid,
        delegate_group_id uuid,
        expires_at timestamptz,
        added_by uuid,
        added_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT delegations_pkey PRIMARY KEY (clinic_id, id),
        CONSTRAINT delegations_user_key UNIQUE (clinic_id, provider_id, delegate_user_id),
        CONSTRAINT delegations_group_key UNIQUE (clinic_id, provider_id, delegate_group_id),
        CONSTRAINT delegations_provider_fkey FOREIGN KEY (clinic_id, provider_id) REFERENCES providers (clinic_id, user_id),
        CONSTRAINT delegations_user_fkey FOREIGN KEY (clinic_id, delegate_user_id) REFERENCES users (clinic_id, id),
        CONSTRAINT delegations_group_fkey FOREIGN KEY (clinic_id, delegate_group_id) REFERENCES groups (clinic_id, id) ON DELETE CASCADE,
        CONSTRAINT delegations_added_by_fkey FOREIGN KEY (clinic_id, added_by) REFERENCES users (clinic_id, id),
        CONSTRAINT delegations_one_delegate_check CHECK (num_nonnulls(delegate_user_id, delegate_group_id) = 1),
        CONSTRAINT delegations_not_self_check CHECK (delegate_user_id <> provider_id)
      )`);
    // The two ways in which a viewer finds the providers that delegated to them: by their own id and by their groups.
    await runner.query(
      'CREATE INDEX delegations_by_user_idx ON delegations (clinic_id, delegate_user_id, provider_id) WHERE delegate_user_id IS NOT NULL',
    );
    await runner.query(
      'CREATE INDEX delegations_by_group_idx ON delegations (clinic_id, delegate_group_id, provider_id) WHERE delegate_group_id IS NOT NULL',
    );
    await runner.query(`
      CREATE FUNCTION raise_list_version() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE
        changed delegations := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
      BEGIN
        UPDATE providers SET list_version = list_version + 1
        WHERE clinic_id = changed.clinic_id AND user_id = changed.provider_id;
        RETURN NULL;
      END
      $$`);
    await runner.query(`
      CREATE TRIGGER delegations_raise_list_version AFTER INSERT OR UPDATE OR DELETE ON delegations
      FOR EACH ROW EXECUTE FUNCTION raise_list_version()`);
    await runner.query('GRANT SELECT, INSERT, DELETE, UPDATE (expires_at) ON delegations TO billing_api');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE delegations');
    await runner.query('DROP FUNCTION raise_list_version');
  }
}
