import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Database } from '../../src/database';
import { toGlobalId } from '../../src/global-id';
import { ReadReplica } from '../../src/replica/read-replica';
import { Metrics } from '../../src/watching/metrics';
import { OperationNames } from '../../src/watching/operations';
import {
  A,
  ADMIN,
  CLERK,
  codesOf,
  DELEGATE,
  DEMO_ID,
  demoUser,
  demoUserId,
  STRANGER,
  SUPPORT,
} from '../cases/support';
import { samplesOf } from '../run/metrics-text';
import { DEMO_PASSWORD } from '../support/database';
import { startTestServer, type TestServer } from '../support/server';
import { type ReplicatedPair, startPair } from './pair';

/** How old the replica may be here, in seconds: long enough to ask within it. */
const MAX_LAG = 3;

let pair: ReplicatedPair;
let server: TestServer;
let replica: ReadReplica;
const metrics = new Metrics(new OperationNames([]));
const changes: { usable: boolean; reason: string }[] = [];

beforeAll(async () => {
  pair = await startPair();
  await start();
});
afterAll(async () => {
  await server?.close();
  await pair?.stop();
});
let stopped = false;
afterEach(async () => {
  if (stopped) return;
  await pair.replay(true);
  await pair.caughtUp();
  await usable();
});

async function start(): Promise<void> {
  server = await startTestServer({
    db: pair.primary,
    readReplica: async (primary) => {
      replica = await ReadReplica.start({
        primary,
        open: () =>
          Database.open({
            url: pair.replicaUrl,
            standby: true,
            poolSize: 5,
            statementTimeoutMs: 10_000,
            onPoolError: () => undefined,
          }),
        maxLagSeconds: MAX_LAG,
        onChange: ({ usable, reason }) => changes.push({ usable, reason }),
      });
      metrics.watchReplica(replica);
      return replica;
    },
  });
}

async function until(condition: () => boolean | Promise<boolean>, milliseconds: number): Promise<boolean> {
  for (const end = performance.now() + milliseconds; performance.now() < end; await pause(20)) {
    if (await condition()) return true;
  }
  return condition();
}
const usable = () => until(() => replica.usable(), 10_000);

const LOOK = `query Look($first: Int!) {
  dashboard { bills(first: $first) { totalCount nodes { id number note provider { id } } } totals { count billed } }
}`;
interface Look {
  dashboard: {
    bills: {
      totalCount: number;
      nodes: { id: string; number: string; note: string | null; provider: { id: string } }[];
    };
    totals: { count: number; billed: string };
  };
}

/** What somebody sees, and how many statements the replica answered for it. */
async function look(who: string, first = 5) {
  const before = replica.counts.answered;
  const answer = await server.ask<Look>(who, LOOK, { first });
  return { ...answer, fromReplica: replica.counts.answered - before };
}

