import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { PERMISSIONS, type Viewer } from '../../src/access/viewer';
import { BillStore } from '../../src/billing/store';
import { API_ROLE } from '../../src/database';
import { withClient } from '../../src/embedded-database';
import { PERMITTED_BY_PRIMARY, type Statements, type Told } from '../../src/sql';
import { queryAsTold } from '../../src/told-query';
import { ADMINISTRATOR_EMAIL, mainClinic, PROVIDER_EMAIL, viewerEmail } from './data';
import { CALLS, type Samples } from './store-calls';

/** A statement, and what PostgreSQL says of running it. */
export interface Explained {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly plan: string;
  /** Pages of 8 kB, from PostgreSQL's own cache and from elsewhere. */
  readonly buffers: number;
  /** What telling the database of the viewer took beside it. */
  readonly tellingBuffers: number;
}

/** After five runs PostgreSQL decides for good whether a prepared statement is planned anew for every run. */
const RUNS = 6;

interface JsonPlan {
  readonly Plan: { readonly 'Shared Hit Blocks': number; readonly 'Shared Read Blocks': number };
}

/**
 * Runs statements as the server does, prepared and told of the viewer, and keeps what PostgreSQL says of each once it
 * is warm and its plan is settled.
 */
export class ExplainedStatements implements Statements {
  readonly seen: Explained[] = [];
  private count = 0;

  constructor(private readonly client: pg.Client) {}

  async query<Row extends object>(text: string, values: readonly unknown[], told?: Told): Promise<Row[]> {
    const name = this.nextName();
    let rows: Row[] = [];
    for (let run = 0; run < RUNS; run += 1) rows = await this.run<Row>(name, text, values, told);
    const execute = `EXECUTE "${name}"${argumentsOf(values)}`;
    const plan = await this.explained<string>('TEXT', execute, told);
    this.seen.push({
      text,
      values,
      plan: plan.join('\n'),
      buffers: await this.buffersOf(execute, told),
      tellingBuffers: told === undefined ? 0 : await this.buffersOf(await this.telling(told)),
    });
    return rows;
  }

  private async buffersOf(execute: string, told?: Told): Promise<number> {
    const [plans] = await this.explained<JsonPlan[]>('JSON', execute, told);
    const top = plans?.[0]?.Plan;
    return (top?.['Shared Hit Blocks'] ?? 0) + (top?.['Shared Read Blocks'] ?? 0);
  }

  private async explained<Line>(format: string, execute: string, told?: Told): Promise<Line[]> {
    const text = `EXPLAIN (ANALYZE, BUFFERS, FORMAT ${format}) ${execute}`;
    const rows = await this.run<{ 'QUERY PLAN': Line }>(this.nextName(), text, [], told);
    return rows.map((row) => row['QUERY PLAN']);
  }

  /** The statement that tells the database, which is prepared on every connection by that name. */
  private async telling({ viewer, clinic, now, action }: Told): Promise<string> {
    const { rows } = await this.client.query<{ count: number }>(
      "SELECT cardinality(parameter_types) AS count FROM pg_prepared_statements WHERE name = 'tell-viewer'",
    );
    const values = [viewer, clinic, now, action];
    if (rows[0]?.count !== values.length) {
      throw new Error('The viewer is told by another statement now: change bench/lib/explain.ts.');
    }
    return `EXECUTE "tell-viewer"${argumentsOf(values)}`;
  }

  private async run<Row extends object>(
    name: string,
    text: string,
    values: readonly unknown[],
    told?: Told,
  ): Promise<Row[]> {
    const config = { name, text, values: [...values] };
    const result =
      told === undefined
        ? await this.client.query<Row>(config)
        : await queryAsTold<Row>(this.client, config, told);
    return result.rows;
  }

  private nextName(): string {
    this.count += 1;
    return `explained-${this.count}`;
  }
}

/** Values as EXECUTE takes them, which knows no parameters: text, which gets the types that the statement was prepared with. */
function argumentsOf(values: readonly unknown[]): string {
  return values.length === 0 ? '' : `(${values.map(literalOf).join(', ')})`;
}

function literalOf(value: unknown): string {
  // No replica: nothing is restricted to what a primary permits.
  if (value === null || value === undefined || value === PERMITTED_BY_PRIMARY) return 'NULL';
  if (!Array.isArray(value)) return pg.escapeLiteral(String(value));
  const items = value.map((item: unknown) => `"${String(item).replace(/["\\]/g, '\\$&')}"`);
  return pg.escapeLiteral(`{${items.join(',')}}`);
}

/** Runs something with explained statements, on a connection with the role of the server (the url of it). */
export async function withExplained<Result>(
  apiUrl: string,
  act: (statements: ExplainedStatements) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: apiUrl, options: `-c role=${API_ROLE} -c timezone=UTC` });
  await client.connect();
  try {
    return await act(new ExplainedStatements(client));
  } finally {
    await client.end();
  }
}

