import type { ClientBase } from 'pg';

/** The tables that importers fill, parents before children; rows go in in this order. */
const TABLES = [
  'users',
  'sign_ins',
  'providers',
  'user_permissions',
  'groups',
  'group_members',
  'delegations',
  'patients',
  'visits',
  'encounters',
  'payers',
  'bills',
  'bill_items',
  'payments',
] as const;

export type ImportTable = (typeof TABLES)[number];

/** A row by column name. Dates and decimals as text, so that nothing passes through a float or a time zone. */
export type ImportRow = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** How many rows of a table were given, and how many of them were new. */
export interface WriteCount {
  given: number;
  written: number;
}

const BATCH_ROWS = 2000;

/**
 * Writes rows in batches through one connection, within the caller's transaction. A row whose key is there already
 * is left as it is, so that an import may be run again.
 */
export class ClinicWriter {
  private readonly buffers = new Map<ImportTable, ImportRow[]>(TABLES.map((table) => [table, []]));
  private readonly counted = new Map<ImportTable, WriteCount>();
  private buffered = 0;

  constructor(private readonly client: ClientBase) {}

  /** Adds a row; all rows of one table must name the same columns. Flushes when enough rows wait. */
  async add(table: ImportTable, row: ImportRow): Promise<void> {
    this.buffers.get(table)?.push(row);
    this.buffered += 1;
    if (this.buffered >= BATCH_ROWS) await this.flush();
  }

  /** Writes everything that waits, parents first. Raises the database's error when a row breaks an invariant. */
  async flush(): Promise<void> {
    for (const table of TABLES) {
      const rows = this.buffers.get(table) ?? [];
      const first = rows[0];
      if (first === undefined) continue;
      this.buffers.set(table, []);
      const columns = Object.keys(first).join(', ');
      const result = await this.client.query(
        `INSERT INTO ${table} (${columns})
         SELECT ${columns} FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb)
         ON CONFLICT DO NOTHING`,
        [JSON.stringify(rows)],
      );
      const count = this.counted.get(table) ?? { given: 0, written: 0 };
      count.given += rows.length;
      count.written += result.rowCount ?? 0;
      this.counted.set(table, count);
    }
    this.buffered = 0;
  }

  /** The rows given and written so far, table by table. */
  counts(): ReadonlyMap<ImportTable, Readonly<WriteCount>> {
    return this.counted;
  }
}
