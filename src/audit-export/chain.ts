import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json';
import type { Content, SealedRecord } from './records';

/** What stands before the first record. */
const NOTHING = '0'.repeat(64);

/** The hash of a record (without its own): SHA-256 of the hash before it, a line feed and its canonical JSON, in hex. */
export function hashOf(before: string, record: Omit<SealedRecord, 'hash'>): string {
  return createHash('sha256')
    .update(`${before}\n${canonicalJson(record)}`)
    .digest('hex');
}

/** Gives records their place, one after the other. */
export class HashChain {
  private last = NOTHING;
  private next = 0;

  /** The hash of the last record so far. */
  get head(): string {
    return this.last;
  }

  /** How many records there are so far. */
  get length(): number {
    return this.next;
  }

  seal(content: Content): SealedRecord {
    const record = { ...content, seq: this.next };
    this.last = hashOf(this.last, record);
    this.next += 1;
    return { ...record, hash: this.last };
  }
}
