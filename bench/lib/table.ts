/** A column: numbers stand to the right. */
export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

/** Rows as a Markdown table that is also readable as it is. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, index) =>
    Math.max(3, title.length, ...rows.map((row) => (row[index] ?? '').length)),
  );
  const line = (cells: readonly string[]): string => {
    const padded = columns.map(({ right }, index) => {
      const [cell, width] = [cells[index] ?? '', widths[index] ?? 0];
      return right === true ? cell.padStart(width) : cell.padEnd(width);
    });
    return `| ${padded.join(' | ')} |`;
  };
  const rule = columns.map(({ right }, index) => {
    const dashes = '-'.repeat((widths[index] ?? 0) - (right === true ? 1 : 0));
    return right === true ? `${dashes}:` : dashes;
  });
  return [line(columns.map(({ title }) => title)), line(rule), ...rows.map(line)].join('\n');
}

/** A number with as many digits as it has meaning: 1283, 45.3, 0.52; a dash where there is none. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}
