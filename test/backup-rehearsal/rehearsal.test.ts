import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { atOneInstant } from '../../src/audit-export/export';
import { runRehearsal } from '../../src/backup-rehearsal/cli';
import { libpqEnvironment } from '../../src/backup-rehearsal/connection';
import { differences, factsOf } from '../../src/backup-rehearsal/facts';
import { findPrograms, fitting, type Programs } from '../../src/backup-rehearsal/programs';
import { createTestDatabase, testCluster } from '../support/database';

// The embedded PostgreSQL comes without pg_dump. Where the system has none either (with its server, for the live system),
// the rehearsal itself is skipped, and says what it needs.
const INSTALLED = '/usr/lib/postgresql';
const hasServer = (existsSync(INSTALLED) ? readdirSync(INSTALLED) : []).some((version) =>
  ['initdb', 'pg_dump', 'pg_restore'].every((name) => existsSync(path.join(INSTALLED, version, 'bin', name))),
);
const itWithServer = hasServer ? it : it.skip;
const need = hasServer ? '' : ' (needs the package postgresql, with its client, under /usr/lib/postgresql)';

async function run(
  args: readonly string[],
  databaseUrl: string | null = null,
): Promise<{ code: number; out: string; err: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runRehearsal(args, {
    settings: { databaseUrl, migrationDatabaseUrl: databaseUrl },
    stdout,
    stderr,
    signal: new AbortController().signal,
  });
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
}

itWithServer(`a live system is dumped, restored into a new cluster, and all there${need}`, async () => {
  const { code, out, err } = await run([]);
  expect(err).toBe('');
  const lines = out.split('\n');
  expect(lines.filter((line) => line.startsWith('ok')).map((line) => line.split(/\s+/)[1])).toEqual([
    'dump',
    'restore',
    'rows',
    'history',
    'append-only',
    'migrations',
    'API',
  ]);
  // The system was alive: it was changed during the dump.
  expect(Number(/; (\d+) changes were saved meanwhile/.exec(out)?.[1])).toBeGreaterThan(0);
  expect(out).toMatch(/of 2 clinics, the same head hashes/);
  expect(Number(/the same first page \((\d+) bills\)/.exec(out)?.[1])).toBeGreaterThan(100);
  expect([code, lines.at(-2)]).toEqual([0, 'The backup can be restored.']);
});

describe('what a restored database lacks', () => {
  it('is found by its counts and by the hash chain of its history', async () => {
    const db = await createTestDatabase({ demo: true });
    const client = new pg.Client({ connectionString: db.url });
    await client.connect();
    try {
      const facts = () => atOneInstant(client, () => factsOf(client));
      const before = await facts();
      expect(before.rows.get('bills')).toBeGreaterThan(3_000);
      expect(before.histories.size).toBe(2);
      expect(differences(before, await facts())).toEqual([]);
      await client.query('DELETE FROM payments WHERE line = 1');
      expect(differences(before, await facts())).toEqual([
        expect.stringMatching(/^table payments: \d+ rows before, \d+/),
      ]);
      // As a damaged disk would have it: a row that is other, none that is missing.
      await client.query('ALTER TABLE history DISABLE TRIGGER USER');
      await client.query(
        "UPDATE history SET action = 'GROUP_RENAMED' WHERE id = (SELECT min(id) FROM history WHERE action = 'GROUP_CREATED')",
      );
      await client.query('ALTER TABLE history ENABLE TRIGGER USER');
      expect(differences(before, await facts())).toEqual([
        expect.stringMatching(/^table payments/),
        expect.stringMatching(
          /^history of clinic [0-9a-f-]{36}: head hash [0-9a-f]{64} before, [0-9a-f]{64} after$/,
        ),
      ]);
      expect(differences(before, { rows: new Map(), histories: before.histories })).toHaveLength(
        before.rows.size,
      );
    } finally {
      await client.end();
      await db.drop();
    }
  });
});

describe('the programs', () => {
  const of = (major: number): Programs => ({ folder: `/pg/${major}`, major, version: `${major}.1` });

  it('are the oldest that can read the server', () => {
    expect(fitting([of(14), of(16), of(18)], 15)).toEqual(of(16));
    expect(fitting([of(14), of(16), of(18)], 18)).toEqual(of(18));
  });

  it('that are missing or too old are told, with what to install', () => {
    expect(() => fitting([], 18)).toThrow(/there is none on this machine. Install postgresql-client-18/);
    expect(() => fitting([of(15)], 17)).toThrow(
      /the newest here is 15.1, in \/pg\/15. Install postgresql-client-17/,
    );
  });

  it('are looked for in the folder that is named', async () => {
    await expect(findPrograms('/nowhere')).rejects.toThrow('/nowhere has no pg_dump');
    expect(await run(['--bin', '/nowhere'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('/nowhere'),
    });
  });

  it('get the address through their environment, not as an argument that everybody sees', () => {
    const address =
      'postgres://me:p%40ss@[::1]:5433/the%20db?sslmode=verify-full&sslrootcert=/ca.pem&options=-c%20role%3Downer&uselibpqcompat=true';
    expect(libpqEnvironment(address, '/bin')).toEqual({
      PATH: '/bin',
      LC_ALL: 'C',
      PGCONNECT_TIMEOUT: '10',
      PGHOST: '::1',
      PGPORT: '5433',
      PGUSER: 'me',
      PGPASSWORD: 'p@ss',
      PGDATABASE: 'the db',
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: '/ca.pem',
      PGOPTIONS: '-c role=owner',
    });
  });
});

describe('the command', () => {
  it('tells what it is for, and what it does not know', async () => {
    expect(await run(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('Usage:') });
    expect(await run(['--colour'])).toMatchObject({ code: 2, err: expect.stringContaining("'--colour'") });
  });

  it('says of a database that cannot be reached, or was never migrated, that it is so', async () => {
    expect(await run([], 'postgres://127.0.0.1:9/x')).toMatchObject({
      code: 1,
      err: expect.stringContaining('cannot be reached (ECONNREFUSED)'),
    });
    const { code, err } = await run([], testCluster().adminUrl);
    // Here too, where this machine's pg_dump is older than the tests' PostgreSQL.
    expect([code, err]).toEqual([1, expect.stringMatching(/never been migrated|needs pg_dump/)]);
  });
});
