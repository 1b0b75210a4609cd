import type { ClientBase } from 'pg';
import { hashPassword } from '../../src/identity/password';
import { copyRows, withoutIndexes } from './copy';
import { billTables } from './data-bills';
import { ClinicPlan, idOf, peopleTables, shareOf } from './data-people';

/**
 * How large the first clinic, "main", is. The other clinics share a tenth as much again. `users` are all who work
 * there: providers, the benchmark's viewers and staff. Above two million bills, each has one item.
 */
export interface Size {
  readonly bills: number;
  readonly providers: number;
  readonly users: number;
  readonly groups: number;
  readonly memberships: number;
  readonly delegations: number;
  readonly patients: number;
  readonly clinics: number;
}

/** What the published figures are measured on. */
export const FULL: Size = {
  bills: 1_000_000,
  providers: 500,
  users: 2_000,
  groups: 300,
  memberships: 10_000,
  delegations: 5_000,
  patients: 50_000,
  clinics: 5,
};

/** Of every account of the benchmark. */
export const PASSWORD = 'bench-password-only';

/**
 * There is a viewer for each of these: a user of the main clinic who sees the bills of so many providers (of all, where
 * the clinic has fewer), named by each of them, and member of no group.
 */
export const SEES = [0, 1, 10, 20, 100, 500] as const;

/** The account of the viewer who sees so many providers; one of SEES. */
export const viewerEmail = (providers: number): string => `sees-${providers}@bench.example`;

/** The first provider of the main clinic, who has the most bills. */
export const PROVIDER_EMAIL = 'provider-1@bench.example';

/** Holds both permissions and sees no bill. */
export const ADMINISTRATOR_EMAIL = 'administrator@bench.example';

/** The clinic that is measured. Its billing segregation has launched. */
export const mainClinic = (): { clinicId: string } => ({ clinicId: idOf('clinic', 0, 0) });

const BULK = ['patients', 'visits', 'encounters', 'bills', 'bill_items', 'payments'];

/**
 * Fills an empty database, migrated and opened as the owner of the tables: the same rows for the same size. Bills spread
 * over the three years 2023 to 2025, a little more with some providers than with others, and lie about in the order of their date;
 * five to a visit, in two encounters; most insured, the others private with payments.
 * All or nothing; raises when the size cannot be (more delegations than there are pairs).
 */
export async function makeData(
  client: ClientBase,
  size: Size,
  onProgress: (line: string) => void,
): Promise<void> {
  const passwordHash = await hashPassword(PASSWORD);
  const plans = Array.from({ length: size.clinics }, (_, clinic) => {
    const accounts = {
      provider: PROVIDER_EMAIL,
      administrator: ADMINISTRATOR_EMAIL,
      viewers: SEES.map((sees) => ({ sees, email: viewerEmail(sees) })),
    };
    return new ClinicPlan(clinic, shareOf(size, clinic), clinic === 0 ? accounts : null);
  });
  await client.query('BEGIN');
  try {
    await client.query("SET LOCAL maintenance_work_mem = '256MB'");
    await withoutListVersions(client, async () => {
      for (const table of peopleTables(plans, passwordHash)) await copyRows(client, table, onProgress);
    });
    await withoutIndexes(client, BULK, onProgress, async () => {
      for (const table of billTables(plans)) await copyRows(client, table, onProgress);
    });
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
  onProgress('vacuum and analyze');
  const { rows } = await client.query<{ tables: string }>(
    `SELECT string_agg(format('%I', relname), ', ') AS tables FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
  );
  await client.query(`VACUUM (ANALYZE) ${rows[0]?.tables ?? ''}`);
}

/**
 * Loads without the trigger that counts the changes of a list, and counts them at once: in one transaction it would leave
 * a dead copy of the provider's row for every entry.
 */
async function withoutListVersions(client: ClientBase, load: () => Promise<void>): Promise<void> {
  const trigger = 'TRIGGER delegations_raise_list_version';
  await client.query(`ALTER TABLE delegations DISABLE ${trigger}`);
  await load();
  await client.query(
    `UPDATE providers p SET list_version = d.entries
     FROM (SELECT clinic_id, provider_id, count(*) AS entries FROM delegations GROUP BY 1, 2) d
     WHERE d.clinic_id = p.clinic_id AND d.provider_id = p.user_id`,
  );
  await client.query(`ALTER TABLE delegations ENABLE ${trigger}`);
}
