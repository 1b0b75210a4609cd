import type { DataSource } from 'typeorm';
import { API_ROLE } from './database';
import type { Statements } from './sql';

/** The database does not fit this version of the product; the message says what to do. */
export class MigrationError extends Error {}

const HOW_TO_MIGRATE =
  'Run `npm run migrate` with MIGRATION_DATABASE_URL, the address of the role that owns the tables (MIGRATE_ON_START=true lets the server do it).';

/** The names of the migrations that this version has. */
export const migrationsOf = (source: DataSource): ReadonlySet<string> =>
  new Set(source.migrations.map((migration) => migration.name ?? migration.constructor.name));

/** What is wrong when a database was migrated further than this version knows; null: nothing. */
export function tooNew(known: ReadonlySet<string>, ran: readonly string[]): string | null {
  const newer = ran.filter((name) => !known.has(name));
  return newer.length === 0
    ? null
    : `The database was migrated by a newer version (${newer.join(', ')}). Run that version, or restore a backup from before.`;
}

/**
 * Why the database does not fit this version, and what to do; null: it does. Reads one small table, which the role of
 * the API may. Raises UNAVAILABLE when the database does not answer.
 */
export async function misfit(database: Statements & { readonly source: DataSource }): Promise<string | null> {
  const known = migrationsOf(database.source);
  let ran: string[];
  try {
    ran = (await database.query<{ name: string }>('SELECT name FROM migrations', [])).map((row) => row.name);
  } catch (error) {
    if (codeOf(error) === UNDEFINED_TABLE) return `The database has never been migrated. ${HOW_TO_MIGRATE}`;
    throw error;
  }
  const newer = tooNew(known, ran);
  if (newer !== null) return newer;
  const missing = [...known].filter((name) => !ran.includes(name));
  return missing.length === 0
    ? null
    : `The database is older than this version: it lacks ${missing.join(', ')}. ${HOW_TO_MIGRATE}`;
}

const UNDEFINED_TABLE = '42P01';
const PROTOCOL_VIOLATION = '08P01';
const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code;

/**
 * What a person can do about a connection that could not be opened; null: nothing that is known.
 * @param setting where the address comes from
 */
export function openFailure(error: unknown, setting = 'DATABASE_URL'): string | null {
  const { code, message = '' } = error as { code?: unknown; message?: string };
  if (code === '22023' && message.includes(API_ROLE)) {
    return `The database has never been migrated: there is no role ${API_ROLE}. ${HOW_TO_MIGRATE}`;
  }
  if (code === '42501' && /set role/i.test(message)) {
    return `The account of ${setting} may not act as ${API_ROLE}. Let its owner run: GRANT ${API_ROLE} TO the account.`;
  }
  // PgBouncer has one code for all that it refuses.
  const refused = code === PROTOCOL_VIOLATION ? message : '';
  if (code === '28P01' || code === '28000' || /authentication failed|no such user/i.test(refused)) {
    return `The database refuses the account of ${setting}: its name, its password, or how it connects (pg_hba.conf).`;
  }
  if (code === '3D000' || /^(database .* does not exist|no such database)/.test(refused))
    return `The database that ${setting} names does not exist.`;
  const reason = PROTECTION.find(([pattern]) => pattern.test(`${String(code)} ${message}`))?.[1];
  if (reason !== undefined) return `The connection of ${setting} is not as protected as asked: ${reason}.`;
  if (typeof code === 'string' && /^E[A-Z_]+$/.test(code)) {
    return `The database of ${setting} cannot be reached (${code}). Is it up, and are the host and the port right?`;
  }
  return null;
}

/** What TLS says of a server that is not what it should be. */
const PROTECTION: readonly (readonly [RegExp, string])[] = [
  [/does not support SSL/, 'the server does not offer TLS'],
  [/ERR_TLS_CERT_ALTNAME_INVALID/, 'the certificate of the server is for another host'],
  [/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/, 'the certificate of the server has expired, or is not valid yet'],
  [
    /SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|CERT_|unable to verify/,
    'the certificate of the server is not from the authority of sslrootcert or DATABASE_CA_FILE',
  ],
];
