import 'reflect-metadata';
import path from 'node:path';
import type { GraphQLSchema } from 'graphql';
import { Database } from '../../src/database';
import type { Limits } from '../../src/http/limits';
import { createLogger } from '../../src/logging';
import type { ReadReplica } from '../../src/replica/read-replica';
import { buildGuardedSchema } from '../../src/schema';
import { createServer, type ServerOptions } from '../../src/server';
import { createTestDatabase, DEMO_PASSWORD, type TestDatabase } from './database';
import { throughPgBouncer } from './pgbouncer';

export const SIGNING_KEY = 'a signing key for tests, and for nothing else';

export interface GraphqlError {
  message: string;
  path?: (string | number)[];
  extensions: { code: string } & Record<string, unknown>;
}

export interface Answer<Data = Record<string, never>> {
  status: number;
  data: Data;
  errors?: GraphqlError[];
  /** The body as it came over the wire. */
  text: string;
  headers: Headers;
}

/** A server over real HTTP on a database of its own (unless one is given), signed in to through its API. */
export interface TestServer {
  readonly url: string;
  readonly db: TestDatabase;
  readonly database: Database;
  /** Every line of the log so far. */
  readonly logged: string[];
  /** Sends an operation as somebody: an e-mail address of the demo or of the test, or null for nobody. */
  ask<Data = Record<string, never>>(
    who: string | null,
    query: string,
    variables?: Record<string, unknown>,
  ): Promise<Answer<Data>>;
  tokenOf(email: string, password?: string): Promise<string>;
  close(): Promise<void>;
}

export interface TestServerOptions {
  /** A standby that takes reads of bills. */
  readReplica?: (primary: Database) => Promise<ReadReplica>;
  graphiql?: boolean;
  /** Default: a copy of the demo database. */
  db?: TestDatabase;
  schema?: GraphQLSchema;
  poolSize?: number;
  statementTimeoutMs?: number;
  /** Those not given are wide: most tests ask for far more at once than anybody should. Tests of the limits give all. */
  limits?: Partial<Limits>;
  corsOrigins?: readonly string[];
  auditLog?: boolean;
  /** False: graphql-js executes the operations. */
  compiledExecutor?: boolean;
  /** Who signs people in elsewhere, and whether they sign in here; by default nobody, and they do. */
  identity?: Pick<ServerOptions, 'auth' | 'localSignIn'>;
  /** What stops it and what watches it; by default nothing does. */
  watching?: Pick<ServerOptions, 'lifecycle' | 'metrics' | 'operationNames'>;
}

const WIDE: Partial<Limits> = {
  tokens: 200_000,
  depth: 60,
  aliases: 5_000,
  directives: 5_000,
  repeats: 5_000,
  cost: 1_000_000_000_000,
  requestTimeoutMs: 120_000,
  concurrent: 2_000,
  requestsPerMinute: 0,
};

const page = path.resolve(__dirname, '../../dist/graphiql');

/** Starts a server on a free port. `close` also drops the database, unless it was given. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const db = options.db ?? (await createTestDatabase({ demo: true }));
  const logged: string[] = [];
  const log = createLogger('info', { write: (line) => void logged.push(line) });
  const database = await Database.open({
    url: db.apiUrl,
    poolSize: options.poolSize ?? 5,
    statementTimeoutMs: options.statementTimeoutMs ?? 10_000,
    preparedStatements: !throughPgBouncer(),
    onPoolError: () => undefined,
    onStatement: (seconds, outcome) => options.watching?.metrics?.statement(seconds, outcome),
  });
  const replica = (await options.readReplica?.(database)) ?? null;
  const app = await createServer({
    schema: options.schema ?? buildGuardedSchema(),
    database,
    replica,
    log,
    signingKey: SIGNING_KEY,
    tokenMinutes: 60,
    trustProxy: false,
    graphiqlFolder: options.graphiql ? page : null,
    limits: { ...WIDE, ...options.limits },
    corsOrigins: options.corsOrigins ?? [],
    auditLog: options.auditLog ?? false,
    compiledExecutor: options.compiledExecutor ?? process.env.COMPILED_EXECUTOR !== 'false',
    ...options.identity,
    ...options.watching,
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const tokens = new Map<string, Promise<string>>();

  const send = async <Data>(token: string | null, query: string, variables: Record<string, unknown>) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ query, variables }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, ...JSON.parse(text) } as Answer<Data>;
  };
  const signIn = async (email: string, password: string): Promise<string> => {
    const answer = await send<{ signIn: { token: string } | null }>(
      null,
      'mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password) { token } }',
      { email, password },
    );
    if (!answer.data?.signIn) throw new Error(`cannot sign in as ${email}: ${answer.text}`);
    return answer.data.signIn.token;
  };
  const tokenOf = (email: string, password = DEMO_PASSWORD): Promise<string> => {
    const known = tokens.get(email) ?? signIn(email, password);
    tokens.set(email, known);
    return known;
  };
  return {
    url,
    db,
    database,
    logged,
    tokenOf,
    ask: async (who, query, variables = {}) =>
      send(who === null ? null : await tokenOf(who), query, variables),
    close: async () => {
      await app.close();
      await replica?.close();
      await database.close();
      if (options.db === undefined) await db.drop();
    },
  };
}
