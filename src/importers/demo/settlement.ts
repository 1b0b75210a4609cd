import { addDays, daysBetween, LAST_DAY } from './days';
import { splitCents } from './money';
import type { Random } from './random';

export type BillKind = 'INSURED' | 'PRIVATE';
export type BillStatus =
  | ('DRAFT' | 'READY_TO_SUBMIT' | 'SUBMITTED' | 'ATTENTION_REQUIRED' | 'COMPLETED')
  | ('UNPAID' | 'PARTIALLY_PAID' | 'PAID' | 'REFUNDED' | 'WRITTEN_OFF');

/** Money that came in or went back. */
export interface Payment {
  kind: 'PAYMENT' | 'REFUND';
  cents: number;
  receivedOn: string;
  method: string;
}

type Weights = readonly (readonly [BillStatus, number])[];

/** How bills of an age (in days, up to and with `upTo`) are spread over the statuses. */
const SPREAD: Readonly<Record<BillKind, readonly { upTo: number; weights: Weights }[]>> = {
  INSURED: [
    {
      upTo: 3,
      weights: [
        ['DRAFT', 50],
        ['READY_TO_SUBMIT', 35],
        ['SUBMITTED', 15],
      ],
    },
    {
      upTo: 30,
      weights: [
        ['DRAFT', 5],
        ['READY_TO_SUBMIT', 10],
        ['SUBMITTED', 60],
        ['ATTENTION_REQUIRED', 15],
        ['COMPLETED', 10],
      ],
    },
    {
      upTo: Number.POSITIVE_INFINITY,
      weights: [
        ['DRAFT', 3],
        ['READY_TO_SUBMIT', 3],
        ['SUBMITTED', 8],
        ['ATTENTION_REQUIRED', 7],
        ['COMPLETED', 79],
      ],
    },
  ],
  PRIVATE: [
    {
      upTo: 7,
      weights: [
        ['UNPAID', 45],
        ['PARTIALLY_PAID', 10],
        ['PAID', 45],
      ],
    },
    {
      upTo: Number.POSITIVE_INFINITY,
      weights: [
        ['UNPAID', 12],
        ['PARTIALLY_PAID', 10],
        ['PAID', 66],
        ['REFUNDED', 6],
        ['WRITTEN_OFF', 6],
      ],
    },
  ],
};

/** The status of a bill of that kind and service date, on the demo's last day. */
export function statusOf(kind: BillKind, serviceDate: string, random: Random): BillStatus {
  const age = daysBetween(serviceDate, LAST_DAY);
  const spread = SPREAD[kind].find(({ upTo }) => age <= upTo);
  return random.weighted(spread?.weights ?? []);
}

/** What was paid and given back, in cents: the payments in turn, then one refund (none when 0). */
function amounts(status: BillStatus, total: number, random: Random): { paid: number[]; refunded: number } {
  const some = () => splitCents(random.between(2, total - 1), random.between(1, 2), random);
  switch (status) {
    case 'ATTENTION_REQUIRED':
      // Some insurers pay the items that they accept and send back the rest.
      return { paid: random.chance(30) ? some() : [], refunded: 0 };
    case 'PARTIALLY_PAID':
      return { paid: some(), refunded: 0 };
    case 'WRITTEN_OFF':
      return { paid: random.chance(40) ? some() : [], refunded: 0 };
    case 'REFUNDED':
      return { paid: splitCents(total, random.between(1, 2), random), refunded: total };
    case 'COMPLETED': {
      // Now and then the insurer pays too much and takes it back.
      const excess = random.chance(4) ? random.between(100, 2_500) : 0;
      return { paid: [total + excess], refunded: excess };
    }
    case 'PAID': {
      // An excess is given back, or kept as a credit: then the outstanding amount is below zero.
      const excess = random.chance(5) ? random.between(100, 2_500) : 0;
      const paid = splitCents(total, random.between(1, 3), random);
      return { paid: excess === 0 ? paid : [...paid, excess], refunded: random.chance(70) ? excess : 0 };
    }
    default:
      return { paid: [], refunded: 0 };
  }
}

/**
 * The payments of a bill, as its status has it. The total (more than two cents) is what was billed less the discount.
 * None is later than the demo's last day.
 */
export function settle(
  bill: { kind: BillKind; status: BillStatus; serviceDate: string; total: number },
  random: Random,
): Payment[] {
  const { paid, refunded } = amounts(bill.status, bill.total, random);
  const insured = bill.kind === 'INSURED';
  const methods = insured ? ['EFT', 'Cheque'] : ['Visa', 'Mastercard', 'Interac', 'Cash', 'Cheque'];
  const method = random.pick(methods);
  let receivedOn = bill.serviceDate;
  const wait = (least: number, most: number) => {
    const days = Math.min(random.between(least, most), daysBetween(receivedOn, LAST_DAY));
    receivedOn = addDays(receivedOn, days);
    return receivedOn;
  };
  const payments = paid.map((cents, turn): Payment => {
    const date = insured ? wait(10, 40) : wait(turn === 0 ? 0 : 7, turn === 0 ? 14 : 35);
    return { kind: 'PAYMENT', cents, receivedOn: date, method };
  });
  if (refunded > 0) payments.push({ kind: 'REFUND', cents: refunded, receivedOn: wait(1, 30), method });
  return payments;
}
