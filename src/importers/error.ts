/**
 * Why an import was refused: what is wrong, and in which file and line where that is known. Nothing was written.
 * The message is for the person who runs the import; it quotes keys, numbers and dates of the files, never names.
 */
export class ImportError extends Error {
  override readonly name = 'ImportError';
  /** The file's name without its folder, when the fault lies in one file. */
  readonly file: string | undefined;
  /** The line of the file, the header being line 1. */
  readonly line: number | undefined;

  constructor(problem: string, where: { file?: string; line?: number; cause?: unknown } = {}) {
    const place = [where.file, where.line === undefined ? undefined : `line ${where.line}`];
    const known = place.filter((part) => part !== undefined).join(' ');
    super(known === '' ? problem : `${known}: ${problem}`, { cause: where.cause });
    this.file = where.file;
    this.line = where.line;
  }
}
