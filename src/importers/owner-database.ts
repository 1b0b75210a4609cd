import path from 'node:path';
import type { Config } from '../config';
import { findRunningCluster, startCluster } from '../embedded';
import { ownerUrlOf } from '../embedded-database';
import { migrate } from '../migrate';

/** A database with this product's tables, open to the role that owns them, and what to do when done with it. */
export interface OwnerDatabase {
  /** An address under the owner's role. It may hold a password: never print it. */
  readonly url: string;
  /** Stops what was started for this use; a server that ran before goes on. */
  close(): Promise<void>;
}

/**
 * The database of the settings, under the role that owns the tables; without one, what `openEmbedded` answers for the data
 * folder, by default that of the settings. Raises what `openEmbedded` raises.
 */
export async function ownerDatabase(
  settings: Pick<Config, 'migrationDatabaseUrl' | 'dataDir'>,
  dataDir: string | undefined,
  openEmbedded: (dataDir: string) => Promise<OwnerDatabase>,
): Promise<OwnerDatabase> {
  return settings.migrationDatabaseUrl === null
    ? openEmbedded(path.resolve(dataDir ?? settings.dataDir))
    : { url: settings.migrationDatabaseUrl, close: async () => undefined };
}

/**
 * The embedded database of a data folder, migrated: that of the running server, or started for this use alone.
 * Raises EmbeddedPostgresError.
 */
export async function openEmbeddedAsOwner(dataDir: string): Promise<OwnerDatabase> {
  const running = await findRunningCluster(dataDir);
  const cluster = running ?? (await startCluster({ dataDir }));
  try {
    const url = await ownerUrlOf(cluster);
    await migrate(url);
    return { url, close: () => cluster.stop() };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}
