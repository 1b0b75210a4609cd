import { describe, expect, test } from '@jest/globals';
import { barChart } from '../../bench/lib/chart';
import { median } from '../../bench/lib/load';
import { firstDifference, linesOf } from '../../bench/lib/same-bills';
import { figure, table } from '../../bench/lib/table';

describe('median', () => {
  test.each([
    ['of three, in any order', [30, 10, 20], 20],
    ['of one', [7], 7],
    ['of an even number: between the middle two', [4, 1, 3, 2], 2.5],
    ['by number, not by text', [9, 10, 100], 10],
  ])('%s', (_, values, expected) => expect(median(values)).toBe(expected));

  test('of none is not a number, and nothing is reordered', () => {
    expect(median([])).toBeNaN();
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

test('figures have as many digits as they have meaning', () => {
  expect([1283.4, 45.34, 0.518, 0, Number.NaN, Number.POSITIVE_INFINITY].map(figure)).toEqual([
    '1283',
    '45.3',
    '0.52',
    '0.00',
    '-',
    '-',
  ]);
});

test('a table stands in columns and is Markdown', () => {
  const columns = [{ title: 'who' }, { title: 'rate', right: true }];
  const rows = [['ours', '1283'], ['the other one', '9'], ['failed']];
  expect(table(columns, rows)).toBe(
    [
      '| who           | rate |',
      '| ------------- | ---: |',
      '| ours          | 1283 |',
      '| the other one |    9 |',
      '| failed        |      |',
    ].join('\n'),
  );
});

test('a chart is an SVG that names its bars and leaves out those without a value', () => {
  const color = '#123456';
  const bars = (values: (number | null)[]) =>
    barChart({
      title: 'T',
      subtitle: 'S',
      unit: 'u',
      groups: ['page', 'bill'],
      series: [{ name: 'ours', values, color }],
    });
  const whole = bars([1, 2]);
  expect([whole.startsWith('<svg'), whole.endsWith('</svg>'), whole.includes('ours')]).toEqual([
    true,
    true,
    true,
  ]);
  const count = (svg: string) => svg.split(color).length;
  expect(count(bars([null, 2]))).toBe(count(whole) - 1);
});

describe('whether all give the same bills', () => {
  const bill = {
    id: 'x',
    number: '1-1',
    total: '12.00',
    outstanding: '2.00',
    patient: { name: 'Ann' },
    provider: { name: 'Dr Bo' },
    items: [
      { serviceCode: 'A1', amount: '5.00' },
      { serviceCode: 'B2', amount: '7.00' },
    ],
  };

  test('a page is one line a bill', () => {
    const answer = { data: { dashboard: { bills: { nodes: [bill] } } } };
    expect(linesOf(answer, { name: 'page-50' })).toEqual(['1-1|12.00|2.00|Ann|Dr Bo|A1 5.00,B2 7.00']);
  });

  test('another work is one line a value, an empty list too', () => {
    const answer = {
      data: {
        visits: {
          nodes: [
            { id: 'v', bills: [] },
            { id: null, bills: [{ n: 1 }] },
          ],
        },
      },
    };
    expect(linesOf(answer, { name: 'visits' })).toEqual([
      'visits.nodes.0.id: v',
      'visits.nodes.0.bills: none',
      'visits.nodes.1.id: null',
      'visits.nodes.1.bills.0.n: 1',
    ]);
  });

  test.each([
    [
      'errors beside bills',
      { data: { dashboard: { bills: { nodes: [bill] } } }, errors: [{ message: 'no' }] },
    ],
    ['no data', { data: null }],
    ['no bills', { data: { dashboard: null } }],
  ])('%s is no answer', (_, answer) => {
    expect(() => linesOf(answer, { name: 'page-50' })).toThrow(/^no /);
  });

  test('the first difference is named with both lines', () => {
    const limit = { name: 'limit', lines: ['a', 'b', 'c'] };
    expect(firstDifference([])).toBeNull();
    expect(firstDifference([limit, { name: 'ours', lines: ['a', 'b', 'c'] }])).toBeNull();
    expect(firstDifference([limit, limit, { name: 'yoga', lines: ['a', 'x', 'y'] }])).toBe(
      'yoga differs from limit on line 2 (of 3 and 3):\n  limit: b\n  yoga: x',
    );
    expect(firstDifference([limit, { name: 'yoga', lines: ['a', 'b'] }])).toMatch(
      /line 3 \(of 2 and 3\):\n {2}limit: c\n {2}yoga: \(nothing more\)/,
    );
    expect(firstDifference([{ name: 'limit', lines: [] }, limit])).toMatch(
      /line 1 .*\n.*\(nothing more\)\n.*a$/,
    );
  });
});
