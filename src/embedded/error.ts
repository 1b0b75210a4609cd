/**
 * The embedded database cannot be started, found or stopped. The message is written for the person at the
 * terminal: it says what is wrong and what to do, and never holds a password.
 */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'a file of that name is in the way',
  ENOENT: 'it does not exist',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the path is too long',
};

/** A text property of a thrown value. Asks for no class: Node's own errors are of another realm under jest. */
function textOf(error: unknown, property: 'code' | 'message' | 'stderr'): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const value: unknown = Reflect.get(error, property);
  return typeof value === 'string' ? value : undefined;
}

/** The code of a file system error (`EACCES`), or undefined for any other thrown value. */
export function errorCode(error: unknown): string | undefined {
  return textOf(error, 'code');
}

/** What a program that failed wrote to its error output, or an empty text. */
export function stderrOf(error: unknown): string {
  return (textOf(error, 'stderr') ?? '').trim();
}

/** A short reason in words for a file system error. */
export function reasonOf(error: unknown): string {
  return REASONS[errorCode(error) ?? ''] ?? textOf(error, 'message') ?? String(error);
}

/** The error for a data folder that cannot be created, written or read. */
export function folderError(verb: string, folder: string, error: unknown): EmbeddedPostgresError {
  if (error instanceof EmbeddedPostgresError) return error;
  return new EmbeddedPostgresError(
    `Cannot ${verb} the data folder ${folder}: ${reasonOf(error)}. ` +
      'Set DATA_DIR to a folder that you can write to, or correct this one.',
    { cause: error },
  );
}
