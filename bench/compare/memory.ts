import type { Contestant } from '../contestants';
import { median } from '../lib/load';
import type { Work } from '../works';
import type { Bench } from './bench';
import { withContestant } from './contestant-process';
import { FLAT, type MemoryCourse } from './goals';

/** How long the load is before memory counts: until then, code is being compiled and pools are filling. */
export const memoryWarmUpOf = (seconds: number): number => Math.min(5, seconds / 4);

/** Keeps a contestant under load for so many seconds, and reads its memory once a second. */
export function watchMemory(
  bench: Bench,
  contestant: Contestant,
  work: Work,
  seconds: number,
): Promise<MemoryCourse> {
  return withContestant(bench, contestant, async (process) => {
    const samples: number[] = [];
    await process.measure(work, memoryWarmUpOf(seconds), 1);
    samples.push(await process.server.memory());
    const reading = setInterval(() => {
      void process.server.memory().then((now) => samples.push(now));
    }, 1000);
    try {
      await process.measure(work, 0.5, seconds - 0.5);
    } finally {
      clearInterval(reading);
    }
    samples.push(await process.server.memory());
    return courseOf(samples);
  });
}

/** What readings of memory, taken evenly, say. */
export function courseOf(samples: readonly number[]): MemoryCourse {
  const atStart = samples[0] ?? Number.NaN;
  const after = samples.at(-1) ?? Number.NaN;
  const quarter = Math.max(1, Math.floor(samples.length / 4));
  const lastHalf = median(samples.slice(-quarter)) / median(samples.slice(-2 * quarter, -quarter));
  return { atStart, after, ratio: after / atStart, lastHalf, flat: lastHalf <= FLAT, samples };
}
