/**
 * What a command tells the person at the terminal when it fails: for what they can mend, an error of an expected kind, the
 * message alone; else where it happened too.
 */
export function failureText(
  error: unknown,
  expected: readonly (abstract new (...args: never[]) => Error)[],
): string {
  if (!(error instanceof Error)) return String(error);
  return expected.some((kind) => error instanceof kind) ? error.message : (error.stack ?? error.message);
}
