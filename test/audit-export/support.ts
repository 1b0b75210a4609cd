import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { type CommandHost, runExport } from '../../src/audit-export/cli';
import { runVerify } from '../../src/audit-export/verify-cli';
import type { TestDatabase } from '../support/database';

/** What a command said, and its exit code. */
export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command without a terminal. */
async function said(
  run: (streams: { stdout: PassThrough; stderr: PassThrough }) => Promise<number>,
): Promise<Said> {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const code = await run(streams);
  return { code, out: String(streams.stdout.read() ?? ''), err: String(streams.stderr.read() ?? '') };
}

/** `npm run audit:export -- ARGS` on a test database. */
export const exportAudit = (
  db: Pick<TestDatabase, 'url'>,
  args: readonly string[],
  host: Partial<CommandHost> = {},
): Promise<Said> =>
  said((streams) =>
    runExport(args, {
      settings: { migrationDatabaseUrl: db.url, dataDir: '.data' },
      signal: new AbortController().signal,
      openEmbedded: () => Promise.reject(new Error('no embedded database here')),
      ...streams,
      ...host,
    }),
  );

/** `npm run audit:verify -- ARGS`. */
export const verifyAudit = (...args: string[]): Promise<Said> => said((streams) => runVerify(args, streams));

/** A folder of a test's own. */
export class Folder {
  private constructor(readonly path: string) {}

  static async make(): Promise<Folder> {
    return new Folder(await mkdtemp(path.join(tmpdir(), 'billing-audit-')));
  }

  file(name: string): string {
    return path.join(this.path, name);
  }

  read(name: string): Promise<string> {
    return readFile(this.file(name), 'utf8');
  }

  async write(name: string, text: string | Buffer): Promise<string> {
    await writeFile(this.file(name), text);
    return this.file(name);
  }

  remove(): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }
}

/** The records of a file of NDJSON. */
export const recordsOf = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
