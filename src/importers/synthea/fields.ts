/** A moment as the database takes it, and the calendar date that it falls on in UTC (YYYY-MM-DD). */
export interface Moment {
  instant: string;
  date: string;
}

const MOMENT =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(\.\d+)?)?(?:Z|([+-])(\d{2}):?(\d{2}))?)?$/;

/**
 * Reads an ISO-8601 date or time; without a time it is midnight, without a zone UTC.
 * Answers null for anything else, dates that no calendar has (30 February) included.
 */
export function parseMoment(text: string): Moment | null {
  const parts = MOMENT.exec(text);
  if (parts === null) return null;
  const part = (index: number): number => Number(parts[index] ?? 0);
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  if (hour > 23 || minute > 59 || second > 59) return null;
  const local = new Date(Date.UTC(year, month - 1, day, hour, minute, second, part(7) * 1000));
  // Date.UTC reads years 0 to 99 as 1900 to 1999 and carries a 30 February over into March.
  if (local.getUTCFullYear() !== year || local.getUTCMonth() !== month - 1 || local.getUTCDate() !== day) {
    return null;
  }
  const offset = (parts[8] === '-' ? -1 : 1) * (part(9) * 60 + part(10));
  const instant = new Date(local.getTime() - offset * 60_000).toISOString();
  return { instant, date: instant.slice(0, 10) };
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?$/;

/**
 * Checks a decimal number and answers it as the text that it was given as, so that no digit passes through a float.
 * Null: not a number, or its size is `limit` or more.
 */
export function parseDecimal(text: string, limit: number): string | null {
  // As a float only to compare its size, where the last digits do not matter.
  return DECIMAL.test(text) && Math.abs(Number(text)) < limit ? text : null;
}
