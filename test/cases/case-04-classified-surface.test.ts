import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { extendSchema, type GraphQLSchema, isObjectType, parse } from 'graphql';
import { applyMiddleware } from 'graphql-middleware';
import { permissions, shieldMap } from '../../src/access/shield-map';
import { unguardedSchema } from '../../src/schema';
import { startTestServer, type TestServer } from '../support/server';
import { A, codesOf, replaceResolvers } from './support';

/** What the schema and the map do not both have, each with what to do about it. */
function unclassified(schema: GraphQLSchema, map: Readonly<Record<string, object>>): string[] {
  const types = Object.values(schema.getTypeMap()).filter(
    (type) => isObjectType(type) && !type.name.startsWith('__'),
  );
  const fields = new Map(
    types.map((type) => [type.name, new Set(isObjectType(type) ? Object.keys(type.getFields()) : [])]),
  );
  const missing = [...fields].flatMap(([type, names]) =>
    [...names]
      .filter((field) => !Object.hasOwn(map[type] ?? {}, field))
      .map(
        (field) =>
          `${type}.${field} is not in shieldMap, so it is denied: name it there with the rule that guards it`,
      ),
  );
  const leftOver = Object.entries(map).flatMap(([type, rules]) =>
    Object.keys(rules)
      .filter((field) => !fields.get(type)?.has(field))
      .map((field) => `shieldMap guards ${type}.${field}, which the schema does not have: remove it there`),
  );
  return [...missing, ...leftOver];
}

// Reported at maticzav/graphql-shield#1340: fields that the map does not name were allowed.
describe('case 4: every field of the schema is classified', () => {
  it('case 4: the schema and the shield map name the same fields', () => {
    expect(unclassified(unguardedSchema(), shieldMap)).toEqual([]);
  });

  it('case 4: a new field or type, and a rule for what is gone, are found', () => {
    const grown = extendSchema(
      unguardedSchema(),
      parse(
        'extend type Bill { margin: String } type Audit { total: String } extend type Query { audit: Audit }',
      ),
    );
    const { note: _note, ...bill } = shieldMap.Bill;
    const found = unclassified(grown, { ...shieldMap, Bill: bill, Ledger: { total: null } });
    expect(found).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^Audit\.total is not in shieldMap/),
        expect.stringMatching(/^Bill\.margin is not in shieldMap/),
        expect.stringMatching(/^Bill\.note is not in shieldMap/),
        'Query.audit is not in shieldMap, so it is denied: name it there with the rule that guards it',
        'shieldMap guards Ledger.total, which the schema does not have: remove it there',
      ]),
    );
  });

  it('case 4: no type and no field is left to a wildcard', () => {
    for (const [type, rules] of Object.entries(shieldMap)) {
      expect([type, typeof rules]).toEqual([type, 'object']);
      expect(Object.keys(rules)).not.toContain('*');
    }
  });
});

describe('case 4: a field that nobody classified', () => {
  let server: TestServer;

  beforeAll(async () => {
    const grown = extendSchema(
      unguardedSchema(),
      parse('extend type Bill { margin: String } extend type Query { audit: String }'),
    );
    const leaky = replaceResolvers(grown, { 'Bill.margin': () => 'leaked', 'Query.audit': () => 'leaked' });
    server = await startTestServer({ schema: applyMiddleware(leaky, permissions()) });
  });

  afterAll(() => server.close());

  it.each([
    ['on a root', '{ audit }'],
    ['on a bill that the viewer may see', '{ dashboard { bills(first: 1) { nodes { margin } } } }'],
  ])('case 4: is denied %s', async (_where, query) => {
    const answer = await server.ask(A, query);
    expect(answer.text).not.toContain('leaked');
    expect(codesOf(answer)).toHaveLength(1);
    expect(['FORBIDDEN', 'INTERNAL']).toEqual(expect.arrayContaining(codesOf(answer)));
  });
});
