import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ownerUrlOf, serverUrlOf } from '../src/embedded-database';
import { migrate } from '../src/migrate';
import { startTestCluster, versionOf } from '../test/support/cluster';
import { TEMPLATES, type TestCluster } from '../test/support/database';

/**
 * Starts a throw-away PostgreSQL with an empty, migrated template, and tells the test helpers of it, as jest's global
 * set-up does. Answers how to stop it.
 */
export async function startProofCluster(): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'billing-proof-'));
  const cluster = await startTestCluster({ dataDir, ephemeral: true, settings: { max_connections: '100' } });
  try {
    const owner = await ownerUrlOf(cluster, TEMPLATES.empty);
    await migrate(owner);
    const shared: TestCluster = {
      adminUrl: cluster.url('postgres'),
      ownerUrl: owner,
      serverUrl: await serverUrlOf(cluster, TEMPLATES.empty),
      version: await versionOf(owner),
    };
    process.env.TEST_CLUSTER = JSON.stringify(shared);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return () => cluster.stop();
}
