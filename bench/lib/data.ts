import type { ClientBase } from 'pg';
import { hashPassword } from '../../src/identity/password';

/** How large a clinic to make. */
export interface Size {
  readonly bills: number;
  readonly providers: number;
  readonly users: number;
  readonly patients: number;
}

export const PASSWORD = 'bench-password-only';

/** The accounts that the benchmark signs in as: by how many providers of the clinic each sees. */
export const viewerEmail = (providers: number): string => `sees-${providers}@bench.example`;

/**
 * Makes a launched clinic by SQL alone, the same one for the same size: bills spread evenly over the providers and over
 * two years, three items each; and one viewer for each number in `sees`, delegate of so many providers.
 */
export async function makeClinic(client: ClientBase, size: Size, sees: readonly number[]): Promise<void> {
  const uuid = (kind: string, number: string): string => `md5('${kind} ' || ${number})::uuid`;
  const hash = await hashPassword(PASSWORD);
  const clinic = uuid('clinic', '1');
  const run = (text: string, values: unknown[] = []) => client.query(text, values);
  await run('BEGIN');
  await run(
    `INSERT INTO clinics (id, name, currency, segregation_launches_at) VALUES (${clinic}, 'Bench', 'CAD', '2024-01-01Z')`,
  );
  await run(
    `INSERT INTO users (clinic_id, id, name)
     SELECT ${clinic}, ${uuid('user', 'n')}, 'User ' || n FROM generate_series(1, $1::int) n`,
    [size.users + size.providers],
  );
  await run(
    `INSERT INTO providers (clinic_id, user_id, billing_number)
     SELECT ${clinic}, ${uuid('user', 'n')}, (100000 + n)::text FROM generate_series(1, $1::int) n`,
    [size.providers],
  );
  await run(
    `INSERT INTO patients (clinic_id, id, name, birth_date)
     SELECT ${clinic}, ${uuid('patient', 'n')}, 'Patient ' || n, DATE '1950-01-01' + n % 25000
     FROM generate_series(1, $1::int) n`,
    [size.patients],
  );
  await run(
    `INSERT INTO bills (clinic_id, id, kind, number, status, service_date, provider_id, patient_id, billed, paid, outstanding)
     SELECT ${clinic}, ${uuid('bill', 'n')}, 'PRIVATE', (100001 + n % $2::int) || '-' || n, 'PARTIALLY_PAID',
       DATE '2024-01-01' + (n * 7919 % 730), ${uuid('user', '(1 + n % $2::int)')}, ${uuid('patient', '(1 + n % $3::int)')},
       90, 30, 60
     FROM generate_series(1, $1::int) n`,
    [size.bills, size.providers, size.patients],
  );
  await run(
    `INSERT INTO bill_items (clinic_id, bill_id, line, service_code, units, unit_price, amount)
     SELECT b.clinic_id, b.id, line, 'A00' || line, 1, 30, 30 FROM bills b CROSS JOIN generate_series(1, 3) line`,
  );
  for (const [index, count] of sees.entries()) {
    const viewer = uuid('user', String(size.providers + 1 + index));
    await run(
      `INSERT INTO delegations (clinic_id, provider_id, delegate_user_id)
       SELECT ${clinic}, ${uuid('user', 'n')}, ${viewer} FROM generate_series(1, $1::int) n`,
      [count],
    );
    await run(
      `INSERT INTO sign_ins (email, clinic_id, user_id, password_hash) VALUES ($1, ${clinic}, ${viewer}, $2)`,
      [viewerEmail(count), hash],
    );
  }
  await run('COMMIT');
  await run('VACUUM (ANALYZE)');
}
