import { figure, table } from '../lib/table';
import type { Subject } from './questions';
import type { Point } from './run';

const TITLES: Readonly<Record<Subject, string>> = {
  bills: 'First page of 50, by the number of bills and of visible providers',
  depth: 'A page of 50, by how far down it is',
  group: 'First page of 50, by the members of the group that lets the viewer see',
  delegations: 'First page of 50, by the delegations of the clinic',
};

const AXES: Readonly<Record<Subject, string>> = {
  bills: 'bills',
  depth: 'page',
  group: 'members',
  delegations: 'delegations',
};

export const SUBJECTS = Object.keys(TITLES) as Subject[];

/** How one figure compares with another. */
export interface Ratio {
  readonly title: string;
  readonly p99: number;
  readonly p50: number;
  readonly buffers: number;
  /** The most that the p99 ratio should be. */
  readonly goal: number | null;
}

/** The tables, one for each subject, and the ratios. */
export function reportOf(points: readonly Point[], ratios: readonly Ratio[]): string {
  const whole = (value: number): string => value.toLocaleString('en');
  const tables = SUBJECTS.map((subject) => {
    const rows = points
      .filter((point) => point.subject === subject)
      .map((point) => [
        whole(point.x),
        `${point.sees} of 500`,
        figure(point.p50),
        figure(point.p99),
        whole(point.buffers),
        whole(point.requests),
      ]);
    const [sees, p50, p99] = ['providers', 'p50 ms', 'p99 ms'].map((title) => ({ title, right: true }));
    const columns = [
      { title: AXES[subject], right: true },
      ...(sees && p50 && p99 ? [sees, p50, p99] : []),
      { title: 'buffers', right: true },
      { title: 'requests', right: true },
    ];
    return `${TITLES[subject]}\n\n${table(columns, rows)}`;
  });
  const compared = table(
    [
      { title: 'ratio' },
      { title: 'p99', right: true },
      { title: 'goal, at most', right: true },
      { title: 'p50', right: true },
      { title: 'buffers', right: true },
    ],
    ratios.map((ratio) => [
      ratio.title,
      figure(ratio.p99),
      ratio.goal === null ? '' : ratio.goal.toFixed(1),
      figure(ratio.p50),
      figure(ratio.buffers),
    ]),
  );
  return [...tables, compared].join('\n\n');
}

/** What grows with what: each ratio is that of the far end of an axis to its near end. */
export function ratiosOf(points: readonly Point[], base: number): Ratio[] {
  const ratios: Ratio[] = [];
  const add = (title: string, far: Point | undefined, near: Point | undefined, goal: number | null): void => {
    if (far === undefined || near === undefined || far === near) return;
    const [p99, p50] = [far.p99 / near.p99, far.p50 / near.p50];
    ratios.push({ title, p99, p50, buffers: far.buffers / near.buffers, goal });
  };
  const ends = (line: readonly Point[]): [near: Point | undefined, far: Point | undefined] => {
    const sorted = line.toSorted((a, b) => a.x - b.x);
    return [sorted[0], sorted.at(-1)];
  };
  const whole = (value: number | undefined): string => value?.toLocaleString('en') ?? '';
  for (const sees of seenIn(points, 'depth')) {
    const [near, far] = ends(points.filter((point) => point.subject === 'depth' && point.sees === sees));
    add(`page ${whole(far?.x)} / 1, ${sees} providers`, far, near, 1.5);
  }
  for (const sees of seenIn(points, 'bills')) {
    const [near, far] = ends(points.filter((point) => point.subject === 'bills' && point.sees === sees));
    add(`${whole(far?.x)} bills / ${whole(near?.x)}, ${sees} providers`, far, near, 1.5);
  }
  const seeing = (sees: number): Point | undefined =>
    points.find((point) => point.subject === 'bills' && point.x === base && point.sees === sees);
  for (const sees of [10, 100, 500]) add(`${sees} providers / 1`, seeing(sees), seeing(1), 1.5);
  add('no provider / 500', seeing(0), seeing(500), 1);
  for (const subject of ['group', 'delegations'] as const) {
    const [near, far] = ends(points.filter((point) => point.subject === subject));
    add(`${whole(far?.x)} ${AXES[subject]} / ${whole(near?.x)}`, far, near, null);
  }
  return ratios;
}

/** How many providers the viewers of a subject see. */
export const seenIn = (points: readonly Point[], subject: Subject): number[] => [
  ...new Set(points.filter((point) => point.subject === subject).map((point) => point.sees)),
];
