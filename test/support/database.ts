import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { withClient } from '../../src/embedded-database';

/** The password of every account that tests make or load. */
export const DEMO_PASSWORD = 'demo-password-only';

export const TEMPLATES = { empty: 'template_empty', demo: 'template_demo' } as const;

/** The PostgreSQL of this run, as the global set-up left it. */
export interface TestCluster {
  readonly adminUrl: string;
  readonly ownerUrl: string;
  readonly serverUrl: string;
  /** PostgreSQL's major version. */
  readonly version: number;
}

/** A database of a test's own, migrated. */
export interface TestDatabase {
  readonly name: string;
  /** Under the role that owns the tables. */
  readonly url: string;
  /** As the server signs in. */
  readonly apiUrl: string;
  /** Runs a statement as the owner. */
  query<Row extends pg.QueryResultRow = pg.QueryResultRow>(sql: string, params?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

export const testCluster = (): TestCluster => JSON.parse(process.env.TEST_CLUSTER ?? 'null') as TestCluster;

/** Makes a database: migrated and empty, or with the demo clinics. */
export async function createTestDatabase(options: { demo?: boolean } = {}): Promise<TestDatabase> {
  const cluster = testCluster();
  const name = `test_${randomBytes(8).toString('hex')}`;
  const template = options.demo ? TEMPLATES.demo : TEMPLATES.empty;
  await withClient(cluster.adminUrl, (client) =>
    client.query(`CREATE DATABASE ${name} TEMPLATE ${template} OWNER billing_owner`),
  );
  const addressOf = (url: string): string => {
    const address = new URL(url);
    address.pathname = `/${name}`;
    return address.toString();
  };
  const url = addressOf(cluster.ownerUrl);
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  // The database may be dropped, or the server stopped, under an idle connection: that is the test's doing.
  pool.on('error', () => undefined);
  return {
    name,
    url,
    apiUrl: addressOf(cluster.serverUrl),
    query: async <Row extends pg.QueryResultRow>(sql: string, params: unknown[] = []) =>
      (await pool.query<Row>(sql, params)).rows,
    drop: async () => {
      await pool.end();
      await withClient(cluster.adminUrl, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
    },
  };
}
