import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CommandHost, runImport } from '../../src/importers/cli';
import { createTestDatabase } from '../support/database';
import { rowsOf, SAMPLE, withSample } from './synthea-support';

/** Runs the command without a terminal and answers its exit code and what it said. */
async function run(
  args: string[],
  host: Partial<Omit<CommandHost, 'settings'>> & { settings?: Partial<CommandHost['settings']> } = {},
): Promise<{ code: number; out: string; err: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runImport(args, {
    openEmbedded: () => Promise.reject(new Error('no embedded database here')),
    signal: new AbortController().signal,
    ...host,
    settings: { migrationDatabaseUrl: null, dataDir: '.data', importPassword: null, ...host.settings },
    stdout,
    stderr: stderr as unknown as NodeJS.WriteStream,
  });
  const said = (stream: PassThrough): string => String(stream.read() ?? '');
  return { code, out: said(stdout), err: said(stderr) };
}

describe('the import command', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(async () => {
    await database?.drop();
  });

  test.each([
    [[], 'Say what to import'],
    [['csv', 'x'], '"csv" cannot be imported, only synthea.'],
    [['synthea'], 'Name the folder'],
    [['synthea', 'x'], 'Name the clinic'],
    [['synthea', 'x', 'y', '--clinic', 'C'], 'what is "y"?'],
    [['synthea', 'x', '--clinic', 'C', '--seed', '-1.5'], '--seed'],
    [['synthea', 'x', '--clinic', 'C', '--launch', 'soon'], '--launch takes an instant'],
    [['synthea', 'x', '--clinic', 'C', '--colour'], "Unknown option '--colour'"],
  ])('misused as %j, it says why, shows its usage and exits with 2', async (args, why) => {
    const { code, out, err } = await run(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(why);
    expect(err).toContain('Usage: npm run import -- synthea DIR');
  });

  test('--help shows the usage', async () => {
    expect(await run(['--help'])).toEqual({ code: 0, out: expect.stringContaining('Usage:'), err: '' });
  });

  test('imports into the database that is opened for it, says what it did, and closes it', async () => {
    const asked: unknown[] = [];
    const openEmbedded = async (dataDir: string) => {
      asked.push(dataDir);
      return { url: database.url, close: async () => void asked.push('closed') };
    };
    const { code, out, err } = await run(
      ['synthea', SAMPLE, '--clinic', 'Command', '--launch', 'none', '--data-dir', 'elsewhere'],
      { openEmbedded, settings: { dataDir: 'ignored' } },
    );
    expect(code).toBe(0);
    expect(asked).toEqual([path.resolve('elsewhere'), 'closed']);
    expect(out).toMatch(/Clinic "Command" \(created/);
    expect(out).toMatch(/^bills +12 +12 +0$/m);
    expect(out).toMatch(/stranger +stranger@command\.example .* 0 bills/);
    expect(out).toMatch(/claims per second\n/);
    expect(out).toMatch(/made: demo-password-only\n$/);
    expect(err.split('\n')).toContain('claims_transactions.csv');
    const launch = await rowsOf(
      database.url,
      "SELECT segregation_launches_at AS at FROM clinics WHERE name = 'Command'",
    );
    expect(launch).toEqual([{ at: null }]);
  });

  test('never shows a password that was set', async () => {
    const password = 'a secret of the clinic';
    const { code, out, err } = await run(['synthea', SAMPLE, '--clinic', 'Discreet'], {
      settings: { migrationDatabaseUrl: database.url, importPassword: password },
    });
    expect(code).toBe(0);
    expect(out + err).not.toContain(password);
    expect(out).toContain('the one in IMPORT_PASSWORD');
  });

  test('gives no well-known password to sign-ins on your own database', async () => {
    const { code, err } = await run(['synthea', SAMPLE, '--clinic', 'Open'], {
      settings: { migrationDatabaseUrl: database.url },
    });
    expect([code, err]).toEqual([1, expect.stringContaining('set IMPORT_PASSWORD')]);
    expect(await rowsOf(database.url, "SELECT FROM clinics WHERE name = 'Open'")).toEqual([]);
  });

  test('says what is wrong with a folder and exits with 1', async () => {
    await withSample(async (folder) => {
      await folder.replace('claims.csv', 2, '2023-02-14T10:15:00Z', 'today');
      const { code, err } = await run(['synthea', folder.path, '--clinic', 'Refused'], {
        settings: { migrationDatabaseUrl: database.url, importPassword: 'a password of theirs' },
      });
      expect(code).toBe(1);
      expect(err).toMatch(
        /claims\.csv line 2: SERVICEDATE "today" is not a date[^\n]*\nNothing was written\.\n$/,
      );
    });
  });

  test('stops when it is interrupted', async () => {
    const stop = new AbortController();
    stop.abort();
    const { code, err } = await run(['synthea', SAMPLE, '--clinic', 'Stopped'], {
      settings: { migrationDatabaseUrl: database.url, importPassword: 'a password of theirs' },
      signal: stop.signal,
    });
    expect(code).toBe(130);
    expect(err).toContain('Stopped. Nothing was written.');
    expect(await rowsOf(database.url, "SELECT FROM clinics WHERE name = 'Stopped'")).toEqual([]);
  });

  test('a database without the tables is told as such', async () => {
    const bare = new URL(database.url);
    bare.pathname = '/postgres';
    const { code, err } = await run(['synthea', SAMPLE, '--clinic', 'Bare'], {
      settings: { migrationDatabaseUrl: String(bare), importPassword: 'a password of theirs' },
    });
    expect([code, err]).toEqual([1, expect.stringContaining('none of the tables yet')]);
  });
});
