import { hash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { type EmbeddedCluster, findRunningCluster, startCluster } from '../../src/embedded';
import { findHome } from '../../src/embedded/home';
import { ownerUrlOf, serverUrlOf, withClient } from '../../src/embedded-database';
import { migrate } from '../../src/migrate';
import { makeData, type Size } from './data';

/** A PostgreSQL of the benchmark's own, filled and running. */
export interface BenchDatabase {
  /** The address under the role that owns the tables. */
  readonly ownerUrl: string;
  /** The address that the product's server uses, under the API's role. It changes at every start. */
  readonly apiUrl: string;
  readonly size: Size;
  stop(): Promise<void>;
}

export interface OpenOptions {
  readonly size: Size;
  /** Where to keep it; without it, in a folder of .bench/ that belongs to this size and these migrations. */
  readonly dataDir?: string;
  readonly onProgress: (line: string) => void;
}

/** Raised when other rows are made for the same size, so that no database of before is taken for one of now. */
const DATA_VERSION = 1;
const DATABASE = 'billing';
/** Beside this file in the build as in the sources. */
const MIGRATIONS = path.resolve(__dirname, '../../migrations');
/** npm runs scripts in the folder of package.json. */
const KEPT = path.resolve('.bench');

const short = (text: string): string => hash('sha256', text).slice(0, 8);

/** The migrations by name and content: one that is not merged yet may change under its name. */
async function migrations(): Promise<string> {
  const extension = path.extname(__filename);
  const names = (await readdir(MIGRATIONS)).filter((name) => name.endsWith(extension)).sort();
  const texts = names.map((name) => readFile(path.join(MIGRATIONS, name), 'utf8'));
  return [...names, ...(await Promise.all(texts))].join('\n');
}

/** The name that databases of a size begin with, and the whole name with these migrations. */
async function namesOf(size: Size): Promise<{ ofSize: string; name: string }> {
  const ofSize = `${size.bills}-bills-${short(JSON.stringify([DATA_VERSION, size]))}-`;
  return { ofSize, name: ofSize + short(await migrations()) };
}

/**
 * Opens the database of that size: a cluster of its own with the product's settings, filled on first use and kept, so
 * that the next run starts at once. One that was kept for the same size and other migrations is removed first.
 * Raises EmbeddedPostgresError when another run uses it, and what makeData and migrate raise.
 */
export async function openBenchDatabase({ size, dataDir, onProgress }: OpenOptions): Promise<BenchDatabase> {
  const { ofSize, name } = await namesOf(size);
  if (dataDir === undefined) {
    await removeKept((folder) => folder.startsWith(ofSize) && folder !== name, onProgress);
  }
  const folder = dataDir ?? path.join(KEPT, name);
  const cluster = await startCluster({ dataDir: folder, log: onProgress });
  try {
    const made = await withClient(cluster.url('postgres'), (client) => completeOrDrop(client, name));
    const ownerUrl = await ownerUrlOf(cluster, DATABASE);
    if (!made) await fill(cluster, ownerUrl, { size, name, onProgress });
    const place = path.relative('', folder) || '.';
    onProgress(`${size.bills.toLocaleString('en')} bills in ${place}, ${await sizeOnDisk(cluster)} MB`);
    return { ownerUrl, apiUrl: await serverUrlOf(cluster, DATABASE), size, stop: () => cluster.stop() };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** Removes every database that was kept and that no run uses. */
export const removeBenchDatabases = (onProgress: (line: string) => void): Promise<void> =>
  removeKept((folder) => /^\d+-bills-[0-9a-f]{8}-[0-9a-f]{8}$/.test(folder), onProgress);

/** Whether the database was filled to the end, as a comment on it says. One that was not is dropped. */
async function completeOrDrop(client: pg.Client, name: string): Promise<boolean> {
  const { rows } = await client.query<{ comment: string | null }>(
    "SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1",
    [DATABASE],
  );
  if (rows[0]?.comment === name) return true;
  await client.query(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`);
  return false;
}

async function fill(
  cluster: EmbeddedCluster,
  ownerUrl: string,
  { size, name, onProgress }: { size: Size; name: string; onProgress: (line: string) => void },
): Promise<void> {
  const begin = performance.now();
  await migrate(ownerUrl);
  await withClient(ownerUrl, (client) => makeData(client, size, onProgress));
  await withClient(cluster.url(DATABASE), async (client) => {
    // Written out now, and not while something is measured.
    await client.query('CHECKPOINT');
    await client.query(`COMMENT ON DATABASE ${DATABASE} IS ${pg.escapeLiteral(name)}`);
  });
  onProgress(`made in ${((performance.now() - begin) / 1000).toFixed(0)} s`);
}

async function sizeOnDisk(cluster: EmbeddedCluster): Promise<string> {
  return withClient(cluster.url(DATABASE), async (client) => {
    const { rows } = await client.query<{ bytes: string }>(
      'SELECT pg_database_size(current_database()) + (SELECT sum(size) FROM pg_ls_waldir()) AS bytes',
    );
    return (Number(rows[0]?.bytes ?? 0) / 1e6).toFixed(0);
  });
}

async function removeKept(
  chosen: (folder: string) => boolean,
  onProgress: (line: string) => void,
): Promise<void> {
  for (const name of await readdir(KEPT).catch((): string[] => [])) {
    const folder = path.join(KEPT, name);
    if (!chosen(name) || (await findRunningCluster(folder)) !== null) continue;
    onProgress(`removing ${path.relative('', folder)}`);
    // As root, the data may lie elsewhere, where PostgreSQL's own user can get at them.
    const home = (await findHome(folder))?.home;
    if (home !== undefined) await rm(home, { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
  }
}
