import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, it } from '@jest/globals';
import type { Database } from '../../src/database';
import { ReadReplica } from '../../src/replica/read-replica';

/** What the two databases say when they are asked where they are. */
const say = { primary: '0/100', replica: '0/100' as string | null, standby: true, there: true };
const changes: string[] = [];
let replica: ReadReplica | undefined;

afterEach(async () => {
  await replica?.close();
  Object.assign(say, { primary: '0/100', replica: '0/100', standby: true, there: true });
  changes.length = 0;
});

const answering = (answer: () => object): Database =>
  ({
    until: () => ({
      query: async () => {
        if (!say.there) throw new Error('not there');
        return [answer()];
      },
    }),
    close: async () => undefined,
  }) as unknown as Database;

async function start(maxLagSeconds = 0.5): Promise<ReadReplica> {
  replica = await ReadReplica.start({
    primary: answering(() => ({ lsn: say.primary })),
    open: async () => {
      if (!say.there) throw new Error('cannot be opened');
      return answering(() => ({ lsn: say.replica, standby: say.standby }));
    },
    maxLagSeconds,
    onChange: ({ usable, reason }) => changes.push(`${usable}: ${reason}`),
  });
  return replica;
}

async function until(condition: () => boolean): Promise<boolean> {
  for (const end = performance.now() + 2_000; performance.now() < end; await pause(10)) {
    if (condition()) return true;
  }
  return condition();
}

it('is used from the start when it keeps up', async () => {
  const one = await start();
  expect(one.usable()).toBe(true);
  expect(one.lag()).toBeLessThan(500);
  expect(changes.at(-1)).toBe('true: it keeps up');
});

it('is not used once it has not replayed for too long what the primary has written, and is when it has', async () => {
  const one = await start();
  say.primary = '0/200';
  expect(one.usable()).toBe(true);
  expect(await until(() => !one.usable())).toBe(true);
  expect(one.lag()).toBeGreaterThanOrEqual(500);
  expect(await until(() => /behind/.test(changes.at(-1) ?? ''))).toBe(true);
  say.replica = '0/200';
  expect(await until(() => one.usable())).toBe(true);
});

it.each([
  ['has become a primary of its own', { standby: false }],
  ['is ahead of the primary: another one was promoted without it', { replica: '0/300' }],
  ['has replayed nothing yet', { replica: null }],
])('is not used when it %s', async (_what, said) => {
  const one = await start();
  expect(one.usable()).toBe(true);
  Object.assign(say, said);
  expect(await until(() => !one.usable())).toBe(true);
  expect(changes.at(-1)).toBe('false: it is no standby of the primary');
  // And not in between, either.
  for (let at = 0; at < 20; at += 1) {
    await pause(20);
    expect(one.usable()).toBe(false);
  }
});

it('does not keep a server from starting, and is used when it is there', async () => {
  say.there = false;
  const one = await start();
  expect(one.usable()).toBe(false);
  expect(changes).toEqual(['false: it cannot be looked at']);
  say.there = true;
  expect(await until(() => one.usable())).toBe(true);
});

it('is not used after a statement failed on it, until it was looked at again', async () => {
  const one = await start();
  one.failed(new Error('conflict with recovery'));
  expect(one.usable()).toBe(false);
  expect(one.counts.failed).toBe(1);
  expect(await until(() => one.usable())).toBe(true);
});
