import { z } from 'zod';
import { AddressError, databaseAddress, TLS_MODES } from './database-address';
import { DEFAULT_LIMITS, type Limits } from './http/limits';
import { isSecureAddress } from './identity/issuer-address';
import { ALGORITHMS, type Algorithm, type IssuerSettings } from './identity/issuer-settings';

/** What the settings in the environment say is not usable; the message names each setting and what it takes. */
export class ConfigError extends Error {}

/** How many operations are counted by their names at most: each is a series of its own, many times over. */
export const MOST_OPERATIONS = 50;

const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
const wholeNumber = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

/** Origins, separated by commas, each as a browser sends it: `https://emr.example`, no path, no `*`. */
const origins = z
  .string()
  .transform((text) => text.split(',').map((one) => one.trim()))
  .refine((all) => all.every((one) => URL.canParse(one) && new URL(one).origin === one), {
    message: 'takes origins separated by commas, for example https://emr.example,https://admin.example',
  });

/** Names of operations, separated by commas. */
const operationNames = z
  .string()
  .transform((text) => text.split(',').map((one) => one.trim()))
  .refine((all) => all.every((one) => /^[A-Za-z_]\w{0,99}$/.test(one)) && all.length <= MOST_OPERATIONS, {
    message: `takes up to ${MOST_OPERATIONS} names of operations separated by commas, for example DashboardBills,VisitsBills`,
  });

