import 'reflect-metadata';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type EmbeddedCluster, startCluster } from '../../src/embedded';
import { ownerUrlOf, serverUrlOf, withClient } from '../../src/embedded-database';
import { loadDemo } from '../../src/importers/demo';
import { migrate } from '../../src/migrate';
import { DEMO_PASSWORD, TEMPLATES, type TestCluster } from './database';
import { type PgBouncer, startPgBouncer, throughPgBouncer } from './pgbouncer';

declare global {
  var testCluster: EmbeddedCluster | undefined;
  var testPgBouncer: PgBouncer | undefined;
}

/** One PostgreSQL for the whole run, with a migrated and a demo database that the tests copy. */
export default async function setup(): Promise<void> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'billing-tests-'));
  const cluster = await startCluster({ dataDir, ephemeral: true, settings: { max_connections: '300' } });
  globalThis.testCluster = cluster;
  const empty = await ownerUrlOf(cluster, TEMPLATES.empty);
  await migrate(empty);
  const demo = await ownerUrlOf(cluster, TEMPLATES.demo);
  await migrate(demo);
  await withClient(demo, (client) => loadDemo(client, { password: DEMO_PASSWORD }));
  await withClient(demo, (client) => client.query('ANALYZE'));
  const shared: { -readonly [Key in keyof TestCluster]: TestCluster[Key] } = {
    adminUrl: cluster.url('postgres'),
    ownerUrl: empty,
    serverUrl: await serverUrlOf(cluster, TEMPLATES.empty),
  };
  if (throughPgBouncer()) {
    globalThis.testPgBouncer = await startPgBouncer(shared.adminUrl, shared.serverUrl);
    shared.serverUrl = globalThis.testPgBouncer.url;
  }
  process.env.TEST_CLUSTER = JSON.stringify(shared);
}
