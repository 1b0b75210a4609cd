import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Where the figures of a run are kept: `proof/results` of the clone, from its root. */
const FOLDER = path.resolve('proof/results');

/** The figures of the parts of the proof; what did not run is missing. */
export interface Results {
  paths?: {
    readonly paths: number;
    readonly longest: number;
    readonly answers: number;
    readonly values: number;
    readonly seconds: number;
  };
  model?: {
    readonly worlds: number;
    readonly seed: number;
    readonly commands: number;
    readonly decisions: number;
    readonly figures: number;
    readonly seconds: number;
  };
  mutants?: { readonly killed: number; readonly total: number };
  cases?: Passed;
  http?: Passed;
}

export interface Passed {
  readonly passed: number;
  readonly total: number;
}

async function readJson(name: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path.join(FOLDER, name), 'utf8'));
  } catch {
    return undefined;
  }
}

/** Keeps the figures: all of them, and the few that the README quotes. */
export async function keep(results: Results): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const write = (name: string, value: unknown): Promise<void> =>
    writeFile(path.join(FOLDER, name), `${JSON.stringify(value, null, 2)}\n`);
  await write('proof.json', results);
  await write('summary.json', Object.fromEntries(rows(results)));
}

/** What the run for mutants left behind, if it ran. */
export async function mutants(): Promise<Results['mutants']> {
  const found = (await readJson('mutants.json')) as { killed?: unknown; total?: unknown } | undefined;
  return typeof found?.killed === 'number' && typeof found.total === 'number'
    ? { killed: found.killed, total: found.total }
    : undefined;
}

interface JestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** What jest found: the public cases by their numbers, and the tests of the HTTP layer. */
export async function tests(): Promise<Pick<Results, 'cases' | 'http'>> {
  const report = (await readJson('jest.json')) as JestReport | undefined;
  if (report === undefined) return {};
  const ok = new Map<string, boolean>();
  const http = { passed: 0, total: 0 };
  for (const { name, assertionResults } of report.testResults) {
    for (const { fullName, status } of assertionResults) {
      if (status === 'pending' || status === 'todo') continue;
      const passed = status === 'passed';
      if (/[\\/]test[\\/]http[\\/]/.test(name)) {
        http.total += 1;
        http.passed += passed ? 1 : 0;
      }
      for (const [, number = ''] of fullName.matchAll(/\bcase (\d+)\b/g)) {
        ok.set(number, (ok.get(number) ?? true) && passed);
      }
    }
  }
  const cases = { passed: [...ok.values()].filter(Boolean).length, total: ok.size };
  return { ...(cases.total > 0 ? { cases } : {}), ...(http.total > 0 ? { http } : {}) };
}

const number = (value: number): string => value.toLocaleString('en');
const NOT_RUN = 'not run';
const of = (found: Passed | undefined): string =>
  found === undefined ? NOT_RUN : `${number(found.passed)} of ${number(found.total)}`;

/** The lines of the table: what, and how much. */
function rows({ paths, model, mutants: tried, cases, http }: Results): [string, string][] {
  const perSecond = model && Math.round(model.decisions / model.seconds);
  return [
    [
      'Paths walked',
      paths
        ? `${number(paths.paths)} of at most ${paths.longest} fields, ${number(paths.answers)} answers, ${number(paths.values)} values`
        : NOT_RUN,
    ],
    [
      'Worlds',
      model
        ? `${number(model.worlds)}, changed ${number(model.commands)} times (seed ${model.seed})`
        : NOT_RUN,
    ],
    [
      'Decisions compared',
      model
        ? `${number(model.decisions)}, and ${number(model.figures)} counts and sums (${number(perSecond ?? 0)} decisions a second)`
        : NOT_RUN,
    ],
    ['Mutants killed', tried ? `${number(tried.killed)} of ${number(tried.total)}` : NOT_RUN],
    ['Public cases passed', of(cases)],
    ['HTTP audits passed', of(http)],
  ];
}

/** The table of the whole proof, as Markdown, which a terminal shows well too. */
export function table(results: Results): string {
  const lines = rows(results);
  const widths = [0, 1].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0), 3));
  const line = (cells: readonly string[], fill = ' '): string =>
    `| ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0, fill)).join(' | ')} |`;
  return [line(['Proof', 'As measured']), line(['', ''], '-'), ...lines.map((cells) => line(cells)), ''].join(
    '\n',
  );
}
