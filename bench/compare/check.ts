import type { Contestant } from '../contestants';
import { firstDifference, type Given, linesOf } from '../lib/same-bills';
import { ServerFailure } from '../lib/server';
import type { Work } from '../works';
import type { Bench } from './bench';
import { type ContestantProcess, viewerOf, withContestant } from './contestant-process';

/** They do not give the same; the message says where they first differ. */
export class DifferentBills extends Error {}

/**
 * Asks every contestant every work it takes part in, and compares what they give: all that have the same viewer must
 * give the same lines. Raises DifferentBills, and what a contestant fails with.
 *
 * @param asked called with each contestant that has been asked, while it is still up.
 */
export async function checkSameBills(
  bench: Bench,
  contestants: readonly Contestant[],
  works: readonly Work[],
  asked: (contestant: Contestant, process: ContestantProcess) => Promise<void>,
): Promise<void> {
  const given = new Map<string, Given[]>();
  for (const contestant of contestants) {
    await withContestant(bench, contestant, async (process) => {
      for (const work of works.filter(({ name }) => contestant.works.includes(name))) {
        const lines = await linesFrom(contestant, work, () => process.ask(work));
        await process.finish(work);
        // What is changed or told by ours alone needs no comparing; that it has been asked is enough.
        if (work.turns !== undefined) continue;
        if (lines.length === 0)
          throw new DifferentBills(`${contestant.name} gives no bills for ${work.name}.`);
        const key = `${work.name} as a viewer who sees ${viewerOf(contestant)} providers`;
        given.set(key, [...(given.get(key) ?? []), { name: contestant.name, lines }]);
      }
      await asked(contestant, process);
    });
  }
  for (const [key, lines] of given) {
    const difference = firstDifference(lines);
    if (difference !== null) throw new DifferentBills(`${key}: ${difference}`);
  }
}

async function linesFrom(
  contestant: Contestant,
  work: Work,
  ask: () => Promise<string>,
): Promise<readonly string[]> {
  try {
    const answer: unknown = JSON.parse(await ask());
    return contestant.bills?.(answer, work) ?? linesOf(answer, work);
  } catch (error) {
    throw new ServerFailure(
      `${contestant.name}, ${work.name}: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
}
