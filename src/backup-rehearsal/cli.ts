import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { askedFor } from '../asked-for';
import { runAsProcess } from '../command';
import type { Config } from '../config';
import { EmbeddedPostgresError } from '../embedded';
import { failureText } from '../failure-text';
import { MigrationError, openFailure } from '../migrations-fit';
import { RehearsalError } from './error';
import { hasServer } from './installed-server';
import { startOwnSystem } from './own-system';
import { findPrograms, type Programs } from './programs';
import { rehearse } from './rehearse';

const HELP = `Usage: npm run rehearse:backup [-- options]

Rehearses a backup: dumps a live system as it is at one instant (pg_dump), restores it into a new, throw-away cluster
(pg_restore), and shows that the row counts, the hash chain of every clinic's history and the API's first pages are the
same. The live system is only read, and goes on meanwhile. The dump and the new cluster are removed in the end.

With DATABASE_URL, that is your live system (and MIGRATION_DATABASE_URL its address under the role that owns the
tables). Without, it is one of the rehearsal's own: the demo clinics on the PostgreSQL that is installed on this
machine, with saves going on during the dump.

  --bin DIR          the folder of PostgreSQL's programs (default: those of this machine that fit)
  --help             this text
`;

/** What the command uses of the outside. */
export interface CommandHost {
  readonly settings: Pick<Config, 'databaseUrl' | 'migrationDatabaseUrl'>;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly signal: AbortSignal;
}

/** Runs the command and answers its exit code: 0 all is there, 1 something is not or it could not be held, 2 misused. */
export async function runRehearsal(args: readonly string[], host: CommandHost): Promise<number> {
  const wanted = askedFor(
    () => readArguments(args),
    HELP,
    host,
    (error) => failureText(error, [TypeError]),
  );
  if (typeof wanted === 'number') return wanted;
  const { bin } = wanted;
  const folder = await mkdtemp(path.join(tmpdir(), 'billing-dump-'));
  try {
    const programs = await findPrograms(bin === undefined ? undefined : path.resolve(bin));
    const failures = await hold(programs, path.join(folder, 'billing.dump'), host);
    host.stdout.write(failures === 0 ? 'The backup can be restored.\n' : `${failures} checks failed.\n`);
    return failures === 0 ? 0 : 1;
  } catch (error) {
    const expected = [RehearsalError, EmbeddedPostgresError, MigrationError];
    host.stderr.write(
      host.signal.aborted ? 'Stopped.\n' : `${openFailure(error) ?? failureText(error, expected)}\n`,
    );
    return host.signal.aborted ? 130 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function readArguments(args: readonly string[]): { readonly bin: string | undefined } | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: { bin: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  return values.help === true ? 'help' : { bin: values.bin };
}

async function hold(programs: readonly Programs[], file: string, host: CommandHost): Promise<number> {
  const options = {
    programs,
    file,
    signal: host.signal,
    report: (line: string) => void host.stdout.write(`${line}\n`),
  };
  const { databaseUrl, migrationDatabaseUrl } = host.settings;
  if (databaseUrl !== null) {
    return rehearse({ ownerUrl: migrationDatabaseUrl ?? databaseUrl, apiUrl: databaseUrl }, options);
  }
  const installed = await installedServer(programs);
  const { system, close } = await startOwnSystem(installed);
  try {
    return await rehearse(system, options);
  } finally {
    await close();
  }
}

/** The newest installed PostgreSQL of which there is a server and the programs for backups. Raises RehearsalError. */
export async function installedServer(programs: readonly Programs[]): Promise<Programs> {
  for (const one of programs.toReversed()) {
    if (await hasServer(one)) return one;
  }
  throw new RehearsalError(
    'No PostgreSQL is installed here to rehearse with. Install one with its programs (Debian: apt-get install postgresql), name its folder with --bin, or set DATABASE_URL to rehearse with your own.',
  );
}

if (require.main === module) {
  void runAsProcess(runRehearsal);
}
