import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Patients, their visits and encounters. Every user of the clinic sees these; only bills are guarded.
 * The keys with patient_id let a row that names both a patient and a visit or encounter prove that they belong together.
 * Locks: new tables only.
 */
export class CreateRecords1795610300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE patients (
        clinic_id uuid NOT NULL,
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        name text NOT NULL,
        birth_date date NOT NULL,
        CONSTRAINT patients_pkey PRIMARY KEY (clinic_id, id),
        CONSTRAINT patients_clinic_fkey FOREIGN KEY (clinic_id) REFERENCES clinics (id),
        CONSTRAINT patients_name_check CHECK (length(btrim(name)) BETWEEN 1 AND 200)
      )`);
    await runner.query('CREATE INDEX patients_name_idx ON patients (clinic_id, name, id)');
    await runner.query(`
      CREATE TABLE visits (
        clinic_id uuid NOT NULL,
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        patient_id uuid NOT NULL,
        started_at timestamptz NOT NULL,
        reason text,
        CONSTRAINT visits_pkey PRIMARY KEY (clinic_id, id),
        CONSTRAINT visits_patient_key UNIQUE (clinic_id, id, patient_id),
        CONSTRAINT visits_patient_fkey FOREIGN KEY (clinic_id, patient_id) REFERENCES patients (clinic_id, id)
      )`);
    await runner.query('CREATE INDEX visits_started_idx ON visits (clinic_id, started_at DESC, id DESC)');
    await runner.query(
      'CREATE INDEX visits_chart_idx ON visits (clinic_id, patient_id, started_at DESC, id DESC)',
    );
    await runner.query(`
      CREATE TABLE encounters (
        clinic_id uuid NOT NULL,
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        patient_id uuid NOT NULL,
        provider_id uuid NOT NULL,
        visit_id uuid,
        started_at timestamptz NOT NULL,
        ended_at timestamptz,
        reason text,
        CONSTRAINT encounters_pkey PRIMARY KEY (clinic_id, id),
        CONSTRAINT encounters_patient_key UNIQUE (clinic_id, id, patient_id),
        CONSTRAINT encounters_patient_fkey FOREIGN KEY (clinic_id, patient_id) REFERENCES patients (clinic_id, id),
        CONSTRAINT encounters_provider_fkey FOREIGN KEY (clinic_id, provider_id) REFERENCES providers (clinic_id, user_id),
        CONSTRAINT encounters_visit_fkey FOREIGN KEY (clinic_id, visit_id, patient_id) REFERENCES visits (clinic_id, id, patient_id),
        CONSTRAINT encounters_period_check CHECK (ended_at >= started_at)
      )`);
    await runner.query(
      'CREATE INDEX encounters_chart_idx ON encounters (clinic_id, patient_id, started_at DESC, id DESC)',
    );
    await runner.query('CREATE INDEX encounters_visit_idx ON encounters (clinic_id, visit_id)');
    await runner.query('GRANT SELECT ON patients, visits, encounters TO billing_api');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE encounters, visits, patients');
  }
}
