import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'graphql';
import type { RequestRecord } from '../http/request-record';

/** What stands for an operation that is none of those known by name. */
export const OTHER = 'other';
/** What stands for an operation without a name. */
export const ANONYMOUS = 'anonymous';
/** What stands for the operation of a request that never came to be one. */
export const NONE = 'none';

/**
 * How operations are called in metrics and traces: by name only where the operator, or the product, has put the name
 * on a list. A name that a client made up could hold anything, a patient's name too, and each would be one more series.
 */
export class OperationNames {
  private readonly names: ReadonlySet<string>;

  constructor(names: readonly string[]) {
    this.names = new Set(names);
  }

  /** The name, `other`, `anonymous` or `none`. */
  labelOf({ operation, type }: Pick<RequestRecord, 'operation' | 'type'>): string {
    if (type === null) return NONE;
    if (operation === null) return ANONYMOUS;
    return this.names.has(operation) ? operation : OTHER;
  }
}

/**
 * The names of the operations that this product ships to its clients (docs/operations), in alphabetical order, so many
 * at the most. None where the folder is not installed.
 */
export function shippedOperations(most: number): string[] {
  const folder = path.join(installation(), 'docs', 'operations');
  let files: string[];
  try {
    files = readdirSync(folder).filter((file) => file.endsWith('.graphql'));
  } catch {
    return [];
  }
  const names = files.flatMap((file) =>
    parse(readFileSync(path.join(folder, file), 'utf8')).definitions.flatMap((definition) =>
      definition.kind === 'OperationDefinition' && definition.name !== undefined
        ? [definition.name.value]
        : [],
    ),
  );
  return names.sort().slice(0, most);
}

/** The folder of the installation: this file lies in src/watching, or in the build in dist/src/watching. */
function installation(): string {
  const folder = path.resolve(__dirname, '../..');
  return path.basename(folder) === 'dist' ? path.dirname(folder) : folder;
}
