import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { CHECKS } from './cluster';
import type { Blow, DrillOptions } from './options';
import { TIMING } from './patroni';
import type { Round } from './round';

const COLUMNS: readonly (readonly [title: string, of: (round: Round) => string])[] = [
  ['round', (round) => String(round.round)],
  ['killed', (round) => round.killed],
  ['saves acknowledged', (round) => String(round.savesAcknowledged)],
  ['missing', (round) => String(round.savesMissing)],
  ['reads', (round) => String(round.reads)],
  ['not allowed', (round) => String(round.leaks)],
  ['reads back after', (round) => time(round.readAfter)],
  ['saves back after', (round) => time(round.saveAfter)],
  ['last error after', (round) => time(round.lastErrorAfter)],
  ['errors', (round) => codesText(round.codes)],
  ['rejoined by', (round) => `${round.rejoin}, ${time(round.rejoinAfter)}`],
];

const time = (seconds: number | null): string => (seconds === null ? 'never' : `${seconds.toFixed(1)} s`);

const codesText = (codes: Readonly<Record<string, number>>): string =>
  Object.entries(codes)
    .map(([code, count]) => `${count} ${code}`)
    .join(', ') || 'none';

/** The rounds as a table in Markdown, its columns aligned. */
export function tableOf(rounds: readonly Round[]): string {
  const rows = [
    COLUMNS.map(([title]) => title),
    ...rounds.map((round) => COLUMNS.map(([, of]) => of(round))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

/** The middle and the largest of the seconds that something took; "never" when it did not come in some round. */
export function spreadOf(times: readonly (number | null)[]): {
  median: number | null;
  longest: number | null;
} {
  if (times.includes(null) || times.length === 0) return { median: null, longest: null };
  const sorted = times.map(Number).sort((one, other) => one - other);
  return { median: sorted[Math.floor((sorted.length - 1) / 2)] ?? null, longest: sorted.at(-1) ?? null };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const BLOW_TEXT: Readonly<Record<Blow, string>> = {
  node: 'kill -9 of PostgreSQL and its Patroni',
  postgres: 'kill -9 of PostgreSQL alone',
  hang: 'SIGSTOP of PostgreSQL and its Patroni, SIGCONT after the failover',
};

/** All figures of a drill, as they are written to its file. */
export function figuresOf(rounds: readonly Round[], options: DrillOptions, versions: Record<string, string>) {
  return {
    at: new Date().toISOString(),
    blow: BLOW_TEXT[options.blow],
    machine: `${os.cpus().length} cores, ${os.arch()}`,
    versions,
    settings: {
      patroni: { ...TIMING, synchronous_mode: !options.control, synchronous_mode_strict: false },
      haproxy: { inter: `${CHECKS.inter}ms`, fall: CHECKS.fall, rise: CHECKS.rise },
    },
    totals: {
      rounds: rounds.length,
      savesAcknowledged: sum(rounds.map((round) => round.savesAcknowledged)),
      savesMissing: rounds.at(-1)?.savesMissing ?? 0,
      reads: sum(rounds.map((round) => round.reads)),
      notAllowed: sum(rounds.map((round) => round.leaks)),
      readsBack: spreadOf(rounds.map((round) => round.readAfter)),
      savesBack: spreadOf(rounds.map((round) => round.saveAfter)),
    },
    rounds,
  };
}

export async function writeFigures(file: string, figures: ReturnType<typeof figuresOf>): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(figures, null, 2)}\n`);
}
