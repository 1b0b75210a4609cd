import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stoppable } from '../lib/stopping';
import { chartOf } from './chart';
import { measureAll } from './measure';
import { readOptions, USAGE } from './options';
import { report } from './report';
import { failuresOf } from './results';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
/** npm runs scripts in the folder of package.json. */
const FOLDER = path.resolve('bench', 'results');

/** Makes the comparison that the arguments ask for, prints it and writes it down. Sets the exit code. */
export async function compare(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  if (options.help) {
    say(USAGE);
    return;
  }
  const results = await stoppable((stop) => measureAll(options, { stop, say }));
  say('');
  say(report(results));
  await mkdir(FOLDER, { recursive: true });
  await writeFile(path.join(FOLDER, 'compare.json'), `${JSON.stringify(results, null, 2)}\n`);
  await writeFile(path.join(FOLDER, 'compare.svg'), chartOf(results));
  say(`\nWritten: ${path.relative('', FOLDER)}/compare.json, compare.svg`);
  if (failuresOf(results).length > 0) process.exitCode = 1;
}
