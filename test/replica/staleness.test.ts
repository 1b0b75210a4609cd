import { expect, it } from '@jest/globals';
import { positionOf, Staleness } from '../../src/replica/staleness';

it('reads positions of the write-ahead log', () => {
  expect(positionOf('0/0')).toBe(0n);
  expect(positionOf('16/B374D848')).toBe(0x16b374d848n);
  expect(positionOf('1/0') > positionOf('0/FFFFFFFF')).toBe(true);
});

it('knows nothing before the replica has got to where the primary was', () => {
  const staleness = new Staleness();
  expect(staleness.at(1_000)).toBeNull();
  staleness.replicaHasReplayed(50n);
  expect(staleness.at(1_000)).toBeNull();
  staleness.primaryWasAt(1_000, 100n);
  expect(staleness.at(1_500)).toBeNull();
  staleness.replicaHasReplayed(99n);
  expect(staleness.at(2_000)).toBeNull();
  staleness.replicaHasReplayed(100n);
  expect(staleness.at(2_000)).toBe(1_000);
});

it('counts from the last instant that the replica has caught up with', () => {
  const staleness = new Staleness();
  staleness.primaryWasAt(1_000, 100n);
  staleness.primaryWasAt(2_000, 200n);
  staleness.primaryWasAt(3_000, 300n);
  staleness.replicaHasReplayed(250n);
  expect(staleness.at(3_500)).toBe(1_500);
  // It stands still.
  staleness.primaryWasAt(4_000, 400n);
  staleness.replicaHasReplayed(250n);
  expect(staleness.at(9_000)).toBe(7_000);
  staleness.replicaHasReplayed(500n);
  expect(staleness.at(9_000)).toBe(5_000);
});

it('takes a replica of a primary that does nothing for one that keeps up', () => {
  const staleness = new Staleness();
  for (let at = 1_000; at <= 60_000; at += 1_000) {
    staleness.replicaHasReplayed(100n);
    staleness.primaryWasAt(at, 100n);
  }
  staleness.replicaHasReplayed(100n);
  expect(staleness.at(60_500)).toBe(500);
});

it('forgets', () => {
  const staleness = new Staleness();
  staleness.primaryWasAt(1_000, 100n);
  staleness.replicaHasReplayed(100n);
  staleness.forget();
  expect(staleness.at(1_000)).toBeNull();
});
