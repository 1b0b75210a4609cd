import type { AddressInfo } from 'node:net';
import pg from 'pg';

/** How many connections every contestant has, as the product has by default. */
export const POOL_SIZE = 10;

/** What a contestant's process is told in its environment. */
export interface Settings {
  readonly databaseUrl: string;
  readonly clinicId: string;
  /** Who asks, taken at its word: no contestant but ours reads a token or an account. */
  readonly viewerId: string;
  readonly port: number;
}

/** Reads the environment. Raises an Error that names what is missing. */
export function settings(): Settings {
  const needed = (name: string): string => {
    const value = process.env[name];
    if (value === undefined || value === '') throw new Error(`${name} is not set`);
    return value;
  };
  return {
    databaseUrl: needed('DATABASE_URL'),
    clinicId: needed('CLINIC_ID'),
    viewerId: needed('VIEWER_ID'),
    port: Number(needed('PORT')),
  };
}

const DATE_OID = 1082;

/** Opens a pool of the driver. Calendar dates stay text, decimals are text anyway. */
export function openPool(databaseUrl: string): pg.Pool {
  return new pg.Pool({
    connectionString: databaseUrl,
    max: POOL_SIZE,
    types: {
      getTypeParser: ((oid: number, format?: 'text') =>
        oid === DATE_OID
          ? (value: string) => value
          : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
    },
  });
}

/** Says where the API listens, which is what whoever started the process waits for. */
export function announce(port: number): void {
  process.stdout.write(`API http://127.0.0.1:${port}/graphql\n`);
}

/** The port that a server listens on. */
export const portOf = (address: AddressInfo | string | null): number =>
  (address as AddressInfo | null)?.port ?? 0;

/** Runs a server's start: ends the process when it fails, and when it is told to end. */
export function serve(start: () => Promise<void>): void {
  process.once('SIGTERM', () => process.exit(0));
  start().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  });
}
