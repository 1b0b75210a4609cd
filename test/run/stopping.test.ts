import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { A } from '../cases/support';
import { type Build, buildServer, type ServerProcess, startProcess } from '../delegation/processes';
import { codesOf } from '../delegation/support';
import { runs } from '../embedded/support';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { type LockedTable, lockVisits, VISITS } from './support';

let build: Build;
let db: TestDatabase;
let server: ServerProcess | undefined;
let lock: LockedTable | undefined;

beforeAll(async () => {
  build = await buildServer();
});
afterAll(() => build.remove());
beforeEach(async () => {
  db = await createTestDatabase({ demo: true });
});
afterEach(async () => {
  await lock?.release();
  lock = undefined;
  await server?.kill();
  server = undefined;
  await db.drop();
});

const start = async (settings: NodeJS.ProcessEnv): Promise<ServerProcess> => {
  server = await startProcess(build, { apiUrl: db.apiUrl, ownerUrl: db.url }, settings);
  await server.ask(A, '{ viewer { email } }');
  return server;
};

const statusOf = async (path: string): Promise<number | string> =>
  fetch(`${server?.url}${path}`).then(
    (response) => response.status,
    (error: Error) => (error.cause as { code?: string } | undefined)?.code ?? error.message,
  );

it.each([
  ['one process', '1'],
  ['two workers', '2'],
])(
  '%s: every request in flight during SIGTERM gets its answer, and new ones are refused',
  async (_what, workers) => {
    const IN_FLIGHT = 8;
    const stopping = await start({ WORKERS: workers, POOL_SIZE: '10', SHUTDOWN_SECONDS: '30' });
    lock = await lockVisits(db);
    const answers = Array.from({ length: IN_FLIGHT }, () => stopping.ask(A, VISITS));
    await lock.waiting(IN_FLIGHT);
    expect(await statusOf('/readyz')).toBe(200);
    const ended = stopping.stop();
    for (let at = 0; (await statusOf('/readyz')) === 200 && at < 50; at += 1) await pause(20);
    expect(await statusOf('/readyz')).toBe(503);
    expect(await statusOf('/healthz')).toBe(200);
    expect(codesOf(await stopping.ask(A, '{ viewer { email } }'))).toEqual(['UNAVAILABLE']);
    await lock.release();
    for (const answer of await Promise.all(answers)) {
      expect(codesOf(answer)).toEqual([]);
      expect(answer.data).toEqual({ visits: { nodes: expect.any(Array) } });
    }
    await ended;
    expect(await stopping.ended).toBe(0);
    expect(await statusOf('/healthz')).toBe('ECONNREFUSED');
  },
);

it.each(['1', '2'])(
  '%s workers: what was sent before SIGTERM is answered, read by then or not',
  async (workers) => {
    const SENT = 60;
    const stopping = await start({ WORKERS: workers });
    const body = JSON.stringify({ query: '{ __typename }' });
    const request = `POST /graphql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const { hostname, port } = new URL(stopping.url);
    const sockets = await Promise.all(
      Array.from(
        { length: SENT },
        () =>
          new Promise<Socket>((resolve, reject) => {
            const socket = connect(Number(port), hostname, () =>
              socket.write(request, () => resolve(socket)),
            );
            socket.once('error', reject);
          }),
      ),
    );
    const ended = stopping.stop();
    const statuses = await Promise.all(sockets.map(statusLineOf));
    expect(statuses.filter((line) => !/^HTTP\/1\.1 (200|503) /.test(line))).toEqual([]);
    await ended;
    expect(await stopping.ended).toBe(0);
  },
);

/** The first line that comes, or why none does. */
const statusLineOf = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    let received = '';
    socket.on('data', (data) => {
      received += data.toString();
    });
    socket.once('error', (error) => resolve(error.message));
    socket.once('close', () => resolve(received.split('\r\n')[0] ?? ''));
  });

it('a request that does not end in SHUTDOWN_SECONDS is cut off, with an answer, and its statement with it', async () => {
  const stopping = await start({ WORKERS: '1', SHUTDOWN_SECONDS: '1' });
  lock = await lockVisits(db);
  const answer = stopping.ask(A, VISITS);
  await lock.waiting(1);
  const began = performance.now();
  await stopping.stop();
  expect(performance.now() - began).toBeLessThan(20_000);
  expect(codesOf(await answer)).toEqual(['UNAVAILABLE']);
  expect(await stopping.ended).toBe(0);
  await lock.waiting(0);
});

it('workers do not outlive the process that started them, and finish what they work on', async () => {
  const first = await start({ WORKERS: '2', LOG_LEVEL: 'info' });
  const pids = [...first.output().matchAll(/"worker":\d+,"pid":(\d+),"msg":"a worker starts"/g)].map(
    ([, pid]) => Number(pid),
  );
  expect(pids).toHaveLength(2);
  lock = await lockVisits(db);
  const answer = first.ask(A, VISITS);
  await lock.waiting(1);
  await first.kill();
  await pause(300);
  await lock.release();
  expect(codesOf(await answer)).toEqual([]);
  for (let at = 0; at < 200 && (await Promise.all(pids.map(runs))).includes(true); at += 1) await pause(50);
  expect(await Promise.all(pids.map(runs))).toEqual([false, false]);
});
