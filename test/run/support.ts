import type pg from 'pg';
import { Client } from 'pg';
import { withClient } from '../../src/embedded-database';
import { eventually } from '../embedded/support';
import { type TestDatabase, testCluster } from '../support/database';

/** A query that waits while the table of visits is locked. */
export const VISITS = '{ visits { nodes { reason } } }';

/** A table that nobody can read until it is let go. */
export interface LockedTable {
  /** Resolves once so many statements wait for it. */
  waiting(count: number): Promise<void>;
  release(): Promise<void>;
}

/** Locks the table of visits, so that requests for them are in flight as long as a test wants. */
export async function lockVisits(db: TestDatabase): Promise<LockedTable> {
  const client: pg.Client = new Client({ connectionString: db.url });
  await client.connect();
  await client.query('BEGIN');
  await client.query('LOCK TABLE visits IN ACCESS EXCLUSIVE MODE');
  return {
    waiting: async (count) => {
      const found = async (): Promise<number> => {
        const waits = `SELECT count(*)::int AS count FROM pg_stat_activity
          WHERE datname = $1 AND wait_event_type = 'Lock'`;
        // As superuser: of connections of other roles the owner is not told.
        const { rows } = await withClient(testCluster().adminUrl, (admin) =>
          admin.query<{ count: number }>(waits, [db.name]),
        );
        return rows[0]?.count ?? 0;
      };
      if (!(await eventually(async () => (await found()) === count))) {
        throw new Error(`${await found()} statements wait for the table, and not ${count}`);
      }
    },
    release: () => client.end(),
  };
}

/** The lines of a process's log, parsed; what it says to people is left out. */
export function logLines(output: string): Record<string, unknown>[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
