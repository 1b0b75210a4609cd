import type { ClientBase } from 'pg';
import { type ImportRow, insertRows } from '../writer';

/**
 * A claim's transactions lie anywhere in their file, so claims and transactions wait in two temporary tables until
 * all are read; the database then puts them together. So memory does not grow with the transactions. The tables are
 * of this session alone and go away with the transaction.
 */
export async function createStaging(client: ClientBase): Promise<void> {
  await client.query(`
    CREATE TEMPORARY TABLE staged_claims (
      no integer NOT NULL,
      source_id text NOT NULL,
      bill_id uuid NOT NULL,
      kind text NOT NULL,
      state text NOT NULL,
      service_date date NOT NULL,
      provider_id uuid NOT NULL,
      patient_id uuid NOT NULL,
      encounter_id uuid,
      visit_id uuid,
      payer_id uuid,
      diagnoses text[] NOT NULL,
      stated_billed numeric(14,2) NOT NULL,
      stated_outstanding numeric(14,2) NOT NULL,
      CONSTRAINT staged_claims_key PRIMARY KEY (no)
    ) ON COMMIT DROP`);
  await client.query(`
    CREATE TEMPORARY TABLE staged_lines (
      source_id text NOT NULL,
      line integer NOT NULL,
      claim integer NOT NULL,
      type text NOT NULL,
      code text,
      description text,
      diagnosis_refs smallint[],
      units numeric(12,3),
      unit_price numeric(14,4),
      amount numeric(14,2) NOT NULL,
      received_on date,
      method text,
      CONSTRAINT staged_lines_key PRIMARY KEY (source_id)
    ) ON COMMIT DROP`);
}

const BATCH_ROWS = 2000;

/** Collects rows for one of the two tables. */
export class Stage {
  private rows: ImportRow[] = [];

  constructor(
    private readonly client: ClientBase,
    private readonly table: 'staged_claims' | 'staged_lines',
    /** Told the rows of a batch in which one or more keys had been staged before. */
    private readonly onRepeated: (rows: readonly ImportRow[]) => Promise<never>,
  ) {}

  /** Adds a row; all rows of one table must name the same columns. */
  async add(row: ImportRow): Promise<void> {
    this.rows.push(row);
    if (this.rows.length >= BATCH_ROWS) await this.flush();
  }

  async flush(): Promise<void> {
    const rows = this.rows;
    this.rows = [];
    const written = await insertRows(this.client, this.table, rows, `${this.table}_key`);
    if (written < rows.length) await this.onRepeated(rows);
  }
}
