import { hash, verify } from '@node-rs/argon2';

/** In characters; longer ones are refused before they are hashed. */
export const LONGEST_PASSWORD = 1024;

/**
 * argon2id with 19 MiB of memory, two passes and one lane: the minimum that OWASP's Password Storage Cheat Sheet
 * recommends (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id).
 */
const PARAMETERS = {
  // argon2id, as a number: the library's `Algorithm` is a const enum, which only tsc can inline.
  algorithm: 2,
  memoryCost: 19_456, // KiB
  timeCost: 2,
  parallelism: 1,
} as const;

/**
 * The argon2id hash of a password in PHC format, with its parameters and a fresh random salt in it.
 * Two calls with the same password give different hashes.
 */
export function hashPassword(password: string): Promise<string> {
  return hash(password, PARAMETERS);
}

/**
 * Whether the password is the one that the hash was made of. The parameters are read from the hash, so that hashes
 * made under older parameters still verify. A text that is no hash verifies nothing: false, not an error.
 */
export async function verifyPassword(hashed: string, password: string): Promise<boolean> {
  try {
    return await verify(hashed, password);
  } catch {
    return false;
  }
}
