import { spawn } from 'node:child_process';
import path from 'node:path';
import { install } from './install.mjs';
import { exitCodeOf, guarded, root } from './run.mjs';

/** Installs and runs jest with the arguments given; answers its exit code. */
export function main() {
  return guarded(async () => {
    await install();
    return jest(process.argv.slice(2));
  });
}

function jest(args) {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [path.join(root, 'node_modules', 'jest', 'bin', 'jest.js'), ...args],
      {
        cwd: root,
        env: { ...process.env, NODE_ENV: 'test' },
        stdio: 'inherit',
      },
    );
    // Ctrl-C reaches jest directly, in the same process group: only wait for it. Other signals do not.
    process.on('SIGINT', () => undefined);
    process.once('SIGTERM', () => child.kill('SIGTERM'));
    child.once('error', (error) => {
      process.stderr.write(`The tests could not be run: ${error.message}\n`);
      resolve(1);
    });
    child.once('exit', (code, signal) => resolve(exitCodeOf(code, signal)));
  });
}
