import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { buildSchema, Kind, parse, validate } from 'graphql';

const ROOT = join(__dirname, '../..');
const FOLDER = join(ROOT, 'graphiql/src/examples');

describe('the example queries of the GraphiQL page', () => {
  const schema = buildSchema(readFileSync(join(ROOT, 'schema.graphql'), 'utf8'));
  const files = readdirSync(FOLDER).sort();

  it('has one example for each surface', () => {
    expect(files).toEqual([
      'bill.graphql',
      'dashboard.graphql',
      'encounter.graphql',
      'explain-access.graphql',
      'patient-chart.graphql',
      'viewer.graphql',
      'visits.graphql',
    ]);
  });

  it.each(files)('%s is valid against schema.graphql', (file) => {
    const document = parse(readFileSync(join(FOLDER, file), 'utf8'));
    expect(validate(schema, document).map((error) => error.message)).toEqual([]);
    // The tab takes its title from the name, and a person finds it in the history by that name.
    expect(document.definitions).toHaveLength(1);
    expect(document.definitions[0]).toMatchObject({ kind: Kind.OPERATION_DEFINITION, operation: 'query' });
    expect(document.definitions[0]).toHaveProperty('name.value');
  });

  it('is offered on the page, every one', () => {
    const page = readFileSync(join(ROOT, 'graphiql/src/examples.ts'), 'utf8');
    for (const file of files) {
      expect(page).toContain(`./examples/${file}?raw`);
    }
  });

  it.each(['session.ts', 'fill-ids.tsx'])('asks nothing in %s that the schema does not have', (file) => {
    const source = readFileSync(join(ROOT, 'graphiql/src', file), 'utf8');
    const operations = [...source.matchAll(/\/\* GraphQL \*\/ `([^`]*)`/g)].map((match) => match[1] ?? '');
    expect(operations.length).toBeGreaterThan(0);
    for (const operation of operations) {
      expect(validate(schema, parse(operation)).map((error) => error.message)).toEqual([]);
    }
  });
});
