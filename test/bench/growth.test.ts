import 'reflect-metadata';
import { expect, test } from '@jest/globals';
import { chartOf } from '../../bench/growth/chart';
import { ratiosOf, reportOf } from '../../bench/growth/report';
import type { Point } from '../../bench/growth/run';

const point = (subject: Point['subject'], x: number, sees: number, p99: number): Point => ({
  subject,
  x,
  sees,
  bills: 1000,
  p50: p99 / 2,
  p99,
  requests: 100,
  buffers: 10 * p99,
});

const POINTS = [
  ...[0, 1, 500].flatMap((sees) => [
    point('bills', 100, sees, 4 + sees),
    point('bills', 1000, sees, 2 * (4 + sees)),
  ]),
  point('depth', 100, 500, 6),
  point('depth', 1, 500, 4),
];

test('each ratio is that of the far end to the near end, whatever the order', () => {
  const ratios = ratiosOf(POINTS, 1000);
  expect(ratios.map(({ title, p99, goal }) => [title, p99, goal])).toEqual([
    ['page 100 / 1, 500 providers', 1.5, 1.5],
    ['1,000 bills / 100, 0 providers', 2, 1.5],
    ['1,000 bills / 100, 1 providers', 2, 1.5],
    ['1,000 bills / 100, 500 providers', 2, 1.5],
    ['500 providers / 1', 504 / 5, 1.5],
    ['no provider / 500', 4 / 504, 1],
  ]);
  expect(ratios[0]).toMatchObject({ p50: 1.5, buffers: 1.5 });
});

test('the report has every point and every ratio, and the chart is an SVG', () => {
  const report = reportOf(POINTS, ratiosOf(POINTS, 1000));
  expect(report.match(/of 500 \|/g)).toHaveLength(POINTS.length);
  expect(report).toContain('no provider / 500');
  const chart = chartOf(POINTS, 1000);
  expect([chart.startsWith('<svg'), chart.includes('500 of 500 providers')]).toEqual([true, true]);
});
