import { parseArgs } from 'node:util';
import type { Format } from './export';

/** A command line that cannot be understood. */
export class UsageError extends Error {}

/** What the command line of an export asks for. */
export interface ExportArguments {
  readonly clinic: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly format: Format;
  readonly out: string;
  readonly accessLogs: readonly string[];
  readonly dataDir: string | undefined;
}

/** Reads the command line of an export. Raises UsageError, or the parser's error for an unknown option. */
export function readExportArguments(args: readonly string[]): ExportArguments | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      clinic: { type: 'string' },
      from: { type: 'string' },
      to: { type: 'string' },
      format: { type: 'string', default: 'ndjson' },
      out: { type: 'string' },
      'access-log': { type: 'string', multiple: true, default: [] },
      'data-dir': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return 'help';
  const { clinic, from, to, format, out } = values;
  if (clinic === undefined || clinic === '')
    throw new UsageError('Name the clinic: --clinic "NAME" or its id.');
  if (out === undefined || out === '') throw new UsageError('Name the file to write: --out FILE.');
  if (format !== 'ndjson' && format !== 'csv') {
    throw new UsageError(`--format takes ndjson or csv, not "${format}".`);
  }
  return { clinic, from, to, format, out, accessLogs: values['access-log'], dataDir: values['data-dir'] };
}

/** Reads the command line of a verification. Raises UsageError, or the parser's error for an unknown option. */
export function readVerifyArguments(
  args: readonly string[],
): { readonly file: string; readonly head: string | undefined } | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { head: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) return 'help';
  const [file, ...more] = positionals;
  if (file === undefined) throw new UsageError('Name the file to verify.');
  if (more.length > 0) throw new UsageError(`One file at a time; what is "${more[0]}"?`);
  if (values.head !== undefined && !/^[0-9a-f]{64}$/i.test(values.head)) {
    throw new UsageError(
      `--head takes the 64 hexadecimal digits that the export told, not "${values.head}".`,
    );
  }
  return { file, head: values.head?.toLowerCase() };
}
