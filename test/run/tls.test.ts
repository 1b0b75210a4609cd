import { execFile, execFileSync } from 'node:child_process';
import { chmod, chown, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readConfig } from '../../src/config';
import { Database } from '../../src/database';
import type { EmbeddedCluster } from '../../src/embedded';
import { chooseServerUser } from '../../src/embedded/os-user';
import { ownerUrlOf, serverUrlOf, withClient } from '../../src/embedded-database';
import { createLogger } from '../../src/logging';
import { migrate } from '../../src/migrate';
import { MigrationError } from '../../src/migrations-fit';
import { openDatabase } from '../../src/run/database';
import { Running } from '../../src/run/running';
import { eventually, sharedFolder } from '../embedded/support';
import { startTestCluster } from '../support/cluster';
import { testCluster } from '../support/database';
import { SIGNING_KEY } from '../support/server';

/** Certificates are made with it; without it these tests are skipped, and say so. */
const withOpenssl = hasOpenssl() ? describe : describe.skip;

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** An authority, and a certificate of it for the host `localhost` and no other. */
async function makeCertificates(folder: string): Promise<{ ca: string; certificate: string; key: string }> {
  const file = (name: string): string => path.join(folder, name);
  const openssl = (...args: string[]) => promisify(execFile)('openssl', args);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl(
    ...['req', '-x509', ...newKey, '-keyout', file('ca.key'), '-out', file('ca.pem')],
    ...['-days', '2', '-subj', '/CN=An authority of a test'],
  );
  await openssl(
    ...['req', ...newKey, '-keyout', file('server.key'), '-out', file('server.csr')],
    ...['-subj', '/CN=localhost'],
  );
  await writeFile(file('names'), 'subjectAltName=DNS:localhost\n');
  await openssl(
    ...['x509', '-req', '-in', file('server.csr'), '-CA', file('ca.pem'), '-CAkey', file('ca.key')],
    ...['-CAcreateserial', '-days', '2', '-extfile', file('names'), '-out', file('server.pem')],
  );
  // PostgreSQL takes no key that others could read.
  const user = await chooseServerUser();
  await chmod(file('server.key'), 0o600);
  if (user !== null) await chown(file('server.key'), user.uid, user.gid);
  return { ca: file('ca.pem'), certificate: file('server.pem'), key: file('server.key') };
}

