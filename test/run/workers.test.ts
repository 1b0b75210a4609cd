import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toGlobalId } from '../../src/global-id';
import { pauseAfter } from '../../src/run/workers';
import { Metrics } from '../../src/watching/metrics';
import { OperationNames } from '../../src/watching/operations';
import { A, DEMO_ID, demoUserId } from '../cases/support';
import { type Build, buildServer, type ServerProcess, startProcess } from '../delegation/processes';
import { codesOf, save } from '../delegation/support';
import { eventually, runs } from '../embedded/support';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { samplesOf, sumOf } from './metrics-text';
import { logLines } from './support';

let build: Build;
let db: TestDatabase;
let server: ServerProcess;

beforeAll(async () => {
  build = await buildServer();
  db = await createTestDatabase({ demo: true });
  server = await startProcess(
    build,
    { apiUrl: db.apiUrl, ownerUrl: db.url },
    { WORKERS: '2', METRICS_PORT: '0', OPERATION_NAMES: 'Me', LOG_LEVEL: 'info' },
  );
});
afterAll(async () => {
  await server?.stop();
  await build?.remove();
  await db?.drop();
});

interface Line extends Record<string, unknown> {
  readonly msg?: string;
  readonly worker?: number;
  readonly pid?: number;
  readonly pauseMilliseconds?: number;
}
const lines = (msg: string): Line[] =>
  (logLines(server.output()) as Line[]).filter((line) => line.msg === msg);
/** The process ids of the workers that run now. */
async function workers(): Promise<number[]> {
  const pids = lines('a worker starts').map((line) => line.pid ?? 0);
  const running = await Promise.all(pids.map(runs));
  return pids.filter((_pid, index) => running[index]);
}
const ME = 'query Me { viewer { email } }';
/** How often `ME` was asked: its line in the log comes a moment after the answer. */
let asked = 0;
/** By a connection of its own, so that it may come to either worker. */
const ask = (query = ME): Promise<string> => {
  if (query === ME) asked += 1;
  return fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ query }),
  }).then((response) => response.text());
};
async function scrape(): Promise<string> {
  const url = await eventuallyUrl();
  const response = await fetch(url);
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  return response.text();
}
async function eventuallyUrl(): Promise<string> {
  const find = (): string | undefined => /Metrics +(http\S+)/.exec(server.output())?.[1];
  await eventually(() => find() !== undefined);
  return find() ?? '';
}

