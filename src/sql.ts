/** For whom a statement over bills is run: the row-level policies let it see what this viewer may, and no more. */
export interface Told {
  readonly viewer: string;
  readonly clinic: string;
  readonly now: string;
  readonly action: string;
}

/** Runs one SQL statement. What every store is given; each request has one that counts. */
export interface Statements {
  /**
   * Answers the rows. Without `told`, tables under row-level security show nothing. Raises UNAVAILABLE when the
   * database cannot answer now.
   */
  query<Row extends object>(text: string, values: readonly unknown[], told?: Told): Promise<Row[]>;
}

/** Runs several statements as one: all of their changes or none. */
export interface Transactions extends Statements {
  /**
   * Commits when `work` answers and takes everything back when it raises. Work that lost a deadlock or a
   * serialization race is done again, so it must not change anything but the database.
   */
  transaction<Result>(work: (transaction: Statements) => Promise<Result>): Promise<Result>;
}

/**
 * Collects the values of a statement while its text is put together. Text is only ever our own; whatever comes from
 * outside becomes a numbered parameter.
 */
export class Parameters {
  readonly values: unknown[] = [];

  /** Adds a value and answers its placeholder, with a cast where PostgreSQL could not tell the type. */
  add(value: unknown, type?: string): string {
    this.values.push(value);
    return `$${this.values.length}${type === undefined ? '' : `::${type}`}`;
  }
}

/**
 * A parameter (`uuid[]`) of every statement over bills: the providers that the primary permits, where the statement is
 * run on a read replica, which cannot decide that (`src/replica`). To the driver it is NULL: on the primary, the
 * statement's own predicate decides alone.
 */
export const PERMITTED_BY_PRIMARY: unknown = Object.freeze({ toPostgres: () => null });

/** Joins conditions; none is TRUE. */
export const allOf = (conditions: readonly string[]): string =>
  conditions.length === 0 ? 'TRUE' : conditions.join(' AND ');

/** A pattern that finds `search` anywhere, its own wildcard characters taken as plain text (with ESCAPE '\'). */
export const containing = (search: string): string => `%${search.replace(/[\\%_]/g, '\\$&')}%`;
