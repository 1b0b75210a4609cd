import { DifferentBills } from './compare/check';
import { UsageError } from './compare/options';
import { ServerFailure } from './lib/server';
import { Stopped } from './lib/stopping';

/** The first word says what is measured; without one, the comparison. */
async function main([first = '', ...rest]: readonly string[]): Promise<void> {
  switch (first) {
    case 'growth':
      return (await import('./growth/index.js')).growth(rest);
    case 'wall':
      return (await import('./second-wall.js')).wall(rest);
    case 'clean':
      return (await import('./lib/database.js')).removeBenchDatabases(
        (line) => void process.stdout.write(`${line}\n`),
      );
    case 'smoke':
      return (await import('./smoke.js')).smoke();
    case 'compare':
      return (await import('./compare/index.js')).compare(rest);
    default:
      if (first !== '' && !first.startsWith('-')) {
        throw new UsageError(`There is no benchmark "${first}": see npm run bench -- --help`);
      }
      return (await import('./compare/index.js')).compare(first === '' ? rest : [first, ...rest]);
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const forPeople = [DifferentBills, ServerFailure, Stopped, UsageError].some(
    (kind) => error instanceof kind,
  );
  const text = error instanceof Error ? (forPeople ? error.message : error.stack) : String(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
});
