import { describe, expect, it } from '@jest/globals';
import { extendSchema, parse } from 'graphql';
import { FIELDS } from '../../proof/bill-data';
import { fieldsOf, problems } from '../../proof/classification';
import { shieldMap } from '../../src/access/shield-map';
import { unguardedSchema } from '../../src/schema';

// That the shield map and the schema name the same fields is case 4 (test/cases/case-04-classified-surface.test.ts).
const schema = unguardedSchema();
const rules = shieldMap as unknown as Parameters<typeof problems>[1];

describe('every field of the schema is classified by what it has to do with bills', () => {
  it('the classification fits the schema and the shield map', () => {
    expect(problems(schema, rules)).toEqual([]);
    expect(fieldsOf(schema).length).toBeGreaterThan(200);
  });

  it.each([
    [
      'a new way to bills',
      'extend type User { bills: BillConnection }',
      /^User\.bills reaches BillConnection, and so bills, and is in no class: add it to `leadsTo` of User in proof\/bill-data\.ts/,
    ],
    [
      'a new way to bills through a type of its own',
      'type Desk { dashboard: Dashboard } extend type Query { desk: Desk }',
      /^Query\.desk reaches Desk, and so bills, and is in no class/,
    ],
    [
      'a new way through a union',
      'union Found = User | Bill extend type Query { search(text: String): [Found!] }',
      /^Query\.search reaches Bill, and so bills, and is in no class/,
    ],
    [
      'a new value that may be computed from bills',
      'extend type User { billedThisYear: Decimal }',
      /^User\.billedThisYear is in no class: add it to User in proof\/bill-data\.ts, to `computed` if bills go into its value/,
    ],
  ])('%s fails by name, with what to do', (_what, text, message) => {
    const grown = extendSchema(schema, parse(text));
    expect(problems(grown, rules)).toContainEqual(expect.stringMatching(message));
  });

  it('a classification that does not fit fails by name, with what to do', () => {
    const changed = {
      ...FIELDS,
      Patient: { other: 'id name birthDate chart gone' },
      Group: { leadsTo: 'members', other: 'id name memberCount' },
      Clinic: { ...FIELDS.Clinic, computed: 'name' },
    };
    expect(problems(schema, rules, changed)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^Patient\.chart is in `other` and reaches PatientChart, and so bills: move it/,
        ),
        expect.stringMatching(/^Patient\.gone is in proof\/bill-data\.ts and not in the schema: remove it/),
        expect.stringMatching(/^Group\.members is in `leadsTo` and reaches nothing of bills: move it/),
        expect.stringMatching(/^Clinic\.name is in proof\/bill-data\.ts twice/),
      ]),
    );
  });

  it('a value computed from bills under a rule that does not look at them fails by name', () => {
    const loose = { ...rules, BillTotals: { ...rules.BillTotals, billed: { name: 'signedIn' } } };
    expect(problems(schema, loose)).toEqual([
      expect.stringMatching(/^BillTotals\.billed is in `computed`, and its shield rule \(signedIn\)/),
    ]);
  });
});
