/** One change of one place of a file. */
export interface Mutation {
  /** Where, in the text of the file. */
  readonly start: number;
  readonly end: number;
  /** What stands there instead. */
  readonly to: string;
  /** What kind of change it is, in a few words. */
  readonly kind: string;
  /** Whether it is of SQL, which PostgreSQL may not be able to read afterwards. */
  readonly sql: boolean;
}

/** A mutation of a file, with what a reader needs to find it again. */
export interface Mutant extends Mutation {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The line that it begins on, without the white space around. */
  readonly on: string;
  readonly from: string;
  /** Among the mutants of the file with the same line, original and replacement: the first is 1. */
  readonly nth: number;
}

const plain = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** The mutations of a file as mutants: each change once, in the order of the text. */
export function mutantsOf(file: string, text: string, mutations: readonly Mutation[]): Mutant[] {
  const seen = new Set<string>();
  const counts = new Map<string, number>();
  return mutations
    .toSorted((one, other) => one.start - other.start || one.end - other.end)
    .flatMap((mutation) => {
      const { start, end, to } = mutation;
      const key = `${start} ${end} ${to}`;
      if (seen.has(key) || text.slice(start, end) === to) return [];
      seen.add(key);
      const lineStart = text.lastIndexOf('\n', start - 1) + 1;
      const lineEnd = text.indexOf('\n', start);
      const found = {
        ...mutation,
        file,
        line: text.slice(0, start).split('\n').length,
        on: plain(text.slice(lineStart, lineEnd < 0 ? undefined : lineEnd)),
        from: plain(text.slice(start, end)),
      };
      const same = `${found.on}\n${found.from}\n${plain(to)}`;
      const nth = (counts.get(same) ?? 0) + 1;
      counts.set(same, nth);
      return [{ ...found, nth }];
    });
}

/** The text of the file with the mutation made. */
export const mutated = (text: string, { start, end, to }: Mutation): string =>
  text.slice(0, start) + to + text.slice(end);

/** A mutant in one line: where, and what became of what. */
export const told = ({ file, line, kind, from, to }: Mutant): string =>
  `${file}:${line} ${kind}: ${from === '' ? '(nothing)' : from} -> ${plain(to) === '' ? '(nothing)' : plain(to)}`;
