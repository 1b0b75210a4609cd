import { unguardedSchema } from '../src/schema';
import { type Api, startApi } from './api';
import { startProofCluster } from './cluster';
import { runModel } from './model/run';
import { type Options, type Part, readOptions, USAGE, UsageError } from './options';
import { STYLES } from './paths/operation';
import { comparePaths } from './paths/run';
import { walk } from './paths/walk';
import { makePathWorld } from './paths/world';
import { progressOf } from './progress';
import { keep, mutants, type Results, table, tests } from './results';
import { writeWorld } from './writer';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const DAY = 86_400_000_000n;

/** Paths in other styles than plain are this much shorter: every style there, the long ways once. */
const STYLED_LESS = 2;

/** Every path, before and after the launch, each state in a database of its own; raises at the first difference. */
async function provePaths(options: Options): Promise<NonNullable<Results['paths']>> {
  const schema = unguardedSchema();
  const began = performance.now();
  const now = BigInt(Date.now()) * 1000n;
  const total = { paths: walk(schema, options.longest).length, answers: 0, values: 0 };
  const runs = [-DAY, DAY].flatMap((launch) =>
    STYLES.map((style) => {
      const plain = style === 'plain' && launch < 0n;
      const paths = walk(schema, plain ? options.longest : Math.max(options.longest - STYLED_LESS, 1));
      return { launch, style, paths };
    }),
  );
  const progress = progressOf(
    process.stdout,
    'Walking paths',
    runs.reduce((sum, run) => sum + run.paths.length, 0),
  );
  let done = 0;
  try {
    for (const launch of [-DAY, DAY]) {
      await withApi(async (api) => {
        const path = makePathWorld(now + launch);
        await writeWorld(api.db, path.world);
        for (const { style, paths } of runs.filter((run) => run.launch === launch)) {
          const tally = await comparePaths(api, schema, { path, paths, style, now }, (sofar) =>
            progress.show(done + sofar.paths, style),
          );
          done += tally.paths;
          total.answers += tally.answers;
          total.values += tally.values;
        }
      });
    }
  } finally {
    progress.stop();
  }
  return { ...total, longest: options.longest, seconds: (performance.now() - began) / 1000 };
}

/** Random worlds; raises with the smallest counterexample. */
async function proveModel(options: Options): Promise<NonNullable<Results['model']>> {
  const { worlds, seed, path, bills, commands } = options;
  const progress = progressOf(process.stdout, `Making worlds (seed ${seed})`, worlds);
  const result = await withApi(async (api) => {
    const onWorld = (sofar: { worlds: number; decisions: number }): void =>
      progress.show(sofar.worlds, `${sofar.decisions.toLocaleString('en')} decisions`);
    return runModel(api, { worlds, seed, path, bills, commands, onWorld });
  }).finally(() => progress.stop());
  if (result.failure !== null) throw new Disagreement(result.failure);
  const { failure: _none, commands: changes, ...figures } = result;
  return { ...figures, commands: changes, seed };
}

/** The API and the oracle do not agree. */
class Disagreement extends Error {}

async function withApi<Result>(work: (api: Api) => Promise<Result>): Promise<Result> {
  const api = await startApi();
  try {
    return await work(api);
  } finally {
    await api.close();
  }
}

/** Runs the parts asked for and prints the table. Answers the exit code. */
async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    say(USAGE);
    return 0;
  }
  const wants = (part: Part): boolean => options.only === undefined || options.only === part;
  const results: Results = {};
  if (wants('paths') || wants('model')) {
    const stop = await startProofCluster();
    // Interrupted, the database must not stay behind.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => void stop().finally(() => process.exit(130)));
    }
    try {
      if (wants('paths')) results.paths = await provePaths(options);
      if (wants('model')) results.model = await proveModel(options);
    } finally {
      await stop();
    }
  }
  if (wants('tests')) Object.assign(results, await tests());
  const tried = await mutants();
  if (tried !== undefined) results.mutants = tried;
  if (options.only === undefined) await keep(results);
  say(`\n${table(results)}`);
  const complete = [results.cases, results.http].every(
    (found) => found === undefined || found.passed === found.total,
  );
  return complete ? 0 : 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  },
);
