import { describe, expect, test } from '@jest/globals';
import { goalsReached, type MemoryCourse } from '../../bench/compare/goals';
import { courseOf } from '../../bench/compare/memory';
import { readOptions, UsageError } from '../../bench/compare/options';
import { boundOf, secondsOf, stepsOf } from '../../bench/compare/plan';
import { goalsTable, resultsTable } from '../../bench/compare/report';
import { mediansOf, rateIn, type WorkResult } from '../../bench/compare/results';
import type { Contestant } from '../../bench/contestants';
import type { Work, WorkName } from '../../bench/works';

const measured = (requestsPerSecond: number, more = {}) => ({
  answered: 10,
  requestsPerSecond,
  p50: 4,
  p99: 9,
  cpuPerRequest: 0.5,
  databaseCpuPerRequest: 0.25,
  memoryAtStart: 100,
  memoryAfter: 120,
  ...more,
});

const result = (work: WorkName, rates: Record<string, number | null>): WorkResult => ({
  work,
  title: work,
  counts: 'requests',
  entries: Object.entries(rates).map(([contestant, rate]) => ({
    contestant,
    rounds: [],
    medians: rate === null ? null : measured(rate),
    failure: rate === null ? 'it died' : null,
  })),
});

describe('goals', () => {
  const course: MemoryCourse = { atStart: 100, after: 150, ratio: 1.5, lastHalf: 1, flat: true, samples: [] };
  const goals = (rates: Record<string, number>, memory: MemoryCourse | null = null) => {
    const reached = goalsReached((work, who) => (work === 'page-50' ? (rates[who] ?? null) : null), memory);
    return (goal: string) => reached.find((one) => one.goal.startsWith(goal));
  };

  test('a ratio at its threshold is met, one below is missed', () => {
    const goal = 'page-50: ours / limit';
    expect(goals({ ours: 60, limit: 100 })(goal)).toMatchObject({ reached: 0.6, verdict: 'met' });
    expect(goals({ ours: 59, limit: 100 })(goal)).toMatchObject({ reached: 0.59, verdict: 'missed' });
  });

  test('one that was not measured on both sides, or at another work, is neither', () => {
    const of = goals({ ours: 60, limit: 100 });
    expect(of('page-50: ours / yoga')).toMatchObject({ reached: null, verdict: 'not measured' });
    expect(of('page-500: ours / limit')).toMatchObject({ reached: null, verdict: 'not measured' });
    expect(of('memory')).toMatchObject({ reached: null, verdict: 'not measured' });
  });

  test('one without a threshold tells what was reached', () => {
    expect(goals({ ours: 70, mercurius: 100 })('page-50: ours / mercurius')).toMatchObject({
      reached: 0.7,
      verdict: '-',
    });
  });

  test('what authorization costs is asked of the viewers who see the same', () => {
    const of = goals({ ours: 1, 'ours-sees-all': 95, 'ours-not-launched': 100 });
    expect(of('page-50: cost of authorization')).toMatchObject({ reached: 0.95, verdict: 'met' });
  });

  test('memory must have stayed, and be flat', () => {
    expect(goals({}, course)('memory')).toMatchObject({ reached: 1.5, verdict: 'met' });
    expect(goals({}, { ...course, ratio: 1.51 })('memory')).toMatchObject({ verdict: 'missed' });
    expect(goals({}, { ...course, flat: false })('memory')).toMatchObject({ verdict: 'missed' });
  });

  test('the table leaves out what was not measured', () => {
    const shown = goalsTable(goalsReached(() => null, course));
    expect(shown.split('\n')).toHaveLength(3);
    expect(shown).toContain('1.50 | met');
  });
});

test('memory that rises to a level is flat, memory that goes on rising is not', () => {
  const level = [100, 110, 120, 130, 130, 131, 130, 131];
  expect(courseOf(level)).toMatchObject({ atStart: 100, after: 131, ratio: 1.31, flat: true });
  const rising = [100, 110, 120, 130, 140, 150, 160, 170];
  expect(courseOf(rising)).toMatchObject({ flat: false });
});

