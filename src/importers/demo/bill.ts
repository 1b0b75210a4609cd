import { NOTES, type Practice, REJECTIONS } from './catalogue';
import { lineCents, percentOf } from './money';
import type { Random } from './random';
import { type BillKind, type BillStatus, type Payment, settle, statusOf } from './settlement';

/** A line of a bill. Units and unit price are decimal text. */
export interface BillItem {
  code: string;
  description: string;
  diagnosisCodes: readonly string[];
  units: string;
  unitPrice: string;
  cents: number;
}

/** What a bill says about services and money. All sums are whole cents, in the clinic's currency. */
export interface BillContent {
  kind: BillKind;
  status: BillStatus;
  items: readonly BillItem[];
  payments: readonly Payment[];
  billed: number;
  discount: number;
  paid: number;
  refunded: number;
  outstanding: number;
  note: string | null;
}

const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);

function makeItems(kind: BillKind, practice: Practice, random: Random): BillItem[] {
  const count = random.weighted([
    [1, 45],
    [2, 27],
    [3, 15],
    [4, 8],
    [5, 5],
  ] as const);
  const services = random.sample(kind === 'INSURED' ? practice.insured : practice.private, count);
  return services.map((service) => {
    const units = random.pick(service.units ?? ['1']);
    return {
      code: service.code,
      description: service.description,
      // A claim needs a diagnosis; an invoice may do without.
      diagnosisCodes: random.sample(practice.diagnoses, random.between(kind === 'INSURED' ? 1 : 0, 2)),
      units,
      unitPrice: service.unitPrice,
      cents: lineCents(units, service.unitPrice),
    };
  });
}

function makeNote(status: BillStatus, random: Random): string | null {
  if (status === 'ATTENTION_REQUIRED' && random.chance(60)) return random.pick(REJECTIONS);
  return random.chance(4) ? random.pick(NOTES) : null;
}

/** A bill of that kind for services on that date, with everything that follows from its status. */
export function makeBill(
  kind: BillKind,
  practice: Practice,
  serviceDate: string,
  random: Random,
): BillContent {
  const status = statusOf(kind, serviceDate, random);
  const items = makeItems(kind, practice, random);
  const billed = sum(items.map(({ cents }) => cents));
  const discount =
    kind === 'PRIVATE' && random.chance(12) ? percentOf(billed, random.pick([5, 10, 15, 25])) : 0;
  const payments = settle({ kind, status, serviceDate, total: billed - discount }, random);
  const paid = sum(payments.filter((each) => each.kind === 'PAYMENT').map(({ cents }) => cents));
  const refunded = sum(payments.filter((each) => each.kind === 'REFUND').map(({ cents }) => cents));
  const owesNothing = status === 'REFUNDED' || status === 'WRITTEN_OFF';
  return {
    kind,
    status,
    items,
    payments,
    billed,
    discount,
    paid,
    refunded,
    outstanding: owesNothing ? 0 : billed - discount - paid + refunded,
    note: makeNote(status, random),
  };
}
