const DAY_MS = 86_400_000;

/** The demo's two years: the first and the last service date. */
export const FIRST_DAY = '2024-10-01';
export const LAST_DAY = '2026-09-30';

/** A calendar date some days later (earlier when below zero), as text like "2026-09-30". */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** How many days there are from one calendar date to another. */
export function daysBetween(from: string, to: string): number {
  return (Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS;
}

/** Every Monday to Friday of the demo's two years, in order. */
export function workingDays(): string[] {
  const days: string[] = [];
  for (let day = FIRST_DAY; day <= LAST_DAY; day = addDays(day, 1)) {
    const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
    if (weekday !== 0 && weekday !== 6) days.push(day);
  }
  return days;
}

/**
 * An instant some minutes after the clinics open on a day. They open at 13:00 UTC (early morning in Canada) and close
 * before midnight UTC, so that an encounter's date in UTC is the service date of its bills.
 */
export function minutesAfterOpening(date: string, minutes: number): string {
  return new Date(Date.parse(`${date}T13:00:00Z`) + minutes * 60_000).toISOString();
}
