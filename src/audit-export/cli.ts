import path from 'node:path';
import pg from 'pg';
import { askedFor } from '../asked-for';
import { runAsProcess } from '../command';
import { type Config, ConfigError } from '../config';
import { EmbeddedPostgresError } from '../embedded';
import { failureText } from '../failure-text';
import { type OwnerDatabase, openEmbeddedAsOwner, ownerDatabase } from '../importers/owner-database';
import { openFailure } from '../migrations-fit';
import { type ExportArguments, readExportArguments, UsageError } from './arguments';
import { findClinic } from './clinic';
import { AuditExportError } from './error';
import { atOneInstant, writeExport } from './export';
import { instantOf, periodText, type Scope } from './scope';

const HELP = `Usage: npm run audit:export -- --clinic "NAME" --out FILE [options]

Writes the history of a clinic (who changed what decides access, when and for whom), and its access log where you give
the server's log, to a file in which each record is chained to the one before it by SHA-256. Nothing in the database is
changed; the server may be running.

  --clinic NAME      the clinic, by its name or its id
  --out FILE         the file to write; it must not be there yet, and only you will be able to read it
  --from DATE        from this instant on: 2026-03-01 (its first moment in UTC), or 2026-03-01T00:00:00-05:00
  --to DATE          before this instant, likewise
  --format FORMAT    ndjson (default: JSON, one record a line) or csv
  --access-log FILE  the log of the server, as it writes it to standard error; several times for several files, oldest
                     first. Taken are the lines of the access log that are of this clinic and within the instants
  --data-dir DIR     the data folder of the embedded database (default: DATA_DIR, else .data)
  --help             this text

Environment:
  DATABASE_URL       your own PostgreSQL, under the role that owns the tables, instead of the embedded one;
                     MIGRATION_DATABASE_URL where that is another

Note the hash that is told at the end elsewhere: npm run audit:verify -- FILE --head HASH then shows that the file is
the very one. Export periods that are over: what is being saved just now may not be in the database yet.
`;

/** What the command uses of the outside. */
export interface CommandHost {
  readonly settings: Pick<Config, 'migrationDatabaseUrl' | 'dataDir'>;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly signal: AbortSignal;
  /** Opens the embedded database of a data folder. Not called with DATABASE_URL. */
  readonly openEmbedded: (dataDir: string) => Promise<OwnerDatabase>;
}

/** Runs the command and answers its exit code: 0 done, 1 refused or failed, 2 misused, 130 stopped. */
export async function runExport(args: readonly string[], host: CommandHost): Promise<number> {
  const wanted = askedFor(
    () => readExportArguments(args),
    HELP,
    host,
    (error) => failureText(error, [UsageError, TypeError]),
  );
  if (typeof wanted === 'number') return wanted;
  try {
    await exportOf(wanted, host);
    return 0;
  } catch (error) {
    if (host.signal.aborted) {
      host.stderr.write('Stopped. No file was left.\n');
      return 130;
    }
    // What the driver says (no connection, no such role) is for this person too.
    const expected = [AuditExportError, EmbeddedPostgresError, ConfigError, pg.DatabaseError];
    host.stderr.write(
      `${openFailure(error, 'MIGRATION_DATABASE_URL (or DATABASE_URL)') ?? failureText(error, expected)}\n`,
    );
    return 1;
  }
}

async function exportOf(wanted: ExportArguments, host: CommandHost): Promise<void> {
  const { settings } = host;
  const database = await ownerDatabase(settings, wanted.dataDir, host.openEmbedded);
  try {
    const client = new pg.Client({ connectionString: database.url, application_name: 'audit-export' });
    // Without a listener, a connection that breaks between two statements would end the process.
    client.on('error', () => undefined);
    await client.connect();
    try {
      await requireTables(client);
      const scope = await scopeOf(client, wanted);
      const summary = await atOneInstant(client, () =>
        writeExport(client, scope, {
          out: path.resolve(wanted.out),
          format: wanted.format,
          accessLogs: wanted.accessLogs.map((file) => path.resolve(file)),
          signal: host.signal,
        }),
      );
      host.stdout.write(
        `Wrote ${summary.records} records of ${scope.clinic.name} (${periodText(scope)}) to ${wanted.out}.\nHead hash: ${summary.head}\n`,
      );
      const { lines, cut } = summary.unread;
      const left = lines === 1 ? '1 line of the log that is' : `${lines} lines of the log that are`;
      if (lines > 0) host.stderr.write(`Left out: ${left} no JSON.\n`);
      if (cut !== null)
        host.stderr.write(`At least one of them was of the access log, and is cut off: ${cut}.\n`);
    } finally {
      await client.end();
    }
  } finally {
    await database.close();
  }
}

async function scopeOf(client: pg.Client, wanted: ExportArguments): Promise<Scope> {
  const clinic = await findClinic(client, wanted.clinic);
  const from = wanted.from === undefined ? null : await instantOf(client, '--from', wanted.from);
  const to = wanted.to === undefined ? null : await instantOf(client, '--to', wanted.to);
  if (from !== null && to !== null && from >= to) {
    throw new AuditExportError(
      `--to ${wanted.to} is not later than --from ${wanted.from}: nothing is between them.`,
    );
  }
  return { clinic, from, to };
}

async function requireTables(client: pg.Client): Promise<void> {
  const found = await client.query<{ may: boolean | null }>(
    "SELECT has_table_privilege(to_regclass('public.history'), 'SELECT') AS may",
  );
  const may = found.rows[0]?.may ?? null;
  if (may === null)
    throw new AuditExportError('The database has none of the tables yet: run npm run migrate first.');
  if (!may) {
    throw new AuditExportError(
      'This role may not read the history: set MIGRATION_DATABASE_URL to an address under the role that owns the tables.',
    );
  }
}

if (require.main === module) {
  void runAsProcess((args, host) => runExport(args, { ...host, openEmbedded: openEmbeddedAsOwner }));
}
