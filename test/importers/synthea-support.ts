import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { type ImportOptions, type ImportSummary, importSynthea } from '../../src/importers/synthea';

export type Row = Record<string, unknown>;

/** A small folder of our own making, in which each quirk of such exports occurs. */
export const SAMPLE = path.join(__dirname, 'sample');

/** The ids of the sample: one letter for the kind and a number. */
export const sampleId = (kind: string, number: number): string =>
  `${kind}0000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

export async function withClient<Result>(
  url: string,
  use: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** Rows of a statement; the caller casts to text what the driver would turn into dates. */
export const rowsOf = (url: string, sql: string, values: unknown[] = []): Promise<Row[]> =>
  withClient(url, async (client) => (await client.query<Row>(sql, values)).rows);

/** Imports with the options that a test does not care about filled in. */
export const importInto = (url: string, options: Partial<ImportOptions> = {}): Promise<ImportSummary> =>
  withClient(url, (client) =>
    importSynthea(client, {
      folder: SAMPLE,
      clinic: 'Fern Hollow',
      seed: 1,
      currency: 'USD',
      launchesAt: '2024-01-01T00:00:00Z',
      password: 'a password for this test',
      ...options,
    }),
  );

/** A copy of the sample that a test may change; it is gone when `use` is done. */
export async function withSample<Result>(use: (folder: Sample) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'synthea-sample-'));
  try {
    await cp(SAMPLE, folder, { recursive: true });
    return await use(new Sample(folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export class Sample {
  constructor(readonly path: string) {}

  /** Rewrites the lines of a file; line 1 of the file is the element 0. */
  async edit(file: string, change: (lines: string[]) => string[]): Promise<void> {
    const name = path.join(this.path, file);
    const lines = (await readFile(name, 'utf8')).trimEnd().split(/\r?\n/);
    await writeFile(name, `${change(lines).join('\n')}\n`);
  }

  /** Replaces text in one line (header: 1) and fails when it is not there. */
  async replace(file: string, line: number, from: string, to: string): Promise<void> {
    await this.edit(file, (lines) => {
      const before = lines[line - 1] ?? '';
      if (!before.includes(from)) throw new Error(`line ${line} of ${file} has no ${from}: ${before}`);
      return lines.with(line - 1, before.replace(from, to));
    });
  }

  async remove(file: string): Promise<void> {
    await rm(path.join(this.path, file));
  }
}

/** A number that tells whether anything in any table of the import changed, the salted hashes aside. */
export async function fingerprint(url: string): Promise<Row[]> {
  const tables = [
    ...['clinics', 'users', 'providers', 'user_permissions', 'groups', 'group_members', 'delegations'],
    ...[
      'sign_ins',
      'history',
      'patients',
      'visits',
      'encounters',
      'payers',
      'bills',
      'bill_items',
      'payments',
    ],
  ];
  const parts = tables.map(
    (table) =>
      `SELECT '${table}' AS name, count(*)::int AS rows, md5(string_agg(t::text, '|' ORDER BY t::text)) AS sum FROM ${table} t`,
  );
  // Sorted, because a parallel plan answers the tables in any order.
  return rowsOf(url, `${parts.join(' UNION ALL ')} ORDER BY name`);
}

/** Reads a CSV file that quotes nothing, in the plainest way: the independent reading that tests compare with. */
export async function readPlain(folder: string, file: string): Promise<Record<string, string>[]> {
  const [header = '', ...lines] = (await readFile(path.join(folder, file), 'utf8')).trimEnd().split('\n');
  const names = header.split(',');
  return lines.map((line) =>
    Object.fromEntries(line.split(',').map((value, index) => [names[index] ?? '', value])),
  );
}

/** An amount such as 77.49 as a whole number of cents. */
export function cents(amount: string): number {
  if (amount === '') return 0;
  const [whole = '', part = ''] = amount.split('.');
  return Number(whole) * 100 + Number(part.padEnd(2, '0').slice(0, 2));
}
