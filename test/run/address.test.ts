import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { ConfigError, readConfig } from '../../src/config';
import { AddressError, databaseAddress, isPlainOverNetwork } from '../../src/database-address';

const ADDRESS = 'postgres://user:hunter2-secret@db.example:5432/billing';
const folder = mkdtempSync(path.join(tmpdir(), 'billing-address-'));
const CA = path.join(folder, 'ca.pem');
const EMPTY = path.join(folder, 'empty.pem');
const MISSING = path.join(folder, 'missing.pem');
/** A public certificate: only read, never trusted. */
const CERTIFICATE = rootCertificates[0] ?? '';
writeFileSync(CA, CERTIFICATE);
writeFileSync(EMPTY, 'no certificate');
afterAll(() => rmSync(folder, { recursive: true }));

/** What the driver makes of an address: `plain`, or what it checks of the server. */
function protectionOf(address: string): unknown {
  const { ssl } = new Client({ connectionString: address }) as unknown as {
    ssl: boolean | { rejectUnauthorized?: boolean; checkServerIdentity?: unknown; ca?: string };
  };
  if (typeof ssl === 'boolean') return ssl ? 'default' : 'plain';
  if (ssl.rejectUnauthorized === false) return 'encrypted';
  const authority = ssl.ca === CERTIFICATE ? 'our authority' : 'public authorities';
  return ssl.checkServerIdentity === undefined ? `${authority} and the host` : authority;
}

describe('what the driver does', () => {
  test.each<[parameters: string, settings: Parameters<typeof databaseAddress>[1], protection: string]>([
    ['', {}, 'plain'],
    ['sslmode=disable', {}, 'plain'],
    ['sslmode=require', {}, 'encrypted'],
    [`sslmode=require&sslrootcert=${CA}`, {}, 'our authority'],
    [`sslmode=verify-ca&sslrootcert=${CA}`, {}, 'our authority'],
    ['sslmode=verify-full', {}, 'public authorities and the host'],
    [`sslmode=verify-full&sslrootcert=${CA}`, {}, 'our authority and the host'],
    ['sslmode=verify-full&sslrootcert=system', {}, 'public authorities and the host'],
    [`sslrootcert=${CA}`, {}, 'our authority and the host'],
    ['application_name=x&sslmode=require', {}, 'encrypted'],
    ['sslmode=require&channel_binding=prefer', {}, 'encrypted'],
    ['', { mode: 'disable' }, 'plain'],
    ['', { mode: 'require' }, 'encrypted'],
    ['', { mode: 'verify-full' }, 'public authorities and the host'],
    ['', { mode: 'verify-ca', caFile: CA }, 'our authority'],
    ['', { caFile: CA }, 'our authority and the host'],
    ['sslmode=verify-ca', { caFile: CA }, 'our authority'],
    ['sslmode=require', { mode: 'require' }, 'encrypted'],
  ])('with ?%s and %j is %s', (parameters, settings, protection) => {
    const address = databaseAddress(`${ADDRESS}${parameters && '?'}${parameters}`, settings);
    expect(protectionOf(address)).toBe(protection);
  });

  test('keeps everything else of the address', () => {
    const address = databaseAddress(`${ADDRESS}?options=-c%20role%3Dx&sslmode=require&application_name=a`);
    const { user, password, host, port, database } = new Client({ connectionString: address });
    expect([user, password, host, port, database]).toEqual([
      'user',
      'hunter2-secret',
      'db.example',
      5432,
      'billing',
    ]);
    expect(new URL(address).searchParams.get('options')).toBe('-c role=x');
  });

  test('is left to it when nothing is said', () => {
    for (const address of [ADDRESS, `${ADDRESS}?application_name=x`, 'postgres:///billing?host=/run/pg']) {
      expect(databaseAddress(address)).toBe(address);
    }
  });
});

