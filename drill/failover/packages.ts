import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { isRoot } from '../../src/embedded/os-user';
import { DrillError, say } from './say';

const run = promisify(execFile);

/** The programs of the drill, as full paths. */
export interface Programs {
  readonly patroni: string;
  readonly etcd: string;
  readonly haproxy: string;
  /** The folder of initdb, postgres, pg_rewind and pg_basebackup. */
  readonly postgresBin: string;
}

/** Each program, the Debian package that has it, and where it may be. */
const WANTED = [
  { program: 'patroni', packages: ['patroni', 'python3-etcd'] },
  { program: 'etcd', packages: ['etcd-server'] },
  { program: 'haproxy', packages: ['haproxy'] },
] as const;

const FOLDERS = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin'];
const POSTGRES = '/usr/lib/postgresql';

const executable = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

async function find(program: string): Promise<string | null> {
  for (const folder of [...(process.env.PATH ?? '').split(path.delimiter), ...FOLDERS]) {
    const file = path.join(folder, program);
    if (path.isAbsolute(file) && (await executable(file))) return file;
  }
  return null;
}

/** The newest PostgreSQL of the machine that has all that Patroni uses; null: none. */
async function findPostgres(): Promise<string | null> {
  const versions = await readdir(POSTGRES).catch(() => []);
  for (const version of versions.sort((one, other) => Number(other) - Number(one))) {
    const bin = path.join(POSTGRES, version, 'bin');
    const needed = ['initdb', 'postgres', 'pg_rewind', 'pg_basebackup', 'pg_controldata'];
    const there = await Promise.all(needed.map((program) => executable(path.join(bin, program))));
    if (there.every(Boolean)) return bin;
  }
  return null;
}

async function missingPackages(): Promise<string[]> {
  const found = await Promise.all(
    WANTED.map(async ({ program, packages }) => ((await find(program)) === null ? packages : [])),
  );
  return [...found.flat(), ...((await findPostgres()) === null ? ['postgresql'] : [])];
}

const POLICY = '/usr/sbin/policy-rc.d';

/**
 * Keeps packages from starting their services while they are installed, in Debian's way: the drill uses the programs
 * and nothing else. What is there already is left as it is.
 */
async function withoutServices<Result>(install: () => Promise<Result>): Promise<Result> {
  const ours = await writeFile(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' }).then(
    () => true,
    () => false,
  );
  try {
    return await install();
  } finally {
    if (ours) await rm(POLICY, { force: true });
  }
}

async function install(packages: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { env, maxBuffer: 64 * 1024 * 1024 };
  await run('apt-get', ['update', '-qq'], options).catch(() => undefined);
  await withoutServices(() =>
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', '--no-upgrade', ...packages], options),
  );
}

/** Finds the programs; as root on Debian it installs what is missing. Raises DrillError, naming what to install. */
export async function findPrograms(): Promise<Programs> {
  let missing = await missingPackages();
  let why = '';
  if (missing.length > 0 && isRoot() && (await find('apt-get')) !== null) {
    say(`Installing ${missing.join(', ')} ...`);
    await install(missing).catch((error: unknown) => {
      const told = String((error as { stderr?: unknown }).stderr ?? '').trim();
      why = `\napt-get could not: ${told.split('\n').at(-1) ?? ''}`;
    });
    missing = await missingPackages();
  }
  const [patroni, etcd, haproxy, postgresBin] = await Promise.all([
    ...WANTED.map(({ program }) => find(program)),
    findPostgres(),
  ]);
  if (missing.length > 0 || !patroni || !etcd || !haproxy || !postgresBin) {
    throw new DrillError(
      `The drill needs Debian's packages, and these are missing: ${missing.join(', ')}. Install them, or run the drill as root on Debian:\n` +
        `  apt-get install -y ${missing.join(' ')}${why}`,
    );
  }
  return { patroni, etcd, haproxy, postgresBin };
}
