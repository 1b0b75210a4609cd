import type { ClientBase } from 'pg';
import { AuditExportError } from './error';

export interface NamedClinic {
  readonly id: string;
  readonly name: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The clinic of this id, or of this name in any case. Raises AuditExportError where there is none. */
export async function findClinic(client: ClientBase, wanted: string): Promise<NamedClinic> {
  const condition = UUID.test(wanted) ? 'id = $1::uuid OR name = $1::text' : 'name = $1';
  const found = await client.query<NamedClinic>(
    `SELECT id, name::text AS name FROM clinics WHERE ${condition} ORDER BY id = $2 DESC LIMIT 1`,
    [wanted, UUID.test(wanted) ? wanted : null],
  );
  const [clinic] = found.rows;
  if (clinic !== undefined) return clinic;
  const all = await client.query<{ name: string }>(
    'SELECT name::text AS name FROM clinics ORDER BY name LIMIT 20',
  );
  const names = all.rows.map(({ name }) => `"${name}"`).join(', ');
  throw new AuditExportError(
    `There is no clinic with the name or id "${wanted}". ${names === '' ? 'The database has none.' : `There is: ${names}${all.rows.length === 20 ? ' ...' : ''}.`}`,
  );
}
