import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { accessRecords, peopleOf, type Unread } from './access-log';
import { canonicalJson } from './canonical-json';
import { HashChain } from './chain';
import { CSV_HEADER, CSV_LINE_END, csvLine } from './csv';
import { AuditExportError } from './error';
import { historyRecords } from './history';
import { type Content, FORMAT, type SealedRecord } from './records';
import type { Scope } from './scope';

export type Format = 'ndjson' | 'csv';

/** What was written. */
export interface ExportSummary {
  /** How many records, the first and the last line of the file not counted. */
  readonly records: number;
  /** The hash of the last line. Noted elsewhere, it shows later that the file is the one that was written then. */
  readonly head: string;
  readonly unread: Unread;
}

/**
 * The records of an export, sealed: the first says what is exported, the last how many there are. The history is read
 * in the client's open transaction; the same data give the same records, whenever and wherever they are exported.
 */
export async function* sealedRecords(
  client: ClientBase,
  scope: Scope,
  accessLogs: readonly string[],
  unread: Unread = { lines: 0, cut: null },
): AsyncGenerator<SealedRecord> {
  const chain = new HashChain();
  yield chain.seal({
    kind: 'export',
    format: FORMAT,
    clinicId: scope.clinic.id,
    clinicName: scope.clinic.name,
    from: scope.from,
    to: scope.to,
    sources: accessLogs.length > 0 ? ['history', 'access log'] : ['history'],
  });
  for await (const content of contents(client, scope, accessLogs, unread)) yield chain.seal(content);
  yield chain.seal({ kind: 'end', count: chain.length - 1 });
}

async function* contents(
  client: ClientBase,
  scope: Scope,
  accessLogs: readonly string[],
  unread: Unread,
): AsyncGenerator<Content> {
  yield* historyRecords(client, scope);
  if (accessLogs.length === 0) return;
  const people = await peopleOf(client, scope.clinic.id);
  for (const file of accessLogs) yield* accessRecords(file, scope, people, unread);
}

/** Does something with the database as it is at one instant, and changes nothing. */
export async function atOneInstant<Result>(client: ClientBase, act: () => Promise<Result>): Promise<Result> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    return await act();
  } finally {
    // Where the connection is gone, so is the transaction; what went wrong is told by the error that is on its way.
    await client.query('ROLLBACK').catch(() => undefined);
  }
}

/**
 * Writes an export to a new file, for its owner alone to read, record by record. The client is inside `atOneInstant`.
 * Raises AuditExportError where the file is there already or cannot be written, and leaves none behind then.
 */
export async function writeExport(
  client: ClientBase,
  scope: Scope,
  options: {
    readonly out: string;
    readonly format: Format;
    readonly accessLogs: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<ExportSummary> {
  const { out, format, accessLogs, signal } = options;
  const unread: Unread = { lines: 0, cut: null };
  let last: SealedRecord | undefined;
  async function* text(): AsyncGenerator<string> {
    if (format === 'csv') yield CSV_HEADER + CSV_LINE_END;
    for await (const record of sealedRecords(client, scope, accessLogs, unread)) {
      last = record;
      yield format === 'csv' ? csvLine(record) + CSV_LINE_END : `${canonicalJson(record)}\n`;
    }
  }
  // Whoever sees the file sees who is whose patient: for its owner alone.
  const file = createWriteStream(out, { flags: 'wx', mode: 0o600 });
  await once(file, 'open').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') {
      throw new AuditExportError(`${out} is there already. Name another file, or remove that one first.`);
    }
    throw new AuditExportError(`${out} cannot be written: ${error.message}`);
  });
  try {
    await pipeline(Readable.from(text()), file, { signal });
  } catch (error) {
    await rm(out, { force: true });
    throw error;
  }
  return { records: Number(last?.count ?? 0), head: last?.hash ?? '', unread };
}
