import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { npm, root, say } from './run.mjs';

/**
 * Whether `node_modules` holds what the lock file says, development tools included: compares the lock with
 * the record that npm keeps of what it has installed. Packages for other platforms may be missing.
 */
async function isInstalled() {
  const [wanted, installed] = await Promise.all(
    ['package-lock.json', 'node_modules/.package-lock.json'].map(async (file) => {
      try {
        return JSON.parse(await readFile(path.join(root, file), 'utf8')).packages;
      } catch {
        return undefined;
      }
    }),
  );
  if (wanted === undefined || installed === undefined) return false;
  return Object.entries(wanted).every(([place, entry]) => {
    if (place === '') return true;
    const there = installed[place];
    if (there === undefined)
      return entry.optional === true || entry.devOptional === true || entry.peer === true;
    return (
      there.version === entry.version &&
      there.integrity === entry.integrity &&
      existsSync(path.join(root, place, 'package.json'))
    );
  });
}

/** Installs the packages of the lock file unless they are there. */
export async function install() {
  if (await isInstalled()) return;
  say('Installing packages ...');
  // Whatever NODE_ENV or npm's settings say: the build and the tests need the development tools, and
  // PostgreSQL is an optional package (one per platform).
  await npm(['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'], {
    quiet: true,
  });
}
