import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from './files';
import type { Mutant } from './mutation';

export type Fate = 'killed' | 'killedByTypes' | 'equivalent' | 'survived' | 'invalid';

/** What became of a mutant, and what says so. */
export interface Outcome {
  readonly mutant: Mutant;
  readonly fate: Fate;
  readonly why: string;
}

/** The figures of a run. Those that PostgreSQL cannot read are no mutants, and counted nowhere. */
export interface Figures {
  readonly mutants: number;
  /** Those that decide otherwise than the original: all but the equivalent ones. */
  readonly total: number;
  readonly killed: number;
  readonly killedByTypes: number;
  readonly equivalent: number;
  readonly survived: number;
  readonly seconds: number;
}

/** Counts. `killed`: by the cases or by types. */
export function figuresOf(outcomes: readonly Outcome[], seconds: number): Figures {
  const count = (fate: Fate): number => outcomes.filter((outcome) => outcome.fate === fate).length;
  const mutants = outcomes.length - count('invalid');
  const [killedByTypes, equivalent, survived] = [
    count('killedByTypes'),
    count('equivalent'),
    count('survived'),
  ];
  return {
    ...{ mutants, total: mutants - equivalent, killed: count('killed') + killedByTypes, killedByTypes },
    ...{ equivalent, survived, seconds: Math.round(seconds) },
  };
}

/** One line for each file and one for all, as Markdown, which a terminal shows well too. */
export function table(outcomes: readonly Outcome[]): string {
  const files = [...new Set(outcomes.map(({ mutant }) => mutant.file))];
  const row = (name: string, of: readonly Outcome[]): string[] => {
    const { mutants, killed, killedByTypes, equivalent, survived, total } = figuresOf(of, 0);
    const score = total === 0 ? '-' : `${((100 * killed) / total).toFixed(1)} %`;
    return [name, ...[mutants, killed, killedByTypes, equivalent, survived].map(String), score];
  };
  const rows = [
    ['File', 'Mutants', 'Killed', 'by types alone', 'Equivalent', 'Survived', 'Score'],
    ...files.map((file) =>
      row(
        file,
        outcomes.filter(({ mutant }) => mutant.file === file),
      ),
    ),
    row('All', outcomes),
  ];
  const widths =
    rows[0]?.map((_cell, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0))) ?? [];
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  const [head = [], ...body] = rows;
  return [line(head), rule, ...body.map(line)].join('\n');
}

/** Keeps the figures of a whole run for the proof's table and the README. */
export async function keep(figures: Figures): Promise<void> {
  const folder = path.join(ROOT, 'proof', 'results');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'mutants.json'), `${JSON.stringify(figures, null, 2)}\n`);
}
