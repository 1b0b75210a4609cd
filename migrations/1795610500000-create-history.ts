import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Each recorded table: when its trigger runs and what a row of it says in the history. */
const RECORDED = [
  {
    table: 'delegations',
    events: 'INSERT OR UPDATE OR DELETE',
    body: `
      DECLARE
        changed delegations := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        kind text := CASE WHEN changed.delegate_user_id IS NULL THEN 'GROUP' ELSE 'USER' END;
        verb text := CASE TG_OP WHEN 'INSERT' THEN 'ADDED' WHEN 'DELETE' THEN 'REMOVED' ELSE 'CHANGED' END;
      BEGIN
        IF TG_OP = 'UPDATE' AND OLD.expires_at IS NOT DISTINCT FROM NEW.expires_at THEN RETURN NULL; END IF;
        PERFORM record_history(changed.clinic_id, kind || '_DELEGATE_' || verb,
          changed.provider_id, changed.delegate_group_id, changed.delegate_user_id,
          CASE WHEN TG_OP <> 'INSERT' THEN jsonb_build_object('expiresAt', OLD.expires_at) END,
          CASE WHEN TG_OP <> 'DELETE' THEN jsonb_build_object('expiresAt', NEW.expires_at) END);
        RETURN NULL;
      END`,
  },
  {
    table: 'groups',
    events: 'INSERT OR UPDATE OF name OR DELETE',
    body: `
      BEGIN
        IF TG_OP = 'UPDATE' AND OLD.name::text = NEW.name::text THEN RETURN NULL; END IF;
        PERFORM record_history(
          CASE TG_OP WHEN 'DELETE' THEN OLD.clinic_id ELSE NEW.clinic_id END,
          CASE TG_OP WHEN 'INSERT' THEN 'GROUP_CREATED' WHEN 'DELETE' THEN 'GROUP_DELETED' ELSE 'GROUP_RENAMED' END,
          NULL, CASE TG_OP WHEN 'DELETE' THEN OLD.id ELSE NEW.id END, NULL,
          CASE WHEN TG_OP <> 'INSERT' THEN jsonb_build_object('name', OLD.name) END,
          CASE WHEN TG_OP <> 'DELETE' THEN jsonb_build_object('name', NEW.name) END);
        RETURN NULL;
      END`,
  },
  {
    table: 'group_members',
    events: 'INSERT OR DELETE',
    body: `
      DECLARE
        changed group_members := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
      BEGIN
        PERFORM record_history(changed.clinic_id,
          CASE TG_OP WHEN 'INSERT' THEN 'GROUP_MEMBER_ADDED' ELSE 'GROUP_MEMBER_REMOVED' END,
          NULL, changed.group_id, changed.user_id, NULL, NULL);
        RETURN NULL;
      END`,
  },
  {
    table: 'users',
    events: 'INSERT OR UPDATE OF active',
    body: `
      BEGIN
        IF TG_OP = 'INSERT' THEN
          -- A user who joins active is the ordinary case, told by created_at.
          IF NEW.active THEN RETURN NULL; END IF;
        ELSIF OLD.active = NEW.active THEN
          RETURN NULL;
        END IF;
        PERFORM record_history(NEW.clinic_id,
          CASE WHEN NEW.active THEN 'USER_REACTIVATED' ELSE 'USER_DEACTIVATED' END, NULL, NULL, NEW.id,
          CASE WHEN TG_OP = 'UPDATE' THEN jsonb_build_object('active', OLD.active) END,
          jsonb_build_object('active', NEW.active));
        RETURN NULL;
      END`,
  },
  {
    table: 'clinics',
    events: 'INSERT OR UPDATE OF segregation_launches_at',
    body: `
      DECLARE
        before timestamptz := CASE WHEN TG_OP = 'UPDATE' THEN OLD.segregation_launches_at END;
      BEGIN
        IF before IS NOT DISTINCT FROM NEW.segregation_launches_at THEN RETURN NULL; END IF;
        PERFORM record_history(NEW.id, 'SEGREGATION_LAUNCH_SET', NULL, NULL, NULL,
          jsonb_build_object('launchesAt', before), jsonb_build_object('launchesAt', NEW.segregation_launches_at));
        RETURN NULL;
      END`,
  },
] as const;

