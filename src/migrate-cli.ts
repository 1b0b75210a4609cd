import { ConfigError, readConfig } from './config';
import { failureText } from './failure-text';
import { MigrationError, migrate } from './migrate';

/** `npm run migrate`: brings your own database up to this version, under the role that owns it. */
async function main(): Promise<void> {
  const { migrationDatabaseUrl } = readConfig('tool');
  if (migrationDatabaseUrl === null) {
    throw new ConfigError(
      'Set MIGRATION_DATABASE_URL (or DATABASE_URL): the embedded database migrates itself at start.',
    );
  }
  const ran = await migrate(migrationDatabaseUrl);
  process.stdout.write(ran.length === 0 ? 'The database is up to date.\n' : `Ran ${ran.join(', ')}.\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${failureText(error, [ConfigError, MigrationError])}\n`);
  process.exitCode = 1;
});
