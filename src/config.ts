import { z } from 'zod';
import { DEFAULT_LIMITS, type Limits } from './http/limits';

/** What the settings in the environment say is not usable; the message names each setting and what it takes. */
export class ConfigError extends Error {}

const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
const wholeNumber = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

/** Origins, separated by commas, each as a browser sends it: `https://emr.example`, no path, no `*`. */
const origins = z
  .string()
  .transform((text) => text.split(',').map((one) => one.trim()))
  .refine((all) => all.every((one) => URL.canParse(one) && new URL(one).origin === one), {
    message: 'takes origins separated by commas, for example https://emr.example,https://admin.example',
  });

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
  AUDIT_LOG: flag.default(true),
  CORS_ORIGINS: origins.optional(),
  MAX_BODY_BYTES: wholeNumber(1_024, 100 * 1024 * 1024).default(DEFAULT_LIMITS.bodyBytes),
  MAX_TOKENS: wholeNumber(50, 1_000_000).default(DEFAULT_LIMITS.tokens),
  MAX_DEPTH: wholeNumber(3, 1_000).default(DEFAULT_LIMITS.depth),
  MAX_ALIASES: wholeNumber(0, 100_000).default(DEFAULT_LIMITS.aliases),
  MAX_DIRECTIVES: wholeNumber(0, 100_000).default(DEFAULT_LIMITS.directives),
  MAX_REPEATS: wholeNumber(1, 100_000).default(DEFAULT_LIMITS.repeats),
  MAX_COST: wholeNumber(100, 1_000_000_000).default(DEFAULT_LIMITS.cost),
  REQUEST_TIMEOUT_MS: wholeNumber(100, 600_000).default(DEFAULT_LIMITS.requestTimeoutMs),
  RECEIVE_TIMEOUT_MS: wholeNumber(100, 600_000).default(DEFAULT_LIMITS.receiveTimeoutMs),
  MAX_CONCURRENT: wholeNumber(1, 100_000).default(DEFAULT_LIMITS.concurrent),
  REQUESTS_PER_MINUTE: wholeNumber(0, 10_000_000).default(DEFAULT_LIMITS.requestsPerMinute),
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
  /** Whether refusals and every view of bills are logged, who saw whose. */
  readonly auditLog: boolean;
  /** Origins whose pages may read answers; none: only pages of the server itself. */
  readonly corsOrigins: readonly string[];
  readonly limits: Limits;
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
    auditLog: value.AUDIT_LOG,
    corsOrigins: Object.freeze(value.CORS_ORIGINS ?? []),
    limits: Object.freeze({
      bodyBytes: value.MAX_BODY_BYTES,
      tokens: value.MAX_TOKENS,
      depth: value.MAX_DEPTH,
      aliases: value.MAX_ALIASES,
      directives: value.MAX_DIRECTIVES,
      repeats: value.MAX_REPEATS,
      cost: value.MAX_COST,
      requestTimeoutMs: value.REQUEST_TIMEOUT_MS,
      receiveTimeoutMs: value.RECEIVE_TIMEOUT_MS,
      concurrent: value.MAX_CONCURRENT,
      requestsPerMinute: value.REQUESTS_PER_MINUTE,
    }),
  });
}
