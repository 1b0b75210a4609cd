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
