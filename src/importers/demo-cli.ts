import { ConfigError, readConfig } from '../config';
import { withClient } from '../embedded-database';
import { failureText } from '../failure-text';
import { migrate } from '../migrate';
import { demoSignIns, loadDemo } from './demo';
import { ImportError } from './error';

/** `npm run demo`: loads the demo clinics into your own database, for trying it out. Never into one with real people. */
async function main(): Promise<void> {
  const { migrationDatabaseUrl, demoPassword } = readConfig('tool');
  if (migrationDatabaseUrl === null) {
    throw new ConfigError(
      'Set MIGRATION_DATABASE_URL (or DATABASE_URL): the embedded database gets its demo at start.',
    );
  }
  await migrate(migrationDatabaseUrl);
  const demo = await withClient(migrationDatabaseUrl, (client) =>
    loadDemo(client, { password: demoPassword }),
  );
  process.stdout.write(demo.loaded ? `Loaded ${demo.bills} bills.\n` : 'The demo is there already.\n');
  for (const one of demoSignIns) process.stdout.write(`  ${one.email}  ${one.who}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${failureText(error, [ConfigError, ImportError])}\n`);
  process.exitCode = 1;
});
