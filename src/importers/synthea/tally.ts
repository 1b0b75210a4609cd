/** What an import counts of one table. */
export interface TableCount {
  table: string;
  /** Rows of the files that speak of this table. */
  read: number;
  written: number;
  /** Rows that an earlier import wrote; they are left as they are now. */
  alreadyThere: number;
}

/** Rows that were read and not written, and why. */
export interface SkipCount {
  file: string;
  why: string;
  rows: number;
}

/** Counts what an import reads, writes and skips, in the order in which it happens. */
export class Tally {
  private readonly byTable = new Map<string, TableCount>();
  private readonly bySkip = new Map<string, SkipCount>();
  /** What the person who imports should know besides the numbers. */
  readonly notes: string[] = [];

  add(table: string, counts: { read?: number; written?: number; alreadyThere?: number }): void {
    const count = this.byTable.get(table) ?? { table, read: 0, written: 0, alreadyThere: 0 };
    count.read += counts.read ?? 0;
    count.written += counts.written ?? 0;
    count.alreadyThere += counts.alreadyThere ?? 0;
    this.byTable.set(table, count);
  }

  skip(file: string, why: string, rows = 1): void {
    const key = `${file} ${why}`;
    const count = this.bySkip.get(key) ?? { file, why, rows: 0 };
    count.rows += rows;
    this.bySkip.set(key, count);
  }

  read(table: string): number {
    return this.byTable.get(table)?.read ?? 0;
  }

  get tables(): TableCount[] {
    return [...this.byTable.values()];
  }

  get skipped(): SkipCount[] {
    return [...this.bySkip.values()];
  }
}
