/** What is done to an API process: a read of bills, or a save of a delegation list. */
export type Kind = 'read' | 'save';

/** The only code that an outage may have. */
const OUTAGE = 'UNAVAILABLE';

/** One save that was sent: what the history must say of it when it was acknowledged. */
export interface SentSave {
  /** The trace in the history, which no other save leaves. */
  readonly trace: string;
  readonly at: number;
  outcome: 'sent' | 'acknowledged' | 'unchanged' | 'failed';
}

/** Everything that was seen, of the whole drill; a round reads what belongs to it by the clock (performance.now). */
export class Tally {
  readonly saves: SentSave[] = [];
  /** Answers that showed what their viewer may not see, in words. */
  readonly leaks: string[] = [];
  /** Answers that were wrong in another way: too little, or sums that do not fit. */
  readonly wrong: string[] = [];
  /** Reads that were refused because their viewer was taken off the list while they were answered. */
  refusedMeanwhile = 0;
  private readonly good: { kind: Kind; api: string; began: number; ended: number }[] = [];
  private readonly bad: { kind: Kind; api: string; code: string; ended: number }[] = [];

  goodAnswer(kind: Kind, api: string, began: number): void {
    this.good.push({ kind, api, began, ended: performance.now() });
  }

  badAnswer(kind: Kind, api: string, codes: readonly string[]): void {
    for (const code of new Set(codes)) this.bad.push({ kind, api, code, ended: performance.now() });
  }

  /** Good answers between two instants. */
  count(kind: Kind, from: number, to: number): number {
    return this.good.filter((one) => one.kind === kind && one.ended >= from && one.ended < to).length;
  }

  /** When the first good answer came to a request of this process that was sent after `from`; null: none yet. */
  backAt(kind: Kind, api: string, from: number): number | null {
    return this.good.find((one) => one.kind === kind && one.api === api && one.began > from)?.ended ?? null;
  }

  /** When the last bad answer came; null: none. */
  lastBad(from: number, to: number): number | null {
    return this.bad.filter((one) => one.ended >= from && one.ended < to).at(-1)?.ended ?? null;
  }

  /** How many bad answers there were of each code. */
  codes(from: number, to: number): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const one of this.bad) {
      if (one.ended >= from && one.ended < to) counts[one.code] = (counts[one.code] ?? 0) + 1;
    }
    return counts;
  }

  /** Codes that an outage must not have. */
  static faults(codes: Readonly<Record<string, number>>): string[] {
    return Object.keys(codes).filter((code) => code !== OUTAGE);
  }
}
