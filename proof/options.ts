import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

/** What `npm run proof` was asked for. */
export interface Options {
  readonly worlds: number;
  readonly seed: number;
  /** fast-check's path to one counterexample. */
  readonly path: string | undefined;
  /** How many bills the largest clinic of a world has at most, and how many changes are made to a world at most. */
  readonly bills: number;
  readonly commands: number;
  /** How many fields the paths have at most, in plain operations and in the other styles. */
  readonly longest: number;
  /** One part alone. */
  readonly only: Part | undefined;
  readonly help: boolean;
}

export const PARTS = ['paths', 'model', 'tests'] as const;
export type Part = (typeof PARTS)[number];

/** What was typed is not usable; the message says what would be. */
export class UsageError extends Error {}

export const USAGE = `npm run proof [-- options]

Shows that nobody sees a bill they may not: walks every path of the schema to a bill, makes random worlds and compares
what the API answers with an oracle, runs the public cases, and prints one table.

  --worlds N     how many random worlds (500)
  --seed S       the beginning of the random numbers; the same seed makes the same worlds (a new one)
  --path P       with --seed: one counterexample again, as the failure printed it
  --bills N      how many bills the largest clinic of a world has at most (15)
  --commands N   how many changes are made to a world at most (8)
  --longest N    how many fields a path has at most (6); 8 takes about 20 minutes
  --only PART    one part: ${PARTS.join(', ')}
  --help         this text
`;

/** Reads the options. Raises UsageError. */
export function readOptions(args: readonly string[]): Options {
  const text = { type: 'string' } as const;
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        ...{ worlds: text, seed: text, path: text, bills: text, commands: text, longest: text, only: text },
        help: { type: 'boolean' },
      },
    }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const whole = (name: string, usual: number, least: number, most: number): number => {
    const given = values[name];
    const number = given === undefined ? usual : Number(given);
    if (!Number.isInteger(number) || number < least || number > most) {
      throw new UsageError(`--${name} takes a whole number from ${least} to ${most}.`);
    }
    return number;
  };
  const only = PARTS.find((part) => part === values.only);
  if (values.only !== undefined && only === undefined) {
    throw new UsageError(`--only takes one of: ${PARTS.join(', ')}.`);
  }
  return {
    worlds: whole('worlds', 500, 1, 10_000_000),
    seed: whole('seed', randomInt(2 ** 31 - 1), -(2 ** 31), 2 ** 31 - 1),
    path: typeof values.path === 'string' ? values.path : undefined,
    bills: whole('bills', 15, 0, 90),
    commands: whole('commands', 8, 0, 100),
    longest: whole('longest', 6, 1, 20),
    only,
    help: values.help === true,
  };
}
