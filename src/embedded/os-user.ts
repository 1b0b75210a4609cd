import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { EmbeddedPostgresError } from './error';

const run = promisify(execFile);

/** The account that initdb and postgres run as; null means: as ourselves. */
export type ServerUser = { readonly name: string; readonly uid: number; readonly gid: number } | null;

/** Spawn options that make a child run as the server's user (empty when that is ourselves). */
export function spawnAs(user: ServerUser): { uid?: number; gid?: number } {
  return user === null ? {} : { uid: user.uid, gid: user.gid };
}

/** True when this process is root, as whom PostgreSQL refuses to run. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

async function lookUp(name: string): Promise<ServerUser> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    const user = { name, uid: Number.parseInt(uid.stdout, 10), gid: Number.parseInt(gid.stdout, 10) };
    return user.uid > 0 && user.gid > 0 ? user : null;
  } catch {
    return null;
  }
}

async function createPostgresUser(): Promise<ServerUser> {
  try {
    await run('groupadd', ['--system', '--force', 'postgres']);
    await run('useradd', ['--system', '--gid', 'postgres', '--no-create-home', 'postgres']);
  } catch {
    // No such tools, or a read-only /etc: `nobody` is tried next.
  }
  return lookUp('postgres');
}

/**
 * The account to run PostgreSQL as. Not root: ourselves. Root: the owner of the existing cluster if there is
 * one (so that a restart never changes hands), else `postgres`, made if it is missing, else `nobody`.
 * @param owner uid and gid of the existing cluster folder
 */
export async function chooseServerUser(owner?: { uid: number; gid: number }): Promise<ServerUser> {
  if (!isRoot()) return null;
  if (owner !== undefined && owner.uid !== 0) {
    return { name: `the user with id ${owner.uid}`, uid: owner.uid, gid: owner.gid };
  }
  const user = (await lookUp('postgres')) ?? (await createPostgresUser()) ?? (await lookUp('nobody'));
  if (user === null) {
    throw new EmbeddedPostgresError(
      'PostgreSQL refuses to run as root, and there is neither a user "postgres" nor "nobody" to run it as. ' +
        'Create one (useradd --system postgres), or start as an ordinary user.',
    );
  }
  return user;
}

/**
 * Whether the server's user can pass through a folder. Asked of the operating system, by a child that runs as
 * that user: only the kernel knows about access lists, mount options and every parent on the way.
 */
export function canEnter(user: ServerUser, folder: string): Promise<boolean> {
  if (user === null) return Promise.resolve(true);
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', 'test -x "$1"', 'sh', folder], {
      ...spawnAs(user),
      cwd: '/',
      stdio: 'ignore',
    });
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0));
  });
}
