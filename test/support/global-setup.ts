import 'reflect-metadata';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { EmbeddedCluster } from '../../src/embedded';
import { ownerUrlOf, serverUrlOf, withClient } from '../../src/embedded-database';
import { loadDemo } from '../../src/importers/demo';
import { migrate } from '../../src/migrate';
import { startTestCluster, versionOf } from './cluster';
import { DEMO_PASSWORD, TEMPLATES, type TestCluster } from './database';
import { type PgBouncer, startPgBouncer, throughPgBouncer } from './pgbouncer';

declare global {
  var testCluster: EmbeddedCluster | undefined;
  var testPgBouncer: PgBouncer | undefined;
}

/** One PostgreSQL for the whole run, with a migrated and a demo database that the tests copy. */
export default async function setup(): Promise<void> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'billing-tests-'));
  const cluster = await startTestCluster({ dataDir, ephemeral: true, settings: { max_connections: '300' } });
  globalThis.testCluster = cluster;
  const empty = await ownerUrlOf(cluster, TEMPLATES.empty);
  await migrate(empty);
  const demo = await ownerUrlOf(cluster, TEMPLATES.demo);
  await migrate(demo);
  await withClient(demo, (client) => loadDemo(client, { password: DEMO_PASSWORD }));
  await withClient(demo, (client) => client.query('ANALYZE'));
  for (const name of Object.values(TEMPLATES)) {
    await withClient(cluster.url(name), (client) =>
      // As every database is from PostgreSQL 15 on, and as README has it made before: not everybody may create things.
      client.query(
        'ALTER SCHEMA public OWNER TO pg_database_owner; REVOKE CREATE ON SCHEMA public FROM PUBLIC',
      ),
    );
  }
  const shared: { -readonly [Key in keyof TestCluster]: TestCluster[Key] } = {
    adminUrl: cluster.url('postgres'),
    ownerUrl: empty,
    serverUrl: await serverUrlOf(cluster, TEMPLATES.empty),
    version: await versionOf(cluster.url('postgres')),
  };
  if (throughPgBouncer()) {
    globalThis.testPgBouncer = await startPgBouncer(shared.adminUrl, shared.serverUrl);
    shared.serverUrl = globalThis.testPgBouncer.url;
  }
  process.env.TEST_CLUSTER = JSON.stringify(shared);
}
