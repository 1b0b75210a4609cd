import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from './files';
import type { Mutant } from './mutation';

/** Mutants that decide as the original does, each with the reason why nothing can tell them apart. */
export const EQUIVALENT = 'proof/mutants/equivalent.json';

export interface Equivalent {
  readonly file: string;
  /** The line of the source that the mutation begins on, without the white space around. */
  readonly on: string;
  readonly from: string;
  readonly to: string;
  /** Which, where the file has several such: the first is 1. Without it: all of them. */
  readonly nth?: number;
  readonly reason: string;
}

const plain = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** The list, and which of its entries fitted a mutant so far. */
export class Equivalents {
  private readonly met = new Set<Equivalent>();

  private constructor(private readonly entries: readonly Equivalent[]) {}

  static async read(): Promise<Equivalents> {
    const text = await readFile(path.join(ROOT, EQUIVALENT), 'utf8');
    const entries = JSON.parse(text) as Equivalent[];
    for (const entry of entries) {
      if (!entry.reason) throw new Error(`${EQUIVALENT}: an entry on "${entry.on}" has no reason.`);
    }
    return new Equivalents(entries);
  }

  /** The entry for a mutant. */
  find(mutant: Mutant): Equivalent | undefined {
    const entry = this.entries.find(
      ({ file, on, from, to, nth }) =>
        file === mutant.file &&
        on === mutant.on &&
        plain(from) === mutant.from &&
        plain(to) === plain(mutant.to) &&
        (nth === undefined || nth === mutant.nth),
    );
    if (entry) this.met.add(entry);
    return entry;
  }

  /** Entries of these files that fit no mutant that survived: the code or the cases have changed since. */
  stale(files: readonly string[]): Equivalent[] {
    return this.entries.filter((entry) => files.includes(entry.file) && !this.met.has(entry));
  }
}