describe('two workers', () => {
  it('share one port and take requests in turn', async () => {
    const before = lines('request').length;
    for (let at = 0; at < 8; at += 1) await ask();
    const served = lines('request').slice(before);
    expect(new Set(served.map((line) => line.worker))).toEqual(new Set([1, 2]));
  });

  it('count password failures as one', async () => {
    const provider = toGlobalId('User', DEMO_ID, demoUserId('provider.a'));
    const clerk = toGlobalId('User', DEMO_ID, demoUserId('clerk'));
    const attempt = () => save(server, A, [{ providerId: provider, addUsers: [{ userId: clerk }] }], 'wrong');
    const before = lines('request').length;
    // At once, each by a connection of its own.
    const codes = (await Promise.all(Array.from({ length: 12 }, attempt))).flatMap(codesOf).sort();
    expect(codes).toEqual([
      ...Array.from({ length: 5 }, () => 'PASSWORD_REQUIRED'),
      ...Array.from({ length: 7 }, () => 'RATE_LIMITED'),
    ]);
    const attempts = lines('request')
      .slice(before)
      .filter((line) => line.type === 'mutation' && line.viewer !== null);
    expect(new Set(attempts.map((line) => line.worker))).toEqual(new Set([1, 2]));
  });

  it('are counted together, and what they counted stays when one is killed and replaced', async () => {
    const ok = { operation: 'Me', type: 'query', outcome: 'UNAUTHENTICATED' };
    for (let at = 0; at < 6; at += 1) await ask();
    const counted = asked;
    // What is counted, is a moment after the client has the answer.
    const countedAre = (count: number) => async (): Promise<boolean> =>
      sumOf(await scrape(), 'billing_requests_total', ok) === count;
    expect(await eventually(countedAre(counted))).toBe(true);
    const before = await scrape();
    expect(sumOf(before, 'billing_confirmations_locked_total')).toBe(7);
    expect(sumOf(before, 'billing_denials_total', { code: 'PASSWORD_REQUIRED' })).toBe(5);
    expect(sumOf(before, 'billing_workers')).toBe(2);
    // The pools of both.
    expect(sumOf(before, 'billing_pool_limit')).toBe(20);

    const [victim = 0, other = 0] = await workers();
    process.kill(victim, 'SIGKILL');
    expect(await eventually(() => lines('a worker ended; it will be replaced').length === 1)).toBe(true);
    // The other one serves meanwhile.
    for (let at = 0; at < 4; at += 1) expect(await ask()).toContain('UNAUTHENTICATED');
    expect(await eventually(countedAre(counted + 4))).toBe(true);
    expect(await eventually(async () => (await workers()).length === 2)).toBe(true);
    expect(await workers()).toContain(other);
    const restored = async (): Promise<boolean> => {
      await ask();
      return lines('request').some((line) => line.worker === 3);
    };
    // A process needs a while to start on a busy machine.
    expect((await eventually(restored)) || (await eventually(restored))).toBe(true);
    const after = await scrape();
    expect(sumOf(after, 'billing_worker_restarts_total')).toBe(1);
    expect(sumOf(after, 'billing_workers')).toBe(2);
    expect(sumOf(after, 'billing_pool_limit')).toBe(20);
    expect(sumOf(after, 'billing_requests_total', ok)).toBeGreaterThanOrEqual(counted + 5);
  });

  it('that end early again and again are replaced after longer and longer pauses', async () => {
    const ended = () => lines('a worker ended; it will be replaced');
    for (let round = 0; round < 3; round += 1) {
      const from = ended().length;
      // The newest: the one that was just put in the place.
      const newest = lines('a worker starts').at(-1)?.pid ?? 0;
      process.kill(newest, 'SIGKILL');
      expect(await eventually(() => ended().length === from + 1)).toBe(true);
      const starts = lines('a worker starts').length;
      expect(await eventually(() => lines('a worker starts').length === starts + 1)).toBe(true);
    }
    expect(ended().map((line) => line.pauseMilliseconds)).toEqual([250, 500, 1_000, 2_000]);
    expect(await ask()).toContain('UNAUTHENTICATED');
  });

  it('export every metric that the Grafana dashboard names', async () => {
    const file = path.resolve(__dirname, '../../docs/grafana/dashboard.json');
    const dashboard = JSON.parse(await readFile(file, 'utf8')) as {
      panels: { type: string; targets?: { expr: string }[] }[];
      templating: { list: { definition?: string }[] };
    };
    const expressions = [
      ...dashboard.panels.flatMap((panel) => panel.targets ?? []).map(({ expr }) => expr),
      ...dashboard.templating.list.flatMap(({ definition }) => definition ?? []),
    ];
    const named = new Set(expressions.join(' ').match(/\b(billing|process|nodejs)_[a-z0-9_]+/g));
    expect(named.size).toBeGreaterThan(12);
    // The workers here have no read replica; what one that has tells besides, it tells of this.
    const replica = new Metrics(new OperationNames([]));
    const counts = { answered: 0, failed: 0, unusable: 0, changed: 0 };
    replica.watchReplica({ counts, maxLag: 5_000, usable: () => true, lag: () => 0 });
    const text = (await scrape()) + (await replica.registry.metrics());
    const exported = new Set(samplesOf(text).map((sample) => sample.name));
    expect([...named].filter((name) => !exported.has(name))).toEqual([]);
    // And every label that it groups by or selects is one that they have.
    const labels = new Set(samplesOf(text).flatMap((sample) => Object.keys(sample.labels)));
    const used = expressions.flatMap((expr) => [
      ...[...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(/,\s*/)),
      ...[...expr.matchAll(/(\w+)=~?"/g)].map(([, name = '']) => name),
    ]);
    // These two are Prometheus' own.
    const unknown = used.filter((name) => !labels.has(name) && name !== 'job' && name !== 'instance');
    expect(unknown).toEqual([]);
  });
});

it('the pause before a worker is replaced grows to half a minute and no further', () => {
  expect([0, 1, 2, 3, 4, 8, 9, 1_000].map(pauseAfter)).toEqual([
    250, 250, 500, 1_000, 2_000, 30_000, 30_000, 30_000,
  ]);
});
