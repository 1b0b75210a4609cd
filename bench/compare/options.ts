import { parseArgs } from 'node:util';
import { CONTESTANTS } from '../contestants/all';
import { WORK_NAMES, type WorkName } from '../works';

/** What `npm run bench` was asked for. */
export interface Options {
  readonly bills: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly memorySeconds: number;
  readonly connections: number;
  /** Names; all of them, unless some were named. */
  readonly contestants: readonly string[];
  readonly works: readonly (WorkName | 'memory')[];
  readonly help: boolean;
}

/** What was typed is not usable; the message says what would be. */
export class UsageError extends Error {}

const ALL_WORKS = [...WORK_NAMES, 'memory'] as const;

export const USAGE = `npm run bench [-- options]

Compares this server with others over the same data: starts each as a process of its own, one at a time, round by round,
checks that all give the same bills, and prints one table. Results go to bench/results/. The database is made first
(a few minutes) and kept in .bench/ for the next run.

  --bills N            how many bills the clinic has (1000000)
  --seconds N          how long a round is (10)
  --rounds N           how many rounds; the figures are their medians (3)
  --connections N      how many requests are under way at once (10)
  --memory-seconds N   how long the load is that memory is watched under (60)
  --works NAMES        some works, with commas: ${ALL_WORKS.join(', ')}
  --contestants NAMES  some contestants, with commas:
                       ${CONTESTANTS.map(({ name }) => name).join(', ')}
  --help               this text

npm run bench -- growth   how it grows with bills, providers, pages and groups
npm run bench -- wall     what row-level security costs
npm run bench -- smoke    whether the benchmark still works: a minute, small data, nothing written
`;

/** Reads the options. Raises UsageError. */
export function readOptions(args: readonly string[]): Options {
  const text = { type: 'string' } as const;
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        ...{ bills: text, seconds: text, rounds: text, connections: text, 'memory-seconds': text },
        ...{ works: text, contestants: text },
        help: { type: 'boolean' },
      },
    }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const whole = (name: string, usual: number, least: number, most: number): number => {
    const number = values[name] === undefined ? usual : Number(values[name]);
    if (!Number.isInteger(number) || number < least || number > most) {
      throw new UsageError(`--${name} takes a whole number from ${least} to ${most}.`);
    }
    return number;
  };
  const some = <Name extends string>(option: string, all: readonly Name[]): readonly Name[] => {
    const given = values[option];
    if (typeof given !== 'string') return all;
    const names = given.split(',').map((name) => name.trim());
    const unknown = names.filter((name) => !all.some((one) => one === name));
    if (unknown.length > 0)
      throw new UsageError(`--${option} takes some of: ${all.join(', ')}. Not: ${unknown.join(', ')}.`);
    return all.filter((one) => names.includes(one));
  };
  return {
    bills: whole('bills', 1_000_000, 3_000, 20_000_000),
    seconds: whole('seconds', 10, 1, 3_600),
    rounds: whole('rounds', 3, 1, 100),
    memorySeconds: whole('memory-seconds', 60, 4, 86_400),
    connections: whole('connections', 10, 1, 100),
    contestants: some(
      'contestants',
      CONTESTANTS.map(({ name }) => name),
    ),
    works: some('works', ALL_WORKS),
    help: values.help === true,
  };
}
