import type { ClientBase } from 'pg';
import { hashPassword } from '../../identity/password';
import { ImportError } from '../error';
import { ClinicWriter } from '../writer';
import type { ClinicPlan } from './cast';
import { DEMO_CLINIC } from './demo-clinic';
import { clinicId, writeDirectory } from './directory';
import { OTHER_CLINIC } from './other-clinic';
import { RecordMaker } from './records';
import { resetDemoPassword, SUPPORT_USER } from './sign-ins';

export { demoSignIns } from './sign-ins';

/** What the demo's two clinics hold, and whether this call loaded them (false: they were there already). */
export interface DemoSummary {
  loaded: boolean;
  users: number;
  patients: number;
  encounters: number;
  bills: number;
}

const PLANS: readonly ClinicPlan[] = [DEMO_CLINIC, OTHER_CLINIC];

/** Keeps two loads of the demo from running at once in one database; any number that no other lock here uses. */
const DEMO_LOCK = 7_340_021;

/** Whether the demo's clinics are in the database. They are told by their ids, not by their names. */
export async function isDemoLoaded(client: ClientBase): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM clinics WHERE id = ANY($1)', [PLANS.map(clinicId)]);
  return rowCount === PLANS.length;
}

async function writeClinic(client: ClientBase, writer: ClinicWriter, plan: ClinicPlan, password: string) {
  const { rowCount } = await client.query(
    `INSERT INTO clinics (id, name, currency, segregation_launches_at, created_at)
     VALUES ($1, $2, $3, $4, '2024-09-16T13:00:00Z') ON CONFLICT DO NOTHING`,
    [clinicId(plan), plan.name, plan.currency, plan.segregationLaunchesAt],
  );
  if (rowCount !== 1) {
    throw new ImportError(
      `a clinic named "${plan.name}" is there already: rename it, or load the demo into an empty database`,
    );
  }
  await writeDirectory(writer, plan, password);
  await new RecordMaker(writer, plan).write();
}

async function writeSupportUser(client: ClientBase, writer: ClinicWriter, password: string) {
  await client.query('INSERT INTO support_users (id, name, created_at) VALUES ($1, $2, $3)', [
    SUPPORT_USER.id,
    SUPPORT_USER.name,
    SUPPORT_USER.createdAt,
  ]);
  await writer.add('sign_ins', {
    email: SUPPORT_USER.email,
    clinic_id: null,
    user_id: null,
    support_user_id: SUPPORT_USER.id,
    password_hash: await hashPassword(password),
  });
}

async function write(client: ClientBase, password: string): Promise<void> {
  const writer = new ClinicWriter(client);
  for (const plan of PLANS) await writeClinic(client, writer, plan, password);
  await writeSupportUser(client, writer, password);
  await writer.flush();
  for (const [table, { given, written }] of writer.counts()) {
    // The writer leaves a row out whose key is taken. Here that can only be another's row, such as a sign-in name.
    if (given !== written) {
      throw new ImportError(
        `${given - written} demo rows are taken in the table ${table}: load the demo into an empty database`,
      );
    }
  }
  // Without statistics the first requests after a start would run on poor plans, until autovacuum comes by.
  await client.query(
    'ANALYZE (SKIP_LOCKED) patients, visits, encounters, payers, bills, bill_items, payments',
  );
}

async function summarize(client: ClientBase, loaded: boolean): Promise<DemoSummary> {
  const { rows } = await client.query<Omit<DemoSummary, 'loaded'>>(
    `SELECT (SELECT count(*)::int FROM users WHERE clinic_id = ANY($1)) AS users,
            (SELECT count(*)::int FROM patients WHERE clinic_id = ANY($1)) AS patients,
            (SELECT count(*)::int FROM encounters WHERE clinic_id = ANY($1)) AS encounters,
            (SELECT count(*)::int FROM bills WHERE clinic_id = ANY($1)) AS bills`,
    [PLANS.map(clinicId)],
  );
  const [counts] = rows;
  if (counts === undefined) throw new Error('the demo could not be counted');
  return { loaded, ...counts };
}

/**
 * Loads the demo: `Demo clinic`, `Other clinic` and a support user, in one transaction that this call begins and ends.
 * The same rows every time, the salts of the password hashes and the instants of the history aside.
 * Where the demo is loaded already its rows are left alone, but its sign-ins get the password if it is another one.
 * The connection must be the owner's, outside a transaction. Raises ImportError, with nothing written, when a clinic
 * or a sign-in of the same name is there that is not the demo's.
 */
export async function loadDemo(client: ClientBase, options: { password: string }): Promise<DemoSummary> {
  if (options.password === '') throw new ImportError('the password of the demo sign-ins must not be empty');
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [DEMO_LOCK]);
    const loaded = !(await isDemoLoaded(client));
    if (loaded) await write(client, options.password);
    else await resetDemoPassword(client, options.password);
    const summary = await summarize(client, loaded);
    await client.query('COMMIT');
    return summary;
  } catch (error) {
    // The first error is the one that tells what went wrong; a broken connection rolls back by itself.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
