import type { ClientBase } from 'pg';
import type { NamedClinic } from './clinic';
import { AuditExportError } from './error';

/** What is exported: a clinic, and the instants from which and before which; null: without beginning or end. */
export interface Scope {
  readonly clinic: NamedClinic;
  /** In UTC with microseconds, 2026-03-30T14:05:00.000000Z, so that their order is that of the text. */
  readonly from: string | null;
  readonly to: string | null;
}

/** A timestamptz in UTC with its microseconds, as SQL. */
export const utcSql = (value: string): string =>
  `CASE WHEN isfinite(${value}) THEN to_char(${value} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') ELSE ${value}::text END`;

/**
 * The instant that an option names, in UTC with microseconds: a date counts as its first moment in UTC, an instant needs
 * its zone. Raises AuditExportError for anything else.
 */
export async function instantOf(client: ClientBase, option: string, text: string): Promise<string> {
  const date = /^\d{4}-\d{2}-\d{2}$/.test(text);
  if (!date && !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})$/.test(text)) {
    throw new AuditExportError(
      `${option} takes a date, 2026-03-01 (its first moment in UTC), or an instant with its zone, 2026-03-01T00:00:00-05:00, not "${text}".`,
    );
  }
  try {
    const found = await client.query<{ at: string }>(`SELECT ${utcSql('$1::timestamptz')} AS at`, [
      date ? `${text}T00:00:00Z` : text,
    ]);
    return found.rows[0]?.at ?? '';
  } catch (error) {
    // 22007, 22008: there is no such day or hour.
    if (!/^2200[78]$/.test(String((error as { code?: unknown }).code))) throw error;
    throw new AuditExportError(`${option}: there is no ${text}.`);
  }
}

/** The instants of an export in words. */
export const periodText = (period: { readonly from: string | null; readonly to: string | null }): string =>
  `from ${period.from ?? 'the beginning'} to ${period.to === null ? 'the export' : `before ${period.to}`}`;
