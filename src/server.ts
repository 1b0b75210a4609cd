import { ApolloServer, type ApolloServerOptions } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { Viewer } from './access/viewer';
import { CountedStatements, RequestContext, type Services } from './context';
import type { Database } from './database';
import { apiErrorOf, formatError } from './error-format';
import { type ApiError, unauthenticated, unavailable } from './errors';
import { registerGraphiql } from './graphiql-page';
import { createHttpApp } from './http/app';
import { auditLog } from './http/audit-log';
import { costLimit } from './http/cost';
import { mountGraphql } from './http/endpoint';
import { DEFAULT_LIMITS, type Limits } from './http/limits';
import { outcome } from './http/outcome';
import { operationLog } from './http/request-log';
import { RequestRate } from './http/request-rate';
import type { RequestRecord } from './http/request-record';
import { shapeRule } from './http/shape';
import { Confirmation } from './identity/confirmation';
import { SignInService } from './identity/sign-in';
import { IdentityStore } from './identity/store';
import { type Session, Tokens } from './identity/tokens';
import { onePasswordARequest } from './password-limit';

/** How many errors the validation of an operation looks for: one is enough to refuse it. */
const MOST_VALIDATION_ERRORS = 5;

/** What a server is made of. */
export interface ServerOptions {
  readonly schema: GraphQLSchema;
  readonly database: Database;
  readonly log: Logger;
  readonly signingKey: string;
  readonly tokenMinutes: number;
  readonly trustProxy: boolean;
  /** The folder of the built GraphiQL page; null: no page, no introspection, no suggestions in errors. */
  readonly graphiqlFolder: string | null;
  /** Those that are not given are the defaults. */
  readonly limits?: Partial<Limits>;
  /** Origins whose pages may read answers; without any, only the server's own. */
  readonly corsOrigins?: readonly string[];
  /** Whether refusals and every view of bills are logged; without it, they are. */
  readonly auditLog?: boolean;
}

/** The HTTP server: the API at /graphql, GraphiQL, and /healthz. It does not listen yet. */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { database, log, trustProxy, graphiqlFolder, corsOrigins = [] } = options;
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  const app = await createHttpApp({ log, trustProxy, corsOrigins, limits });
  const tokens = new Tokens(options.signingKey, options.tokenMinutes);
  const services: Services = {
    signIn: new SignInService(database, tokens),
    confirmation: new Confirmation(),
  };
  const rate = new RequestRate(limits.requestsPerMinute);
  const sessions = new WeakMap<FastifyRequest, Session | null>();
  const records = new WeakMap<RequestContext['request'], RequestRecord>();
  const apollo = new ApolloServer<RequestContext>({
    schema: options.schema,
    ...apolloSettings(graphiqlFolder !== null, limits),
    logger: log,
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      fastifyApolloDrainPlugin(app),
      costLimit(limits.cost),
      onePasswordARequest(),
      // In this order: the log shows what the answer says.
      outcome(),
      operationLog((context) => records.get(context.request)),
      ...((options.auditLog ?? true) ? [auditLog()] : []),
    ],
  });
  await apollo.start();
  mountGraphql(app, {
    apollo,
    limits,
    admit: async (request) => {
      const session = await sessionOf(request.headers.authorization, tokens);
      sessions.set(request, session);
      await rate.count(session?.userId ?? `address ${request.ip}`);
    },
    context: async (request, deadline) => {
      const { record } = request;
      const statements = new CountedStatements(database.until(deadline));
      const { viewer, error } = await viewerOf(sessions.get(request) ?? null, statements);
      const client = { id: request.id, address: request.ip };
      const context = new RequestContext(viewer, error, statements, services, client, record?.log ?? log);
      if (record !== undefined) {
        record.context = context;
        records.set(client, record);
      }
      return context;
    },
  });
  app.get('/healthz', async () => ({ status: 'ok' }));
  if (graphiqlFolder !== null) await registerGraphiql(app, { folder: graphiqlFolder });
  return app;
}

/** What Apollo is told of our limits and errors, whatever schema it serves. */
export function apolloSettings(development: boolean, limits: Limits) {
  return {
    introspection: development,
    hideSchemaDetailsFromClientErrors: !development,
    includeStacktraceInErrorResponses: false,
    persistedQueries: false,
    allowBatchedHttpRequests: false,
    csrfPrevention: true,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: limits.tokens },
    validationRules: [shapeRule(limits, MOST_VALIDATION_ERRORS)],
    validationOptions: { maxErrors: MOST_VALIDATION_ERRORS },
    formatError,
  } satisfies Partial<ApolloServerOptions<RequestContext>>;
}

/** The session that the request's token is of; null: there is no valid token. */
async function sessionOf(authorization: string | undefined, tokens: Tokens): Promise<Session | null> {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  return token === undefined ? null : tokens.verify(token);
}

/** Reads who asks, for this request alone. Never raises: a request without a viewer can still sign in. */
async function viewerOf(
  session: Session | null,
  statements: CountedStatements,
): Promise<{ viewer: Viewer | null; error: ApiError | null }> {
  if (session === null) return { viewer: null, error: unauthenticated() };
  try {
    const viewer = await new IdentityStore(statements).viewerOf(session);
    return viewer === null ? { viewer, error: unauthenticated() } : { viewer, error: null };
  } catch (error) {
    return { viewer: null, error: apiErrorOf(error) ?? unavailable(error) };
  }
}
