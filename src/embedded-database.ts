import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { API_ROLE } from './database';
import type { EmbeddedCluster } from './embedded';

const DATABASE = 'billing';
/** Owns the tables; nobody signs in as it. */
const OWNER_ROLE = 'billing_owner';
/** What the server signs in as: a member of the API's role, with nothing besides. */
const SERVER_ROLE = 'billing_server';

/** Runs one thing on a connection of its own. */
export async function withClient<Result>(
  url: string,
  act: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

const exists = async (client: pg.Client, question: string, name: string): Promise<boolean> =>
  ((await client.query(question, [name])).rowCount ?? 0) > 0;

/** The address of a cluster's database under the role that owns the tables, which is made on first use. */
export async function ownerUrlOf(cluster: EmbeddedCluster, database = DATABASE): Promise<string> {
  await withClient(cluster.url('postgres'), async (client) => {
    if (!(await exists(client, 'SELECT FROM pg_roles WHERE rolname = $1', OWNER_ROLE))) {
      await client.query(`CREATE ROLE ${OWNER_ROLE} NOLOGIN CREATEROLE`);
    }
    if (!(await exists(client, 'SELECT FROM pg_database WHERE datname = $1', database))) {
      await client.query(`CREATE DATABASE ${pg.escapeIdentifier(database)} OWNER ${OWNER_ROLE}`);
    }
  });
  const url = new URL(cluster.url(database));
  url.searchParams.set('options', `-c role=${OWNER_ROLE}`);
  return url.toString();
}

/** The address that the server uses, with a password made anew at every start. The migrations must have run. */
export async function serverUrlOf(cluster: EmbeddedCluster, database = DATABASE): Promise<string> {
  const password = randomBytes(24).toString('base64url');
  await withClient(cluster.url('postgres'), async (client) => {
    if (!(await exists(client, 'SELECT FROM pg_roles WHERE rolname = $1', SERVER_ROLE))) {
      await client.query(`CREATE ROLE ${SERVER_ROLE} LOGIN NOSUPERUSER NOBYPASSRLS IN ROLE ${API_ROLE}`);
    }
    await client.query(`ALTER ROLE ${SERVER_ROLE} PASSWORD ${pg.escapeLiteral(password)}`);
  });
  return cluster.url(database, SERVER_ROLE, password);
}

/** The key that signs tokens, kept in the data folder for its owner alone, so that sessions outlive a restart. */
export async function keptSigningKey(dataDir: string): Promise<string> {
  const file = path.join(dataDir, 'signing-key');
  await mkdir(dataDir, { recursive: true });
  try {
    await writeFile(file, `${randomBytes(48).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return (await readFile(file, 'utf8')).trim();
}
