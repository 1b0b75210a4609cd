import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the clone. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** A step failed; its own output has said why. */
export class StepError extends Error {}

/** One line of progress. */
export function say(line) {
  process.stdout.write(`${line}\n`);
}

/** The exit code of a finished child, as a shell would report it: 128 + the signal's number. */
export function exitCodeOf(code, signal) {
  return code ?? 128 + (constants.signals[signal] ?? 0);
}

/** Runs npm in the clone, also when this script was started without it. */
export function npm(args, { quiet = false } = {}) {
  const cli = process.env.npm_execpath ?? '';
  const direct = path.basename(cli) === 'npm-cli.js';
  const command = direct ? process.execPath : 'npm';
  // `npm --prefix DIR start` hands its prefix on to its children: say explicitly which folder is meant.
  const all = [...(direct ? [cli] : []), ...args, '--prefix', root];
  return step(`npm ${args.join(' ')}`, command, all, {
    quiet,
    shell: !direct && process.platform === 'win32',
  });
}

function step(name, command, args, { quiet, shell }) {
  return new Promise((resolve, reject) => {
    let output = '';
    const child = spawn(command, args, {
      cwd: root,
      shell,
      stdio: ['ignore', quiet ? 'pipe' : 'inherit', 'inherit'],
    });
    child.stdout?.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
    });
    child.once('error', (error) => reject(new StepError(`${name} could not be run: ${error.message}`)));
    child.once('close', (code, signal) => {
      if (code === 0) return resolve();
      process.stderr.write(output);
      reject(new StepError(`${name} failed (${signal ?? `exit code ${code}`}).`));
    });
  });
}

/** Runs the steps of a script; a failed one ends it with a message and code 1. */
export async function guarded(steps) {
  try {
    return await steps();
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}
