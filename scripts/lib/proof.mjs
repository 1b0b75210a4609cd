import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { buildProof } from './build.mjs';
import { install } from './install.mjs';
import { exitCodeOf, guarded, root, say } from './run.mjs';

const results = path.join(root, 'proof', 'results', 'jest.json');

/** Installs, builds, runs the public cases and the HTTP audits, then the proof itself; answers the exit code. */
export function main() {
  return guarded(async () => {
    await install();
    await buildProof();
    const args = process.argv.slice(2);
    const only = args.findIndex((arg) => /^--only\b/.test(arg));
    const part = only < 0 ? undefined : (args[only].split('=')[1] ?? args[only + 1]);
    if (!args.includes('--help') && (part === undefined || part === 'tests')) await runTests();
    return node([path.join(root, 'dist', '.proof', 'proof', 'cli.js'), ...args]);
  });
}

/** What fails is told in the table; jest's own output says why. */
async function runTests() {
  // The cases stand with what they are about: those of lists and saves in test/delegation.
  const folders = ['test/cases', 'test/delegation', 'test/http'].filter((folder) =>
    existsSync(path.join(root, folder)),
  );
  await mkdir(path.dirname(results), { recursive: true });
  await rm(results, { force: true });
  say('Running the public cases and the HTTP audits ...');
  await node(
    [
      path.join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
      ...folders,
      '--json',
      `--outputFile=${results}`,
    ],
    { NODE_ENV: 'test' },
    ['ignore', 'ignore', 'inherit'],
  );
}

function node(args, env = {}, stdio = 'inherit') {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--enable-source-maps', ...args], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio,
    });
    // Ctrl-C reaches the child directly, in the same process group: only wait for it. Other signals do not.
    process.on('SIGINT', () => undefined);
    process.once('SIGTERM', () => child.kill('SIGTERM'));
    child.once('error', (error) => {
      process.stderr.write(`The proof could not be run: ${error.message}\n`);
      resolve(1);
    });
    child.once('exit', (code, signal) => resolve(exitCodeOf(code, signal)));
  });
}
