import type { Contestant } from '../contestants';
import type { Work } from '../works';
import { memoryWarmUpOf } from './memory';

/** One measurement. */
export interface Step {
  readonly work: Work;
  readonly round: number;
  readonly contestant: Contestant;
}

/** How long things take that the options say nothing about, in seconds: starting, stopping, and asking once. */
const TURN = 3.5;
const ASKED = 0.5;

/** The measurements in their order: work by work, round by round, one contestant after the other. */
export function stepsOf(works: readonly Work[], contestants: readonly Contestant[], rounds: number): Step[] {
  return works.flatMap((work) =>
    Array.from({ length: rounds }, (_, round) =>
      contestants
        .filter((contestant) => contestant.works.includes(work.name))
        .map((contestant) => ({ work, round: round + 1, contestant })),
    ).flat(),
  );
}

/** How long the load before a round is, in seconds: until the code is compiled, which short rounds need not wait for. */
export const warmUpOf = (seconds: number): number => (seconds >= 3 ? Math.min(3, seconds / 2) : 0.5);

export interface Plan {
  readonly steps: readonly Step[];
  readonly contestants: readonly Contestant[];
  readonly seconds: number;
  /** Whether the steps are made by processes that are up already. */
  readonly atOnce: boolean;
  /** How many seconds memory is watched; null: it is not. */
  readonly memory: number | null;
}

/** About how long a run takes, in seconds, once the database is there. */
export function secondsOf({ steps, contestants, seconds, atOnce, memory }: Plan): number {
  const asked = contestants.reduce((sum, { works }) => sum + TURN + works.length * ASKED, 0);
  const measured = steps.length * ((atOnce ? ASKED : TURN) + warmUpOf(seconds) + seconds);
  return asked + measured + (memory === null ? 0 : TURN + memoryWarmUpOf(memory) + 2 + memory);
}

/** When a run is given up that takes longer, in seconds: other work on the machine, or something that hangs. */
export const boundOf = (about: number): number => about * 2 + 120;

/** A length of time for people. */
export const spoken = (seconds: number): string =>
  seconds < 100 ? `${Math.ceil(seconds)} seconds` : `${Math.ceil(seconds / 60)} minutes`;
