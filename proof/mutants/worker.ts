import path from 'node:path';
import { transformSync } from '@swc/core';
import type { Job, Setup, Verdict } from './job';
import type { PARTS } from './suite';
import { type Kit, openKit } from './suite/kit';

/**
 * A process that tries mutants one after the other: it loads the code that decides anew each time, with the mutated
 * file in the place of its own, and runs the cases until one fails. What does not decide stays loaded.
 */

/** The compiled copy that this is part of. */
const COMPILED = path.resolve(__dirname, '../..');
const LOADED_ANEW = [
  'src/access/',
  'src/billing/store/',
  'proof/mutants/suite.js',
  'proof/mutants/suite/',
].map((name) => path.join(COMPILED, name));

/** The part of the cases that most likely fails, by the file's name. */
const FIRST: Readonly<Record<string, keyof typeof PARTS>> = {
  'shield-map': 'shield',
  rules: 'shield',
  'grant-known': 'shield',
  'as-of': 'past',
  relations: 'relations',
  everybody: 'relations',
  loader: 'relations',
  predicate: 'lists',
  selection: 'lists',
  index: 'lists',
};

/** What stands in for a compiled file at the moment. */
const standIn = { file: '', code: '' };

type Compiles = NodeJS.Module & { _compile(code: string, file: string): void };
const load = require.extensions['.js'];
require.extensions['.js'] = (module, file) => {
  if (file === standIn.file) (module as Compiles)._compile(standIn.code, file);
  else load(module, file);
};

function compile({ file, text }: Job): string {
  const { code } = transformSync(text, {
    filename: file,
    jsc: { target: 'es2023', parser: { syntax: 'typescript', decorators: true }, keepClassNames: true },
    module: { type: 'commonjs' },
    sourceMaps: false,
  });
  return code;
}

/** PostgreSQL's words for: not a statement, no such column, table or operator, types that do not fit. */
const UNREADABLE = /^(42601|42703|42P01|42883|42804|42846|42803|42P10)$/;
const isUnreadable = (error: unknown): boolean =>
  UNREADABLE.test(String((error as { code?: unknown }).code ?? ''));

/** The server is gone, full or too busy. */
const isOutage = (error: unknown): boolean =>
  /^(53|57P|58|08(?!P01)|E[A-Z]+$)/.test(String((error as { code?: unknown }).code ?? ''));

async function attempt(job: Job, setup: Setup): Promise<Verdict> {
  standIn.code = compile(job);
  standIn.file = path.join(COMPILED, job.file.replace(/\.ts$/, '.js'));
  for (const file of Object.keys(require.cache)) {
    if (LOADED_ANEW.some((start) => file.startsWith(start))) delete require.cache[file];
  }
  let unreadable: string | undefined;
  let lost: string | undefined;
  let kit: Kit | undefined;
  let running = 'loading the code';
  try {
    const parts = (require('./suite') as { PARTS: typeof PARTS }).PARTS;
    kit = openKit(setup, (error) => {
      if (isUnreadable(error)) unreadable ??= String(error);
      if (isOutage(error)) lost ??= String(error);
    });
    const first = FIRST[path.basename(job.file, '.ts')] ?? 'policy';
    for (const part of [first, ...Object.keys(parts).filter((name) => name !== first)]) {
      for (const one of parts[part] ?? []) {
        running = `${part}: ${one.name}`;
        await one.run(kit);
      }
    }
    return { is: 'survived' };
  } catch (error) {
    if (lost !== undefined) return { is: 'untried', why: lost };
    if (job.sql && unreadable !== undefined) return { is: 'invalid', why: unreadable };
    const why = error instanceof Error ? error.message : String(error);
    return { is: 'killed', by: running, why: why.slice(0, 500) };
  } finally {
    await kit?.close();
  }
}

let setup: Setup | undefined;
// An error that nobody waited for is what a mutant without its `await` leaves behind; the cases see what it does.
process.on('unhandledRejection', () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('message', (message: Setup | Job) => {
  if ('owner' in message) setup = message;
  else if (setup !== undefined) void attempt(message, setup).then((verdict) => process.send?.(verdict));
});
