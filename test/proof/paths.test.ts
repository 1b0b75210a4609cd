import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Api, startApi } from '../../proof/api';
import { STYLES } from '../../proof/paths/operation';
import { comparePaths } from '../../proof/paths/run';
import { nameOf, walk } from '../../proof/paths/walk';
import { makePathWorld, type PathWorld } from '../../proof/paths/world';
import { writeWorld } from '../../proof/writer';
import { unguardedSchema } from '../../src/schema';

const schema = unguardedSchema();

const DAY = 86_400_000_000n;
const NOW = BigInt(Date.now()) * 1000n;

/** The long ways once, the ordinary ones in every style. `npm run proof` walks longer ones. */
const LONGEST = 6;
const LONGEST_STYLED = 5;
/** Before the launch everybody of the clinic sees everything: less to find. */
const LONGEST_BEFORE = 4;

it('the walk finds the ways that a reader of the schema knows, and those through a bill to other bills', () => {
  expect(walk(schema, 8).map(nameOf)).toEqual(
    expect.arrayContaining([
      'bill',
      'node as Bill',
      'bill > items',
      'dashboard > bills',
      'dashboard > bills > edges > node',
      'dashboard > bills > totals',
      'dashboard > summary > totals',
      'dashboard > totals',
      'encounter > bills > nodes',
      'encounter > visit > privateBills > nodes',
      'patientChart',
      'visits > edges > node > privateBills > nodes > payments',
      'node as Patient > chart > privateBills > nodes',
      'bill > patient > chart > privateBills > nodes',
      'bill > encounter > bills > nodes > patient > chart > insuredBills',
      'explainBillAccess',
      'whoCanSeeBill > nodes',
      'launchReadiness > losses > edges > node',
    ]),
  );
});

describe.each([
  ['launched', -DAY],
  ['to launch', DAY],
] as const)('in a clinic whose segregation has %s', (_state, launch) => {
  let api: Api;
  let world: PathWorld;

  beforeAll(async () => {
    api = await startApi();
    world = makePathWorld(NOW + launch);
    await writeWorld(api.db, world.world);
  });

  afterAll(() => api?.close());

  it.each(STYLES)(
    'every path shows every kind of viewer what the oracle says, %s',
    async (style) => {
      const paths = walk(schema, launch > 0n ? LONGEST_BEFORE : style === 'plain' ? LONGEST : LONGEST_STYLED);
      const tally = await comparePaths(api, schema, { path: world, paths, style, now: NOW });
      expect(tally.paths).toBeGreaterThan(100);
      // So that a mistake in the walk does not pass for a wall: there is something to hide, and to show.
      expect(tally.shown / tally.answers).toBeGreaterThan(0.3);
      expect(tally.shown / tally.answers).toBeLessThan(1);
    },
    300_000,
  );
});
