import type { NamedSignIns } from './sign-ins';
import type { SkipCount, TableCount } from './tally';

/** What an import did. */
export interface ImportSummary {
  clinic: { id: string; name: string; created: boolean };
  tables: TableCount[];
  skipped: SkipCount[];
  /** Sentences for the person who imports. */
  notes: string[];
  signIns: NamedSignIns;
  seconds: number;
  claimsPerSecond: number;
}

/** The summary as lines of text. It holds no password. */
export function formatSummary(summary: ImportSummary): string {
  const { clinic, tables, skipped, notes, signIns } = summary;
  const rows = tables.map(({ table, read, written, alreadyThere }) => [
    table,
    read === 0 ? '-' : String(read),
    String(written),
    String(alreadyThere),
  ]);
  return [
    `Clinic "${clinic.name}" (${clinic.created ? 'created' : 'was there'}, id ${clinic.id})`,
    '',
    ...columns([['', 'read', 'written', 'already there'], ...rows]),
    ...section(
      'Skipped:',
      skipped.map(({ file, why, rows: count }) => `${count} of ${file}: ${why}`),
    ),
    ...section('Note:', notes),
    ...section('Sign-ins (bills that each may see once billing segregation has launched):', [
      ...columns(
        Object.entries(signIns).map(([sort, signIn]) =>
          signIn === undefined
            ? [sort, 'nobody any more', '', '']
            : [sort, signIn.email, signIn.name, `${signIn.bills} bills`],
        ),
      ),
    ]),
    '',
    `${summary.seconds.toFixed(1)} s, ${Math.round(summary.claimsPerSecond)} claims per second`,
    '',
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}

/** Aligns the cells of a table; the columns after the first are set to the right when they are numbers. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    });
  }
  const isNumber = (cell: string): boolean => /^[\d-]+$/.test(cell);
  return rows.map((row) =>
    row
      .map((cell, index) =>
        isNumber(cell) ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}
