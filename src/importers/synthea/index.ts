import { performance } from 'node:perf_hooks';
import type { ClientBase } from 'pg';
import { hashPassword } from '../../identity/password';
import { ImportError } from '../error';
import { ClinicWriter } from '../writer';
import { writeBills } from './bills';
import { stageClaims } from './claims';
import { openClinic } from './clinic';
import { importEncounters } from './encounters';
import { openFolder, type SyntheaFolder } from './folder';
import { countOrganizations, importPatients, importPayers, importProviders } from './people';
import { finish, type Progress, type Session } from './session';
import { chooseSignIns } from './sign-ins';
import { writeStaff } from './staff';
import { createStaging } from './staging';
import type { ImportSummary } from './summary';
import { Tally } from './tally';
import { stageTransactions } from './transactions';

export { ImportError } from '../error';
export type { Progress } from './session';
export { formatSummary, type ImportSummary } from './summary';

export interface ImportOptions {
  /** The folder with the CSV files. */
  folder: string;
  /** The name of the clinic, which is created when there is none. */
  clinic: string;
  /** Decides what the files do not have: billing numbers, staff and delegation lists. */
  seed: number;
  /** ISO 4217. Every amount is taken as it is; nothing is converted. */
  currency: string;
  /** When billing segregation launches in a clinic that is created, an ISO instant; null: not planned. */
  launchesAt: string | null;
  /** The one password of all sign-ins that this import makes. */
  password: string;
  progress?: (progress: Progress) => void;
  /** Stops the import, with nothing written. */
  signal?: AbortSignal;
}

/**
 * Imports a folder of Synthea CSV files into one clinic, in one transaction of this connection, which must be the
 * owner's. Run again, it adds only what is new. It takes no table locks, so a server may run on the same database.
 * Raises ImportError, with nothing written, for files that do not hold what they should.
 */
export async function importSynthea(client: ClientBase, options: ImportOptions): Promise<ImportSummary> {
  const started = performance.now();
  const folder = await openFolder(options.folder);
  // One hash for everybody: this is made-up data with one known password, and hashes are slow by design.
  const passwordHash = await hashPassword(options.password);
  await client.query('BEGIN');
  try {
    await client.query("SET LOCAL TimeZone = 'UTC'");
    const session = await openSession(client, folder, options);
    await importAll(session, passwordHash);
    const { clinic, tally } = session;
    const signIns = await chooseSignIns(session);
    await client.query('COMMIT');
    const seconds = (performance.now() - started) / 1000;
    return {
      clinic: { id: clinic.id, name: clinic.name, created: clinic.created },
      tables: tally.tables,
      skipped: tally.skipped,
      notes: tally.notes,
      signIns,
      seconds,
      claimsPerSecond: tally.read('bills') / seconds,
    };
  } catch (error) {
    // A connection that broke has rolled back by itself; what counts is why.
    await client.query('ROLLBACK').catch(() => undefined);
    throw refusalOf(error);
  }
}

async function openSession(
  client: ClientBase,
  folder: SyntheaFolder,
  options: ImportOptions,
): Promise<Session> {
  const clinic = await openClinic(client, {
    name: options.clinic,
    currency: options.currency,
    launchesAt: options.launchesAt,
  });
  const tally = new Tally();
  if (!clinic.created) {
    tally.notes.push('The clinic was there already: its launch and its passwords stay as they are.');
  }
  return {
    client,
    clinic,
    seed: options.seed,
    folder,
    writer: new ClinicWriter(client),
    tally,
    progress: options.progress ?? (() => undefined),
    signal: options.signal,
  };
}

async function importAll(session: Session, passwordHash: string): Promise<void> {
  await countOrganizations(session);
  const providers = await importProviders(session, passwordHash);
  const patients = await importPatients(session);
  const payers = await importPayers(session);
  const encounters = await importEncounters(session, { providers, patients });
  await createStaging(session.client);
  const claims = await stageClaims(session, { providers, patients, payers, encounters });
  const hasTransactions = await stageTransactions(session, claims);
  await writeBills(session, hasTransactions);
  await writeStaff(session, providers.values(), passwordHash);
  await finish(session, 'sign_ins');
}

/** What the database refuses is a fault of the input as well; its message names the rule, the detail may name a row. */
function refusalOf(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // Class 22: a value that its column cannot hold; class 23: a row that breaks a rule of the tables.
  if (error instanceof Error && /^2[23]...$/.test(code)) {
    return new ImportError(`the database refuses a row: ${error.message} (${code})`, { cause: error });
  }
  return error;
}
