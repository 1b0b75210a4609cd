import type { Contestant } from '../contestants';
import { CONTESTANTS } from '../contestants/all';
import { FULL, type Size } from '../lib/data';
import { progressOf } from '../lib/progress';
import { Stopped } from '../lib/stopping';
import type { WorkName } from '../works';
import { withBench } from './bench';
import { goalsReached } from './goals';
import { USUAL_VIEWER } from './make-works';
import type { Options } from './options';
import { boundOf, secondsOf, spoken, stepsOf } from './plan';
import { machine, namesOf, type Results, rateIn, versionsOf } from './results';
import { run, runMemory } from './run';

export interface Way {
  readonly stop: AbortController;
  readonly say: (line: string) => void;
  /** Another size than the usual one. */
  readonly size?: Size;
  /** Measures each contestant while it is up for the check: quicker, and no figures to compare. */
  readonly atOnce?: boolean;
  /** Puts load on these works alone; the others are only asked. */
  readonly loaded?: readonly WorkName[];
}

/** Runs the comparison; says before it starts how long it will take. Raises what keeps it from its end. */
export async function measureAll(options: Options, way: Way): Promise<Results> {
  const { stop, say, atOnce = false } = way;
  const { seconds, rounds, connections, memorySeconds } = options;
  const size = way.size ?? { ...FULL, bills: options.bills };
  const chosen = CONTESTANTS.filter(({ name }) => options.contestants.includes(name));
  const { present, leftOut } = await presentOf(chosen);
  for (const { name, why } of leftOut) say(`Left out: ${name}: ${why}`);
  return withBench({ size, connections, signal: stop.signal, say }, async (bench) => {
    const works = bench.works.filter(({ name }) => options.works.includes(name));
    const contestants = present.filter((one) => works.some(({ name }) => one.works.includes(name)));
    const loaded = works.filter(({ name }) => way.loaded?.includes(name) ?? true);
    const steps = stepsOf(loaded, contestants, rounds);
    const watched = options.works.includes('memory')
      ? present.find(({ name }) => name === 'ours')
      : undefined;
    // Now, so that a package that cannot be read does not lose a whole run.
    const versions = versionsOf(bench.postgresVersion);
    const about = secondsOf({ steps, contestants, seconds, atOnce, memory: watched ? memorySeconds : null });
    const bound = boundOf(about);
    say(
      `${contestants.length} contestants, ${works.length} works, ${steps.length} rounds of ${seconds} s: about ${spoken(about)}; given up after ${spoken(bound)}.`,
    );
    const timer = setTimeout(
      () => stop.abort(new Stopped(`Given up: it took more than ${spoken(bound)}.`)),
      bound * 1000,
    );
    const progress = progressOf(process.stdout, contestants.length + steps.length + (watched ? 1 : 0));
    try {
      const done = await run({ bench, contestants, works, steps, seconds, progress, atOnce });
      const memory = await runMemory(bench, watched, memorySeconds, progress);
      return {
        date: new Date().toISOString(),
        machine: machine(),
        versions,
        options: { seconds, rounds, connections, memorySeconds },
        size,
        contestants: namesOf(contestants, USUAL_VIEWER),
        leftOut,
        works: done,
        memory,
        goals: goalsReached(rateIn(done), memory),
      };
    } finally {
      clearTimeout(timer);
      progress.stop();
    }
  });
}

/** Who can take part, and why the others cannot. */
async function presentOf(contestants: readonly Contestant[]): Promise<{
  present: Contestant[];
  leftOut: { name: string; why: string }[];
}> {
  const present: Contestant[] = [];
  const leftOut: { name: string; why: string }[] = [];
  for (const contestant of contestants) {
    const why = (await contestant.missing?.()) ?? null;
    if (why === null) present.push(contestant);
    else leftOut.push({ name: contestant.name, why });
  }
  return { present, leftOut };
}