describe('what would be less than was asked for', () => {
  test.each([
    ['sslmode=prefer', {}, /sslmode takes/],
    ['sslmode=allow', {}, /sslmode takes/],
    ['sslmode=no-verify', {}, /sslmode takes/],
    ['sslmode=verify_full', {}, /sslmode takes/],
    ['sslmode=', {}, /sslmode takes/],
    ['sslmode=require&sslmode=disable', {}, /twice/],
    ['sslmode=verify-ca', {}, /needs the certificate/],
    ['sslmode=require&sslrootcert=system', {}, /verify-full/],
    [`sslmode=verify-ca&sslrootcert=${MISSING}`, {}, /there is no file/],
    [`sslmode=verify-ca&sslrootcert=${EMPTY}`, {}, /no certificate/],
    [`sslmode=disable&sslrootcert=${CA}`, {}, /contradicts/],
    ['sslmode=disable', { caFile: CA }, /contradicts/],
    ['sslmode=disable', { mode: 'verify-full' as const }, /contradicts/],
    [`sslmode=verify-ca&sslrootcert=${CA}`, { caFile: EMPTY }, /contradicts/],
    [`sslmode=verify-full&sslcert=${CA}`, {}, /go together/],
    ['ssl=true', {}, /not supported/],
    ['sslmode=verify-full&sslcrl=/etc/crl.pem', {}, /not supported/],
    ['sslmode=require&channel_binding=require', {}, /not supported/],
    ['sslmode=require&ssl_min_protocol_version=TLSv1.3', {}, /not supported/],
    ['gssencmode=require', {}, /not supported/],
    ['sslmode=require&uselibpqcompat=false', {}, /libpq/],
  ])('is refused: ?%s with %j', (parameters, settings, told) => {
    const act = () => databaseAddress(`${ADDRESS}?${parameters}`, settings);
    expect(act).toThrow(AddressError);
    expect(act).toThrow(told);
    expect(act).not.toThrow(/hunter2/);
  });
});

describe('the settings', () => {
  const KEY = { SIGNING_KEY: 'a signing key for tests, and for nothing else' };

  test('DATABASE_TLS and DATABASE_CA_FILE hold for both addresses', () => {
    const config = readConfig('server', {
      ...KEY,
      DATABASE_URL: ADDRESS,
      MIGRATION_DATABASE_URL: ADDRESS,
      DATABASE_TLS: 'verify-ca',
      DATABASE_CA_FILE: CA,
    });
    expect(protectionOf(config.databaseUrl ?? '')).toBe('our authority');
    expect(protectionOf(config.migrationDatabaseUrl ?? '')).toBe('our authority');
  });

  test.each([
    ['DATABASE_URL', { DATABASE_URL: `${ADDRESS}?sslmode=prefer` }],
    [
      'MIGRATION_DATABASE_URL',
      { DATABASE_URL: ADDRESS, MIGRATION_DATABASE_URL: `${ADDRESS}?sslmode=prefer` },
    ],
    ['DATABASE_TLS', { DATABASE_URL: ADDRESS, DATABASE_TLS: 'prefer' }],
    ['DATABASE_URL', { DATABASE_URL: ADDRESS, DATABASE_CA_FILE: MISSING }],
    ['METRICS_PORT', { PORT: '4000', METRICS_PORT: '4000' }],
    ['OPERATION_NAMES', { OPERATION_NAMES: 'Good,not good' }],
    ['OPERATION_NAMES', { OPERATION_NAMES: Array.from({ length: 51 }, (_, index) => `N${index}`).join() }],
    ['WORKERS', { WORKERS: '0' }],
    ['SHUTDOWN_SECONDS', { SHUTDOWN_SECONDS: '0' }],
    ['MIGRATE_ON_START', { MIGRATE_ON_START: 'yes' }],
  ])('%s is named when it cannot be used: %j', (name, environment) => {
    const read = () => readConfig('server', { ...KEY, ...environment });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(new RegExp(`^ {2}${name}: \\S`, 'm'));
    expect(read).not.toThrow(/hunter2/);
  });

  test('MIGRATE_ON_START is on only where the owner is named to the server', () => {
    const migrates = (environment: NodeJS.ProcessEnv): boolean =>
      readConfig('server', { ...KEY, DATABASE_URL: ADDRESS, ...environment }).migrateOnStart;
    expect(migrates({})).toBe(false);
    expect(migrates({ MIGRATION_DATABASE_URL: ADDRESS })).toBe(true);
    expect(migrates({ MIGRATION_DATABASE_URL: ADDRESS, MIGRATE_ON_START: 'false' })).toBe(false);
    expect(migrates({ MIGRATE_ON_START: 'true' })).toBe(true);
  });
});

test.each([
  [ADDRESS, true],
  [`${ADDRESS}?sslmode=disable`, true],
  [`${ADDRESS}?sslmode=require`, false],
  ['postgres://u:p@127.0.0.1:5432/d', false],
  ['postgres://u:p@localhost/d', false],
  ['postgres://u:p@[::1]:5432/d', false],
  ['postgres://u:p@10.0.0.1/d', true],
  ['postgres://u:p%40ss@10.0.0.1/d', true],
  ['postgres:///d', false],
  ['postgres:///d?host=/run/postgresql', false],
  ['postgres://u@%2Frun%2Fpg/d', false],
])('%s is plain text over a network: %s', (address, plain) => {
  expect(isPlainOverNetwork(address)).toBe(plain);
});
