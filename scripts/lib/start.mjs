import { spawn } from 'node:child_process';
import path from 'node:path';
import { build } from './build.mjs';
import { environment } from './environment.mjs';
import { install } from './install.mjs';
import { exitCodeOf, guarded, root } from './run.mjs';

// npm passes SIGTERM on to its shell only, which ends without telling us; killed outright, it tells nobody.
// So when npm started this script, the end of its parent is a request to stop.
const byNpm = process.env.npm_lifecycle_event === 'start';
const parent = process.ppid;
const isAbandoned = () => byNpm && process.ppid !== parent;

/** Installs, builds and runs the server; answers its exit code. */
export function main() {
  return guarded(async () => {
    await install();
    await build();
    return isAbandoned() ? 1 : serve();
  });
}

function serve() {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      ['--enable-source-maps', path.join(root, 'dist', 'src', 'main.js'), ...process.argv.slice(2)],
      {
        cwd: root,
        env: environment(),
        // A process group of its own: Ctrl-C reaches this script only, which passes it on exactly once (the
        // terminal and npm may both send it here). The channel tells the server when this script is killed.
        detached: process.platform !== 'win32',
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      },
    );
    let told = false;
    const tell = (signal) => {
      if (told) return;
      told = true;
      child.kill(signal);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => tell(signal));

    const watch = setInterval(() => {
      if (isAbandoned()) tell('SIGTERM');
    }, 200);
    child.once('error', (error) => {
      clearInterval(watch);
      process.stderr.write(`The server could not be started: ${error.message}\n`);
      resolve(1);
    });
    child.once('exit', (code, signal) => {
      clearInterval(watch);
      resolve(exitCodeOf(code, signal));
    });
  });
}
