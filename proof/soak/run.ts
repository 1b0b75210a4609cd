import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type SoakResult, soak } from './load';

const PASSWORD = 'a password for the soak only';
const PEOPLE = ['provider.a@demo.example', 'delegate@demo.example', 'stranger@demo.example'];
/** Memory after the load may be this much of what it was after the warm-up. */
const MOST_GROWTH = 1.5;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** The resident memory of a process, in MiB. */
const memoryOf = (pid: number): number =>
  Math.round(Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)]).toString()) / 1024);

/** Starts the server as it is run, with the embedded database in a folder of its own. */
async function startServer(dataDir: string) {
  const child = spawn(process.execPath, [path.join(__dirname, '..', '..', 'src', 'main.js')], {
    env: {
      ...process.env,
      ...{ NODE_ENV: 'production', DATA_DIR: dataDir, PORT: '0', GRAPHIQL: 'false', DEMO_PASSWORD: PASSWORD },
      // One viewer asks as often as a whole clinic would.
      REQUESTS_PER_MINUTE: '0',
    },
    // Its log is not what is measured here.
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (data: Buffer) => {
      text += data.toString();
      const found = /(http:\/\/[^\s/]+)\/graphql/.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', () => reject(new Error(`The server did not start:\n${text}`)));
  });
  const stop = () =>
    new Promise<void>((resolve) => {
      child.removeAllListeners('exit').once('exit', () => resolve());
      child.kill('SIGTERM');
    });
  return { url, pid: child.pid ?? 0, stop };
}

async function tokenOf(url: string, email: string): Promise<string> {
  const query =
    'mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password) { token } }';
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { email, password: PASSWORD } }),
  });
  const { data } = (await response.json()) as { data: { signIn: { token: string } } };
  return data.signIn.token;
}

/** Loads a server of its own and tells what came of it: `--seconds 60 --connections 50`. */
async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '60' }, connections: { type: 'string', default: '50' } },
  });
  const dataDir = await mkdtemp(path.join(tmpdir(), 'billing-soak-'));
  const server = await startServer(dataDir);
  try {
    const tokens = await Promise.all(PEOPLE.map((email) => tokenOf(server.url, email)));
    const options = { url: server.url, connections: Number(values.connections), tokens };
    const atStart = memoryOf(server.pid);
    const warmUp = await soak({ ...options, seconds: 10 });
    const warm = memoryOf(server.pid);
    const result = await soak({ ...options, seconds: Number(values.seconds) });
    const atEnd = memoryOf(server.pid);
    for (const [kind, count] of Object.entries(result.answers)) say(`${kind.padEnd(14)} ${count}`);
    say(`wrong answers  ${result.wrongCount + warmUp.wrongCount}`);
    for (const line of [...warmUp.wrong, ...result.wrong]) say(`  ${line}`);
    say(`broken         ${result.broken + warmUp.broken}`);
    say(
      `memory         ${atStart} MiB at the start, ${warm} after 10 s, ${atEnd} at the end (${(atEnd / warm).toFixed(2)} x)`,
    );
    const right = (one: SoakResult) => one.wrongCount === 0 && one.broken === 0;
    return right(warmUp) && right(result) && atEnd <= MOST_GROWTH * warm;
  } finally {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

void main().then(
  (passed) => {
    say(passed ? 'passed' : 'FAILED');
    process.exitCode = passed ? 0 : 1;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
