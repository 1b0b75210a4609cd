import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** A value of a row as COPY takes it: text must hold no tab, line break or backslash. */
export type Value = string | number | boolean | null;

/** Rows for a table. */
export interface TableRows {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: Iterable<readonly Value[]>;
}

const CHUNK = 256 * 1024;
const REPORT = 250_000;

/** Loads rows by COPY (https://www.postgresql.org/docs/current/sql-copy.html, text format). */
export async function copyRows(
  client: ClientBase,
  { table, columns, rows }: TableRows,
  onProgress: (line: string) => void,
): Promise<void> {
  let count = 0;
  function* chunks(): Generator<string> {
    let text = '';
    for (const row of rows) {
      text += lineOf(row);
      count += 1;
      if (count % REPORT === 0) onProgress(`${table}: ${count.toLocaleString('en')}`);
      if (text.length < CHUNK) continue;
      yield text;
      text = '';
    }
    yield text;
  }
  await pipeline(
    Readable.from(chunks(), { objectMode: true, highWaterMark: 4 }),
    client.query(copyFrom(`COPY ${table} (${columns.join(', ')}) FROM STDIN`)),
  );
  if (count >= REPORT) onProgress(`${table}: all ${count.toLocaleString('en')}`);
}

function lineOf(row: readonly Value[]): string {
  let line = '';
  for (let index = 0; index < row.length; index += 1) {
    const value = row[index];
    line += (index === 0 ? '' : '\t') + (value === null ? '\\N' : value);
  }
  return `${line}\n`;
}

interface Definition {
  readonly drop: string;
  readonly create: string;
}

/**
 * Runs `load` without the tables' indexes, keys and foreign keys, then makes them again as they were: built at once
 * they take a fraction of the time, and PostgreSQL checks every row against every key. Within the caller's transaction.
 */
export async function withoutIndexes(
  client: ClientBase,
  tables: readonly string[],
  onProgress: (line: string) => void,
  load: () => Promise<void>,
): Promise<void> {
  // Foreign keys first: they need the keys that they point to.
  const definitions = [
    ...(await constraintsOf(client, tables, ['f'])),
    ...(await constraintsOf(client, tables, ['p', 'u', 'x'])),
    ...(await indexesOf(client, tables)),
  ];
  for (const { drop } of definitions) await client.query(drop);
  await load();
  onProgress(`building ${definitions.length} indexes and keys`);
  for (const { create } of definitions.toReversed()) await client.query(create);
}

async function constraintsOf(
  client: ClientBase,
  tables: readonly string[],
  types: readonly string[],
): Promise<Definition[]> {
  const { rows } = await client.query<Definition>(
    `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop,
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS create
     FROM pg_constraint
     WHERE contype::text = ANY ($2) AND (conrelid = ANY ($1::regclass[]) OR confrelid = ANY ($1::regclass[]))
     ORDER BY conname`,
    [tables, types],
  );
  return rows;
}

async function indexesOf(client: ClientBase, tables: readonly string[]): Promise<Definition[]> {
  const { rows } = await client.query<Definition>(
    `SELECT format('DROP INDEX %s', indexrelid::regclass) AS drop, pg_get_indexdef(indexrelid) AS create
     FROM pg_index WHERE indrelid = ANY ($1::regclass[])
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
     ORDER BY indexrelid`,
    [tables],
  );
  return rows;
}
