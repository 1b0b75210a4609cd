import { describe, expect, it } from '@jest/globals';
import { type Replica, ReplicaReads } from '../../src/replica/reads';
import { PERMITTED_BY_PRIMARY, type Statements, type Told } from '../../src/sql';

const TOLD: Told = { viewer: 'v', clinic: 'c', now: '2026-01-01T00:00:00Z', action: 'VIEW_BILL' };

interface Asked {
  readonly at: 'primary' | 'replica';
  readonly text: string;
  readonly values: readonly unknown[];
}

/** A primary that permits p1 and p2, and a replica; every statement is written down. */
function stage(options: { usable?: boolean; fails?: Error; aborted?: boolean } = {}) {
  const asked: Asked[] = [];
  const failures: unknown[] = [];
  const passedOver: string[] = [];
  const primary: Statements = {
    query: async <Row extends object>(text: string, values: readonly unknown[]) => {
      asked.push({ at: 'primary', text, values });
      return (text.includes('AS "providerId"') ? [{ providerId: 'p1' }, { providerId: 'p2' }] : []) as Row[];
    },
  };
  const replica = {
    usable: () => options.usable ?? true,
    query: async (text: string, values: readonly unknown[]) => {
      asked.push({ at: 'replica', text, values });
      if (options.fails) throw options.fails;
      return [];
    },
    failed: (error: unknown) => void failures.push(error),
    passedOver: (why: string) => void passedOver.push(why),
  };
  const signal = options.aborted ? AbortSignal.abort() : new AbortController().signal;
  const reads = new ReplicaReads(
    { ...primary, transaction: (work) => work(primary) },
    replica as Replica,
    signal,
  );
  const places = () =>
    asked.map((one) => `${one.at}: ${one.text.includes('AS "providerId"') ? 'who' : one.text}`);
  return { reads, asked, failures, passedOver, places };
}

const VALUES = ['c', PERMITTED_BY_PRIMARY, 7];

describe('a read of bills', () => {
  it('goes to the replica, restricted to what the primary permits, which is asked once in the request', async () => {
    const { reads, asked, places } = stage();
    await reads.query('bills', VALUES, TOLD);
    await reads.query('sums', VALUES, TOLD);
    expect(places()).toEqual(['primary: who', 'replica: bills', 'replica: sums']);
    expect(asked[1]?.values).toEqual(['c', ['p1', 'p2'], 7]);
    expect(asked[0]?.values).toEqual(['c', 'v', '2026-01-01T00:00:00Z']);
  });

  it('asks the primary for each clinic by itself', async () => {
    const { reads, places } = stage();
    await reads.query('bills', VALUES, TOLD);
    await reads.query('bills', VALUES, { ...TOLD, clinic: 'other' });
    expect(places()).toEqual(['primary: who', 'replica: bills', 'primary: who', 'replica: bills']);
  });

  it.each([
    ['it cannot be restricted', ['c', null, 7], TOLD],
    ['it decides about something', VALUES, { ...TOLD, action: 'EXPLAIN_BILL_ACCESS' }],
    ['it is told for nobody', VALUES, undefined],
  ])('goes to the primary where %s', async (_why, values, told) => {
    const { reads, passedOver, places } = stage();
    await reads.query('bills', values, told);
    expect(places()).toEqual(['primary: bills']);
    // No read that the replica could ever take.
    expect(passedOver).toEqual([]);
  });

  it('goes to the primary while the replica must not be asked, and after a change in the same request', async () => {
    const late = stage({ usable: false });
    await late.reads.query('bills', VALUES, TOLD);
    expect(late.places()).toEqual(['primary: bills']);
    expect(late.passedOver).toEqual(['unusable']);
    const changed = stage();
    await changed.reads.transaction((transaction) => transaction.query('change', []));
    await changed.reads.query('bills', VALUES, TOLD);
    expect(changed.places()).toEqual(['primary: change', 'primary: bills']);
    expect(changed.passedOver).toEqual(['changed']);
  });

  it('is answered by the primary when the replica fails, with nothing of the restriction left', async () => {
    const { reads, asked, failures, places } = stage({ fails: new Error('gone') });
    await reads.query('bills', VALUES, TOLD);
    expect(places()).toEqual(['primary: who', 'replica: bills', 'primary: bills']);
    expect(asked[2]?.values).toEqual(VALUES);
    expect(failures).toHaveLength(1);
  });

  it('is not tried again when nobody waits for it any more', async () => {
    const { reads, failures, places } = stage({ fails: new Error('cancelled'), aborted: true });
    await expect(reads.query('bills', VALUES, TOLD)).rejects.toThrow('cancelled');
    expect(places()).toEqual(['primary: who', 'replica: bills']);
    expect(failures).toEqual([]);
  });
});
