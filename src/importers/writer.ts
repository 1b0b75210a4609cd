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
export type ImportRow = Readonly<
  Record<string, string | number | boolean | null | readonly string[] | readonly number[]>
>;

/** How many rows of a table were given, and how many of them were new. */
export interface WriteCount {
  given: number;
  written: number;
}

const BATCH_ROWS = 2000;

/** The tables that the foreign keys of many rows lead to. */
const PARENTS: ReadonlySet<ImportTable> = new Set(['users', 'patients', 'visits', 'encounters', 'bills']);

/** A parent table's statistics are renewed whenever this many times more rows have gone in. */
const ANALYZE_GROWTH = 4;

/**
 * Inserts rows of one table with one statement and answers how many of them were new. All rows must name the columns
 * of the first one. Only a row whose `key` (the name of a constraint) is there already is left out: any other
 * conflict, for example of a bill's number, raises the database's error instead of losing the row.
 * `table`, `key` and the column names become SQL: they must be our own words, never what comes from outside.
 */
export async function insertRows(
  client: ClientBase,
  table: string,
  rows: readonly ImportRow[],
  key: string,
): Promise<number> {
  const first = rows[0];
  if (first === undefined) return 0;
  const columns = Object.keys(first).join(', ');
  const result = await client.query(
    `INSERT INTO ${table} (${columns})
     SELECT ${columns} FROM json_populate_recordset(NULL::${table}, $1::json)
     ON CONFLICT ON CONSTRAINT ${key} DO NOTHING`,
    [JSON.stringify(rows)],
  );
  return result.rowCount ?? 0;
}

/**
 * Writes rows in batches through one connection, within the caller's transaction. A row whose key is there already
 * is left as it is, so that an import may be run again.
 */
export class ClinicWriter {
  private readonly buffers = new Map<ImportTable, ImportRow[]>(TABLES.map((table) => [table, []]));
  private readonly counted = new Map<ImportTable, WriteCount>();
  /** The number of rows written from which a table's statistics are to be renewed. */
  private readonly analyzeFrom = new Map<ImportTable, number>();
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
      if (rows.length === 0) continue;
      this.buffers.set(table, []);
      const written = await insertRows(this.client, table, rows, `${table}_pkey`);
      const count = this.counted.get(table) ?? { given: 0, written: 0 };
      count.given += rows.length;
      count.written += written;
      this.counted.set(table, count);
      if (PARENTS.has(table)) await this.renewStatistics(table, count.written);
    }
    this.buffered = 0;
  }

  /**
   * Tells the planner how large a growing table is. While it believes a table empty, PostgreSQL checks a foreign key
   * by any index that begins with clinic_id and so reads through the clinic's rows for each row that goes in.
   */
  private async renewStatistics(table: ImportTable, written: number): Promise<void> {
    if (written < (this.analyzeFrom.get(table) ?? 1)) return;
    this.analyzeFrom.set(table, written * ANALYZE_GROWTH);
    // SKIP_LOCKED: another import, or autovacuum, may be at the same table; waiting for it could become a deadlock.
    await this.client.query(`ANALYZE (SKIP_LOCKED) ${table}`);
  }

  /** The rows given and written so far, table by table. */
  counts(): ReadonlyMap<ImportTable, Readonly<WriteCount>> {
    return this.counted;
  }
}
