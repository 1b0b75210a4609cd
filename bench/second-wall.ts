import { parseArgs } from 'node:util';
import { withClient } from '../src/embedded-database';
import { FULL, PASSWORD, viewerEmail } from './lib/data';
import { openBenchDatabase } from './lib/database';
import { measure, median, type Round, tokenOf } from './lib/load';
import { startServer } from './lib/server';
import { stoppable } from './lib/stopping';

const PAGE = `{ dashboard { bills(first: 50) { nodes { id number status serviceDate total outstanding
  patient { name } provider { name } items { serviceCode amount } } } } }`;
const TOTALS = '{ dashboard { totals { count billed outstanding } } }';
const TABLES = ['bills', 'bill_items', 'payments'];
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * What the second wall costs: the same server and statements with row-level security on and off, in turn, on the
 * dashboard's first page and on its totals. Prints the ratio of requests per second, on / off.
 */
export function wall(args: readonly string[]): Promise<void> {
  // However it ends, the wall stands again.
  return stoppable(({ signal }) => measureWall(args, signal));
}

async function measureWall(args: readonly string[], signal: AbortSignal): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      bills: { type: 'string', default: '100000' },
      seconds: { type: 'string', default: '5' },
      rounds: { type: 'string', default: '3' },
    },
  });
  const size = { ...FULL, bills: Number(values.bills) };
  const database = await openBenchDatabase({ size, onProgress: say });
  try {
    const server = await startServer(database.apiUrl, { MIGRATION_DATABASE_URL: database.ownerUrl });
    try {
      const token = await tokenOf(server.url, viewerEmail(20), PASSWORD);
      for (const [name, query] of Object.entries({ page: PAGE, totals: TOTALS })) {
        const rounds: Record<'on' | 'off', Round[]> = { on: [], off: [] };
        await measure(server, token, query, 2);
        for (let round = 0; round < Number(values.rounds); round += 1) {
          for (const state of ['on', 'off'] as const) {
            signal.throwIfAborted();
            await turnWall(database.ownerUrl, state);
            rounds[state].push(await measure(server, token, query, Number(values.seconds)));
          }
        }
        report(name, rounds);
      }
    } finally {
      await server.stop();
    }
  } finally {
    await turnWall(database.ownerUrl, 'on');
    await database.stop();
  }
}

async function turnWall(ownerUrl: string, state: 'on' | 'off'): Promise<void> {
  const verb = state === 'on' ? 'ENABLE' : 'DISABLE';
  await withClient(ownerUrl, async (client) => {
    for (const table of TABLES) await client.query(`ALTER TABLE ${table} ${verb} ROW LEVEL SECURITY`);
  });
}

function report(name: string, rounds: Readonly<Record<'on' | 'off', readonly Round[]>>): void {
  const rps = (state: 'on' | 'off') => median(rounds[state].map((one) => one.requestsPerSecond));
  const cpu = (state: 'on' | 'off') => median(rounds[state].map((one) => one.cpuPerRequest));
  const ratio = (rps('on') / rps('off')).toFixed(2);
  say(
    `${name.padEnd(8)} on ${rps('on').toFixed(0)}/s, off ${rps('off').toFixed(0)}/s, ratio ${ratio}; CPU of the server ${cpu('on').toFixed(2)} / ${cpu('off').toFixed(2)} ms a request`,
  );
}

if (require.main === module) {
  wall(process.argv.slice(2)).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  });
}
