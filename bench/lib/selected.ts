import type { Selected } from '../../src/look-ahead';

/** What an executor would plan for an operation that selects these fields, by name; of those with fields, those below. */
export const selected = (type: string, fields: Readonly<Record<string, Selected | null>>): Selected => ({
  type: { name: type },
  fields: Object.entries(fields).map(([name, below]) => ({
    key: name,
    definition: { name },
    below: below === null ? undefined : () => below,
  })),
});
