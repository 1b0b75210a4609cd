import { describe, expect, test } from '@jest/globals';
import { ConfigError, readConfig } from '../src/config';
import { read, refusalOf } from './support/settings';

const KEY = 'a signing key for tests, and for nothing else';
const URL = 'postgres://user:hunter2-secret@db.example:5432/billing';

describe('the settings', () => {
  test('have defaults for everything: the embedded database, on this machine only', () => {
    expect(read({})).toMatchObject({
      databaseUrl: null,
      migrationDatabaseUrl: null,
      dataDir: '.data',
      host: '127.0.0.1',
      port: 4000,
      signingKey: null,
      tokenMinutes: 60,
      graphiql: true,
      demoPassword: 'demo-password-only',
      importPassword: null,
      poolSize: 10,
      statementTimeoutMs: 10_000,
      trustProxy: false,
      logLevel: 'info',
    });
  });

  test('come from the environment', () => {
    const config = read({
      DATABASE_URL: URL,
      MIGRATION_DATABASE_URL: 'postgresql://owner@db.example/billing',
      SIGNING_KEY: KEY,
      DATA_DIR: '/srv/data of ours',
      HOST: '0.0.0.0',
      PORT: '8080',
      TOKEN_MINUTES: '15',
      GRAPHIQL: 'true',
      DEMO_PASSWORD: 'another password',
      IMPORT_PASSWORD: 'a third password',
      POOL_SIZE: '3',
      STATEMENT_TIMEOUT_MS: '2500',
      TRUST_PROXY: 'true',
      LOG_LEVEL: 'warn',
    });
    expect(config).toMatchObject({
      databaseUrl: URL,
      migrationDatabaseUrl: 'postgresql://owner@db.example/billing',
      signingKey: KEY,
      dataDir: '/srv/data of ours',
      host: '0.0.0.0',
      port: 8080,
      tokenMinutes: 15,
      graphiql: true,
      demoPassword: 'another password',
      importPassword: 'a third password',
      poolSize: 3,
      statementTimeoutMs: 2500,
      trustProxy: true,
      logLevel: 'warn',
    });
  });

  test('cannot be changed afterwards', () => {
    const config = read({});
    expect(Object.isFrozen(config)).toBe(true);
    expect(() => Object.assign(config, { port: 1 })).toThrow(TypeError);
  });

  test('that are empty count as not set', () => {
    const names = [
      ...[
        'DATABASE_URL',
        'MIGRATION_DATABASE_URL',
        'DATA_DIR',
        'HOST',
        'PORT',
        'SIGNING_KEY',
        'TOKEN_MINUTES',
      ],
      ...[
        'GRAPHIQL',
        'DEMO_PASSWORD',
        'IMPORT_PASSWORD',
        'POOL_SIZE',
        'STATEMENT_TIMEOUT_MS',
        'TRUST_PROXY',
        'LOG_LEVEL',
      ],
    ];
    expect(read(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(read({}));
  });

  test('that are of other programs do not matter', () => {
    expect(read({ PATH: '/bin', PGPASSWORD: 'x' })).toEqual(read({}));
  });

  test.each([
    ['DATABASE_URL', 'mysql://root:hunter2-secret@db/billing'],
    ['MIGRATION_DATABASE_URL', 'db.example hunter2-secret'],
    ['PORT', 'hunter2-secret'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['SIGNING_KEY', 'hunter2-secret'],
    ['TOKEN_MINUTES', '0'],
    ['TOKEN_MINUTES', '1441'],
    ['GRAPHIQL', 'hunter2-secret'],
    ['GRAPHIQL', '1'],
    ['DEMO_PASSWORD', 'hunter2'],
    ['IMPORT_PASSWORD', 'hunter2'],
    ['POOL_SIZE', '0'],
    ['POOL_SIZE', 'hunter2-secret'],
    ['STATEMENT_TIMEOUT_MS', '10s'],
    ['TRUST_PROXY', 'yes'],
    ['LOG_LEVEL', 'hunter2-secret'],
  ])('%s=%s is refused by name, and the value is not repeated', (name, value) => {
    const message = refusalOf({ [name]: value });
    expect(message).toMatch(new RegExp(`^ {2}${name}: \\S`, 'm'));
    expect(message).not.toContain('hunter2');
    // A number that stands for a limit may be in the message; the whole of what was given is not.
    if (value.length > 2) expect(message).not.toContain(value);
  });

  test('are all named when several are wrong', () => {
    const message = refusalOf({ PORT: 'x', POOL_SIZE: 'y', LOG_LEVEL: 'z', SIGNING_KEY: KEY });
    expect(message.match(/^ {2}\w+(?=:)/gm)).toEqual(['  PORT', '  POOL_SIZE', '  LOG_LEVEL']);
  });
});

describe('with a database of your own', () => {
  test('a signing key is required, and the message says how to make one', () => {
    const message = refusalOf({ DATABASE_URL: URL });
    expect(message).toMatch(/SIGNING_KEY is missing/);
    expect(message).toMatch(/openssl rand/);
    expect(message).not.toContain('hunter2');
    expect(refusalOf({ DATABASE_URL: URL, SIGNING_KEY: '' })).toBe(message);
  });

  test('a tool, which signs nothing, needs none; a wrong one is wrong for it too', () => {
    expect(readConfig('tool', { DATABASE_URL: URL }).databaseUrl).toBe(URL);
    expect(() => readConfig('tool', { DATABASE_URL: URL, SIGNING_KEY: 'short' })).toThrow(ConfigError);
  });

  test('migrations use its address too, unless they have their own', () => {
    const config = read({ DATABASE_URL: URL, SIGNING_KEY: KEY });
    expect(config.migrationDatabaseUrl).toBe(URL);
  });

  test('GraphiQL is off unless it is asked for', () => {
    const given = { DATABASE_URL: URL, SIGNING_KEY: KEY };
    expect(read(given).graphiql).toBe(false);
    expect(read({ ...given, GRAPHIQL: 'true' }).graphiql).toBe(true);
    expect(read({ GRAPHIQL: 'false' }).graphiql).toBe(false);
  });
});
