import type { WorkName } from '../works';

/** A ratio that ours is to reach: requests per second of `ours` over those of `other`, in one run. */
export interface RatioGoal {
  readonly text: string;
  readonly works: readonly WorkName[];
  readonly ours: string;
  readonly other: string;
  /** At least this; null: as near to 1 as it can be. */
  readonly least: number | null;
}

const PAGES = ['page-50', 'page-500'] as const;
const ours = 'ours';

/** The goals that this comparison can tell of. Those about growth are told by `npm run bench -- growth`. */
export const RATIO_GOALS: readonly RatioGoal[] = [
  { text: 'ours / limit', works: ['page-50'], ours, other: 'limit', least: 0.6 },
  { text: 'ours / limit', works: ['page-500'], ours, other: 'limit', least: 0.7 },
  { text: 'ours / plain Apollo on Fastify', works: PAGES, ours, other: 'apollo-plain', least: 1 },
  {
    text: 'ours / the rule as people write it at first',
    works: PAGES,
    ours,
    other: 'apollo-naive',
    least: 6,
  },
  { text: 'ours / PostGraphile', works: PAGES, ours, other: 'postgraphile', least: 1.5 },
  { text: 'ours / yoga', works: PAGES, ours, other: 'yoga', least: 1.1 },
  { text: 'ours / mercurius with JIT', works: PAGES, ours, other: 'mercurius', least: null },
  {
    text: 'cost of authorization: launched / not launched',
    works: PAGES,
    ours: 'ours-sees-all',
    other: 'ours-not-launched',
    least: 0.9,
  },
  { text: 'shield on / off', works: PAGES, ours, other: 'ours-without-shield', least: 0.9 },
];

/** Memory after the load over memory at its start is to be at most this, and flat. */
export const MOST_MEMORY = 1.5;
/** Flat: the last quarter of the load takes at most this much more than the one before. */
export const FLAT = 1.05;

export type Verdict = 'met' | 'missed' | 'not measured' | '-';

/** A goal and what was reached. */
export interface Reached {
  readonly goal: string;
  readonly wanted: string;
  readonly reached: number | null;
  readonly verdict: Verdict;
}

/** What memory did under load, in mebibytes. */
export interface MemoryCourse {
  readonly atStart: number;
  readonly after: number;
  readonly ratio: number;
  /** The middle value of the last quarter over that of the quarter before. */
  readonly lastHalf: number;
  readonly flat: boolean;
  /** One value a second. */
  readonly samples: readonly number[];
}

/** Every goal, work by work, with what was reached. `rate`: the requests per second of a contestant; null: unknown. */
export function goalsReached(
  rate: (work: WorkName, contestant: string) => number | null,
  memory: MemoryCourse | null,
): Reached[] {
  const ratios = RATIO_GOALS.flatMap((goal) =>
    goal.works.map((work): Reached => {
      const [mine, theirs] = [rate(work, goal.ours), rate(work, goal.other)];
      const reached = mine === null || theirs === null ? null : mine / theirs;
      return {
        goal: `${work}: ${goal.text}`,
        wanted: goal.least === null ? 'as near to 1 as can be' : `at least ${goal.least}`,
        reached,
        verdict: verdictOf(reached, goal.least === null ? null : reached !== null && reached >= goal.least),
      };
    }),
  );
  const kept = memory !== null && memory.ratio <= MOST_MEMORY && memory.flat;
  return [
    ...ratios,
    {
      goal: `memory after load / at start${memory === null ? '' : memory.flat ? ', flat' : ', still rising'}`,
      wanted: `at most ${MOST_MEMORY}, and flat`,
      reached: memory?.ratio ?? null,
      verdict: verdictOf(memory?.ratio ?? null, kept),
    },
  ];
}

/** `held`: whether what was reached is enough; null: there is no threshold. */
function verdictOf(reached: number | null, held: boolean | null): Verdict {
  if (reached === null || Number.isNaN(reached)) return 'not measured';
  if (held === null) return '-';
  return held ? 'met' : 'missed';
}
