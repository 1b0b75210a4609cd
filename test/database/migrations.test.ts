import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig';
import { MigrationError, migrate } from '../../src/migrate';
import { testCluster } from '../support/database';

const FOLDER = path.resolve(__dirname, '../../migrations');

async function asAdministrator(sql: string): Promise<void> {
  const client = new Client({ connectionString: testCluster().adminUrl });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Gives a test an empty database, which belongs to the owner of the tables and has none yet. */
async function withEmptyDatabase<Result>(use: (url: string) => Promise<Result>): Promise<Result> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await asAdministrator(`CREATE DATABASE ${name} OWNER billing_owner`);
  try {
    const url = new URL(testCluster().ownerUrl);
    url.pathname = `/${name}`;
    return await use(url.toString());
  } finally {
    await asAdministrator(`DROP DATABASE ${name} WITH (FORCE)`);
  }
}

async function withSource<Result>(
  url: string,
  use: (source: DataSource) => Promise<Result>,
): Promise<Result> {
  const source = await new DataSource({ ...dataSourceOptions(url), poolSize: 2 }).initialize();
  try {
    return await use(source);
  } finally {
    await source.destroy();
  }
}

/** Everything in the database that is not PostgreSQL's own, nor TypeORM's list of migrations, by kind and name. */
const contents = (source: DataSource): Promise<{ what: string }[]> =>
  source.query(
    `SELECT what FROM (
       SELECT 'relation ' || c.relname AS what FROM pg_class c
       WHERE c.relnamespace = 'public'::regnamespace AND c.relname !~ '^(migrations|PK_)'
         AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
       UNION ALL
       SELECT 'function ' || p.proname FROM pg_proc p
       WHERE p.pronamespace = 'public'::regnamespace
         AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
       UNION ALL
       SELECT 'type ' || t.typname FROM pg_type t
       WHERE t.typnamespace = 'public'::regnamespace AND t.typname !~ '^_?migrations$'
         AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
       UNION ALL
       SELECT 'extension ' || extname FROM pg_extension WHERE extname <> 'plpgsql'
       UNION ALL
       SELECT 'schema ' || nspname FROM pg_namespace
       WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('public', 'information_schema')) everything
     ORDER BY what`,
  );

/** The definitions that make the tables what they are, to compare two states of a database. */
const definitions = (source: DataSource): Promise<unknown> =>
  source.query(
    `SELECT string_agg(line, E'\\n' ORDER BY line) AS text FROM (
       SELECT format('%s.%s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                pg_get_expr(d.adbin, d.adrelid)) AS line
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'migrations'
       UNION ALL
       SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
       WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND conrelid <> 'migrations'::regclass
       UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'migrations'
       UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
       UNION ALL SELECT format('%s %s', relname, relacl) FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind = 'r') all_of_it`,
  );

const migrationsOf = (source: DataSource): string[] =>
  source.migrations.map((migration) => migration.name ?? migration.constructor.name);

describe('the files', () => {
  const files = readdirSync(FOLDER).sort();

  test('are named <timestamp>-<verb>-<noun>.ts', () => {
    const VERBS =
      'add|alter|backfill|change|create|drop|grant|guard|index|move|remove|rename|replace|revoke|set|split';
    const NAME = new RegExp(`^\\d{13}-(${VERBS})-[a-z0-9]+(-[a-z0-9]+)*\\.ts$`);
    expect(files.filter((file) => !NAME.test(file))).toEqual([]);
  });

  test('have timestamps that differ, and the class names that TypeORM orders by', async () => {
    const timestamps = files.map((file) => file.slice(0, 13));
    expect(new Set(timestamps).size).toBe(files.length);
    await withEmptyDatabase((url) =>
      withSource(url, async (source) => {
        const expected = files.map((file) => {
          const [timestamp = '', ...words] = file.replace(/\.ts$/, '').split('-');
          const name = words.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`).join('');
          return `${name}${timestamp}`;
        });
        expect(migrationsOf(source)).toEqual(expected);
      }),
    );
  });
});

describe('an empty database', () => {
  let names: string[];

  beforeAll(async () => {
    names = await withEmptyDatabase((url) => withSource(url, async (source) => migrationsOf(source)));
  });

  test('migrated is what the entities say: TypeORM would change nothing', async () => {
    await withEmptyDatabase(async (url) => {
      expect(await migrate(url)).toEqual(names);
      await withSource(url, async (source) => {
        const { upQueries } = await source.driver.createSchemaBuilder().log();
        expect(upQueries.map((query) => query.query)).toEqual([]);
      });
    });
  });

  test('migrated twice is no error, and the second time does nothing', async () => {
    await withEmptyDatabase(async (url) => {
      expect(await migrate(url)).toEqual(names);
      expect(await migrate(url)).toEqual([]);
    });
  });

  test('migrated by several at once is no error: each migration runs once', async () => {
    await withEmptyDatabase(async (url) => {
      const ran = await Promise.all([migrate(url), migrate(url), migrate(url)]);
      expect(ran.flat()).toEqual(names);
      await withSource(url, async (source) => {
        const rows = await source.query('SELECT name FROM migrations ORDER BY id');
        expect((rows as { name: string }[]).map((row) => row.name)).toEqual(names);
      });
    });
  });

  test('comes back when every migration is taken back, and can be migrated again', async () => {
    await withEmptyDatabase(async (url) => {
      const before = await withSource(url, contents);
      expect(before).toEqual([]);
      await migrate(url);
      await withSource(url, async (source) => {
        expect((await contents(source)).length).toBeGreaterThan(20);
        const first = await definitions(source);
        // Twice: what a migration leaves behind is in the way of the second time.
        for (const _round of [1, 2]) {
          for (const _name of names) await source.undoLastMigration({ transaction: 'each' });
          expect(await contents(source)).toEqual([]);
          expect(await source.query('SELECT name FROM migrations')).toEqual([]);
          expect((await source.runMigrations()).map((migration) => migration.name)).toEqual(names);
          expect(await definitions(source)).toEqual(first);
        }
      });
    });
  });
});

describe('a database', () => {
  test('of a newer version is refused, with what to do, and left as it is', async () => {
    await withEmptyDatabase(async (url) => {
      await migrate(url);
      await withSource(url, async (source) => {
        await source.query(
          "INSERT INTO migrations (timestamp, name) VALUES (4102444800000, 'AddSomething4102444800000')",
        );
        const before = await definitions(source);
        const refusal = await migrate(url).catch((error: unknown) => error);
        expect(refusal).toBeInstanceOf(MigrationError);
        const { message } = refusal as Error;
        expect(message).toContain('newer version');
        expect(message).toContain('AddSomething4102444800000');
        expect(message).toMatch(/Run that version, or restore a backup/);
        expect(await definitions(source)).toEqual(before);
        // The refusal holds no lock.
        await source.query("DELETE FROM migrations WHERE name = 'AddSomething4102444800000'");
        expect(await migrate(url)).toEqual([]);
      });
    });
  });

  test('of an older version gets what it lacks, and keeps what it has', async () => {
    await withEmptyDatabase(async (url) => {
      const all = await migrate(url);
      await withSource(url, async (source) => {
        await source.query("INSERT INTO clinics (name, currency) VALUES ('Kept', 'CAD')");
        await source.undoLastMigration({ transaction: 'each' });
      });
      expect(await migrate(url)).toEqual(all.slice(-1));
      await withSource(url, async (source) => {
        expect(await source.query('SELECT name FROM clinics')).toEqual([{ name: 'Kept' }]);
      });
    });
  });
});
