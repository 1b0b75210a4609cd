import { canonicalJson, type Json } from './canonical-json';
import { FIELDS, type FieldName, isKind, KINDS, type SealedRecord } from './records';

const NAMES = Object.keys(FIELDS) as FieldName[];

/** So that spreadsheets take the file for UTF-8. */
const MARK = '\uFEFF';

/**
 * What a spreadsheet may take for a formula, also after blanks, and what we put in front of one. An apostrophe makes it
 * text for the spreadsheet; cells that begin with one get another, so that taking one away always gives the value back.
 */
const RISKY = /^[\s\p{Cf}]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20\t\r\n']/u;
const neutral = (text: string): string => (RISKY.test(text) ? `'${text}` : text);
const given = (cell: string): string => (cell.startsWith("'") ? cell.slice(1) : cell);

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** The first line, without what ends it. */
export const CSV_HEADER = MARK + NAMES.join(',');
export const CSV_LINE_END = '\r\n';

/** A record as a line of CSV (RFC 4180), without what ends it. */
export function csvLine(record: SealedRecord): string {
  return NAMES.map((name) => quoted(neutral(cellOf(name, record[name] ?? null)))).join(',');
}

function cellOf(name: FieldName, value: Json): string {
  if (value === null) return '';
  return FIELDS[name] === 'json' ? canonicalJson(value) : String(value);
}

/** The record that the cells of a line hold; null where they hold none. */
export function recordOfCells(cells: readonly string[]): SealedRecord | null {
  const values = new Map(NAMES.map((name, index) => [name, given(cells[index] ?? '')]));
  const kind = values.get('kind');
  if (cells.length !== NAMES.length || !isKind(kind)) return null;
  try {
    const read = (name: FieldName): [FieldName, Json] => [name, contentOf(name, values.get(name) ?? '')];
    const names: readonly FieldName[] = ['seq', 'kind', 'hash', ...KINDS[kind]];
    return Object.fromEntries(names.map(read)) as unknown as SealedRecord;
  } catch {
    return null;
  }
}

function contentOf(name: FieldName, text: string): Json {
  if (text === '') return null;
  if (FIELDS[name] === 'json') return JSON.parse(text) as Json;
  return FIELDS[name] === 'number' ? Number(text) : text;
}