test('each figure has its own median, and none where no round was made', () => {
  const rounds = [measured(10, { p99: 9 }), measured(30, { p99: 7 }), measured(20, { p99: 8 })];
  expect(mediansOf(rounds)).toMatchObject({ requestsPerSecond: 20, p99: 8, cpuPerRequest: 0.5 });
  expect(mediansOf([])).toBeNull();
});

test('the table has the fastest first, ratios within one viewer, and whoever failed', () => {
  const contestants = [
    { name: 'limit', title: '', viewer: 20 },
    { name: 'ours', title: '', viewer: 20 },
    { name: 'yoga', title: '', viewer: 20 },
    { name: 'ours-sees-all', title: '', viewer: 500 },
  ];
  const works = [result('page-50', { ours: 1200, limit: 2000, yoga: null, 'ours-sees-all': 900 })];
  expect(rateIn(works)('page-50', 'ours')).toBe(1200);
  expect(rateIn(works)('page-50', 'yoga')).toBeNull();
  expect(rateIn(works)('bill', 'ours')).toBeNull();
  expect(rateIn([result('bill', { naive: 0 })])('bill', 'naive')).toBeNull();
  const rows = resultsTable({ contestants, works })
    .split('\n')
    .slice(2)
    .map((row) => row.split('|').map((cell) => cell.trim()));
  expect(rows.map(([, , name, rate, ratio]) => [name, rate, ratio])).toEqual([
    ['limit', '2000', '1.00'],
    ['ours', '1200', '0.60'],
    ['ours-sees-all', '900', '-'],
    ['yoga', 'failed', ''],
  ]);
  expect(rows[0]?.slice(5, 10)).toEqual(['4.00', '9.00', '0.50', '0.25', '100 -> 120']);
});

describe('plan', () => {
  const contestant = (name: string, works: WorkName[]): Contestant => ({
    name,
    title: name,
    works,
    entry: '',
    signsIn: false,
  });
  const works = (['page-50', 'bill'] as const).map((name) => ({ name }) as Work);
  const contestants = [contestant('a', ['page-50', 'bill']), contestant('b', ['page-50'])];

  test('contestants take turns within each round of a work', () => {
    const steps = stepsOf(works, contestants, 2);
    expect(steps.map(({ work, round, contestant: { name } }) => `${work.name} ${round} ${name}`)).toEqual([
      'page-50 1 a',
      'page-50 1 b',
      'page-50 2 a',
      'page-50 2 b',
      'bill 1 a',
      'bill 2 a',
    ]);
  });

  test('the time grows with rounds and seconds and is bounded', () => {
    const about = (rounds: number, seconds: number, memory: number | null = null) =>
      secondsOf({ steps: stepsOf(works, contestants, rounds), contestants, seconds, atOnce: false, memory });
    expect(about(3, 10)).toBeGreaterThan(9 * 10);
    expect(about(4, 10)).toBeGreaterThan(about(3, 10));
    expect(about(3, 10, 60)).toBeGreaterThan(about(3, 10) + 60);
    expect(boundOf(about(3, 10))).toBeGreaterThan(about(3, 10));
  });
});

describe('options', () => {
  test('have the usual values', () => {
    expect(readOptions([])).toMatchObject({ bills: 1_000_000, seconds: 10, rounds: 3, connections: 10 });
  });

  test('take some works and contestants, in the order of the table', () => {
    const options = readOptions([
      '--works',
      'memory, page-50',
      '--contestants',
      'yoga,limit',
      '--rounds',
      '1',
    ]);
    expect(options).toMatchObject({
      works: ['page-50', 'memory'],
      contestants: ['limit', 'yoga'],
      rounds: 1,
    });
  });

  test.each([
    [['--seconds', '0'], /--seconds takes a whole number from 1/],
    [['--bills', 'many'], /--bills takes/],
    [['--works', 'page-50,dance'], /--works takes some of: page-50.* Not: dance/],
    [['--contestants', 'nobody'], /--contestants takes some of: limit/],
    [['--swift'], /swift/],
  ])('refuse %p', (args, message) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(message);
  });
});
