import { Decimal } from 'decimal.js';
import type { Random } from './random';

/** The amount of an item in whole cents: units times unit price, both decimal text, half a cent rounded up. */
export function lineCents(units: string, unitPrice: string): number {
  return new Decimal(units).times(unitPrice).times(100).toDecimalPlaces(0, Decimal.ROUND_HALF_UP).toNumber();
}

/** Cents as decimal text for the database: -5 is "-0.05". */
export function decimalText(cents: number): string {
  return new Decimal(cents).dividedBy(100).toFixed(2);
}

/** A percentage of an amount in whole cents, half a cent rounded up. */
export function percentOf(cents: number, percent: number): number {
  return new Decimal(cents)
    .times(percent)
    .dividedBy(100)
    .toDecimalPlaces(0, Decimal.ROUND_HALF_UP)
    .toNumber();
}

/** An amount (at least one cent for each part) split into that many parts, none of them nothing. */
export function splitCents(cents: number, parts: number, random: Random): number[] {
  const amounts: number[] = [];
  let left = cents;
  for (let still = parts; still > 1; still -= 1) {
    const amount = random.between(1, Math.max(1, Math.trunc((left - still + 1) / 2)));
    amounts.push(amount);
    left -= amount;
  }
  return [...amounts, left];
}
