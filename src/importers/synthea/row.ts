import { ImportError } from '../error';
import { type Moment, parseDecimal, parseMoment } from './fields';

/** How Synthea writes a time that does not exist. */
const NO_TIME = '1970-01-01T00:00:00Z';

/** One row of a file. Its methods read a field by its column and raise ImportError, with file and line, for a bad one. */
export class CsvRow<Name extends string> {
  constructor(
    private readonly file: string,
    readonly line: number,
    private readonly indexes: ReadonlyMap<Name, number>,
    private readonly values: readonly string[],
  ) {}

  /** The field without spaces around it; empty when the file has no such column. */
  text(column: Name): string {
    const value = this.values[this.indexes.get(column) ?? -1] ?? '';
    if (value.includes('\0')) throw this.error(`${column} holds a zero byte. The file must be UTF-8 text`);
    return value;
  }

  /** A field that may not be empty. */
  required(column: Name): string {
    const value = this.text(column);
    if (value === '') throw this.error(`${column} is empty`);
    return value;
  }

  /** Looks up the row that a key names in another file. */
  reference<Value>(column: Name, rows: ReadonlyMap<string, Value>, file: string): Value {
    const key = this.required(column);
    const value = rows.get(key);
    if (value === undefined) throw this.error(`${column} "${key}" is in no row of ${file}`);
    return value;
  }

  /** A decimal number of zero or more below `limit`, as text; `otherwise` when the field is empty. */
  decimal<Otherwise>(column: Name, limit: number, otherwise: Otherwise): string | Otherwise {
    const value = this.text(column);
    if (value === '') return otherwise;
    const decimal = parseDecimal(value, limit);
    if (decimal === null) throw this.error(`${column} "${value}" is not a number below ${limit}`);
    if (Number(decimal) < 0) throw this.error(`${column} "${value}" is below zero`);
    return decimal;
  }

  moment(column: Name): Moment {
    const value = this.required(column);
    const moment = parseMoment(value);
    if (moment === null) {
      throw this.error(`${column} "${value}" is not a date or time such as 2024-05-31T16:30:00Z`);
    }
    return moment;
  }

  /** A time that may be missing: empty, or the first second of 1970. */
  optionalMoment(column: Name): Moment | null {
    const value = this.text(column);
    return value === '' || value === NO_TIME ? null : this.moment(column);
  }

  /** A name of at most 200 characters, which is what the tables hold. The message does not repeat it. */
  name(column: Name): string {
    const value = this.required(column);
    if (value.length > 200) throw this.error(`${column} is longer than 200 characters`);
    return value;
  }

  error(problem: string): ImportError {
    return new ImportError(problem, { file: this.file, line: this.line });
  }
}
