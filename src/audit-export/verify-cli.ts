import path from 'node:path';
import { askedFor } from '../asked-for';
import { failureText } from '../failure-text';
import { readVerifyArguments, UsageError } from './arguments';
import { AuditExportError } from './error';
import { periodText } from './scope';
import { verifyExport } from './verify';

const HELP = `Usage: npm run audit:verify -- FILE [--head HASH]

Checks a file that npm run audit:export wrote, NDJSON or CSV: whether every line is there, as it was written and in its
place. Names the first line that is not. Needs no database.

  --head HASH        the hash that the export told at its end: only with it is it shown that nobody made the whole file
                     anew
  --help             this text
`;

/** Runs the command and answers its exit code: 0 intact, 1 not, 2 misused. */
export async function runVerify(
  args: readonly string[],
  host: { readonly stdout: NodeJS.WritableStream; readonly stderr: NodeJS.WritableStream },
): Promise<number> {
  const wanted = askedFor(
    () => readVerifyArguments(args),
    HELP,
    host,
    (error) => failureText(error, [UsageError, TypeError]),
  );
  if (typeof wanted === 'number') return wanted;
  try {
    const verdict = await verifyExport(path.resolve(wanted.file));
    if (!verdict.intact) {
      host.stderr.write(`NOT INTACT. ${wanted.file} line ${verdict.line}: ${verdict.reason}\n`);
      return 1;
    }
    if (wanted.head !== undefined && wanted.head !== verdict.head) {
      host.stderr.write(
        `NOT THE SAME. ${wanted.file} is whole in itself, and its head hash is ${verdict.head}: another export, or one made anew.\n`,
      );
      return 1;
    }
    const kinds = [...verdict.byKind].map(([kind, count]) => `${count} ${kind}`).join(', ');
    const { clinicName, clinicId } = verdict.about;
    const { from, to } = verdict.about as { from?: string | null; to?: string | null };
    host.stdout.write(
      `Intact: ${verdict.records} records${kinds === '' ? '' : ` (${kinds})`} of ${String(clinicName)} (${String(clinicId)}), ${periodText({ from: from ?? null, to: to ?? null })}.\nHead hash: ${verdict.head}\n`,
    );
    return 0;
  } catch (error) {
    host.stderr.write(`${failureText(error, [AuditExportError])}\n`);
    return 1;
  }
}

if (require.main === module) {
  void runVerify(process.argv.slice(2), process).then((code) => {
    process.exitCode = code;
  });
}
