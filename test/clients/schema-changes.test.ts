import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { buildSchema } from 'graphql';
import { committedSchema, ROOT } from './documents';
import { declaredPaths, undeclaredBreakingChanges } from './schema-changes';

const read = (...names: string[]): string => readFileSync(path.join(ROOT, ...names), 'utf8');

const BEFORE = buildSchema(`
  type Query { bill(id: ID): Bill other: Int }
  type Bill { number: String! status: Status! }
  enum Status { PAID UNPAID }`);
const AFTER = buildSchema(`
  type Query { bill(id: ID!): Bill more: Int }
  type Bill { number: String! status: Status! note: String }
  enum Status { PAID WRITTEN_OFF }`);

const changelog = (breaking: string): string => `# Changelog

## [Unreleased]

### Added

- \`Query.other\` is talked of here, which declares nothing.
${breaking}
### Fixed

- Something about \`Query.bill.id\`.

## [0.1.0] - 2026-11-25

### Breaking

- \`Status.UNPAID\` was broken then.
`;

describe('a breaking change of the schema', () => {
  it('is found, by its path, where the changelog does not declare it', async () => {
    const found = await undeclaredBreakingChanges(BEFORE, AFTER, changelog(''));
    expect(found.map((change) => change.path).sort()).toEqual([
      'Query.bill.id',
      'Query.other',
      'Status.UNPAID',
    ]);
    expect(found.find((change) => change.path === 'Query.other')?.message).toContain('was removed');
  });

  it('is let through where the unreleased part declares it, and only that one', async () => {
    const declared = changelog(
      '\n### Breaking\n\n- `Query.other` is gone.\n- `Status.UNPAID`: use `PAID`.\n',
    );
    expect([...declaredPaths(declared)]).toEqual(['Query.other', 'Status.UNPAID', 'PAID']);
    const found = await undeclaredBreakingChanges(BEFORE, AFTER, declared);
    expect(found.map((change) => change.path)).toEqual(['Query.bill.id']);
  });

  it('is not what only adds', async () => {
    const more = buildSchema(`
      type Query { bill(id: ID): Bill other(first: Int): Int more: Int }
      type Bill { number: String! status: Status! note: String }
      enum Status { PAID UNPAID WRITTEN_OFF }`);
    expect(await undeclaredBreakingChanges(BEFORE, more, '')).toEqual([]);
  });
});

describe('this schema', () => {
  it('breaks no client of the last release, but for what CHANGELOG.md declares', async () => {
    const released = buildSchema(read('docs', 'schema', 'released.graphql'));
    const found = await undeclaredBreakingChanges(released, committedSchema(), read('CHANGELOG.md'));
    // Each of these either goes, or is named in CHANGELOG.md, in "Breaking" of the unreleased part, by its path.
    expect(found).toEqual([]);
  });

  it('has its version in CHANGELOG.md', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(read('CHANGELOG.md')).toContain(`\n## [${version}] - `);
    expect(read('CHANGELOG.md')).toMatch(/\n## \[Unreleased\]\n/);
  });
});
