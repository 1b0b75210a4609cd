import type { Work } from '../works';

interface PageBill {
  number: string;
  total: string;
  outstanding: string;
  patient: { name: string };
  provider: { name: string };
  items: { serviceCode: string; amount: string }[];
}

/** One bill as a line of text: what every contestant must say of it. */
export const billLine = (bill: PageBill): string =>
  [
    bill.number,
    bill.total,
    bill.outstanding,
    bill.patient.name,
    bill.provider.name,
    bill.items.map((item) => `${item.serviceCode} ${item.amount}`).join(','),
  ].join('|');

/** Every value of an answer with where it stands, one line each. An empty list is one too. */
function* valuesOf(value: unknown, place: string): Generator<string> {
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) yield `${place}: none`;
    for (const [key, within] of entries) yield* valuesOf(within, place === '' ? key : `${place}.${key}`);
  } else yield `${place}: ${String(value)}`;
}

/**
 * An answer of our shape as lines that can be compared: of a page one for each bill, of other works one for each value.
 * Raises where there is no such answer.
 */
export function linesOf(answer: unknown, work: Pick<Work, 'name'>): string[] {
  const { data, errors } = answer as { data?: unknown; errors?: unknown };
  if (errors !== undefined || typeof data !== 'object' || data === null) {
    throw new Error(`no answer to ${work.name}: ${JSON.stringify(answer).slice(0, 500)}`);
  }
  if (!work.name.startsWith('page-')) return [...valuesOf(data, '')];
  const page = data as { dashboard?: { bills?: { nodes?: PageBill[] } } };
  const nodes = page.dashboard?.bills?.nodes;
  if (nodes === undefined) throw new Error(`no bills in: ${JSON.stringify(answer).slice(0, 500)}`);
  return nodes.map(billLine);
}

/** Who gave which lines. */
export interface Given {
  readonly name: string;
  readonly lines: readonly string[];
}

/** The first line on which somebody differs from the first one given, told; null: all are the same. */
export function firstDifference(all: readonly Given[]): string | null {
  const [reference, ...others] = all;
  if (reference === undefined) return null;
  for (const other of others) {
    const length = Math.max(reference.lines.length, other.lines.length);
    for (let index = 0; index < length; index += 1) {
      const [theirs, its] = [reference.lines[index], other.lines[index]];
      if (theirs === its) continue;
      const say = (line: string | undefined): string => line ?? '(nothing more)';
      return `${other.name} differs from ${reference.name} on line ${index + 1} (of ${other.lines.length} and ${reference.lines.length}):\n  ${reference.name}: ${say(theirs)}\n  ${other.name}: ${say(its)}`;
    }
  }
  return null;
}
