import { createReadStream } from 'node:fs';
import { AuditExportError } from './error';

/** The text of a file, piece by piece. Raises AuditExportError where it cannot be read or is no UTF-8. */
export async function* textOf(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    for await (const piece of createReadStream(file)) yield decoder.decode(piece as Buffer, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
      throw new AuditExportError(`${file} is not UTF-8 text: it is another file, or was changed.`);
    }
    throw new AuditExportError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

/**
 * The lines of a file with their numbers, from 1, without the line feed that ends each. Other characters that some take
 * for the end of a line (U+2028 among them) are part of it.
 */
export async function* linesOf(
  file: string,
): AsyncGenerator<{ number: number; text: string; ended: boolean }> {
  let number = 0;
  // The pieces of a line that has not ended are kept apart: adding them up anew at every piece would take long.
  let open: string[] = [];
  for await (const piece of textOf(file)) {
    const [first = '', ...more] = piece.split('\n');
    open.push(first);
    for (const next of more) {
      number += 1;
      yield { number, text: open.join(''), ended: true };
      open = [next];
    }
  }
  const rest = open.join('');
  if (rest !== '') yield { number: number + 1, text: rest, ended: false };
}
