import fc from 'fast-check';
import type { Api } from '../api';
import type { Instant, World } from '../world';
import { writeWorld } from '../writer';
import { buildWorld } from './build';
import { perform, type Running } from './commands';
import { compareAll, type Tally } from './compare';
import { type Plan, plansWith, type Size } from './plan';

/** How many worlds, and from which beginning: the same seed makes the same worlds. */
export interface ModelOptions extends Size {
  readonly worlds: number;
  readonly seed: number;
  /** Where fast-check found a counterexample before, to run that one alone. */
  readonly path?: string | undefined;
  /** Called after each world. */
  readonly onWorld?: (tally: Readonly<Tally & { worlds: number }>) => void;
}

export interface ModelResult extends Tally {
  readonly worlds: number;
  readonly commands: number;
  readonly seconds: number;
  /** What went wrong, with the smallest world that shows it and how to run it again; null: nothing. */
  readonly failure: string | null;
}

const DAY = 86_400_000_000n;

/**
 * The instant at which every world's clock begins: a whole second, tomorrow, so that what lies ahead of it is in the
 * future by the real clock too, at which the API's process checks the ends that it is given.
 */
const clockStart = (): Instant => (BigInt(Date.now()) / 1000n) * 1_000_000n + DAY;

/** Support sees every clinic: that of a world that is over must not be seen in the next one. */
async function retireSupport(api: Api, world: World): Promise<void> {
  const ids = world.users.flatMap((user) => (user.clinicId === null ? [user.id] : []));
  await api.db.query('UPDATE support_users SET active = FALSE WHERE id = ANY ($1::uuid[])', [ids]);
}

/** Makes random worlds, changes them, and compares after each change. Does not raise: see `failure`. */
export async function runModel(api: Api, options: ModelOptions): Promise<ModelResult> {
  const tally = { decisions: 0, figures: 0 };
  let worlds = 0;
  let commands = 0;
  const began = performance.now();
  const property = fc.asyncProperty(plansWith(options), async (plan: Plan) => {
    const start = clockStart();
    const running: Running = { api, world: buildWorld(plan, start), start, now: start };
    try {
      await api.setClock(start);
      await writeWorld(api.db, running.world);
      await compareAll(api, running, false, tally);
      for (const [index, command] of plan.commands.entries()) {
        try {
          await perform(running, command);
          await compareAll(api, running, index % 2 === 0, tally);
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error);
          throw new Error(`after command ${index + 1}, ${command.do}: ${message}`, { cause: error });
        }
        commands += 1;
      }
    } finally {
      await retireSupport(api, running.world);
    }
    worlds += 1;
    options.onWorld?.({ ...tally, worlds });
  });
  const details = await fc.check(property, {
    numRuns: options.worlds,
    seed: options.seed,
    ...(options.path === undefined ? {} : { path: options.path }),
  });
  await api.setClock(null);
  return {
    ...tally,
    ...{ worlds, commands, seconds: (performance.now() - began) / 1000 },
    failure: details.failed ? describe(details, options) : null,
  };
}

function describe(details: fc.RunDetails<[Plan]>, size: Size): string {
  const { counterexample, counterexamplePath, errorInstance, numRuns, numShrinks, seed } = details;
  const message = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return [
    `World ${numRuns} of seed ${seed} does not agree with the oracle; made smaller ${numShrinks} times, it is`,
    fc.stringify(counterexample?.[0]),
    message,
    `Run it again: npm run proof -- --only model --bills ${size.bills} --commands ${size.commands} --seed ${seed} --path ${counterexamplePath}`,
  ].join('\n');
}
