import DataLoader from 'dataloader';

/** A row of a clinic's table; support users belong to no clinic. */
export interface RowKey {
  readonly clinicId: string | null;
  readonly id: string;
}

export const keyOf = (key: RowKey): string => `${key.clinicId ?? ''}/${key.id}`;

/**
 * Loads rows by key, in one query a batch, each asked for once a request. `fetch` may answer in any order and leave
 * out what does not exist: the loader puts every row in its key's place, and null where there is none.
 */
export function rowLoader<Row extends RowKey>(
  fetch: (keys: readonly RowKey[]) => Promise<readonly Row[]>,
): DataLoader<RowKey, Row | null, string> {
  return new DataLoader<RowKey, Row | null, string>(
    async (keys) => {
      const found = new Map((await fetch(keys)).map((row) => [keyOf(row), row]));
      return keys.map((key) => found.get(keyOf(key)) ?? null);
    },
    { cacheKeyFn: keyOf },
  );
}

/** The rows of each key, in their order. */
export function groupedBy<Key, Row>(rows: readonly Row[], keyOfRow: (row: Row) => Key): Map<Key, Row[]> {
  const groups = new Map<Key, Row[]>();
  for (const row of rows) {
    const siblings = groups.get(keyOfRow(row));
    if (siblings === undefined) groups.set(keyOfRow(row), [row]);
    else siblings.push(row);
  }
  return groups;
}

/** Loads the rows that hang on each key, in one query a batch; a key without any gets an empty list. */
export function childLoader<Row extends { readonly parentKey: string }>(
  fetch: (keys: readonly RowKey[]) => Promise<readonly Row[]>,
): DataLoader<RowKey, readonly Row[], string> {
  return new DataLoader<RowKey, readonly Row[], string>(
    async (keys) => {
      const found = groupedBy(await fetch(keys), (row) => row.parentKey);
      return keys.map((key) => found.get(keyOf(key)) ?? []);
    },
    { cacheKeyFn: keyOf },
  );
}
