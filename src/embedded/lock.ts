import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError, errorCode, folderError } from './error';
import { APP } from './layout';
import { isSameProcess, startTimeOf } from './processes';

/** The content of `postgres.lock`. */
export interface LockRecord {
  readonly app: typeof APP;
  /** Tells this lock from any other, so that nobody removes a lock that is not theirs. */
  readonly nonce: string;
  readonly pid: number;
  readonly started: string | undefined;
  readonly ephemeral: boolean;
  /** The port of the server, or null while it starts. */
  readonly port: number | null;
}

/** The lock of a cluster, held by this process. */
export interface Lock {
  /** Tells other programs the port, once the server accepts connections. */
  publish(port: number): Promise<void>;
  /** Fails when another process took the lock from us: it must not happen, and nothing may be started then. */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
}

/** How long a start waits for an owner that is just stopping, in milliseconds. */
const PATIENCE = 3_000;

/** The lock of a cluster, or null when there is none. A file that is not a lock record reads as a dead owner. */
export async function readLock(file: string): Promise<LockRecord | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return null;
    if (errorCode(error) === 'EACCES') {
      throw new EmbeddedPostgresError(
        `The database there was last started by another user: ${file} cannot be read. ` +
          'Start as that user, or set DATA_DIR to another folder.',
        { cause: error },
      );
    }
    throw error;
  }
  try {
    const record: unknown = JSON.parse(text);
    if (isLockRecord(record)) return record;
  } catch {
    // Not JSON: whoever wrote it is not one of us.
  }
  return { app: APP, nonce: text, pid: 0, started: undefined, ephemeral: false, port: null };
}

function isLockRecord(value: unknown): value is LockRecord {
  if (typeof value !== 'object' || value === null) return false;
  const record: Partial<Record<keyof LockRecord, unknown>> = value;
  return record.app === APP && typeof record.nonce === 'string' && typeof record.pid === 'number';
}

/** True while the process that wrote the lock runs; a later process of the same pid does not count. */
export function isOwnerAlive(record: LockRecord): Promise<boolean> {
  return isSameProcess(record.pid, record.started);
}

/**
 * Takes a dead owner's lock away. Two starters may try at the same time: the file is first moved aside, and
 * put back when it turns out that the other one has already replaced it.
 */
async function removeStale(file: string, stale: LockRecord): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  const moved = await readLock(aside);
  if (moved !== null && moved.nonce !== stale.nonce) {
    await link(aside, file).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    });
  }
  await rm(aside, { force: true });
}

/** Writes the whole record before it gets its name, so that no reader ever sees half of it. */
async function createExclusively(file: string, record: LockRecord): Promise<boolean> {
  const draft = `${file}.${record.nonce}`;
  try {
    await writeFile(draft, `${JSON.stringify(record)}\n`, { mode: 0o600, flag: 'wx' });
    await link(draft, file);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Takes the lock of a cluster for this process.
 * @throws EmbeddedPostgresError naming the pid when another running process holds it
 */
export async function acquireLock(
  file: string,
  options: { ephemeral: boolean; home: string; patience?: number },
): Promise<Lock> {
  const record: LockRecord = {
    app: APP,
    nonce: randomUUID(),
    pid: process.pid,
    started: await startTimeOf(process.pid),
    ephemeral: options.ephemeral,
    port: null,
  };
  const end = performance.now() + (options.patience ?? PATIENCE);
  try {
    while (!(await createExclusively(file, record))) {
      const other = await readLock(file);
      if (other === null) continue;
      if (!(await isOwnerAlive(other))) {
        await removeStale(file, other);
        continue;
      }
      if (other.pid === process.pid || performance.now() > end) throw inUse(options.home, other.pid);
      await sleep(100);
    }
  } catch (error) {
    throw folderError('write to', options.home, error);
  }
  return heldLock(file, record, options.home);
}

function inUse(home: string, pid: number): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `The database in ${home} is already in use by the process with pid ${pid}. ` +
      'Stop that one first, or set DATA_DIR to another folder.',
  );
}

function heldLock(file: string, record: LockRecord, home: string): Lock {
  const isOurs = async () => (await readLock(file))?.nonce === record.nonce;
  const assertHeld = async () => {
    if (!(await isOurs())) throw inUse(home, (await readLock(file))?.pid ?? 0);
  };
  return {
    assertHeld,
    async publish(port) {
      await assertHeld();
      const draft = `${file}.${record.nonce}`;
      await writeFile(draft, `${JSON.stringify({ ...record, port })}\n`, { mode: 0o600 });
      await rename(draft, file);
    },
    async release() {
      if (await isOurs()) await rm(file, { force: true });
    },
  };
}
