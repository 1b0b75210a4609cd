import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../ormconfig';
import { MigrationError, migrationsOf, openFailure, tooNew } from './migrations-fit';

export { MigrationError };

/** Keeps two processes from migrating one database at once; any number that no other lock here uses. */
const MIGRATION_LOCK = 7_340_022;

/**
 * Brings a database up to this version under the role that owns it, one process at a time; answers the migrations
 * that ran. Raises MigrationError when it cannot be reached so, or was migrated by a newer version; and the driver's error.
 */
export async function migrate(ownerUrl: string): Promise<string[]> {
  const source = new DataSource({ ...dataSourceOptions(ownerUrl), poolSize: 2 });
  await source.initialize().catch((error: unknown) => {
    const told = openFailure(error, 'MIGRATION_DATABASE_URL (or DATABASE_URL)');
    throw told === null ? error : new MigrationError(told, { cause: error });
  });
  const lock = source.createQueryRunner();
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const [table] = (await lock.query("SELECT to_regclass('migrations') AS name")) as {
      name: string | null;
    }[];
    const ran = table?.name ? ((await lock.query('SELECT name FROM migrations')) as { name: string }[]) : [];
    const newer = tooNew(
      migrationsOf(source),
      ran.map((row) => row.name),
    );
    if (newer !== null) throw new MigrationError(newer);
    return (await source.runMigrations().catch(explain)).map((migration) => migration.name);
  } finally {
    // The lock belongs to the connection and goes with it.
    await lock.release();
    await source.destroy();
  }
}

const INSUFFICIENT_PRIVILEGE = '42501';

function explain(error: unknown): never {
  if ((error as { code?: unknown }).code !== INSUFFICIENT_PRIVILEGE) throw error;
  throw new MigrationError(
    'The account may not change the tables. Migrate under the role that owns them: set MIGRATION_DATABASE_URL to its address.',
    { cause: error },
  );
}