/** The user behind an account of the benchmark, asking now. */
export async function viewerOf(ownerUrl: string, email: string): Promise<Viewer> {
  const rows = await withClient(ownerUrl, (client) =>
    client.query<{ userId: string; clinicId: string; now: string; permissions: string[] }>(
      `SELECT s.user_id AS "userId", s.clinic_id AS "clinicId", now()::text AS now,
         ARRAY(SELECT p.permission FROM user_permissions p
               WHERE p.clinic_id = s.clinic_id AND p.user_id = s.user_id) AS permissions
       FROM sign_ins s WHERE s.email = $1`,
      [email],
    ),
  );
  const [row] = rows.rows;
  if (row === undefined) throw new Error(`The database has no account ${email}.`);
  return { ...row, permissions: new Set(PERMISSIONS.filter((one) => row.permissions.includes(one))) };
}

/**
 * Writes a file for each method of the store that queries bills, with what PostgreSQL says of its statements, for a
 * viewer who sees 20 providers.
 */
export async function writePlans(
  database: { readonly ownerUrl: string; readonly apiUrl: string },
  folder: string,
  onProgress: (line: string) => void,
): Promise<void> {
  const samples = await samplesOf(database.ownerUrl);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [method, calls] of Object.entries(CALLS)) {
    const sections: string[] = [];
    for (const [title, call] of Object.entries(calls)) {
      const seen = await withExplained(database.apiUrl, async (statements) => {
        await call(statements, samples);
        return statements.seen;
      });
      sections.push(...seen.map((one) => sectionOf(`BillStore.${method}: ${title}`, one)));
    }
    const file = path.join(folder, `${method}.txt`);
    await writeFile(file, sections.join('\n\n'));
  }
  const left = Object.getOwnPropertyNames(BillStore.prototype).filter(
    (name) => name !== 'constructor' && name !== 'parts' && !Object.hasOwn(CALLS, name),
  );
  if (left.length > 0) onProgress(`bench/lib/store-calls.ts has no call of BillStore.${left.join(', ')}`);
  onProgress(`plans of the store's statements in ${path.relative('', folder)}`);
}

function sectionOf(title: string, { text, values, plan, buffers, tellingBuffers }: Explained): string {
  const shown = values.map((value, index) => `  $${index + 1} = ${shorten(JSON.stringify(value))}`);
  return [
    `== ${title}`,
    `Buffers: ${buffers}, and ${tellingBuffers} to tell the database of the viewer`,
    '',
    text,
    ...shown,
    '',
    plan,
    '',
  ].join('\n');
}

const shorten = (text: string): string => (text.length <= 100 ? text : `${text.slice(0, 97)}...`);

async function samplesOf(ownerUrl: string): Promise<Samples> {
  const { clinicId } = mainClinic();
  const [viewer, provider, administrator] = await Promise.all(
    [viewerEmail(20), PROVIDER_EMAIL, ADMINISTRATOR_EMAIL].map((email) => viewerOf(ownerUrl, email)),
  );
  if (viewer === undefined || provider === undefined || administrator === undefined) {
    throw new Error('The database has not the accounts of the benchmark.');
  }
  return withClient(ownerUrl, async (client) => {
    const { rows } = await client.query<Record<'id' | 'patient' | 'visit' | 'encounter' | 'payer', string>>(
      `SELECT b.id, b.patient_id AS patient, b.visit_id AS visit, b.encounter_id AS encounter, b.payer_id AS payer
       FROM bills b JOIN delegations d ON d.clinic_id = b.clinic_id AND d.provider_id = b.provider_id
       WHERE b.clinic_id = $1 AND d.delegate_user_id = $2 AND b.visit_id IS NOT NULL AND b.payer_id IS NOT NULL
       ORDER BY b.service_date DESC, b.id DESC LIMIT 50`,
      [clinicId, viewer.userId],
    );
    const own = await client.query<{ id: string }>(
      'SELECT id FROM bills WHERE clinic_id = $1 AND provider_id = $2 LIMIT 1',
      [clinicId, provider.userId],
    );
    const deep = await client.query<{ value: string; id: string }>(
      `SELECT service_date::text AS value, id FROM bills WHERE clinic_id = $1
       ORDER BY service_date DESC, id DESC OFFSET (SELECT count(*) / 2 FROM bills WHERE clinic_id = $1) LIMIT 1`,
      [clinicId],
    );
    return {
      viewer,
      provider,
      administrator,
      clinicId,
      bills: rows.map((row) => row.id),
      patients: rows.slice(0, 10).map((row) => row.patient),
      visits: rows.map((row) => row.visit),
      encounters: rows.map((row) => row.encounter),
      payers: [...new Set(rows.map((row) => row.payer))],
      own: own.rows[0]?.id ?? '',
      deep: { order: 'SERVICE_DATE', value: deep.rows[0]?.value ?? '', id: deep.rows[0]?.id ?? '' },
    };
  });
}
