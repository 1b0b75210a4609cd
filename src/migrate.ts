import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../ormconfig';

/** The database does not fit this version of the product; the message says what to do. */
export class MigrationError extends Error {}

/** Keeps two processes from migrating one database at once; any number that no other lock here uses. */
const MIGRATION_LOCK = 7_340_022;

/**
 * Brings a database up to this version under the role that owns it, one process at a time; answers the migrations
 * that ran. Raises MigrationError when the database was migrated by a newer version, and the driver's error otherwise.
 */
export async function migrate(ownerUrl: string): Promise<string[]> {
  const source = new DataSource({ ...dataSourceOptions(ownerUrl), poolSize: 2 });
  await source.initialize();
  const lock = source.createQueryRunner();
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const known = new Set(source.migrations.map((migration) => migration.name ?? migration.constructor.name));
    const [table] = (await lock.query("SELECT to_regclass('migrations') AS name")) as {
      name: string | null;
    }[];
    const ran = table?.name ? ((await lock.query('SELECT name FROM migrations')) as { name: string }[]) : [];
    const newer = ran.filter((row) => !known.has(row.name));
    if (newer.length > 0) {
      throw new MigrationError(
        `The database was migrated by a newer version (${newer.map((row) => row.name).join(', ')}). Run that version, or restore a backup from before.`,
      );
    }
    return (await source.runMigrations()).map((migration) => migration.name);
  } finally {
    // The lock belongs to the connection and goes with it.
    await lock.release();
    await source.destroy();
  }
}
