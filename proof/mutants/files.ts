import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Mutant, mutantsOf } from './mutation';
import { Source } from './source';
import { mutationsOf } from './typescript';

/** The folder of the clone: this is compiled to dist/<name>/proof/mutants. */
export const ROOT = path.resolve(__dirname, '../../../..');

/** Where the files are that decide: all of access, and the store's conditions on lists (its sort orders decide nothing). */
const FOLDERS = ['src/access', 'src/billing/store'];
const DECIDE_NOTHING = ['src/billing/store/order.ts'];

/** A file that is mutated, with all its mutants. */
export interface MutatedFile {
  readonly file: string;
  readonly text: string;
  readonly mutants: readonly Mutant[];
}

/** Reads the files of which the path fits the pattern (* stands for anything); all of them without one. */
export async function mutatedFiles(pattern?: string): Promise<MutatedFile[]> {
  const escaped = (pattern ?? '*').replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*+/g, '.*');
  const wanted = new RegExp(`(^|/)${escaped}$`);
  const files: MutatedFile[] = [];
  for (const folder of FOLDERS) {
    const names = (await readdir(path.join(ROOT, folder))).filter((name) => name.endsWith('.ts'));
    for (const name of names.sort()) {
      const file = `${folder}/${name}`;
      if (!wanted.test(file) || DECIDE_NOTHING.includes(file)) continue;
      const text = await readFile(path.join(ROOT, file), 'utf8');
      files.push({ file, text, mutants: mutantsOf(file, text, mutationsOf(new Source(file, text))) });
    }
  }
  return files;
}
