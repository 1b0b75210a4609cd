import 'reflect-metadata';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from '../compare/options';
import { FULL } from '../lib/data';
import { writePlans } from '../lib/explain';
import { chartOf } from './chart';
import { stagesOf } from './questions';
import { ratiosOf, reportOf } from './report';
import { measureStage, type Point } from './run';

/** npm runs scripts in the folder of package.json. */
const RESULTS = path.resolve('bench/results');

const write = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * How long a page takes, and how much the database reads for it, as the clinic grows: with its bills, with what the
 * viewer sees of it, from page to page, with groups and with delegations. Prints tables and ratios, and writes
 * growth.json, growth.svg and the plans of the store's statements to bench/results.
 */
export async function growth(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      bills: { type: 'string', default: '100000,1000000,5000000' },
      seconds: { type: 'string', default: '4' },
      rounds: { type: 'string', default: '3' },
    },
  });
  const bills = values.bills.split(',').map((text) => positive('--bills', text));
  const effort = {
    seconds: positive('--seconds', values.seconds),
    rounds: positive('--rounds', values.rounds),
  };
  // What the comparison is measured with, where it is among them.
  const base = bills.includes(FULL.bills) ? FULL.bills : Math.max(...bills);
  const plans = path.join(RESULTS, 'plans');
  const begin = performance.now();
  const onProgress = (line: string): void =>
    write(`${((performance.now() - begin) / 1000).toFixed(0).padStart(5)} s  ${line}`);

  const points: Point[] = [];
  const stages = stagesOf(bills, base);
  for (const [index, stage] of stages.entries()) {
    const { size } = stage;
    onProgress(
      `database ${index + 1} of ${stages.length}: ${size.bills.toLocaleString('en')} bills, ${size.users.toLocaleString('en')} users, ${size.delegations.toLocaleString('en')} delegations`,
    );
    const keepPlans = index < bills.length && size.bills === base;
    points.push(
      ...(await measureStage(stage, effort, onProgress, async (database) => {
        if (keepPlans) await writePlans(database, plans, onProgress);
      })),
    );
  }
  const ratios = ratiosOf(points, base);
  await mkdir(RESULTS, { recursive: true });
  const machine = {
    date: new Date().toISOString(),
    node: process.version,
    cpus: cpus().map((one) => one.model),
  };
  const result = { ...machine, ...effort, base, points, ratios };
  await writeFile(path.join(RESULTS, 'growth.json'), `${JSON.stringify(result, null, 2)}\n`);
  await writeFile(path.join(RESULTS, 'growth.svg'), chartOf(points, base));
  write(`\n${reportOf(points, ratios)}\n`);
  write('Written to bench/results: growth.json, growth.svg, plans/. The databases stay in .bench.');
}

function positive(option: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new UsageError(`${option} takes numbers above zero, not ${text}.`);
  return number;
}