/** Signature algorithms, separated by commas. Never `none`, and none with a shared secret (HS256 ...). */
const algorithms = z
  .string()
  .transform((text) => text.split(',').map((one) => one.trim()))
  .refine((all): all is Algorithm[] => all.every((one) => ALGORITHMS.some((known) => known === one)), {
    message: `takes algorithms separated by commas, of ${ALGORITHMS.join(', ')}`,
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
  READ_REPLICA_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'takes the PostgreSQL address of one standby')
    .optional(),
  REPLICA_MAX_LAG_SECONDS: wholeNumber(1, 3_600).default(5),
  DATABASE_TLS: z.enum(TLS_MODES).optional(),
  DATABASE_CA_FILE: z.string().min(1).optional(),
  MIGRATE_ON_START: flag.optional(),
  DATA_DIR: z.string().min(1).default('.data'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: wholeNumber(0, 65535).default(4000),
  WORKERS: wholeNumber(1, 256).default(1),
  SHUTDOWN_SECONDS: wholeNumber(1, 3_600).default(20),
  METRICS_HOST: z.string().min(1).default('127.0.0.1'),
  METRICS_PORT: wholeNumber(0, 65535).optional(),
  OPERATION_NAMES: operationNames.optional(),
  SIGNING_KEY: z
    .string()
    .min(32, 'takes at least 32 characters, for example from: openssl rand -base64 48')
    .optional(),
  TOKEN_MINUTES: wholeNumber(1, 24 * 60).default(60),
  AUTH_ISSUER: z
    .string()
    .refine((address) => isSecureAddress(address) && !/[?#]/.test(address), {
      message: 'takes the https address of the issuer as its tokens have it (http on this machine only)',
    })
    .optional(),
  AUTH_AUDIENCE: z.string().min(1).max(500).optional(),
  AUTH_ALGORITHMS: algorithms.default(['RS256', 'ES256', 'EdDSA']),
  AUTH_CLOCK_SKEW_SECONDS: wholeNumber(0, 300).default(30),
  AUTH_FRESH_SECONDS: wholeNumber(10, 3_600).default(300),
  LOCAL_SIGN_IN: flag.default(true),
  GRAPHIQL: flag.optional(),
  DEMO_PASSWORD: z.string().min(8, 'takes at least 8 characters').default('demo-password-only'),
  IMPORT_PASSWORD: z.string().min(8, 'takes at least 8 characters').optional(),
  POOL_SIZE: wholeNumber(1, 1000).default(10),
  PREPARED_STATEMENTS: flag.default(true),
  STATEMENT_TIMEOUT_MS: wholeNumber(100, 600_000).default(10_000),
  TRUST_PROXY: flag.default(false),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  AUDIT_LOG: flag.default(true),
  COMPILED_EXECUTOR: flag.default(true),
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

/** Where the metrics are. */
export interface MetricsConfig {
  readonly host: string;
  readonly port: number;
}

/** The settings of a server process. Frozen; the only place where they come from the environment. */
export interface Config {
  /** Your own PostgreSQL, or null for the embedded one. */
  readonly databaseUrl: string | null;
  /** The address that migrations use, under the role that owns the tables. */
  readonly migrationDatabaseUrl: string | null;
  /** A standby of that database, which takes reads of bills; null: there is none. */
  readonly readReplicaUrl: string | null;
  /** How old what the standby shows may be; while it is older, the primary is read. */
  readonly replicaMaxLagSeconds: number;
  /** Whether the server brings your own database up to its version; the embedded one it always does. */
  readonly migrateOnStart: boolean;
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  /** How many processes serve; 1: this one alone. */
  readonly workers: number;
  /** How long requests have to finish when the server is told to stop, in seconds. */
  readonly shutdownSeconds: number;
  /** Where Prometheus finds the metrics; null: nowhere, and none are kept. */
  readonly metrics: MetricsConfig | null;
  /** The operations that metrics and traces call by their names; null: those of docs/operations. */
  readonly operationNames: readonly string[] | null;
  /** Null: the embedded mode makes a key of its own and keeps it in the data folder. */
  readonly signingKey: string | null;
  readonly tokenMinutes: number;
  /** Who signs people in elsewhere; null: nobody does. */
  readonly auth: IssuerSettings | null;
  /** Whether people sign in here, with a password. */
  readonly localSignIn: boolean;
  readonly graphiql: boolean;
  readonly demoPassword: string;
  /** The password of the sign-ins that an import makes; null: none was set. */
  readonly importPassword: string | null;
  readonly poolSize: number;
  /** Whether statements are kept prepared on their connection, which a PgBouncer before 1.21 does not allow. */
  readonly preparedStatements: boolean;
  readonly statementTimeoutMs: number;
  /** Whether the address of a client is taken from X-Forwarded-For. */
  readonly trustProxy: boolean;
  readonly logLevel: string;
  /** Whether refusals and every view of bills are logged, who saw whose. */
  readonly auditLog: boolean;
  /** Whether operations are executed by plans made once for each, or by graphql-js: the answers are the same. */
  readonly compiledExecutor: boolean;
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
  if (value.READ_REPLICA_URL !== undefined && value.DATABASE_URL === undefined) {
    throw new ConfigError('READ_REPLICA_URL goes with DATABASE_URL: the embedded database has no standby.');
  }
  const databaseUrl = addressOf('DATABASE_URL', value);
  const migrationDatabaseUrl = addressOf('MIGRATION_DATABASE_URL', value);
  return Object.freeze({
    databaseUrl,
    migrationDatabaseUrl: migrationDatabaseUrl ?? databaseUrl,
    readReplicaUrl: addressOf('READ_REPLICA_URL', value),
    replicaMaxLagSeconds: value.REPLICA_MAX_LAG_SECONDS,
    // Whoever names the owner to the server wants it to; under one account alone it may not even be able to.
    migrateOnStart: value.MIGRATE_ON_START ?? migrationDatabaseUrl !== null,
    dataDir: value.DATA_DIR,
    host: value.HOST,
    port: value.PORT,
    workers: value.WORKERS,
    shutdownSeconds: value.SHUTDOWN_SECONDS,
    metrics: metricsOf(value),
    operationNames: value.OPERATION_NAMES === undefined ? null : Object.freeze(value.OPERATION_NAMES),
    signingKey: value.SIGNING_KEY ?? null,
    tokenMinutes: value.TOKEN_MINUTES,
    auth: authOf(value),
    localSignIn: value.LOCAL_SIGN_IN,
    graphiql: value.GRAPHIQL ?? value.DATABASE_URL === undefined,
    demoPassword: value.DEMO_PASSWORD,
    importPassword: value.IMPORT_PASSWORD ?? null,
    poolSize: value.POOL_SIZE,
    preparedStatements: value.PREPARED_STATEMENTS,
    statementTimeoutMs: value.STATEMENT_TIMEOUT_MS,
    trustProxy: value.TRUST_PROXY,
    logLevel: value.LOG_LEVEL,
    auditLog: value.AUDIT_LOG,
    compiledExecutor: value.COMPILED_EXECUTOR,
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

/** An address of the settings, its protection spelled out. Raises ConfigError. */
function addressOf(
  name: 'DATABASE_URL' | 'MIGRATION_DATABASE_URL' | 'READ_REPLICA_URL',
  value: z.infer<typeof settings>,
): string | null {
  const address = value[name];
  if (address === undefined) return null;
  try {
    return databaseAddress(address, { mode: value.DATABASE_TLS, caFile: value.DATABASE_CA_FILE });
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new ConfigError(`These settings cannot be used:\n  ${name}: ${error.message}`);
  }
}

function authOf(value: z.infer<typeof settings>): IssuerSettings | null {
  const { AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience } = value;
  const refuse = (line: string): never => {
    throw new ConfigError(`These settings cannot be used:\n  ${line}`);
  };
  if (issuer === undefined) {
    if (audience !== undefined)
      refuse('AUTH_AUDIENCE: needs AUTH_ISSUER, the address of who signs people in');
    if (!value.LOCAL_SIGN_IN) refuse('LOCAL_SIGN_IN: false needs AUTH_ISSUER, or nobody could sign in');
    return null;
  }
  return Object.freeze({
    issuer,
    audience:
      audience ??
      refuse('AUTH_AUDIENCE: is needed with AUTH_ISSUER: what its tokens for this API have in `aud`'),
    algorithms: Object.freeze(value.AUTH_ALGORITHMS),
    clockSkewSeconds: value.AUTH_CLOCK_SKEW_SECONDS,
    freshSeconds: value.AUTH_FRESH_SECONDS,
  });
}

function metricsOf(value: z.infer<typeof settings>): MetricsConfig | null {
  if (value.METRICS_PORT === undefined) return null;
  if (value.METRICS_PORT !== 0 && value.METRICS_PORT === value.PORT) {
    throw new ConfigError(
      'These settings cannot be used:\n  METRICS_PORT: takes another port than PORT: the metrics are not for the public',
    );
  }
  return Object.freeze({ host: value.METRICS_HOST, port: value.METRICS_PORT });
}
