import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Clinics, their users, providers, permissions and groups, and the sign-in names.
 * Global by nature, thus without a clinic in the key: clinics (the tenants), support users and sign-in names
 * (a person signs in before the clinic is known). Locks: new tables only.
 */
export class CreateDirectory1795610100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE clinics (
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        name citext NOT NULL,
        currency text NOT NULL,
        segregation_launches_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT clinics_pkey PRIMARY KEY (id),
        CONSTRAINT clinics_name_key UNIQUE (name),
        CONSTRAINT clinics_name_check CHECK (length(btrim(name::text)) BETWEEN 1 AND 200),
        CONSTRAINT clinics_currency_check CHECK (currency ~ '^[A-Z]{3}$')
      )`);
    // Seed: "Billing segregation is a permanent CHR feature": once launched, nobody can take it back, the owner included.
    await runner.query(`
      CREATE FUNCTION keep_segregation_launched() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF OLD.segregation_launches_at <= clock_timestamp() THEN
          IF TG_OP = 'DELETE' THEN
            RAISE EXCEPTION 'billing segregation has launched: the clinic cannot be deleted' USING ERRCODE = 'restrict_violation';
          ELSIF NEW.segregation_launches_at IS DISTINCT FROM OLD.segregation_launches_at THEN
            RAISE EXCEPTION 'billing segregation has launched: it is permanent' USING ERRCODE = 'restrict_violation';
          END IF;
        END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
      END
      $$`);
    await runner.query(`
      CREATE TRIGGER clinics_keep_segregation_launched BEFORE UPDATE OR DELETE ON clinics
      FOR EACH ROW EXECUTE FUNCTION keep_segregation_launched()`);

    await runner.query(`
      CREATE TABLE users (
        clinic_id uuid NOT NULL,
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        name text NOT NULL,
        active boolean NOT NULL DEFAULT true,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT users_pkey PRIMARY KEY (clinic_id, id),
        CONSTRAINT users_clinic_fkey FOREIGN KEY (clinic_id) REFERENCES clinics (id),
        CONSTRAINT users_name_check CHECK (length(btrim(name)) BETWEEN 1 AND 200)
      )`);
    await runner.query(`
      CREATE TABLE support_users (
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        name text NOT NULL,
        active boolean NOT NULL DEFAULT true,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT support_users_pkey PRIMARY KEY (id),
        CONSTRAINT support_users_name_check CHECK (length(btrim(name)) BETWEEN 1 AND 200)
      )`);
    await runner.query(`
      CREATE TABLE sign_ins (
        email citext NOT NULL,
        clinic_id uuid,
        user_id uuid,
        support_user_id uuid,
        password_hash text NOT NULL,
        CONSTRAINT sign_ins_pkey PRIMARY KEY (email),
        CONSTRAINT sign_ins_user_key UNIQUE (clinic_id, user_id),
        CONSTRAINT sign_ins_support_user_key UNIQUE (support_user_id),
        CONSTRAINT sign_ins_user_fkey FOREIGN KEY (clinic_id, user_id) REFERENCES users (clinic_id, id),
        CONSTRAINT sign_ins_support_user_fkey FOREIGN KEY (support_user_id) REFERENCES support_users (id),
        CONSTRAINT sign_ins_one_person_check CHECK (
          (support_user_id IS NULL AND clinic_id IS NOT NULL AND user_id IS NOT NULL)
          OR (support_user_id IS NOT NULL AND clinic_id IS NULL AND user_id IS NULL)),
        CONSTRAINT sign_ins_email_check CHECK (email::text ~ '^[^@[:space:]]+@[^@[:space:]]+$' AND length(email::text) <= 254)
      )`);
    await runner.query(`
      CREATE TABLE providers (
        clinic_id uuid NOT NULL,
        user_id uuid NOT NULL,
        billing_number text NOT NULL,
        specialty text,
        list_version integer NOT NULL DEFAULT 0,
        CONSTRAINT providers_pkey PRIMARY KEY (clinic_id, user_id),
        CONSTRAINT providers_billing_number_key UNIQUE (clinic_id, billing_number),
        CONSTRAINT providers_user_fkey FOREIGN KEY (clinic_id, user_id) REFERENCES users (clinic_id, id)
      )`);
    await runner.query(`
      CREATE TABLE user_permissions (
        clinic_id uuid NOT NULL,
        user_id uuid NOT NULL,
        permission text NOT NULL,
        CONSTRAINT user_permissions_pkey PRIMARY KEY (clinic_id, user_id, permission),
        CONSTRAINT user_permissions_user_fkey FOREIGN KEY (clinic_id, user_id) REFERENCES users (clinic_id, id),
        CONSTRAINT user_permissions_permission_check CHECK (permission IN ('EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS'))
      )`);
    await runner.query(`
      CREATE TABLE groups (
        clinic_id uuid NOT NULL,
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        name citext NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT groups_pkey PRIMARY KEY (clinic_id, id),
        CONSTRAINT groups_name_key UNIQUE (clinic_id, name),
        CONSTRAINT groups_clinic_fkey FOREIGN KEY (clinic_id) REFERENCES clinics (id),
        CONSTRAINT groups_name_check CHECK (length(btrim(name::text)) BETWEEN 1 AND 200)
      )`);
    await runner.query(`
      CREATE TABLE group_members (
        clinic_id uuid NOT NULL,
        group_id uuid NOT NULL,
        user_id uuid NOT NULL,
        added_by uuid,
        added_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT group_members_pkey PRIMARY KEY (clinic_id, group_id, user_id),
        CONSTRAINT group_members_group_fkey FOREIGN KEY (clinic_id, group_id) REFERENCES groups (clinic_id, id) ON DELETE CASCADE,
        CONSTRAINT group_members_user_fkey FOREIGN KEY (clinic_id, user_id) REFERENCES users (clinic_id, id),
        CONSTRAINT group_members_added_by_fkey FOREIGN KEY (clinic_id, added_by) REFERENCES users (clinic_id, id)
      )`);
    await runner.query('CREATE INDEX group_members_user_idx ON group_members (clinic_id, user_id, group_id)');

    await runner.query(`
      GRANT SELECT ON clinics, users, support_users, sign_ins, providers, user_permissions, groups, group_members TO billing_api`);
    await runner.query('GRANT UPDATE (segregation_launches_at) ON clinics TO billing_api');
    await runner.query('GRANT UPDATE (active) ON users TO billing_api');
    await runner.query('GRANT UPDATE (list_version) ON providers TO billing_api');
    await runner.query('GRANT INSERT, DELETE, UPDATE (name) ON groups TO billing_api');
    await runner.query('GRANT INSERT, DELETE ON group_members TO billing_api');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'DROP TABLE group_members, groups, user_permissions, providers, sign_ins, support_users, users, clinics',
    );
    await runner.query('DROP FUNCTION keep_segregation_launched');
  }
}
