import { spawn } from 'node:child_process';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from './files';
import type { Job } from './job';

/** Checks mutants by the types of a copy of the sources of its own. */
export class TypeCheck {
  private readonly folder = path.join(ROOT, 'dist', `.mutants-${process.pid}`);

  async open(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    for (const name of ['src', 'migrations', 'ormconfig.ts']) {
      await cp(path.join(ROOT, name), path.join(this.folder, name), { recursive: true });
    }
    const settings = {
      extends: path.join(ROOT, 'tsconfig.json'),
      // What is not used any more is the mutant's doing and no sign of a wrong decision.
      compilerOptions: { rootDir: '.', noEmit: true, noUnusedLocals: false, noUnusedParameters: false },
      include: ['src/access', 'src/billing', 'src/schema.ts', 'src/context.ts'],
      exclude: [],
    };
    await writeFile(path.join(this.folder, 'tsconfig.json'), JSON.stringify(settings));
    const complaint = await this.compile();
    if (complaint !== undefined) throw new Error(`The sources do not compile as they are: ${complaint}`);
  }

  /** What the compiler says of the mutant; undefined: nothing. `original`: the text to put back. */
  async complaintAbout(
    { file, text }: Pick<Job, 'file' | 'text'>,
    original: string,
  ): Promise<string | undefined> {
    const place = path.join(this.folder, file);
    await writeFile(place, text);
    try {
      return await this.compile();
    } finally {
      await writeFile(place, original);
    }
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  private compile(): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      const compiler = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
      const child = spawn(process.execPath, [compiler, '-p', this.folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
      child.once('error', reject);
      child.once('close', (code) =>
        resolve(code === 0 ? undefined : (output.split('\n')[0] ?? 'it does not compile')),
      );
    });
  }
}
