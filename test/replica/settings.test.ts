import { expect, it } from '@jest/globals';
import { ConfigError, readConfig } from '../../src/config';

const DATABASE_URL = 'postgres://server@db.example/billing';
const SIGNING_KEY = 'a signing key for tests, and for nothing else';

it('takes the address of a standby and how far it may be behind', () => {
  const given = { DATABASE_URL, SIGNING_KEY, READ_REPLICA_URL: 'postgres://server@standby.example/billing' };
  expect(readConfig('server', given)).toMatchObject({
    readReplicaUrl: given.READ_REPLICA_URL,
    replicaMaxLagSeconds: 5,
  });
  expect(readConfig('server', { ...given, REPLICA_MAX_LAG_SECONDS: '30' }).replicaMaxLagSeconds).toBe(30);
  expect(readConfig('server', { DATABASE_URL, SIGNING_KEY }).readReplicaUrl).toBeNull();
});

it('protects the connection to the standby as that to the primary', () => {
  const given = {
    DATABASE_URL,
    SIGNING_KEY,
    READ_REPLICA_URL: 'postgres://server@standby.example/billing',
    DATABASE_TLS: 'require',
  };
  expect(readConfig('server', given).readReplicaUrl).toContain('sslmode=require');
});

it.each([
  ['an address of something else', { READ_REPLICA_URL: 'mysql://standby.example' }, /READ_REPLICA_URL/],
  ['no lag at all', { REPLICA_MAX_LAG_SECONDS: '0' }, /REPLICA_MAX_LAG_SECONDS/],
])('refuses %s', (_what, wrong, message) => {
  expect(() => readConfig('server', { DATABASE_URL, SIGNING_KEY, ...wrong })).toThrow(message);
});

it('refuses a standby of the embedded database, which has none', () => {
  expect(() => readConfig('server', { READ_REPLICA_URL: 'postgres://standby.example/billing' })).toThrow(
    ConfigError,
  );
});
