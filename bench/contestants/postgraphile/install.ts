import { spawn } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

const POSTGRAPHILE = '5.1.5';
const NODE = '22.23.3';
/** PostGraphile 5 needs Node 22. */
const LEAST_NODE = 22;
const ownNodeIsEnough = Number(process.versions.node.split('.')[0]) >= LEAST_NODE;

/** What is installed, in exactly these versions; the driver in the one that the other contestants have. */
const PACKAGES: Readonly<Record<string, string>> = {
  postgraphile: POSTGRAPHILE,
  pg: '8.23.1',
  ...(ownNodeIsEnough ? {} : { node: NODE }),
};
const LONGEST_INSTALL_MS = 5 * 60_000;

/** Where it is installed; npm runs the benchmark in the folder of package.json. */
const FOLDER = path.resolve('.bench', 'postgraphile');
const SOURCE = path.resolve('bench', 'contestants', 'postgraphile', 'server.mjs');

/** The server's file, where its packages can be found from. */
export const ENTRY = path.join(FOLDER, 'server.mjs');

/** The Node that it is run with; null: the one that runs this. */
export const NODE_BINARY = ownNodeIsEnough
  ? null
  : path.join(FOLDER, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

export const VERSIONS = `PostGraphile ${POSTGRAPHILE} on Node ${ownNodeIsEnough ? process.versions.node : NODE}`;

/** Installs it from the npm registry unless it is there. Null: it can be started; otherwise why it cannot. */
export async function install(): Promise<string | null> {
  try {
    await mkdir(FOLDER, { recursive: true });
    await copyFile(SOURCE, ENTRY);
    if (!(await isInstalled())) {
      await writeFile(
        path.join(FOLDER, 'package.json'),
        `${JSON.stringify({ private: true, dependencies: PACKAGES }, null, 2)}\n`,
      );
      process.stderr.write(`Installing ${VERSIONS} into ${path.relative('', FOLDER)} ...\n`);
      await npmInstall();
    }
    if (NODE_BINARY !== null) await run(NODE_BINARY, ['--version']);
    return null;
  } catch (error) {
    return `${VERSIONS} could not be installed: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function isInstalled(): Promise<boolean> {
  const there = await Promise.all(
    Object.entries(PACKAGES).map(async ([name, version]) => {
      const file = path.join(FOLDER, 'node_modules', name, 'package.json');
      const text = await readFile(file, 'utf8').catch(() => '{}');
      return (JSON.parse(text) as { version?: string }).version === version;
    }),
  );
  return there.every(Boolean);
}

/** Scripts are left on: the package `node` fetches its binary in one. */
async function npmInstall(): Promise<void> {
  const cli = process.env.npm_execpath ?? '';
  const direct = path.basename(cli) === 'npm-cli.js';
  const install = ['install', '--prefix', FOLDER, '--ignore-scripts=false', '--engine-strict=false'];
  const quiet = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error', '--fetch-retries=0'];
  await run(direct ? process.execPath : 'npm', [...(direct ? [cli] : []), ...install, ...quiet], {
    shell: !direct && process.platform === 'win32',
  });
}

/** The first of what a program complained of, on one line: npm tells the code there, and how to ask for help behind it. */
const firstOf = (complaint: string): string =>
  complaint
    .split('\n')
    .map((line) => line.replace(/^npm (error|ERR!)\s*/, '').trim())
    .filter((line) => line !== '')
    .slice(0, 3)
    .join(', ');

/** Runs a program in the folder. Raises an Error with what it complained of. */
function run(command: string, args: readonly string[], { shell = false } = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: FOLDER,
      shell,
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: LONGEST_INSTALL_MS,
    });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (data: string) => {
      complaint = (complaint + data).slice(0, 1000);
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(firstOf(complaint) || `${path.basename(command)} ended with ${code ?? signal}`));
    });
  });
}
