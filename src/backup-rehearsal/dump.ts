import { spawn } from 'node:child_process';
import path from 'node:path';
import { libpqEnvironment } from './connection';
import { RehearsalError } from './error';
import type { Programs } from './programs';

/** Dumps a database to a file, as a snapshot that another session exported has it. */
export async function dump(
  programs: Programs,
  from: { readonly url: string; readonly snapshot: string },
  file: string,
  signal: AbortSignal,
): Promise<void> {
  const args = ['--format=custom', '--no-password', `--snapshot=${from.snapshot}`, `--file=${file}`];
  await runProgram(programs, 'pg_dump', args, from.url, signal);
}

/**
 * Restores a dump into an empty database, under the role of the address: it owns everything then. The first thing that
 * cannot be restored is an error.
 */
export async function restore(
  programs: Programs,
  file: string,
  url: string,
  signal: AbortSignal,
): Promise<void> {
  const database = decodeURIComponent(new URL(url).pathname.slice(1));
  const args = ['--no-owner', '--exit-on-error', '--no-password', `--dbname=${database}`, file];
  await runProgram(programs, 'pg_restore', args, url, signal);
}

function runProgram(
  programs: Programs,
  name: string,
  args: readonly string[],
  url: string,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const child = spawn(path.join(programs.folder, name), args, {
      env: libpqEnvironment(url, programs.folder),
      stdio: ['ignore', 'ignore', 'pipe'],
      signal,
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_000);
    });
    child.once('error', (error) =>
      reject(signal.aborted ? error : new RehearsalError(`${name} cannot be run: ${error.message}`)),
    );
    child.once('close', (code, by) => {
      if (code === 0) return resolve();
      const how = by === null ? `exit code ${code}` : `stopped by ${by}`;
      reject(new RehearsalError(`${name} failed (${how}): ${said.trim()}`));
    });
  });
}
