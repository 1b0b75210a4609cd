import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDecimal, parseMoment } from '../../src/importers/synthea/fields';
import { planStaff } from '../../src/importers/synthea/staff-plan';

const providers = (count: number) =>
  Array.from({ length: count }, (_, place) => ({ id: `provider-${place}`, bills: place % 3 }));

describe('the made-up staff', () => {
  test('follows from the seed and the providers, in whatever order they come', () => {
    const plan = planStaff(7, providers(30));
    expect(planStaff(7, providers(30).reverse())).toEqual(plan);
    expect(planStaff(8, providers(30))).not.toEqual(plan);
  });

  test('never lists a provider for themselves, nor anybody twice, for any seed and number of providers', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 60 }), (seed, count) => {
        const { delegations } = planStaff(seed, providers(count));
        const keys = delegations.map(({ provider, delegate }) => JSON.stringify([provider, delegate]));
        expect(new Set(keys).size).toBe(keys.length);
        expect(
          delegations.filter(({ provider, delegate }) => Object.values(delegate)[0] === provider),
        ).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  test('has one administrator with both permissions and a stranger whom nobody lists', () => {
    const { staff, groups, delegations } = planStaff(1, providers(30));
    expect(staff.filter(({ permissions }) => permissions.length === 2).map(({ key }) => key)).toEqual([
      'administrator',
    ]);
    const listed = [
      ...groups.flatMap(({ members }) => members),
      ...delegations.flatMap(({ delegate }) => Object.values(delegate)),
    ];
    expect(listed).not.toContain('stranger');
    expect(new Set(staff.map(({ name }) => name)).size).toBe(staff.length);
  });
});

describe('fields of the files', () => {
  test.each([
    ['2023-02-14T10:15:00Z', '2023-02-14T10:15:00.000Z', '2023-02-14'],
    ['2023-02-14', '2023-02-14T00:00:00.000Z', '2023-02-14'],
    ['2023-02-14 10:15', '2023-02-14T10:15:00.000Z', '2023-02-14'],
    ['2023-12-31T23:30:00.25-05:00', '2024-01-01T04:30:00.250Z', '2024-01-01'],
    ['1934-06-02T00:30:00+0100', '1934-06-01T23:30:00.000Z', '1934-06-01'],
  ])('reads the moment %s', (text, instant, date) => {
    expect(parseMoment(text)).toEqual({ instant, date });
  });

  test.each([
    '',
    '2023-02-29',
    '2023-13-01',
    '2023-02-14T24:00:00Z',
    '14.02.2023',
    '2023-2-14',
    '20230214',
    'yesterday',
  ])('refuses the moment "%s"', (text) => {
    expect(parseMoment(text)).toBeNull();
  });

  test('reads decimals as they are spelt and refuses what is none', () => {
    expect(['0', '77.49', '.5', '5.', '1.5E3', '+2'].map((text) => parseDecimal(text, 1e6))).toEqual([
      ...['0', '77.49', '.5', '5.', '1.5E3', '+2'],
    ]);
    expect(
      ['', '.', '1,5', '1e', 'NaN', 'Infinity', '0x10', '1e6', '999999999', '1 000'].map((text) =>
        parseDecimal(text, 1e6),
      ),
    ).toEqual(Array(10).fill(null));
  });
});
