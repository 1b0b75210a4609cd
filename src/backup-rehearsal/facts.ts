import pg from 'pg';
import { findClinic } from '../audit-export/clinic';
import { sealedRecords } from '../audit-export/export';

/** What a backup has to bring back. */
export interface Facts {
  /** How many rows each table has. */
  readonly rows: ReadonlyMap<string, number>;
  /** The head hash of each clinic's whole history, as the audit export computes it, by the clinic's id. */
  readonly histories: ReadonlyMap<string, string>;
}

/** Reads the facts in the client's open transaction, which must see one instant alone. */
export async function factsOf(client: pg.ClientBase): Promise<Facts> {
  const tables = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND NOT relispartition ORDER BY relname`,
  );
  const rows = new Map<string, number>();
  for (const { name } of tables.rows) {
    const counted = await client.query<{ n: string }>(
      `SELECT count(*) AS n FROM public.${pg.escapeIdentifier(name)}`,
    );
    rows.set(name, Number(counted.rows[0]?.n));
  }
  const clinics = await client.query<{ id: string }>('SELECT id FROM clinics ORDER BY id');
  const histories = new Map<string, string>();
  for (const { id } of clinics.rows) {
    const scope = { clinic: await findClinic(client, id), from: null, to: null };
    let head = '';
    for await (const record of sealedRecords(client, scope, [])) head = record.hash;
    histories.set(id, head);
  }
  return { rows, histories };
}

/** What is not the same after as before, in words; empty: nothing. */
export function differences(before: Facts, after: Facts): string[] {
  const tables = new Set([...before.rows.keys(), ...after.rows.keys()]);
  const clinics = new Set([...before.histories.keys(), ...after.histories.keys()]);
  const rows = [...tables].sort().flatMap((table) => {
    const [was, is] = [before.rows.get(table), after.rows.get(table)];
    return was === is ? [] : [`table ${table}: ${was ?? 'missing'} rows before, ${is ?? 'missing'} after`];
  });
  const histories = [...clinics].sort().flatMap((clinic) => {
    const [was, is] = [before.histories.get(clinic), after.histories.get(clinic)];
    return was === is
      ? []
      : [`history of clinic ${clinic}: head hash ${was ?? 'missing'} before, ${is ?? 'missing'} after`];
  });
  return [...rows, ...histories];
}
