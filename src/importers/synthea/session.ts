import type { ClientBase } from 'pg';
import type { ClinicWriter, ImportTable } from '../writer';
import type { Clinic } from './clinic';
import { type Columns, readCsv } from './csv';
import type { SyntheaFile, SyntheaFolder } from './folder';
import type { CsvRow } from './row';
import type { Tally } from './tally';

/** How far an import is: bytes of a file, or steps of a phase that has no file. */
export interface Progress {
  phase: string;
  done: number;
  total: number;
}

/** What every phase of one import works with. All of it happens in one transaction of `client`. */
export interface Session {
  readonly client: ClientBase;
  readonly clinic: Clinic;
  readonly seed: number;
  readonly folder: SyntheaFolder;
  readonly writer: ClinicWriter;
  readonly tally: Tally;
  readonly progress: (progress: Progress) => void;
  readonly signal: AbortSignal | undefined;
}

/** How many bytes are read between two reports of progress. */
const REPORT_BYTES = 1 << 18;

/** Streams a file of the folder, reporting progress and stopping when the import is aborted. */
export async function* readRows<Name extends string>(
  session: Session,
  file: SyntheaFile,
  columns: Columns<Name>,
): AsyncGenerator<CsvRow<Name>> {
  const total = session.folder.sizes.get(file) ?? 0;
  let reported = Number.NEGATIVE_INFINITY;
  const report = (done: number): void => {
    if (done - reported < REPORT_BYTES && done < total) return;
    if (done === reported) return;
    session.signal?.throwIfAborted();
    reported = done;
    session.progress({ phase: file, done, total });
  };
  yield* readCsv(session.folder.path, file, columns, report);
  report(total);
}

/** Names of tables for people, where they are not the table's own. */
const LABELS: Partial<Record<ImportTable, string>> = {
  sign_ins: 'sign-ins',
  user_permissions: 'permissions',
  group_members: 'group members',
};

/** Writes what waits and counts it under the table's name. Call it at the end of a phase. */
export async function finish(session: Session, ...tables: ImportTable[]): Promise<void> {
  await session.writer.flush();
  for (const table of tables) {
    const count = session.writer.counts().get(table) ?? { given: 0, written: 0 };
    session.tally.add(LABELS[table] ?? table, {
      written: count.written,
      alreadyThere: count.given - count.written,
    });
  }
}
