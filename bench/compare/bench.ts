import pg from 'pg';
import { CONTESTANTS } from '../contestants/all';
import { mainClinic, SEES, type Size, viewerEmail } from '../lib/data';
import { type BenchDatabase, openBenchDatabase } from '../lib/database';
import { postmasterOf } from '../lib/processes';
import type { Work } from '../works';
import { makeWorks } from './make-works';

/** What every measurement needs. */
export interface Bench {
  readonly database: BenchDatabase;
  /** A connection as the owner of the tables. */
  readonly owner: pg.Client;
  readonly postgresVersion: string;
  /** PostgreSQL's first process; null where the system does not tell. */
  readonly postmaster: number | null;
  readonly clinicId: string;
  /** The id of the viewer who sees so many providers. */
  readonly viewerIds: ReadonlyMap<number, string>;
  readonly works: readonly Work[];
  readonly connections: number;
  /** Ends the run. */
  readonly signal: AbortSignal;
}

export interface BenchOptions {
  readonly size: Size;
  readonly connections: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Opens the database of that size, made at first use, and closes it when `act` is done, however. */
export async function withBench<Result>(
  { size, connections, signal, say }: BenchOptions,
  act: (bench: Bench) => Promise<Result>,
): Promise<Result> {
  const database = await openBenchDatabase({ size, onProgress: say });
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  try {
    // A database that ends is told of by whatever asks it next.
    owner.on('error', () => undefined);
    await owner.connect();
    // A run that was killed may have left something changed.
    for (const contestant of CONTESTANTS) await contestant.restore?.(owner);
    const version = await owner.query<{ server_version: string }>('SHOW server_version');
    return await act({
      database,
      owner,
      postgresVersion: version.rows[0]?.server_version ?? '',
      postmaster: await postmasterOf(owner),
      clinicId: mainClinic().clinicId,
      viewerIds: await viewerIdsOf(owner),
      works: await makeWorks(owner, connections),
      connections,
      signal,
    });
  } finally {
    await owner.end().catch(() => undefined);
    await database.stop();
  }
}

async function viewerIdsOf(owner: pg.Client): Promise<Map<number, string>> {
  const { rows } = await owner.query<{ email: string; id: string }>(
    'SELECT email, user_id AS id FROM sign_ins WHERE email = ANY ($1::citext[])',
    [SEES.map(viewerEmail)],
  );
  const idOf = new Map(rows.map(({ email, id }) => [email, id]));
  return new Map(SEES.map((sees) => [sees, idOf.get(viewerEmail(sees)) ?? '']));
}
