import { spawn } from 'node:child_process';
import path from 'node:path';
import { buildServer } from './build.mjs';
import { environment } from './environment.mjs';
import { install } from './install.mjs';
import { exitCodeOf, guarded, root } from './run.mjs';

/** Installs and builds, then runs the tool that the arguments name, in the folder where the command was typed. */
export function main() {
  return guarded(async () => {
    await install();
    await buildServer();
    const [tool = '', ...rest] = process.argv.slice(2);
    return new Promise((resolve) => {
      const child = spawn(process.execPath, ['--enable-source-maps', path.join(root, tool), ...rest], {
        cwd: process.env.INIT_CWD ?? process.cwd(),
        env: environment(),
        stdio: 'inherit',
      });
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
      child.once('exit', (code, signal) => resolve(exitCodeOf(code, signal)));
    });
  });
}