/**
 * The history of everything that decides access: who changed what, when, for whom. Triggers write it, so that no
 * writer can forget it and none but them can write it; nobody can change or delete it.
 * The transaction names its actor in the settings billing.actor_user and billing.actor_support_user.
 * Locks: one new table; adding the triggers takes SHARE ROW EXCLUSIVE for an instant on five small tables, not on bills.
 */
export class CreateHistory1795610500000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE history (
        clinic_id uuid NOT NULL,
        id bigint GENERATED ALWAYS AS IDENTITY,
        at timestamptz NOT NULL,
        action text NOT NULL,
        actor_user_id uuid,
        actor_support_user_id uuid,
        provider_id uuid,
        group_id uuid,
        user_id uuid,
        before jsonb,
        after jsonb,
        CONSTRAINT history_pkey PRIMARY KEY (clinic_id, id),
        CONSTRAINT history_clinic_fkey FOREIGN KEY (clinic_id) REFERENCES clinics (id),
        CONSTRAINT history_actor_fkey FOREIGN KEY (clinic_id, actor_user_id) REFERENCES users (clinic_id, id),
        CONSTRAINT history_action_check CHECK (action IN (
          'USER_DELEGATE_ADDED', 'USER_DELEGATE_CHANGED', 'USER_DELEGATE_REMOVED',
          'GROUP_DELEGATE_ADDED', 'GROUP_DELEGATE_CHANGED', 'GROUP_DELEGATE_REMOVED',
          'GROUP_CREATED', 'GROUP_RENAMED', 'GROUP_DELETED', 'GROUP_MEMBER_ADDED', 'GROUP_MEMBER_REMOVED',
          'USER_DEACTIVATED', 'USER_REACTIVATED', 'SEGREGATION_LAUNCH_SET'))
      )`);
    await runner.query('CREATE INDEX history_at_idx ON history (clinic_id, at DESC, id DESC)');
    await runner.query(
      'CREATE INDEX history_provider_idx ON history (clinic_id, provider_id, at DESC, id DESC) WHERE provider_id IS NOT NULL',
    );
    await runner.query(`
      CREATE FUNCTION refuse_history_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'the history is append-only' USING ERRCODE = 'restrict_violation';
      END
      $$`);
    await runner.query(`
      CREATE TRIGGER history_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON history
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_history_change()`);
    // SECURITY DEFINER: the API's role may not write the history; only what the triggers say gets there.
    await runner.query(`
      CREATE FUNCTION record_history(clinic uuid, what text, provider uuid, grp uuid, usr uuid, was jsonb, becomes jsonb)
      RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        INSERT INTO public.history
          (clinic_id, at, action, actor_user_id, actor_support_user_id, provider_id, group_id, user_id, before, after)
        VALUES (clinic, clock_timestamp(), what,
          nullif(current_setting('billing.actor_user', true), '')::uuid,
          nullif(current_setting('billing.actor_support_user', true), '')::uuid,
          provider, grp, usr, was, becomes)
      $$`);
    await runner.query(
      'REVOKE ALL ON FUNCTION record_history(uuid, text, uuid, uuid, uuid, jsonb, jsonb) FROM PUBLIC',
    );
    for (const { table, events, body } of RECORDED) {
      await runner.query(`
        CREATE FUNCTION record_${table}_change() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$ ${body}; $$`);
      await runner.query(`
        CREATE TRIGGER ${table}_history AFTER ${events} ON ${table}
        FOR EACH ROW EXECUTE FUNCTION record_${table}_change()`);
    }
    await runner.query('GRANT SELECT ON history TO billing_api');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { table } of RECORDED) {
      await runner.query(`DROP TRIGGER ${table}_history ON ${table}`);
      await runner.query(`DROP FUNCTION record_${table}_change`);
    }
    await runner.query('DROP FUNCTION record_history');
    await runner.query('DROP TABLE history');
    await runner.query('DROP FUNCTION refuse_history_change');
  }
}
