/** Imports point one way; each rule says which way, and why. */
module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'A circle of imports has no beginning to read it from.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'policy-stands-alone',
      comment: 'The policy is a pure table: it imports nothing.',
      severity: 'error',
      from: { path: '^src/access/policy\\.ts$' },
      to: { path: '.' },
    },
    {
      name: 'relations-know-only-the-policy',
      comment: 'relations -> policy, and nothing else.',
      severity: 'error',
      from: { path: '^src/access/relations\\.ts$' },
      to: { pathNot: '^src/access/policy\\.ts$' },
    },
    {
      name: 'access-stands-below-the-features',
      comment: 'The access decision does not depend on what it guards.',
      severity: 'error',
      from: { path: '^src/access/' },
      to: { path: '^src/(billing|delegation|directory|identity|records|importers|embedded)/' },
    },
    {
      name: 'one-store-of-bills',
      comment: 'Only the billing feature reaches the store that queries bills.',
      severity: 'error',
      from: { pathNot: '^src/billing/' },
      to: { path: '^src/billing/store/' },
    },
    {
      name: 'resolvers-hold-no-typeorm',
      comment: 'Resolvers are thin: SQL and TypeORM stay in the stores, entities and the database.',
      severity: 'error',
      from: { path: '(resolver|resolvers/[^/]+|types|schema|context|server)\\.ts$' },
      to: { path: 'node_modules/(typeorm|pg)/' },
    },
    {
      name: 'stores-below-resolvers',
      comment: 'resolvers -> stores -> predicate and loader, never back.',
      severity: 'error',
      from: { path: '^src/[^/]+/store' },
      to: { path: '(resolver\\.ts|/resolvers/|^src/(schema|server|main|context)\\.ts)' },
    },
    {
      name: 'embedded-stands-alone',
      comment: 'The embedded PostgreSQL can be read without the rest.',
      severity: 'error',
      from: { path: '^src/embedded/' },
      to: { path: '^src/(?!embedded/)' },
    },
    {
      name: 'not-to-tests',
      comment: 'The product does not depend on its tests.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    parser: 'swc',
  },
};
