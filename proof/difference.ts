import { isDeepStrictEqual } from 'node:util';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const text = (value: unknown): string => JSON.stringify(value)?.slice(0, 400) ?? 'nothing';

/** Where two answers first differ, and what each has there; empty: nowhere. */
export function difference(came: unknown, expected: unknown, path = ''): string {
  if (isDeepStrictEqual(came, expected)) return '';
  if (isObject(came) && isObject(expected)) {
    for (const key of new Set([...Object.keys(came), ...Object.keys(expected)])) {
      const found = difference(came[key], expected[key], `${path}.${key}`);
      if (found !== '') return found;
    }
  }
  return `at ${path.slice(1)}\n  the API:    ${text(came)}\n  the oracle: ${text(expected)}`;
}
