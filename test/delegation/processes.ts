import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { DEMO_PASSWORD } from '../support/database';
import { throughPgBouncer } from '../support/pgbouncer';
import { type Answer, SIGNING_KEY } from '../support/server';
import type { Asking } from './support';

const root = path.resolve(__dirname, '../..');

/** The server, compiled as `npm run build` does, in a folder of its own. */
export interface Build {
  readonly main: string;
  remove(): Promise<void>;
}

export async function buildServer(): Promise<Build> {
  const folder = await mkdtemp(path.join(tmpdir(), 'billing-build-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    await promisify(execFile)(
      process.execPath,
      [tsc, '-p', path.join(root, 'tsconfig.build.json'), '--outDir', folder],
      { cwd: root },
    );
    await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  } catch (error) {
    await remove();
    // What tsc has to say is on its standard output.
    throw new Error(
      `the server does not compile:\n${String((error as { stdout?: unknown }).stdout ?? error)}`,
    );
  }
  return { main: path.join(folder, 'src', 'main.js'), remove };
}

/** A server in a process of its own. */
export interface ServerProcess extends Asking {
  readonly url: string;
  readonly pid: number;
  /** What it has said so far, on both outputs. */
  readonly output: () => string;
  /** Its exit code once it has ended. */
  readonly ended: Promise<number | null>;
  /** Ends it on the spot, as `kill -9`. */
  kill(): Promise<void>;
  /** Ends it in good order. */
  stop(): Promise<void>;
}

/** Starts a server process on a database and waits until it has told its address. More settings win over these. */
export async function startProcess(
  build: Build,
  database: { apiUrl: string; ownerUrl: string },
  settings: NodeJS.ProcessEnv = {},
): Promise<ServerProcess> {
  const child = spawn(process.execPath, [build.main], {
    cwd: tmpdir(),
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: database.apiUrl,
      MIGRATION_DATABASE_URL: database.ownerUrl,
      PREPARED_STATEMENTS: String(!throughPgBouncer()),
      SIGNING_KEY,
      PORT: '0',
      LOG_LEVEL: 'silent',
      // Tests ask for more at once, and more in a minute, than anybody should. What one request may hold is as shipped.
      MAX_CONCURRENT: '2000',
      REQUESTS_PER_MINUTE: '0',
      REQUEST_TIMEOUT_MS: '120000',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  const url = await addressOf(child);
  const tokens = new Map<string, Promise<string>>();
  const send = async <Data>(token: string | null, query: string, variables: Record<string, unknown>) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ query, variables }),
    });
    const text = await response.text();
    return { ...(JSON.parse(text) as Answer<Data>), text };
  };
  const signIn = async (email: string): Promise<string> => {
    const answer = await send<{ signIn: { token: string } | null }>(
      null,
      'mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password) { token } }',
      { email, password: DEMO_PASSWORD },
    );
    if (!answer.data?.signIn) throw new Error(`cannot sign in as ${email}: ${answer.text}`);
    return answer.data.signIn.token;
  };
  return {
    url,
    pid: child.pid ?? 0,
    output: () => output,
    ended,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    ask: async (who, query, variables = {}) => {
      if (who === null) return send(null, query, variables);
      const token = tokens.get(who) ?? signIn(who);
      tokens.set(who, token);
      return send(await token, query, variables);
    },
  };
}

/** The address that the server prints when it is up. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.once('exit', (code) => reject(new Error(`the server ended early with ${code}:\n${errors}`)));
    if (child.stdout === null) return;
    createInterface(child.stdout).on('line', (line) => {
      const address = /^\s*API\s+(http\S+)\/graphql$/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
  });
}
