/** A position in PostgreSQL's write-ahead log, such as `16/B374D848`, as a number. */
export function positionOf(lsn: string): bigint {
  const [high = '0', low = '0'] = lsn.split('/');
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
}

/**
 * How far a replica is behind, by positions that the primary had at known instants: a replica that has replayed the
 * position of an instant shows everything that was committed before it. No clock but this process's is asked, and a
 * primary on which nothing happens makes no replica late. Instants are milliseconds of performance.now().
 */
export class Staleness {
  /** The oldest first; all of them beyond what the replica has replayed, as far as is known. */
  private ahead: { readonly at: number; readonly position: bigint }[] = [];
  private caughtUpAt: number | null = null;

  /** @param at an instant before the primary was asked. */
  primaryWasAt(at: number, position: bigint): void {
    this.ahead.push({ at, position });
  }

  replicaHasReplayed(position: bigint): void {
    const first = this.ahead.findIndex((one) => one.position > position);
    const reached = first < 0 ? this.ahead : this.ahead.slice(0, first);
    this.caughtUpAt = reached.at(-1)?.at ?? this.caughtUpAt;
    this.ahead = first < 0 ? [] : this.ahead.slice(first);
  }

  /** What the replica shows is no older than so many milliseconds; null: nothing is known. */
  at(now: number): number | null {
    return this.caughtUpAt === null ? null : now - this.caughtUpAt;
  }

  forget(): void {
    this.ahead = [];
    this.caughtUpAt = null;
  }
}
