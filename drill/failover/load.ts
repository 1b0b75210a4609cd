import { setTimeout as pause } from 'node:timers/promises';
import type { ApiProcess } from './api';
import { readDashboard } from './reads';
import { PairLoad } from './saves';
import type { Tally } from './tally';
import type { World } from './world';

/** Between two reads of one reader, in milliseconds; each process has so many readers. */
const BETWEEN_READS = 40;
const READERS = 2;

/** Saves and reads on all processes until the signal is aborted. Settles when the last request has its answer. */
export async function putLoad(
  world: World,
  apis: readonly ApiProcess[],
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  const read = async (api: ApiProcess, from: number): Promise<void> => {
    for (let turn = from; !signal.aborted; turn += READERS) {
      const viewer = world.steady[turn % world.steady.length];
      if (viewer !== undefined)
        await readDashboard(api, viewer.email, () => ({ most: viewer.expected, exactly: true }), tally);
      await pause(BETWEEN_READS);
    }
  };
  const readers = apis.flatMap((api) => Array.from({ length: READERS }, (_, from) => read(api, from)));
  const pairs = world.pairs.map((pair, index) =>
    new PairLoad(pair, index, apis, world.password, tally, signal).run(),
  );
  await Promise.all([...readers, ...pairs]);
}
