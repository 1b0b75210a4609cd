import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readConfig } from '../../src/config';
import { withClient } from '../../src/embedded-database';
import { createLogger } from '../../src/logging';
import { MigrationError } from '../../src/migrations-fit';
import { openDatabase, prepareDatabase } from '../../src/run/database';
import { Running } from '../../src/run/running';
import { createTestDatabase, type TestDatabase, testCluster } from '../support/database';
import { throughPgBouncer } from '../support/pgbouncer';
import { SIGNING_KEY } from '../support/server';

let db: TestDatabase;

beforeEach(async () => {
  db = await createTestDatabase();
});
afterEach(() => db.drop());

/** Starts what a server starts with, up to the question whether the database fits; raises what it would end with. */
async function start(environment: NodeJS.ProcessEnv, log = createLogger('silent')): Promise<void> {
  const running = new Running();
  const config = readConfig('server', {
    SIGNING_KEY,
    PREPARED_STATEMENTS: String(!throughPgBouncer()),
    ...environment,
  });
  try {
    const place = await prepareDatabase(config, log, running);
    await openDatabase(config, place.url, log, running, undefined);
  } finally {
    await running.stop();
  }
}

const LAST = 'SELECT name FROM migrations ORDER BY id DESC LIMIT 1';
const countOf = async (): Promise<unknown> =>
  (await db.query('SELECT count(*)::int AS count FROM migrations'))[0]?.count;

describe('under the restricted role alone', () => {
  it('a server starts on a database that was migrated, and needs no right to change it', async () => {
    await withClient(db.apiUrl, async (client) => {
      await expect(client.query('CREATE TABLE public.mine (id int)')).rejects.toThrow(/permission denied/);
    });
    await start({ DATABASE_URL: db.apiUrl });
  });

  it('it warns where everybody may create things in the schema public, as before PostgreSQL 15', async () => {
    const lines: string[] = [];
    const warned = async (): Promise<boolean> => {
      lines.length = 0;
      await start(
        { DATABASE_URL: db.apiUrl },
        createLogger('warn', { write: (line) => void lines.push(line) }),
      );
      return lines.some((line) => line.includes('REVOKE CREATE ON SCHEMA public FROM PUBLIC'));
    };
    expect(await warned()).toBe(false);
    await db.query('GRANT CREATE ON SCHEMA public TO PUBLIC');
    expect(await warned()).toBe(true);
  });

  it('it says what is missing, and how to get it', async () => {
    const [last] = await db.query<{ name: string }>(LAST);
    await db.query('DELETE FROM migrations WHERE name = $1', [last?.name]);
    const starting = start({ DATABASE_URL: db.apiUrl });
    await expect(starting).rejects.toThrow(MigrationError);
    await expect(starting).rejects.toThrow(new RegExp(`lacks ${last?.name}\\. Run .npm run migrate.`));
  });

  it('it does not start on a database of a newer version', async () => {
    await db.query("INSERT INTO migrations (timestamp, name) VALUES (9999999999999, 'FromTheFuture1')");
    const starting = start({ DATABASE_URL: db.apiUrl });
    await expect(starting).rejects.toThrow(MigrationError);
    await expect(starting).rejects.toThrow(/newer version \(FromTheFuture1\)/);
  });

  it('it says so when the database was never migrated', async () => {
    const name = `test_${randomBytes(8).toString('hex')}`;
    const { adminUrl } = testCluster();
    await withClient(adminUrl, (client) => client.query(`CREATE DATABASE ${name}`));
    try {
      const url = new URL(db.apiUrl);
      url.pathname = `/${name}`;
      await expect(start({ DATABASE_URL: url.toString() })).rejects.toThrow(
        /never been migrated.*npm run migrate/,
      );
    } finally {
      await withClient(adminUrl, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
    }
  });
});

describe('MIGRATE_ON_START', () => {
  /** A database that no migration has run in, with both its addresses. */
  async function withEmptyDatabase(use: (owner: string, api: string) => Promise<void>): Promise<void> {
    const name = `test_${randomBytes(8).toString('hex')}`;
    const { adminUrl } = testCluster();
    const named = (address: string): string => {
      const url = new URL(address);
      url.pathname = `/${name}`;
      return url.toString();
    };
    await withClient(adminUrl, (client) => client.query(`CREATE DATABASE ${name} OWNER billing_owner`));
    try {
      await use(named(db.url), named(db.apiUrl));
    } finally {
      await withClient(adminUrl, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
    }
  }

  it('migrates under the owner when the server is told of one', () =>
    withEmptyDatabase((owner, api) => start({ DATABASE_URL: api, MIGRATION_DATABASE_URL: owner })));

  it('set to false, leaves the database as it is, and the owner unasked', () =>
    withEmptyDatabase(async (owner, api) => {
      const given = { DATABASE_URL: api, MIGRATION_DATABASE_URL: owner, MIGRATE_ON_START: 'false' };
      await expect(start(given)).rejects.toThrow(/never been migrated/);
      const [there] = (
        await withClient(owner, (client) => client.query("SELECT to_regclass('migrations') AS name"))
      ).rows;
      expect(there).toEqual({ name: null });
    }));

  it('set to true, migrates under the one address there is, if its account may', () =>
    withEmptyDatabase(async (owner, api) => {
      await expect(start({ DATABASE_URL: api, MIGRATE_ON_START: 'true' })).rejects.toThrow(
        /role that owns them/,
      );
      // The account itself, which acts as the owner only when it is told to.
      const account = new URL(owner);
      account.search = '';
      await start({ DATABASE_URL: account.toString(), MIGRATE_ON_START: 'true' });
    }));

  it('does nothing to a database that fits', async () => {
    const before = await countOf();
    await start({ DATABASE_URL: db.apiUrl, MIGRATION_DATABASE_URL: db.url });
    expect(await countOf()).toBe(before);
  });
});

describe('a database that cannot be opened', () => {
  it.each<[what: string, change: (url: URL) => void, told: RegExp]>([
    ['a wrong password', (url) => (url.password = 'hunter2-secret'), /refuses the account of DATABASE_URL/],
    ['an unknown database', (url) => (url.pathname = '/nowhere'), /does not exist/],
    ['a port where nothing is', (url) => (url.port = '1'), /cannot be reached \(ECONNREFUSED\)/],
  ])('is told with what a person can do: %s', async (_what, change, told) => {
    const url = new URL(db.apiUrl);
    change(url);
    const starting = start({ DATABASE_URL: url.toString() });
    await expect(starting).rejects.toThrow(MigrationError);
    await expect(starting).rejects.toThrow(told);
    await expect(starting).rejects.not.toThrow(/hunter2/);
  });

  it('is told so when its account is no member of the role of the API', async () => {
    const name = `outsider_${randomBytes(4).toString('hex')}`;
    const { adminUrl } = testCluster();
    await withClient(adminUrl, (client) => client.query(`CREATE ROLE ${name} LOGIN PASSWORD 'out'`));
    try {
      // Directly: PgBouncer, where the tests run through it, knows no outsiders.
      const url = new URL(adminUrl);
      url.pathname = `/${db.name}`;
      url.username = name;
      url.password = 'out';
      await expect(start({ DATABASE_URL: url.toString() })).rejects.toThrow(/GRANT billing_api TO/);
    } finally {
      await withClient(adminUrl, (client) => client.query(`DROP ROLE ${name}`));
    }
  });
});
