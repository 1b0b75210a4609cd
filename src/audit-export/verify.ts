import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import { canonicalJson } from './canonical-json';
import { HashChain } from './chain';
import { CSV_HEADER, CSV_LINE_END, csvLine, recordOfCells } from './csv';
import { linesOf, textOf } from './lines';
import { FORMAT, isKind, type Kind, type SealedRecord } from './records';

/** What a verification found. */
export type Verdict =
  | {
      readonly intact: true;
      readonly records: number;
      readonly byKind: ReadonlyMap<Kind, number>;
      readonly head: string;
      /** The first record: what was exported. */
      readonly about: SealedRecord;
    }
  | {
      readonly intact: false;
      /** The line, from 1, at which the file first is not as it was written. */
      readonly line: number;
      readonly reason: string;
    };

/** A line of the file; `record` is null where it holds none, or is not as an export writes it. */
interface Line {
  readonly number: number;
  readonly record: SealedRecord | null;
}

/**
 * Checks an export, NDJSON or CSV, line by line against its own chain of hashes. Raises AuditExportError where the file
 * cannot be read.
 */
export async function verifyExport(file: string): Promise<Verdict> {
  const check = new Check();
  for await (const line of (await isNdjson(file)) ? ndjsonLines(file) : csvLines(file)) {
    const reason = check.refuses(line.record);
    if (reason !== null) return { intact: false, line: line.number, reason };
    check.lastLine = line.number;
  }
  return check.verdict();
}

/** Takes the records one after the other and says what is wrong with one. */
class Check {
  lastLine = 0;
  private readonly chain = new HashChain();
  private readonly byKind = new Map<Kind, number>();
  private about: SealedRecord | null = null;
  private ended = false;

  /** Why this record cannot stand here; null: it is as it was written. */
  refuses(record: SealedRecord | null): string | null {
    const expected = this.chain.length;
    if (this.ended) return 'it stands after the end of the export: it was added.';
    if (record === null) return 'it is not as an export writes its lines: it was changed or added.';
    if (record.seq > expected) {
      return `record ${expected} should stand here, and this is record ${record.seq}: one was removed, or the order was changed.`;
    }
    if (record.seq < expected) {
      return `record ${expected} should stand here, and this is record ${record.seq}: one was added, or the order was changed.`;
    }
    const { hash, ...content } = record;
    if (this.chain.seal(content).hash !== hash) {
      return 'its hash does not fit: it was changed, or one before it was removed or added.';
    }
    if ((record.kind === 'export') !== (expected === 0))
      return 'an export begins with one line of the kind "export".';
    if (record.kind === 'export') {
      if (record.format !== FORMAT)
        return `its form is version ${String(record.format)}; this program reads ${FORMAT}.`;
      this.about = record;
    } else if (record.kind === 'end') {
      if (record.count !== expected - 1)
        return `it tells of ${String(record.count)} records; there are ${expected - 1}.`;
      this.ended = true;
    } else {
      this.byKind.set(record.kind, (this.byKind.get(record.kind) ?? 0) + 1);
    }
    return null;
  }

  verdict(): Verdict {
    if (this.about === null || !this.ended) {
      const reason =
        this.about === null ? 'the file holds no export.' : 'the end is missing: the file was cut off here.';
      return { intact: false, line: this.lastLine + 1, reason };
    }
    return {
      intact: true,
      records: this.chain.length - 2,
      byKind: this.byKind,
      head: this.chain.head,
      about: this.about,
    };
  }
}

async function isNdjson(file: string): Promise<boolean> {
  for await (const piece of textOf(file)) {
    if (piece !== '') return piece.startsWith('{');
  }
  return true;
}

async function* ndjsonLines(file: string): AsyncGenerator<Line> {
  for await (const { number, text, ended } of linesOf(file)) {
    yield { number, record: ended ? recordOfJson(text) : null };
  }
}

/** The record of a line of NDJSON, if the line is to the letter as that record is written. */
function recordOfJson(text: string): SealedRecord | null {
  try {
    const value = JSON.parse(text) as SealedRecord | null;
    const isRecord =
      typeof value === 'object' &&
      value !== null &&
      isKind(value.kind) &&
      Number.isSafeInteger(value.seq) &&
      typeof value.hash === 'string';
    return isRecord && canonicalJson(value) === text ? value : null;
  } catch {
    return null;
  }
}

async function* csvLines(file: string): AsyncGenerator<Line> {
  const parser = parse({ info: true, raw: true, relax_column_count: true, record_delimiter: CSV_LINE_END });
  // What goes wrong there ends the reading of the parser below, and an end of the reading ends it.
  pipeline(Readable.from(textOf(file)), parser).catch(() => undefined);
  // To the letter: what the parser calls raw ends with the first of the two characters that end a line.
  const isAsWritten = (raw: string, line: string): boolean => raw === `${line}\r`;
  let number = 1;
  let header = true;
  try {
    for await (const { record: cells, raw } of parser as AsyncIterable<CsvEntry>) {
      const record = header ? null : recordOfCells(cells);
      const known = header ? CSV_HEADER : record === null ? null : csvLine(record);
      if (known === null || !isAsWritten(raw, known)) yield { number, record: null };
      else if (!header) yield { number, record };
      header = false;
      number += raw.split('\n').length;
    }
  } catch (error) {
    if (!(error as { code?: string }).code?.startsWith('CSV_')) throw error;
    yield { number, record: null };
  }
}

interface CsvEntry {
  readonly record: string[];
  readonly raw: string;
}
