import { parseArgs } from 'node:util';
import { askedFor } from '../asked-for';
import { type Config, ConfigError, readConfig } from '../config';
import { withClient } from '../embedded-database';
import { failureText } from '../failure-text';
import { fromGlobalId } from '../global-id';
import { type OwnerDatabase, openEmbeddedAsOwner, ownerDatabase } from '../importers/owner-database';
import { isSecureAddress } from './issuer-address';
import { isSubject } from './issuer-tokens';
import { type ExternalAccount, LinkError, linkAccount, type Person, unlinkAccount } from './link';

const HELP = `Usage: npm run link-account -- --subject SUB (--email ADDRESS | --user ID) [options]
       npm run link-account -- --subject SUB --unlink

Says which user an account at the issuer is: from the next request on, its tokens are that user's.

  --subject SUB      what the issuer calls the account: the \`sub\` of its tokens
  --email ADDRESS    the user, by the address that they sign in with here
  --user ID          the user, by the id that the API shows
  --remove-password  takes the user's password here away: they sign in at the issuer only
  --unlink           takes the link away
  --issuer ADDRESS   the issuer (default AUTH_ISSUER)
  --data-dir DIR     the data folder of the embedded database (default: DATA_DIR, else .data)
  --help             this text

Environment:
  AUTH_ISSUER, AUTH_AUDIENCE   as the server has them
  DATABASE_URL       your own PostgreSQL, under the role that owns the tables, instead of the embedded one;
                     MIGRATION_DATABASE_URL where that is another
`;

/** A command line that cannot be understood. */
class UsageError extends Error {}

/** What the command uses of the outside. */
export interface LinkHost {
  readonly settings: Pick<Config, 'migrationDatabaseUrl' | 'dataDir' | 'auth'>;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** Opens the embedded database of a data folder, starting it when it is not running. Not called with DATABASE_URL. */
  readonly openEmbedded: (dataDir: string) => Promise<OwnerDatabase>;
}

interface Wanted {
  readonly account: ExternalAccount;
  /** Null: take the link away. */
  readonly person: Person | null;
  readonly removePassword: boolean;
  readonly dataDir: string | undefined;
}

/** Runs the command and answers its exit code: 0 done, 1 refused or failed, 2 misused. */
export async function runLink(args: readonly string[], host: LinkHost): Promise<number> {
  const wanted = askedFor(
    () => readArguments(args, host.settings.auth?.issuer),
    HELP,
    host,
    // What parseArgs raises is for people, too.
    (error) => (error as Error).message,
  );
  if (typeof wanted === 'number') return wanted;
  try {
    host.stdout.write(`${await change(wanted, host)}\n`);
    return 0;
  } catch (error) {
    host.stderr.write(`${failureText(error, [LinkError])}\n`);
    return 1;
  }
}

async function change(wanted: Wanted, { settings, openEmbedded }: LinkHost): Promise<string> {
  const { account, person, removePassword } = wanted;
  const database = await ownerDatabase(settings, wanted.dataDir, openEmbedded);
  try {
    return await withClient(database.url, async (client) => {
      if (person === null) {
        await unlinkAccount(client, account);
        return 'Unlinked: its tokens are nobody from the next request on.';
      }
      const who = await linkAccount(client, account, person, { removePassword });
      return `Linked to ${who}.${removePassword ? ' They have no password here any more.' : ''}`;
    });
  } finally {
    await database.close();
  }
}

function readArguments(args: readonly string[], configured: string | undefined): Wanted | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      subject: { type: 'string' },
      email: { type: 'string' },
      user: { type: 'string' },
      'remove-password': { type: 'boolean', default: false },
      unlink: { type: 'boolean', default: false },
      issuer: { type: 'string' },
      'data-dir': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return 'help';
  const { subject, email, user, unlink } = values;
  const issuer = values.issuer ?? configured;
  if (issuer === undefined) throw new UsageError('Name the issuer: set AUTH_ISSUER, or --issuer ADDRESS.');
  if (!isSecureAddress(issuer)) throw new UsageError('--issuer takes the https address of the issuer.');
  if (subject === undefined) throw new UsageError('Name the account at the issuer: --subject SUB.');
  if (!isSubject(subject)) throw new UsageError('--subject takes 1 to 255 ASCII characters.');
  const named = [email, user].filter((one) => one !== undefined).length;
  if (named !== (unlink ? 0 : 1) || (unlink && values['remove-password'])) {
    throw new UsageError('Name the user, by --email ADDRESS or --user ID; or say --unlink and nothing more.');
  }
  return {
    account: { issuer, subject },
    person: unlink ? null : personOf(email, user ?? ''),
    removePassword: values['remove-password'],
    dataDir: values['data-dir'],
  };
}

function personOf(email: string | undefined, user: string): Person {
  if (email !== undefined) return { email };
  const ref = fromGlobalId(user);
  if (ref?.type !== 'User') throw new UsageError('--user takes the id of a user, as the API shows it.');
  return { user: ref };
}

async function main(): Promise<number> {
  try {
    return await runLink(process.argv.slice(2), {
      settings: readConfig('tool'),
      stdout: process.stdout,
      stderr: process.stderr,
      openEmbedded: openEmbeddedAsOwner,
    });
  } catch (error) {
    process.stderr.write(`${failureText(error, [ConfigError])}\n`);
    return 1;
  }
}

if (require.main === module) {
  void main().then((code) => {
    process.exitCode = code;
  });
}
