import { parseArgs } from 'node:util';
import { createTestDatabase } from '../../test/support/database';
import { startProofCluster } from '../cluster';
import { progressOf } from '../progress';
import { EQUIVALENT, Equivalents } from './equivalent';
import { type MutatedFile, mutatedFiles } from './files';
import type { Setup, Verdict } from './job';
import { type Mutant, mutated, told } from './mutation';
import { figuresOf, keep, type Outcome, table } from './report';
import { writeWorld } from './suite/world';
import { TypeCheck } from './types-check';
import { Worker } from './workers';

const USAGE = `npm run proof:mutants [-- options]

Changes the code that decides who sees what, one place at a time, in its SQL and its TypeScript, and runs the tables of
allow and deny cases on each such mutant: one must fail. Mutants that decide as the original does stand, each with its
reason, in ${EQUIVALENT}.

  --files PATTERN   only files whose path ends like this; * stands for anything: 'relations.ts', 'src/billing/*'
  --limit N         only N mutants of each file, spread over it
  --list            show the mutants and try none
  --verbose         show what became of each
  --help            this text

Ends with 1 when a mutant survives that is not listed, or one is listed that does not survive.
`;

/** At most two at a time: each has PostgreSQL working for it too. */
const WORKERS = 2;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

interface Options {
  readonly files?: string;
  readonly limit?: string;
  readonly list?: boolean;
  readonly verbose?: boolean;
  readonly help?: boolean;
}

/** N of them, evenly spread. */
function some<Item>(all: readonly Item[], limit: number): readonly Item[] {
  if (all.length <= limit) return all;
  return Array.from(
    { length: limit },
    (_item, index) => all[Math.floor((index * all.length) / limit)] as Item,
  );
}

/** Does a job for each item, as many at a time as there are workers. */
async function share<Item>(
  workers: readonly Worker[],
  items: readonly Item[],
  work: (worker: Worker, item: Item, index: number) => Promise<void>,
): Promise<void> {
  const queue = items.entries();
  await Promise.all(
    workers.map(async (worker) => {
      for (const [index, item] of queue) await work(worker, item, index);
    }),
  );
}

/** Runs all cases on each mutant. Answers the verdicts in the order of the mutants. */
async function attemptAll(setup: Setup, files: readonly MutatedFile[]): Promise<Tried[]> {
  const all = files.flatMap(({ text, mutants }) => mutants.map((mutant) => ({ mutant, text })));
  const tried: Tried[] = [];
  const workers = Array.from({ length: WORKERS }, () => new Worker(setup));
  const progress = progressOf(process.stdout, `Trying ${all.length} mutants`, all.length);
  let done = 0;
  try {
    // The cases must pass on the code as it is, or a failure says nothing.
    await share(workers, files, async (worker, { file, text }) => {
      const verdict = await worker.attempt({ file, text, sql: false });
      if (verdict.is !== 'survived')
        throw new Error(`The cases fail without a mutant: ${JSON.stringify(verdict)}`);
    });
    await share(workers, all, async (worker, { mutant, text }, index) => {
      const verdict = await worker.attempt({
        file: mutant.file,
        text: mutated(text, mutant),
        sql: mutant.sql,
      });
      if (verdict.is === 'untried') throw new Error(`The database could not be asked: ${verdict.why}`);
      tried[index] = { mutant, verdict };
      done += 1;
      progress.show(done, mutant.file);
    });
  } finally {
    progress.stop();
    for (const worker of workers) worker.stop();
  }
  return tried;
}

/** A mutant, and what the cases say of it. */
interface Tried {
  readonly mutant: Mutant;
  readonly verdict: Exclude<Verdict, { is: 'untried' }>;
}

/** What became of each: of those that no case kills, the types are asked, unless they are known to be equivalent. */
async function judge(
  tried: readonly Tried[],
  files: readonly MutatedFile[],
  equivalents: Equivalents,
): Promise<Outcome[]> {
  const types = new TypeCheck();
  const outcomes: Outcome[] = [];
  await types.open();
  try {
    for (const { mutant, verdict } of tried) {
      if (verdict.is !== 'survived') {
        const why = verdict.is === 'killed' ? `${verdict.by}: ${verdict.why}` : verdict.why;
        outcomes.push({ mutant, fate: verdict.is, why });
        continue;
      }
      const listed = equivalents.find(mutant);
      if (listed) {
        outcomes.push({ mutant, fate: 'equivalent', why: listed.reason });
        continue;
      }
      const original = files.find(({ file }) => file === mutant.file)?.text ?? '';
      const complaint = await types.complaintAbout(
        { file: mutant.file, text: mutated(original, mutant) },
        original,
      );
      outcomes.push({ mutant, fate: complaint ? 'killedByTypes' : 'survived', why: complaint ?? '' });
    }
  } finally {
    await types.close();
  }
  return outcomes;
}

/** Answers the exit code. */
async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  let options: Options;
  try {
    options = parseArgs({
      options: { files: text, limit: text, list: flag, verbose: flag, help: flag },
    }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  const limit = options.limit === undefined ? Number.POSITIVE_INFINITY : Number(options.limit);
  if (options.help || !(limit > 0)) {
    (options.help ? process.stdout : process.stderr).write(USAGE);
    return options.help ? 0 : 2;
  }
  const files = (await mutatedFiles(options.files)).map((file) => ({
    ...file,
    mutants: some(file.mutants, limit),
  }));
  if (files.length === 0) {
    process.stderr.write(`No file that is mutated fits ${options.files}.\n`);
    return 2;
  }
  if (options.list) {
    for (const mutant of files.flatMap(({ mutants }) => mutants)) say(told(mutant));
    return 0;
  }
  const began = performance.now();
  const stop = await startProofCluster();
  let outcomes: Outcome[];
  const equivalents = await Equivalents.read();
  try {
    const db = await createTestDatabase();
    await writeWorld((statement, values) => db.query(statement, values));
    outcomes = await judge(await attemptAll({ owner: db.url, api: db.apiUrl }, files), files, equivalents);
    await db.drop();
  } finally {
    await stop();
  }
  const whole = options.files === undefined && options.limit === undefined;
  const figures = figuresOf(outcomes, (performance.now() - began) / 1000);
  if (options.verbose)
    for (const { mutant, fate, why } of outcomes) say(`${fate.padEnd(13)} ${told(mutant)}\n    ${why}`);
  say(`\n${table(outcomes)}\n`);
  const survivors = outcomes.filter(({ fate }) => fate === 'survived');
  for (const { mutant } of survivors) say(`survived: ${told(mutant)}\n    ${JSON.stringify(keyOf(mutant))}`);
  const stale = limit < Number.POSITIVE_INFINITY ? [] : equivalents.stale(files.map(({ file }) => file));
  for (const entry of stale) {
    say(`listed in ${EQUIVALENT} and met no more: ${entry.file}: ${entry.on}: ${entry.from} -> ${entry.to}`);
  }
  const { killed, killedByTypes, equivalent, total, seconds } = figures;
  say(
    `${killed} of ${total} mutants killed (${killedByTypes} by the types alone), ${survivors.length} survived, ${equivalent} equivalent, in ${seconds} s.`,
  );
  if (whole) await keep(figures);
  return survivors.length > 0 || stale.length > 0 ? 1 : 0;
}

/** What an entry of the list would say of it. */
const keyOf = ({ file, on, from, to, nth }: Mutant): object => ({ file, on, from, to, nth, reason: '' });

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  },
);
