import type pg from 'pg';
import { mainClinic } from '../lib/data';
import { OUR_ENTRY, QUIET } from '../lib/server';
import type { Contestant } from './index';

const OURS = { entry: OUR_ENTRY, env: QUIET, signsIn: true } as const;

/** The product as it is started in a clinic, without logs and rate limits. */
export const contestant: Contestant = {
  ...OURS,
  name: 'ours',
  title: 'this server: token, viewer, shield, rule in SQL, row-level security',
  works: ['page-50', 'page-500', 'totals', 'chart', 'visits', 'bill', 'save', 'explain'],
};

/** The product as it is started behind a pooler that keeps no statement prepared: PostgreSQL plans each anew. */
export const unprepared: Contestant = {
  ...OURS,
  env: { ...OURS.env, PREPARED_STATEMENTS: 'false' },
  name: 'ours-unprepared',
  title: 'this server with PREPARED_STATEMENTS=false, as behind a PgBouncer before 1.21',
  works: ['page-50', 'page-500', 'bill'],
};

/** What `notLaunched` is compared with: a viewer who sees every bill through delegations, so that the pages are alike. */
export const seesAll: Contestant = {
  ...OURS,
  name: 'ours-sees-all',
  title: 'this server, asked by a viewer who is delegate of every provider',
  works: ['page-50', 'page-500', 'totals'],
  viewer: 500,
};

/** The same viewer, with the clinic's segregation not launched: there is nothing to decide. */
export const notLaunched: Contestant = {
  ...OURS,
  name: 'ours-not-launched',
  title: 'the same viewer, billing segregation not launched: everybody sees every bill',
  works: seesAll.works,
  viewer: 500,
  prepare: (owner) => setLaunch(owner, 'NULL'),
  // Of a clinic that has its date, nothing is changed.
  restore: (owner) => setLaunch(owner, "coalesce(segregation_launches_at, '2024-01-01Z')"),
};

/**
 * Sets the launch date of the measured clinic. A trigger keeps a past launch for good, and another would note this one
 * in the history: both are off for this one statement, in a database that is the benchmark's own.
 */
async function setLaunch(owner: pg.Client, value: string): Promise<void> {
  await owner.query(`
    BEGIN;
    ALTER TABLE clinics DISABLE TRIGGER USER;
    UPDATE clinics SET segregation_launches_at = ${value} WHERE id = '${mainClinic().clinicId}';
    ALTER TABLE clinics ENABLE TRIGGER USER;
    COMMIT`);
}
