import { z } from 'zod';

/** What the settings in the environment say is not usable; the message names each setting and what it takes. */
export class ConfigError extends Error {}

const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
const wholeNumber = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

const settings = z.object({
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'takes a PostgreSQL address, postgres://user:password@host:5432/database')
    .optional(),
  MIGRATION_DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'takes a PostgreSQL address')
    .optional(),
  DATA_DIR: z.string().min(1).default('.data'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: wholeNumber(0, 65535).default(4000),
  SIGNING_KEY: z
    .string()
    .min(32, 'takes at least 32 characters, for example from: openssl rand -base64 48')
    .optional(),
  TOKEN_MINUTES: wholeNumber(1, 24 * 60).default(60),
  GRAPHIQL: flag.optional(),
  DEMO_PASSWORD: z.string().min(8, 'takes at least 8 characters').default('demo-password-only'),
  IMPORT_PASSWORD: z.string().min(8, 'takes at least 8 characters').optional(),
  POOL_SIZE: wholeNumber(1, 1000).default(10),
  STATEMENT_TIMEOUT_MS: wholeNumber(100, 600_000).default(10_000),
  TRUST_PROXY: flag.default(false),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

/** The settings of a server process. Frozen; the only place where they come from the environment. */
export interface Config {
  /** Your own PostgreSQL, or null for the embedded one. */
  readonly databaseUrl: string | null;
  /** The address that migrations use, under the role that owns the tables. */
  readonly migrationDatabaseUrl: string | null;
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  /** Null: the embedded mode makes a key of its own and keeps it in the data folder. */
  readonly signingKey: string | null;
  readonly tokenMinutes: number;
  readonly graphiql: boolean;
  readonly demoPassword: string;
  /** The password of the sign-ins that an import makes; null: none was set. */
  readonly importPassword: string | null;
  readonly poolSize: number;
  readonly statementTimeoutMs: number;
  /** Whether the address of a client is taken from X-Forwarded-For. */
  readonly trustProxy: boolean;
  readonly logLevel: string;
}

/**
 * Reads and checks the settings; a tool needs no signing key. An empty variable counts as one that is not set.
 * Raises ConfigError naming every setting that is wrong; values are never echoed.
 */
export function readConfig(
  purpose: 'server' | 'tool' = 'server',
  environment: NodeJS.ProcessEnv = process.env,
): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = settings.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigError(`These settings cannot be used:\n${lines.join('\n')}`);
  }
  const value = parsed.data;
  if (purpose === 'server' && value.DATABASE_URL !== undefined && value.SIGNING_KEY === undefined) {
    throw new ConfigError(
      'SIGNING_KEY is missing. With DATABASE_URL, set it to a secret of at least 32 characters that every server process shares, for example from: openssl rand -base64 48',
    );
  }
  return Object.freeze({
    databaseUrl: value.DATABASE_URL ?? null,
    migrationDatabaseUrl: value.MIGRATION_DATABASE_URL ?? value.DATABASE_URL ?? null,
    dataDir: value.DATA_DIR,
    host: value.HOST,
    port: value.PORT,
    signingKey: value.SIGNING_KEY ?? null,
    tokenMinutes: value.TOKEN_MINUTES,
    graphiql: value.GRAPHIQL ?? value.DATABASE_URL === undefined,
    demoPassword: value.DEMO_PASSWORD,
    importPassword: value.IMPORT_PASSWORD ?? null,
    poolSize: value.POOL_SIZE,
    statementTimeoutMs: value.STATEMENT_TIMEOUT_MS,
    trustProxy: value.TRUST_PROXY,
    logLevel: value.LOG_LEVEL,
  });
}
