import { createReadStream } from 'node:fs';
import path from 'node:path';
import { CsvError, type InfoRecord, parse } from 'csv-parse';
import { ImportError } from '../error';
import { CsvRow } from './row';

/** The columns that a reader wants of a file. A required one that is missing is an error, an optional one is empty. */
export interface Columns<Name extends string> {
  required: readonly Name[];
  optional: readonly Name[];
}

/**
 * Streams the rows of a CSV file, holding only the wanted columns, which are found by name in any order and case.
 * Nothing of the other columns (social security, driving licence and passport numbers) leaves this function.
 * `onBytes` is told how far the file has been read. Raises ImportError for a row whose number of fields is not the
 * header's, for broken quoting, a missing column and an unreadable file.
 */
export async function* readCsv<Name extends string>(
  folder: string,
  file: string,
  columns: Columns<Name>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<CsvRow<Name>> {
  let header: Header<Name> | undefined;
  let lastLine = 0;
  const pick = (record: string[], { lines }: InfoRecord): CsvRow<Name> | null => {
    lastLine = lines;
    if (header === undefined) {
      header = readHeader(file, record, columns);
      return null;
    }
    if (record.length !== header.fields) {
      throw new ImportError(
        `the row has ${record.length} fields and the header ${header.fields}. Is the file cut off?`,
        { file, line: lines },
      );
    }
    const values = header.positions.map((position) => record[position]?.trim() ?? '');
    return new CsvRow(file, lines, header.indexes, values);
  };
  const source = createReadStream(path.join(folder, file));
  const parser = parse({
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
    // The parser passes on whatever this answers; its types only know records.
    on_record: pick as never,
  });
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    for await (const row of parser) {
      onBytes(source.bytesRead);
      yield row as CsvRow<Name>;
    }
  } catch (error) {
    throw explain(error, file, lastLine + 1);
  } finally {
    source.destroy();
  }
  if (header === undefined) throw new ImportError('the file is empty', { file });
}

interface Header<Name extends string> {
  fields: number;
  /** Where each wanted column is in a record, in the order of `indexes`. */
  positions: readonly number[];
  /** Where each wanted column is in a row's values. */
  indexes: ReadonlyMap<Name, number>;
}

function readHeader<Name extends string>(
  file: string,
  record: readonly string[],
  columns: Columns<Name>,
): Header<Name> {
  const found = new Map(record.map((name, position) => [name.trim().toLowerCase(), position]));
  const missing = columns.required.filter((name) => !found.has(name.toLowerCase()));
  if (missing.length > 0) {
    const what =
      missing.length === 1 ? `the column ${missing[0]} is` : `the columns ${missing.join(', ')} are`;
    throw new ImportError(`${what} missing`, { file, line: 1 });
  }
  const wanted = [...columns.required, ...columns.optional];
  return {
    fields: record.length,
    positions: wanted.map((name) => found.get(name.toLowerCase()) ?? -1),
    indexes: new Map(wanted.map((name, index) => [name, index])),
  };
}

/** The parser's own messages may quote a row; ours say where it is and what to look at. */
function explain(error: unknown, file: string, line: number): unknown {
  if (error instanceof CsvError) {
    if (error.code === 'CSV_QUOTE_NOT_CLOSED') {
      return new ImportError('a quoted field is never closed. Is the file cut off?', { file, line });
    }
    return new ImportError(`the row is not valid CSV (${error.code})`, { file, line });
  }
  const code = (error as NodeJS.ErrnoException).code;
  if (error instanceof Error && typeof code === 'string' && 'syscall' in error) {
    return new ImportError(`the file cannot be read (${code})`, { file, cause: error });
  }
  return error;
}
