import { randomUUID } from 'node:crypto';
import type { ClientBase } from 'pg';
import { ImportError } from '../error';
import { clinicIdOf } from './ids';

/** The clinic that an import fills. */
export interface Clinic {
  readonly id: string;
  readonly name: string;
  /** Whether this import created it. */
  readonly created: boolean;
  /** What the email addresses of its made-up sign-ins end with, for example `maple-street.example`. */
  readonly domain: string;
}

/** What a clinic is created with. */
export interface NewClinic {
  name: string;
  currency: string;
  /** When its segregation launches, an ISO instant; null: not planned. */
  launchesAt: string | null;
}

/**
 * Finds the clinic by its name (case does not matter) or creates it. An existing clinic keeps its launch.
 * Two imports into one clinic run one after the other. Raises ImportError for a bad name or currency.
 */
export async function openClinic(client: ClientBase, wanted: NewClinic): Promise<Clinic> {
  const name = wanted.name.trim();
  if (name === '' || name.length > 200) {
    throw new ImportError('the name of the clinic must have 1 to 200 characters');
  }
  if (!/^[A-Z]{3}$/.test(wanted.currency)) {
    throw new ImportError(`the currency "${wanted.currency}" is not a code of three capitals such as CAD`);
  }
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `import ${name.toLowerCase()}`,
  ]);
  const found = await findClinic(client, name);
  const clinic = found ?? (await createClinic(client, { ...wanted, name }));
  if (clinic.currency !== wanted.currency) {
    throw new ImportError(
      `the clinic "${clinic.name}" keeps its books in ${clinic.currency}, not in ${wanted.currency}`,
    );
  }
  return {
    id: clinic.id,
    name: clinic.name,
    created: found === undefined,
    domain: await domainOf(client, clinic),
  };
}

interface ClinicRow {
  id: string;
  name: string;
  currency: string;
}

async function findClinic(client: ClientBase, name: string): Promise<ClinicRow | undefined> {
  const found = await client.query<ClinicRow>('SELECT id, name, currency FROM clinics WHERE name = $1', [
    name,
  ]);
  return found.rows[0];
}

async function createClinic(client: ClientBase, wanted: NewClinic): Promise<ClinicRow> {
  const insert = (id: string) =>
    client.query<ClinicRow>(
      `INSERT INTO clinics (id, name, currency, segregation_launches_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT ON CONSTRAINT clinics_pkey DO NOTHING RETURNING id, name, currency`,
      [id, wanted.name, wanted.currency, wanted.launchesAt],
    );
  const created = await insert(clinicIdOf(wanted.name));
  // The id is taken when the clinic that had this name was renamed since.
  const row = created.rows[0] ?? (await insert(randomUUID())).rows[0];
  if (row === undefined) throw new ImportError(`the clinic "${wanted.name}" could not be created`);
  return row;
}

/**
 * `<slug>.example`, a name that no mail can reach (RFC 2606). Where another clinic's sign-ins have it already, part
 * of the clinic's id makes the difference.
 */
async function domainOf(client: ClientBase, clinic: ClinicRow): Promise<string> {
  const slug = slugOf(clinic.name);
  const taken = await client.query(
    `SELECT FROM sign_ins
     WHERE split_part(email::text, '@', 2) = $1 AND clinic_id IS DISTINCT FROM $2 LIMIT 1`,
    [`${slug}.example`, clinic.id],
  );
  return taken.rowCount === 0 ? `${slug}.example` : `${slug}-${clinic.id.slice(0, 8)}.example`;
}

/** The name in small Latin letters, digits and hyphens, at most 50 characters: one label of a host name. */
function slugOf(name: string): string {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const slug = plain
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 50)
    .replace(/^-+|-+$/g, '');
  return slug === '' ? 'clinic' : slug;
}
