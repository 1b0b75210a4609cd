import { stat } from 'node:fs/promises';
import path from 'node:path';
import { ImportError } from '../error';

const REQUIRED = ['patients.csv', 'providers.csv', 'payers.csv', 'encounters.csv', 'claims.csv'] as const;
const OPTIONAL = ['claims_transactions.csv', 'organizations.csv'] as const;

/** The files that an import reads; a folder holds many more. */
export type SyntheaFile = (typeof REQUIRED)[number] | (typeof OPTIONAL)[number];

/** A folder of Synthea's CSV files, with the size in bytes of each file that is there. */
export interface SyntheaFolder {
  readonly path: string;
  readonly sizes: ReadonlyMap<SyntheaFile, number>;
}

/** Looks which files are there. Raises ImportError naming those that are missing. */
export async function openFolder(folder: string): Promise<SyntheaFolder> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() !== true) {
    throw new ImportError(`${folder} is not a folder that can be read`);
  }
  const sizes = new Map<SyntheaFile, number>();
  for (const file of [...REQUIRED, ...OPTIONAL]) {
    const entry = await stat(path.join(folder, file)).catch(() => undefined);
    if (entry?.isFile() === true) sizes.set(file, entry.size);
  }
  const missing = REQUIRED.filter((file) => !sizes.has(file));
  if (missing.length > 0) {
    throw new ImportError(
      `${folder} is not a folder of Synthea CSV files: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`,
    );
  }
  return { path: folder, sizes };
}
