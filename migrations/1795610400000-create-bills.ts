import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Payers, bills, their items and payments. Money is an exact decimal in the clinic's currency, a service date a
 * calendar date. A bill keeps the sums of its items and payments, so that totals need no other table; items and
 * payments keep the provider of their bill, so that who may see them is decided without it.
 * Locks: new tables only.
 */
export class CreateBills1795610400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE payers (
        clinic_id uuid NOT NULL,
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        name text NOT NULL,
        CONSTRAINT payers_pkey PRIMARY KEY (clinic_id, id),
        CONSTRAINT payers_clinic_fkey FOREIGN KEY (clinic_id) REFERENCES clinics (id),
        CONSTRAINT payers_name_check CHECK (length(btrim(name)) BETWEEN 1 AND 200)
      )`);
    await runner.query(`
      CREATE TABLE bills (
        clinic_id uuid NOT NULL,
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        kind text NOT NULL,
        number text NOT NULL,
        status text NOT NULL,
        service_date date NOT NULL,
        provider_id uuid NOT NULL,
        patient_id uuid NOT NULL,
        encounter_id uuid,
        visit_id uuid,
        payer_id uuid,
        billed numeric(14,2) NOT NULL,
        discount numeric(14,2) NOT NULL DEFAULT 0,
        paid numeric(14,2) NOT NULL DEFAULT 0,
        refunded numeric(14,2) NOT NULL DEFAULT 0,
        outstanding numeric(14,2) NOT NULL,
        note text,
        CONSTRAINT bills_pkey PRIMARY KEY (clinic_id, id),
        CONSTRAINT bills_number_key UNIQUE (clinic_id, number),
        CONSTRAINT bills_owner_key UNIQUE (clinic_id, id, provider_id),
        CONSTRAINT bills_provider_fkey FOREIGN KEY (clinic_id, provider_id) REFERENCES providers (clinic_id, user_id),
        CONSTRAINT bills_patient_fkey FOREIGN KEY (clinic_id, patient_id) REFERENCES patients (clinic_id, id),
        CONSTRAINT bills_encounter_fkey FOREIGN KEY (clinic_id, encounter_id, patient_id) REFERENCES encounters (clinic_id, id, patient_id),
        CONSTRAINT bills_visit_fkey FOREIGN KEY (clinic_id, visit_id, patient_id) REFERENCES visits (clinic_id, id, patient_id),
        CONSTRAINT bills_payer_fkey FOREIGN KEY (clinic_id, payer_id) REFERENCES payers (clinic_id, id),
        CONSTRAINT bills_kind_status_check CHECK (
          (kind = 'INSURED' AND status IN ('DRAFT', 'READY_TO_SUBMIT', 'SUBMITTED', 'ATTENTION_REQUIRED', 'COMPLETED'))
          OR (kind = 'PRIVATE' AND status IN ('UNPAID', 'PARTIALLY_PAID', 'PAID', 'REFUNDED', 'WRITTEN_OFF'))),
        CONSTRAINT bills_payer_check CHECK (kind = 'PRIVATE' OR payer_id IS NOT NULL),
        CONSTRAINT bills_amounts_check CHECK (
          billed >= 0 AND discount BETWEEN 0 AND billed AND paid >= 0 AND refunded BETWEEN 0 AND paid),
        -- A refunded or written-off invoice owes nothing; any other owes what was not paid (below zero: a credit).
        CONSTRAINT bills_outstanding_check CHECK (
          outstanding = CASE WHEN status IN ('REFUNDED', 'WRITTEN_OFF') THEN 0 ELSE billed - discount - paid + refunded END)
      )`);
    // Each index begins with what a page is restricted to and ends with its order, newest first.
    await runner.query(
      'CREATE INDEX bills_provider_idx ON bills (clinic_id, provider_id, service_date DESC, id DESC)',
    );
    await runner.query(
      'CREATE INDEX bills_patient_idx ON bills (clinic_id, patient_id, service_date DESC, id DESC)',
    );
    // For who sees every provider of the clinic.
    await runner.query(
      'CREATE INDEX bills_newest_idx ON bills (clinic_id, service_date DESC, id DESC) INCLUDE (provider_id)',
    );
    await runner.query('CREATE INDEX bills_encounter_idx ON bills (clinic_id, encounter_id)');
    await runner.query('CREATE INDEX bills_visit_idx ON bills (clinic_id, visit_id)');
    await runner.query(`
      CREATE TABLE bill_items (
        clinic_id uuid NOT NULL,
        bill_id uuid NOT NULL,
        provider_id uuid NOT NULL,
        line integer NOT NULL,
        service_code text NOT NULL,
        description text,
        diagnosis_codes text[] NOT NULL DEFAULT '{}',
        units numeric(12,3) NOT NULL,
        unit_price numeric(14,4) NOT NULL,
        amount numeric(14,2) NOT NULL,
        CONSTRAINT bill_items_pkey PRIMARY KEY (clinic_id, bill_id, line),
        CONSTRAINT bill_items_bill_fkey FOREIGN KEY (clinic_id, bill_id, provider_id)
          REFERENCES bills (clinic_id, id, provider_id) ON UPDATE CASCADE,
        CONSTRAINT bill_items_amounts_check CHECK (line > 0 AND units >= 0 AND unit_price >= 0 AND amount >= 0)
      )`);
    await runner.query(`
      CREATE TABLE payments (
        clinic_id uuid NOT NULL,
        bill_id uuid NOT NULL,
        provider_id uuid NOT NULL,
        line integer NOT NULL,
        kind text NOT NULL,
        amount numeric(14,2) NOT NULL,
        received_on date NOT NULL,
        method text,
        CONSTRAINT payments_pkey PRIMARY KEY (clinic_id, bill_id, line),
        CONSTRAINT payments_bill_fkey FOREIGN KEY (clinic_id, bill_id, provider_id)
          REFERENCES bills (clinic_id, id, provider_id) ON UPDATE CASCADE,
        CONSTRAINT payments_kind_check CHECK (kind IN ('PAYMENT', 'REFUND')),
        CONSTRAINT payments_amount_check CHECK (line > 0 AND amount > 0)
      )`);
    // Nobody has to tell the provider of an item: it is the bill's.
    await runner.query(`
      CREATE FUNCTION take_provider_of_bill() RETURNS trigger LANGUAGE plpgsql AS $body$
      BEGIN
        SELECT b.provider_id INTO NEW.provider_id FROM bills b WHERE b.clinic_id = NEW.clinic_id AND b.id = NEW.bill_id;
        RETURN NEW;
      END $body$`);
    for (const table of ['bill_items', 'payments']) {
      await runner.query(`
        CREATE TRIGGER ${table}_take_provider BEFORE INSERT ON ${table}
        FOR EACH ROW WHEN (NEW.provider_id IS NULL) EXECUTE FUNCTION take_provider_of_bill()`);
    }
    await runner.query('GRANT SELECT ON payers, bills, bill_items, payments TO billing_api');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE payments, bill_items, bills, payers');
    await runner.query('DROP FUNCTION take_provider_of_bill');
  }
}
