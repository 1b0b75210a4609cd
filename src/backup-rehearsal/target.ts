import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { API_ROLE } from '../database';
import { type EmbeddedCluster, startCluster } from '../embedded';
import { ownerUrlOf, serverUrlOf, withClient } from '../embedded-database';

/** A new cluster with an empty database and the roles that a dump names. */
export interface Target {
  readonly cluster: EmbeddedCluster;
  readonly ownerUrl: string;
  /** What a server uses; to be asked for when the dump is restored. */
  apiUrl(): Promise<string>;
  close(): Promise<void>;
}

/**
 * The roles that a database's objects depend on: owners, and those with rights or policies. Roles belong to the cluster,
 * not to the database, so that a dump names them without bringing them.
 */
export async function rolesNamed(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT DISTINCT r.rolname AS name FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
     WHERE d.refclassid = 'pg_authid'::regclass
       AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND r.rolname !~ '^pg_' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

/** Starts a throw-away cluster for a restore, with these roles. They cannot sign in. */
export async function newTarget(roles: readonly string[]): Promise<Target> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'billing-restore-'));
  const cluster = await startCluster({ dataDir, ephemeral: true }).catch(async (error: unknown) => {
    await rm(dataDir, { recursive: true, force: true });
    throw error;
  });
  const close = async (): Promise<void> => {
    await cluster.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const ownerUrl = await ownerUrlOf(cluster);
    await withClient(cluster.url('postgres'), async (client) => {
      for (const role of new Set([API_ROLE, ...roles])) {
        const there = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
        if (there.rowCount === 0) await client.query(`CREATE ROLE ${pg.escapeIdentifier(role)} NOLOGIN`);
      }
      await client.query(`GRANT ${API_ROLE} TO billing_owner`);
    });
    return { cluster, ownerUrl, apiUrl: () => serverUrlOf(cluster), close };
  } catch (error) {
    await close();
    throw error;
  }
}
