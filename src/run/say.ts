import { ConfigError } from '../config';
import { EmbeddedPostgresError } from '../embedded';
import { failureText } from '../failure-text';
import { MigrationError } from '../migrations-fit';

/** Tells the person at the terminal. */
export const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Tells why there is no server and ends the process. What a person can mend comes without a stack. */
export function fail(error: unknown): never {
  const text = failureText(error, [ConfigError, MigrationError, EmbeddedPostgresError]);
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
