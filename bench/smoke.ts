import { chartOf } from './compare/chart';
import { measureAll } from './compare/measure';
import { readOptions } from './compare/options';
import { report } from './compare/report';
import { failuresOf } from './compare/results';
import { CONTESTANTS } from './contestants/all';
import type { Size } from './lib/data';
import { stoppable } from './lib/stopping';

const SMALL: Size = {
  bills: 3_000,
  providers: 10,
  users: 60,
  groups: 6,
  memberships: 60,
  delegations: 60,
  patients: 300,
  clinics: 2,
};

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * Whether the benchmark still works: small data, every contestant that runs on this Node, every work asked, a page
 * and the works of ours alone also under load for a second. Asserts that all give the same bills and that nobody fails, and no time; writes nothing. Raises what is wrong.
 */
export async function smoke(): Promise<void> {
  const begin = performance.now();
  const usual = readOptions(['--seconds', '1', '--rounds', '1', '--memory-seconds', '4']);
  const contestants = CONTESTANTS.map(({ name }) => name).filter((name) => name !== 'postgraphile');
  const results = await stoppable((stop) =>
    measureAll(
      { ...usual, contestants },
      { stop, say, size: SMALL, atOnce: true, loaded: ['page-50', 'save', 'explain'] },
    ),
  );
  const failures = failuresOf(results);
  if (failures.length > 0) throw new Error(failures.join('\n'));
  if (!report(results).includes('ours') || !chartOf(results).includes('<svg')) {
    throw new Error('the report or the chart is empty');
  }
  say(`The benchmark works (${((performance.now() - begin) / 1000).toFixed(0)} s).`);
}
