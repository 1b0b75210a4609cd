import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { RehearsalError } from './error';

const run = promisify(execFile);

/** PostgreSQL's own programs for backups, of one version. */
export interface Programs {
  readonly folder: string;
  readonly major: number;
  /** As the program tells it, for example 15.18. */
  readonly version: string;
}

/** Where systems keep them, by version: Debian and Ubuntu, PostgreSQL's packages for Red Hat, Homebrew. */
const BY_VERSION: readonly (readonly [base: string, name: RegExp])[] = [
  ['/usr/lib/postgresql', /^\d+$/],
  ['/usr', /^pgsql-\d+$/],
  ['/opt/homebrew/opt', /^postgresql@\d+$/],
];
const ELSEWHERE = ['/usr/local/bin', '/usr/bin'];

async function usualFolders(): Promise<string[]> {
  const found = BY_VERSION.map(async ([base, name]) => {
    const names = await readdir(base).catch(() => []);
    return names.filter((one) => name.test(one)).map((one) => path.join(base, one, 'bin'));
  });
  return [...(await Promise.all(found)).flat(), ...ELSEWHERE];
}

async function programsIn(folder: string): Promise<Programs | null> {
  try {
    const { stdout } = await run(path.join(folder, 'pg_dump'), ['--version'], { timeout: 20_000 });
    await run(path.join(folder, 'pg_restore'), ['--version'], { timeout: 20_000 });
    const version = /(\d+)(\.\d+)*/.exec(stdout)?.[0] ?? '';
    return version === '' ? null : { folder, version, major: Number.parseInt(version, 10) };
  } catch {
    return null;
  }
}

/** Every pg_dump with its pg_restore on this machine, the oldest version first; or those of one folder. */
export async function findPrograms(only?: string): Promise<Programs[]> {
  const folders = only === undefined ? await usualFolders() : [only];
  const found = (await Promise.all(folders.map(programsIn))).filter((one) => one !== null);
  if (only !== undefined && found.length === 0) {
    throw new RehearsalError(`${only} has no pg_dump and pg_restore that run.`);
  }
  return found.sort((one, other) => one.major - other.major);
}

/**
 * The programs for a server of this major version: pg_dump reads servers of its own version and older ones. Raises
 * RehearsalError that says what to install.
 */
export function fitting(programs: readonly Programs[], serverMajor: number): Programs {
  const found = programs.find(({ major }) => major >= serverMajor);
  if (found !== undefined) return found;
  const newest = programs.at(-1);
  const has =
    newest === undefined
      ? 'there is none on this machine'
      : `the newest here is ${newest.version}, in ${newest.folder}`;
  throw new RehearsalError(
    `A backup of PostgreSQL ${serverMajor} needs pg_dump and pg_restore ${serverMajor} or later, and ${has}. Install postgresql-client-${serverMajor} (Debian's or PostgreSQL's own packages), or name their folder with --bin.`,
  );
}
