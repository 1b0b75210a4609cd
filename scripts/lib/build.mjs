import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { npm, root, say } from './run.mjs';

const dist = path.join(root, 'dist');

/** What is built, from what (files or folders in the clone), and which npm script does it. */
const SERVER = {
  label: 'Building the server ...',
  script: 'build',
  stamp: path.join(dist, '.server-built'),
  inputs: ['src', 'migrations', 'ormconfig.ts', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'],
  output: path.join(dist, 'src', 'main.js'),
};
const GRAPHIQL = {
  label: 'Building the GraphiQL page ...',
  script: 'build:graphiql',
  stamp: path.join(dist, '.graphiql-built'),
  inputs: ['graphiql', 'package-lock.json'],
  output: path.join(dist, 'graphiql', 'index.html'),
};

const PROOF = {
  label: 'Building the proof ...',
  script: 'build:proof',
  stamp: path.join(dist, '.proof-built'),
  inputs: ['proof', 'test/support', ...SERVER.inputs],
  output: path.join(dist, '.proof', 'proof', 'cli.js'),
};

/** One line per input file: its path, size and time of change. A removed file changes the list too. */
async function listing(inputs) {
  const lines = [];
  const visit = async (relative) => {
    const info = await stat(path.join(root, relative)).catch(() => undefined);
    if (info === undefined) return;
    if (!info.isDirectory()) {
      lines.push(`${relative} ${info.size} ${info.mtimeMs}`);
      return;
    }
    for (const name of await readdir(path.join(root, relative))) {
      if (name !== 'node_modules' && name !== 'results') await visit(path.join(relative, name));
    }
  };
  for (const input of inputs) await visit(input);
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex');
}

async function buildOne({ label, script, stamp, inputs, output }, clear) {
  const wanted = await listing(inputs);
  const built = await readFile(stamp, 'utf8').catch(() => '');
  const there = await stat(output).catch(() => undefined);
  if (built === wanted && there !== undefined) return;
  say(label);
  await rm(stamp, { force: true });
  await clear();
  await npm(['run', '--silent', script], { quiet: true });
  await mkdir(dist, { recursive: true });
  await writeFile(stamp, wanted);
}

/** Removes the server's old output: a migration that was deleted must not be run from a leftover. */
async function clearServer() {
  for (const name of await readdir(dist).catch(() => [])) {
    if (name !== 'graphiql' && !name.startsWith('.')) {
      await rm(path.join(dist, name), { recursive: true, force: true });
    }
  }
}

/** Builds the server into `dist/` unless it is up to date. */
export async function buildServer() {
  await buildOne(SERVER, clearServer);
}

/** Builds the server and the GraphiQL page into `dist/`, each unless it is up to date. */
export async function build() {
  await buildServer();
  await buildOne(GRAPHIQL, () => rm(path.join(dist, 'graphiql'), { recursive: true, force: true }));
}

/** Builds the proof, with the sources and the helpers of the tests that it uses, unless it is up to date. */
export async function buildProof() {
  await buildOne(PROOF, () => rm(path.join(dist, '.proof'), { recursive: true, force: true }));
}
