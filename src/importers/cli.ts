import path from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { askedFor } from '../asked-for';
import { runAsProcess } from '../command';
import type { Config } from '../config';
import { type OwnerDatabase, openEmbeddedAsOwner, ownerDatabase } from './owner-database';
import { progressView } from './progress';
import { formatSummary, ImportError, importSynthea } from './synthea';

const HELP = `Usage: npm run import -- synthea DIR --clinic "NAME" [options]

Imports a folder of CSV files of the Synthea patient generator into one clinic. All or nothing: when anything is
wrong, nothing is written. Run again, it adds only what is new. The server may be running.

  DIR                the folder with patients.csv, providers.csv, payers.csv, encounters.csv, claims.csv and, if you
                     have it, claims_transactions.csv
  --clinic NAME      the clinic; it is created when there is none of this name
  --seed N           decides what the files do not have: staff, delegation lists, billing numbers (default 1)
  --currency CODE    what the amounts are in (default USD, as Synthea makes them)
  --launch INSTANT   when billing segregation launches in a new clinic, for example 2027-01-01T08:00:00Z, or none
                     (default 2024-01-01T00:00:00Z: launched, so that delegation decides)
  --data-dir DIR     the data folder of the embedded database (default: DATA_DIR, else .data)
  --help             this text

Environment:
  DATABASE_URL       your own PostgreSQL, under the role that owns the tables, instead of the embedded one;
                     MIGRATION_DATABASE_URL where that is another
  IMPORT_PASSWORD    the password of the sign-ins that are made (default demo-password-only; needed with DATABASE_URL)
`;

/** A command line that cannot be understood. */
class UsageError extends Error {}

/** What the command line asks for. */
interface Arguments {
  folder: string;
  clinic: string;
  seed: number;
  currency: string;
  launchesAt: string | null;
  dataDir: string | undefined;
}

/** What the settings say. */
export type ImportSettings = Pick<Config, 'migrationDatabaseUrl' | 'dataDir' | 'importPassword'>;

/** What the command uses of the outside. */
export interface CommandHost {
  settings: ImportSettings;
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WriteStream;
  signal: AbortSignal;
  /**
   * Opens the embedded database of a data folder, starting it when it is not running. Not called with DATABASE_URL.
   */
  openEmbedded: (dataDir: string) => Promise<OwnerDatabase>;
}

const DEFAULT_PASSWORD = 'demo-password-only';

/** Runs the command and answers its exit code: 0 done, 1 refused or failed, 2 misused, 130 stopped. */
export async function runImport(args: readonly string[], host: CommandHost): Promise<number> {
  const wanted = askedFor(() => readArguments(args), HELP, host, messageOf);
  if (typeof wanted === 'number') return wanted;
  try {
    await importInto(wanted, host);
    return 0;
  } catch (error) {
    if (host.signal.aborted) {
      host.stderr.write('Stopped. Nothing was written.\n');
      return 130;
    }
    host.stderr.write(`${messageOf(error)}\n`);
    if (error instanceof ImportError) host.stderr.write('Nothing was written.\n');
    return 1;
  }
}

async function importInto(wanted: Arguments, host: CommandHost): Promise<void> {
  const { settings } = host;
  if (settings.migrationDatabaseUrl !== null && settings.importPassword === null) {
    throw new ImportError(
      'set IMPORT_PASSWORD: the import makes sign-ins, an administrator among them, and on your own database they get no password that everybody knows',
    );
  }
  const database = await ownerDatabase(settings, wanted.dataDir, host.openEmbedded);
  const view = progressView(host.stderr);
  try {
    const client = new pg.Client({ connectionString: database.url, application_name: 'import' });
    // Without a listener, a connection that breaks between two statements would end the process.
    client.on('error', () => undefined);
    await client.connect();
    try {
      await requireTables(client);
      const summary = await importSynthea(client, {
        folder: path.resolve(wanted.folder),
        clinic: wanted.clinic,
        seed: wanted.seed,
        currency: wanted.currency,
        launchesAt: wanted.launchesAt,
        password: settings.importPassword ?? DEFAULT_PASSWORD,
        progress: view.show,
        signal: host.signal,
      });
      view.stop();
      host.stdout.write(formatSummary(summary));
      if (summary.tables.some(({ table, written }) => table === 'sign-ins' && written > 0)) {
        const password = settings.importPassword === null ? DEFAULT_PASSWORD : 'the one in IMPORT_PASSWORD';
        host.stdout.write(`The password of the sign-ins that this import made: ${password}\n`);
      }
    } finally {
      view.stop();
      await client.end();
    }
  } finally {
    await database.close();
  }
}

async function requireTables(client: pg.Client): Promise<void> {
  const found = await client.query<{ there: boolean }>(
    "SELECT to_regclass('public.history') IS NOT NULL AS there",
  );
  if (found.rows[0]?.there !== true) {
    throw new ImportError(
      'the database has none of the tables yet: start the server on it once, then import',
    );
  }
}

function readArguments(args: readonly string[]): Arguments | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      clinic: { type: 'string' },
      seed: { type: 'string', default: '1' },
      currency: { type: 'string', default: 'USD' },
      launch: { type: 'string', default: '2024-01-01T00:00:00Z' },
      'data-dir': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return 'help';
  const [format, folder, ...more] = positionals;
  if (format !== 'synthea') {
    throw new UsageError(
      format === undefined
        ? 'Say what to import: synthea DIR.'
        : `"${format}" cannot be imported, only synthea.`,
    );
  }
  if (folder === undefined) throw new UsageError('Name the folder to import: synthea DIR.');
  if (more.length > 0) throw new UsageError(`One folder at a time; what is "${more[0]}"?`);
  if (values.clinic === undefined) throw new UsageError('Name the clinic: --clinic "NAME".');
  const seed = Number(values.seed);
  if (!/^\d+$/.test(values.seed) || !Number.isSafeInteger(seed)) {
    throw new UsageError(`--seed takes a whole number, not "${values.seed}".`);
  }
  return {
    folder,
    clinic: values.clinic,
    seed,
    currency: values.currency,
    launchesAt: launchOf(values.launch),
    dataDir: values['data-dir'],
  };
}

function launchOf(text: string): string | null {
  if (text === 'none') return null;
  // With its zone, because a launch at "midnight" would be another instant on another machine.
  if (!/^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(text) || Number.isNaN(Date.parse(text))) {
    throw new UsageError(`--launch takes an instant such as 2027-01-01T08:00:00Z, or none, not "${text}".`);
  }
  return new Date(text).toISOString();
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

if (require.main === module) {
  void runAsProcess((args, host) => runImport(args, { ...host, openEmbedded: openEmbeddedAsOwner }));
}