async function change(field: string, input: string): Promise<void> {
  const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}`;
  const answer = await server.ask(
    ADMIN,
    `mutation { ${field}(input: { ${input}, password: "${DEMO_PASSWORD}" }) { __typename } }`,
  );
  expect([type, codesOf(answer)]).toEqual([type, []]);
}
const entry = (provider: string, user: string) =>
  `providerId: "${demoUser(provider)}", userId: "${demoUser(user)}"`;

const NOTHING = { bills: { totalCount: 0, nodes: [] }, totals: { count: 0, billed: '0.00' } };

describe('with a replica that keeps up', () => {
  it('reads bills there, and decides at the primary', async () => {
    expect(await usable()).toBe(true);
    const answer = await look(DELEGATE);
    expect(codesOf(answer)).toEqual([]);
    expect(answer.fromReplica).toBeGreaterThan(0);
    expect(answer.data.dashboard.totals.count).toBeGreaterThan(100);
    expect(new Set(answer.data.dashboard.bills.nodes.map((bill) => bill.provider.id))).toEqual(
      new Set([demoUser('provider.a')]),
    );
  });

  it('answers each viewer as the primary alone would', async () => {
    const alone = await startTestServer({ db: pair.primary });
    try {
      for (const who of [A, DELEGATE, CLERK, STRANGER, ADMIN]) {
        const [there, here] = [await look(who, 20), await alone.ask<Look>(who, LOOK, { first: 20 })];
        expect([who, there.data]).toEqual([who, here.data]);
        expect(there.fromReplica).toBeGreaterThan(0);
      }
    } finally {
      await alone.close();
    }
  });

  it('shows there what it shows at the primary, from then on: a bill changed while replay is paused is the old one', async () => {
    const [bill] = (await look(A, 1)).data.dashboard.bills.nodes;
    await pair.replay(false);
    await pair.primary.query(
      "UPDATE bills SET note = 'written at the primary' WHERE clinic_id = $1 AND number = $2",
      [DEMO_ID, bill?.number],
    );
    const stale = await look(A, 1);
    expect([stale.data.dashboard.bills.nodes[0]?.note, stale.fromReplica > 0]).toEqual([
      bill?.note ?? null,
      true,
    ]);
    // No longer than the documented staleness.
    expect(
      await until(
        async () => (await look(A, 1)).data.dashboard.bills.nodes[0]?.note === 'written at the primary',
        MAX_LAG * 1000 + 1_000,
      ),
    ).toBe(true);
  });
});

/** What the process tells Prometheus of its replica: reads of bills by where they went, and the rest. */
async function told() {
  const text = await metrics.registry.metrics();
  const of = (name: string) => samplesOf(text).filter((sample) => sample.name === `billing_replica_${name}`);
  return {
    reads: Object.fromEntries(of('reads_total').map(({ labels, value }) => [labels.read, value])),
    usable: of('usable')[0]?.value,
    lag: of('lag_seconds')[0]?.value,
    maxLag: of('max_lag_seconds')[0]?.value,
  };
}

describe('what is told of it to Prometheus', () => {
  it('is who answered the reads of bills, whether it is asked, and how old it is at most', async () => {
    const before = await told();
    expect(before).toMatchObject({ usable: 1, maxLag: MAX_LAG });
    const { fromReplica } = await look(A);
    const there = await told();
    expect(there.reads).toEqual({ ...before.reads, answered: (before.reads.answered ?? 0) + fromReplica });
    expect(there.lag).toBeGreaterThanOrEqual(0);
    expect(there.lag).toBeLessThan(MAX_LAG);
    await pair.replay(false);
    await pair.primary.query('UPDATE bills SET note = NULL WHERE clinic_id = $1', [DEMO_ID]);
    expect(await until(() => !replica.usable(), MAX_LAG * 1000 + 2_000)).toBe(true);
    await look(A);
    const late = await told();
    expect(late).toMatchObject({ usable: 0, reads: { answered: there.reads.answered } });
    expect(late.lag).toBeGreaterThan(MAX_LAG);
    expect(late.reads.unusable).toBe((there.reads.unusable ?? 0) + fromReplica);
  });
});

describe('with replay paused', () => {
  it('a revoke holds in the very next request, on every surface', async () => {
    await change('addUserDelegate', entry('provider.b', 'stranger'));
    await pair.caughtUp();
    const before = await look(STRANGER);
    expect(before.data.dashboard.totals.count).toBeGreaterThan(0);
    const [bill] = before.data.dashboard.bills.nodes;
    await pair.replay(false);
    await change('removeUserDelegate', entry('provider.b', 'stranger'));
    const after = await look(STRANGER);
    // The replica was asked, and still has the entry.
    expect(after.fromReplica).toBeGreaterThan(0);
    expect(codesOf(after)).toEqual([]);
    expect(after.data.dashboard).toMatchObject(NOTHING);
    const one = await server.ask<{ bill: unknown; node: unknown }>(
      STRANGER,
      'query ($id: ID!) { bill(id: $id) { number } node(id: $id) { id } }',
      { id: bill?.id },
    );
    expect(one.data).toEqual({ bill: null, node: null });
    const summary = await server.ask<{ dashboard: { summary: unknown[] } }>(
      STRANGER,
      '{ dashboard { summary(groupBy: PROVIDER) { kind } } }',
    );
    expect([codesOf(summary), summary.data.dashboard.summary]).toEqual([[], []]);
  });

  it('so do a left group and a deactivation', async () => {
    expect((await look(CLERK)).data.dashboard.totals.count).toBeGreaterThan(0);
    await pair.replay(false);
    await pair.primary.query('DELETE FROM group_members WHERE clinic_id = $1 AND user_id = $2', [
      DEMO_ID,
      demoUserId('clerk'),
    ]);
    const left = await look(CLERK);
    expect([left.fromReplica > 0, left.data.dashboard]).toMatchObject([true, NOTHING]);
    await pair.primary.query('UPDATE users SET active = false WHERE clinic_id = $1 AND id = $2', [
      DEMO_ID,
      demoUserId('delegate'),
    ]);
    const gone = await look(DELEGATE);
    expect([codesOf(gone), gone.data.dashboard]).toEqual([['UNAUTHENTICATED'], null]);
    await pair.primary.query('UPDATE users SET active = true WHERE clinic_id = $1 AND id = $2', [
      DEMO_ID,
      demoUserId('delegate'),
    ]);
  });

  it('a grant shows no later than the documented staleness', async () => {
    await pair.replay(false);
    await change('addUserDelegate', entry('provider.d', 'stranger'));
    const granted = performance.now();
    const at = await look(STRANGER);
    expect([codesOf(at), at.data.dashboard.totals.count]).toEqual([[], 0]);
    expect(
      await until(
        async () => (await look(STRANGER)).data.dashboard.totals.count > 0,
        MAX_LAG * 1000 + 1_000 - (performance.now() - granted),
      ),
    ).toBe(true);
    // It was the primary that showed it.
    expect((await look(STRANGER)).fromReplica).toBe(0);
    expect(await until(() => /seconds behind/.test(changes.at(-1)?.reason ?? ''), 2_000)).toBe(true);
    await change('removeUserDelegate', entry('provider.d', 'stranger'));
  });

  it('a deactivated support user sees nothing more, whom the replica would show everything', async () => {
    const ask = () =>
      server.ask<{ dashboard: { totals: { count: number } } | null }>(
        SUPPORT,
        'query ($id: ID!) { dashboard(clinicId: $id) { totals { count } } }',
        { id: toGlobalId('Clinic', DEMO_ID, DEMO_ID) },
      );
    const [before, served] = [replica.counts.answered, (await ask()).data.dashboard?.totals.count ?? 0];
    expect([served > 0, replica.counts.answered > before]).toEqual([true, true]);
    await pair.replay(false);
    await pair.primary.query('UPDATE support_users SET active = false');
    expect(codesOf(await ask())).toEqual(['UNAUTHENTICATED']);
    await pair.primary.query('UPDATE support_users SET active = true');
  });
});

describe('without the replica', () => {
  it('reads go to the primary when the replica is gone, without an error', async () => {
    expect((await look(A)).fromReplica).toBeGreaterThan(0);
    stopped = true;
    await pair.stopReplica();
    for (let at = 0; at < 10; at += 1) {
      const answer = await look(A);
      expect([codesOf(answer), answer.data.dashboard.totals.count > 0, answer.fromReplica]).toEqual([
        [],
        true,
        0,
      ]);
    }
    expect(replica.usable()).toBe(false);
    const { usable, reads } = await told();
    expect([usable, (reads.failed ?? 0) + (reads.unusable ?? 0) >= 10]).toEqual([0, true]);
  });
});