withOpenssl('a PostgreSQL with TLS', () => {
  let folder: string;
  let others: string;
  let cluster: EmbeddedCluster | undefined;
  let ca: string;
  let otherCa: string;
  let urls: { owner: string; server: string };

  beforeAll(async () => {
    folder = await sharedFolder();
    others = await sharedFolder();
    const made = await makeCertificates(folder);
    ca = made.ca;
    otherCa = (await makeCertificates(others)).ca;
    cluster = await startTestCluster({
      dataDir: path.join(folder, 'data'),
      ephemeral: true,
      settings: { ssl: 'on', ssl_cert_file: made.certificate, ssl_key_file: made.key },
    });
    const owner = await ownerUrlOf(cluster);
    await migrate(owner);
    urls = { owner, server: await serverUrlOf(cluster) };
  });

  afterAll(async () => {
    await cluster?.stop();
    for (const one of [folder, others]) await rm(one, { recursive: true, force: true });
  });

  /** An address of the cluster as somebody would set it: to this host, with these parameters. */
  function addressed(url: string, host: 'localhost' | '127.0.0.1', parameters: string): string {
    const address = url.replace('127.0.0.1', host);
    return `${address}${address.includes('?') ? '&' : '?'}${parameters}`;
  }

  const configOf = (host: 'localhost' | '127.0.0.1', parameters: string) =>
    readConfig('server', {
      SIGNING_KEY,
      DATABASE_URL: addressed(urls.server, host, parameters),
      MIGRATION_DATABASE_URL: addressed(urls.owner, host, parameters),
    });

  /** What the server's own pool is connected by. */
  async function versionOf(host: 'localhost' | '127.0.0.1', parameters: string): Promise<unknown> {
    const running = new Running();
    const config = configOf(host, parameters);
    try {
      const database = await openDatabase(
        config,
        config.databaseUrl ?? '',
        createLogger('silent'),
        running,
        undefined,
      );
      const [own] = await database.query<{ pid: number }>('SELECT pg_backend_pid() AS pid', []);
      // Of its own connection the role of the API is not told.
      const [row] = await withClient(cluster?.url('postgres') ?? '', async (client) => {
        const told = 'SELECT ssl, version FROM pg_stat_ssl WHERE pid = $1';
        return (await client.query<{ ssl: boolean; version: string | null }>(told, [own?.pid])).rows;
      });
      return row?.ssl === false ? 'plain' : row?.version;
    } finally {
      await running.stop();
    }
  }

  it.each<['localhost' | '127.0.0.1', string]>([
    ['localhost', 'sslmode=require'],
    ['127.0.0.1', 'sslmode=require'],
    ['localhost', 'sslmode=require&sslrootcert=CA'],
    ['127.0.0.1', 'sslmode=verify-ca&sslrootcert=CA'],
    ['localhost', 'sslmode=verify-full&sslrootcert=CA'],
    ['localhost', 'sslrootcert=CA'],
  ])('is reached at %s with %s, encrypted', async (host, parameters) => {
    expect(await versionOf(host, parameters.replace('CA', encodeURIComponent(ca)))).toBe('TLSv1.3');
  });

  it('is reached as plain text when that is said, or nothing', async () => {
    expect(await versionOf('127.0.0.1', 'sslmode=disable')).toBe('plain');
    expect(await versionOf('127.0.0.1', 'application_name=x')).toBe('plain');
  });

  it.each<['localhost' | '127.0.0.1', string, RegExp]>([
    ['localhost', 'sslmode=verify-full', /not from the authority/],
    ['localhost', 'sslmode=verify-full&sslrootcert=OTHER', /not from the authority/],
    ['localhost', 'sslmode=verify-ca&sslrootcert=OTHER', /not from the authority/],
    ['localhost', 'sslmode=require&sslrootcert=OTHER', /not from the authority/],
    ['127.0.0.1', 'sslmode=verify-full&sslrootcert=CA', /for another host/],
  ])('is not reached at %s with %s, and the error says why', async (host, parameters, told) => {
    const given = parameters
      .replace('OTHER', encodeURIComponent(otherCa))
      .replace('CA', encodeURIComponent(ca));
    const refusal = await versionOf(host, given).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(MigrationError);
    expect(String(refusal)).toMatch(told);
    await expect(migrate(configOf(host, given).migrationDatabaseUrl ?? '')).rejects.toThrow(told);
  });

  it('is migrated over TLS, too, and a statement is cancelled over it', async () => {
    const config = configOf('localhost', `sslmode=verify-full&sslrootcert=${encodeURIComponent(ca)}`);
    expect(await migrate(config.migrationDatabaseUrl ?? '')).toEqual([]);
    const problems: unknown[] = [];
    const database = await Database.open({
      url: config.databaseUrl ?? '',
      poolSize: 1,
      statementTimeoutMs: 30_000,
      onPoolError: (error) => problems.push(error),
    });
    try {
      const stop = new AbortController();
      const asleep = database
        .until(stop.signal)
        .query('SELECT pg_sleep(20)', [])
        .catch((error: unknown) => error);
      const sleeping = async (): Promise<boolean> => {
        const active =
          "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%'";
        return withClient(
          cluster?.url('postgres') ?? '',
          async (client) => (await client.query(active)).rowCount === 1,
        );
      };
      expect(await eventually(sleeping)).toBe(true);
      const began = performance.now();
      stop.abort();
      expect(String(await asleep)).toMatch(/cannot answer/);
      expect(performance.now() - began).toBeLessThan(5_000);
      expect(problems).toEqual([]);
    } finally {
      await database.close();
    }
  });

  it('made certificates of its own for this', async () => {
    expect(await readFile(ca, 'utf8')).not.toBe(await readFile(otherCa, 'utf8'));
  });
});

it('a PostgreSQL without TLS is not reached when TLS is asked for', async () => {
  const config = readConfig('server', {
    SIGNING_KEY,
    DATABASE_URL: testCluster().serverUrl,
    DATABASE_TLS: 'require',
  });
  const opening = openDatabase(
    config,
    config.databaseUrl ?? '',
    createLogger('silent'),
    new Running(),
    undefined,
  );
  await expect(opening).rejects.toThrow(/does not offer TLS/);
});
