import type { Contestant } from '../contestants';
import type { Progress } from '../lib/progress';
import { figure } from '../lib/table';
import type { Work, WorkName } from '../works';
import type { Bench } from './bench';
import { checkSameBills } from './check';
import { type ContestantProcess, type Measured, withContestant } from './contestant-process';
import type { MemoryCourse } from './goals';
import { watchMemory } from './memory';
import { type Step, warmUpOf } from './plan';
import { mediansOf, type WorkResult } from './results';

export interface RunOptions {
  readonly bench: Bench;
  readonly contestants: readonly Contestant[];
  /** What is asked and compared first. */
  readonly works: readonly Work[];
  readonly steps: readonly Step[];
  readonly seconds: number;
  readonly progress: Progress;
  /** Makes the steps of each contestant while it is up for the check. */
  readonly atOnce: boolean;
}

type Measure = (process: ContestantProcess) => Promise<Measured>;

/**
 * Checks that all give the same bills, then makes every step. One contestant is up at a time, started anew for each
 * round: nobody's timers, connections and compiled code stand beside what is measured, and what differs from one start
 * to the next is in the medians. A contestant that fails at a step loses that round only, and the reason is kept.
 * Raises DifferentBills, what a contestant fails with at the check, and the reason of an aborted signal.
 */
export async function run(options: RunOptions): Promise<WorkResult[]> {
  const { bench, contestants, works, steps, seconds, progress } = options;
  const rounds = new Map<string, Measured[]>();
  const failures = new Map<string, string>();
  const keyOf = (work: WorkName, contestant: string): string => `${work} ${contestant}`;
  const make = async (
    { work, round, contestant }: Step,
    measure: (act: Measure) => Promise<Measured>,
  ): Promise<void> => {
    const key = keyOf(work.name, contestant.name);
    const title = `${work.name}, round ${round}: ${contestant.name}`;
    progress.now(title);
    try {
      const measured = await measure((process) => process.measure(work, warmUpOf(seconds), seconds));
      rounds.set(key, [...(rounds.get(key) ?? []), measured]);
      progress.done(`${title} ${figure(measured.requestsPerSecond)}/s`);
    } catch (error) {
      bench.signal.throwIfAborted();
      failures.set(key, error instanceof Error ? error.message : String(error));
      progress.done(`${title} failed`);
    }
  };
  progress.now('checking that all give the same bills');
  await checkSameBills(bench, contestants, works, async (contestant, process) => {
    progress.done(`${contestant.name} checked`);
    if (!options.atOnce) return;
    for (const step of steps) if (step.contestant === contestant) await make(step, (act) => act(process));
  });
  if (!options.atOnce) {
    for (const step of steps) await make(step, (act) => withContestant(bench, step.contestant, act));
  }
  return works.map((work) => ({
    work: work.name,
    title: work.title,
    counts: work.counts?.what ?? 'requests',
    entries: contestants
      .filter((contestant) => contestant.works.includes(work.name))
      .map(({ name }) => {
        const key = keyOf(work.name, name);
        const own = rounds.get(key) ?? [];
        return {
          contestant: name,
          rounds: own,
          medians: mediansOf(own),
          failure: failures.get(key) ?? null,
        };
      }),
  }));
}

/** The course of memory under load; null where nobody is there to be watched. */
export async function runMemory(
  bench: Bench,
  contestant: Contestant | undefined,
  seconds: number,
  progress: Progress,
): Promise<MemoryCourse | null> {
  const work = bench.works.find(({ name }) => name === 'page-50');
  if (contestant === undefined || work === undefined) return null;
  progress.now(`memory under ${seconds} s of load`);
  const course = await watchMemory(bench, contestant, work, seconds);
  progress.done(`memory ${figure(course.atStart)} -> ${figure(course.after)} MiB`);
  return course;
}
