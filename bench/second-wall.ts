import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startCluster } from '../src/embedded';
import { ownerUrlOf, serverUrlOf, withClient } from '../src/embedded-database';
import { migrate } from '../src/migrate';
import { makeClinic, PASSWORD, viewerEmail } from './lib/data';
import { measure, median, type Round, tokenOf } from './lib/load';
import { startServer } from './lib/server';

/**
 * What the second wall costs: the same server and statements with row-level security on and off, in turn, on the
 * dashboard's first page and on its totals. Prints the ratio of requests per second, on / off.
 */
const { values } = parseArgs({
  options: {
    bills: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
  },
});

const PAGE = `{ dashboard { bills(first: 50) { nodes { id number status serviceDate total outstanding
  patient { name } provider { name } items { serviceCode amount } } } } }`;
const TOTALS = '{ dashboard { totals { count billed outstanding } } }';
const TABLES = ['bills', 'bill_items', 'payments'];
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'billing-bench-'));
  const cluster = await startCluster({ dataDir, ephemeral: true });
  try {
    const ownerUrl = await ownerUrlOf(cluster);
    await migrate(ownerUrl);
    say(`Making ${values.bills} bills ...`);
    const size = { bills: Number(values.bills), providers: 500, users: 2000, patients: 20_000 };
    await withClient(cluster.url('billing'), (client) => makeClinic(client, size, [20]));
    const databaseUrl = await serverUrlOf(cluster);
    const server = await startServer(databaseUrl, { MIGRATION_DATABASE_URL: ownerUrl });
    try {
      const token = await tokenOf(server.url, viewerEmail(20), PASSWORD);
      for (const [name, query] of Object.entries({ page: PAGE, totals: TOTALS })) {
        const rounds: Record<'on' | 'off', Round[]> = { on: [], off: [] };
        await measure(server, token, query, 2);
        for (let round = 0; round < Number(values.rounds); round += 1) {
          for (const wall of ['on', 'off'] as const) {
            const verb = wall === 'on' ? 'ENABLE' : 'DISABLE';
            await withClient(ownerUrl, async (client) => {
              for (const table of TABLES)
                await client.query(`ALTER TABLE ${table} ${verb} ROW LEVEL SECURITY`);
            });
            rounds[wall].push(await measure(server, token, query, Number(values.seconds)));
          }
        }
        const rps = (wall: 'on' | 'off') => median(rounds[wall].map((one) => one.requestsPerSecond));
        const cpu = (wall: 'on' | 'off') => median(rounds[wall].map((one) => one.cpuPerRequest));
        const ratio = (rps('on') / rps('off')).toFixed(2);
        say(
          `${name.padEnd(8)} on ${rps('on').toFixed(0)}/s, off ${rps('off').toFixed(0)}/s, ratio ${ratio}; CPU of the server ${cpu('on').toFixed(2)} / ${cpu('off').toFixed(2)} ms a request`,
        );
      }
    } finally {
      await server.stop();
    }
  } finally {
    await cluster.stop();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
