// ESM-only packages: Node can require them, jest's own module loader cannot, so they are compiled on the way.
const ESM_ONLY = ['get-east-asian-width', 'jose', 'lodash-es', 'uuid'];

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  // Libraries look at globals of the file before; jest would warn of each.
  testEnvironmentOptions: { globalsCleanup: 'off' },
  // The default leaves one core idle; on two, the tests and PostgreSQL share both well.
  maxWorkers: 2,
  // What a hundred test files leave behind in a process would fill its heap.
  workerIdleMemoryLimit: '1GB',
  // Generous: a slow machine is no failure. How fast things are is measured in bench/.
  testTimeout: 120_000,
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // Compiled copies of the sources and of package.json would count twice.
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  transform: {
    '\\.[cm]?[jt]s$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023', // as in tsconfig.json, so that class fields behave the same
          parser: { syntax: 'typescript', decorators: true },
          // type-graphql and TypeORM read the types of decorated members at run time.
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${ESM_ONLY.join('|')}|typeorm/node_modules/[^/]+)/)`],
};
