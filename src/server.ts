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
import { CompiledExecutor } from './http/compiled-executor';
import { costLimit } from './http/cost';
import { mountGraphql } from './http/endpoint';
import { registerHealth } from './http/health';
import { Lifecycle } from './http/lifecycle';
import { DEFAULT_LIMITS, type Limits } from './http/limits';
import { outcome } from './http/outcome';
import { operationLog } from './http/request-log';
import { RequestRate } from './http/request-rate';
import type { RequestRecord } from './http/request-record';
import { shapeRule } from './http/shape';
import { BearerTokens, type Credential, senderOf } from './identity/bearer';
import { Confirmation } from './identity/confirmation';
import type { IssuerSettings } from './identity/issuer-settings';
import { IssuerTokens } from './identity/issuer-tokens';
import { SignInService } from './identity/sign-in';
import { IdentityStore } from './identity/store';
import { Tokens } from './identity/tokens';
import { misfit } from './migrations-fit';
import { onePasswordARequest } from './password-limit';
import type { ReadReplica } from './replica/read-replica';
import type { Metrics } from './watching/metrics';
import { OperationNames } from './watching/operations';
import { traceRequest } from './watching/tracing';
import { stringifyAnswer } from './written';

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
  /** A standby that takes reads of bills; without one, the database takes them. */
  readonly replica?: ReadReplica | null;
  /** Those that are not given are the defaults. */
  readonly limits?: Partial<Limits>;
  /** Origins whose pages may read answers; without any, only the server's own. */
  readonly corsOrigins?: readonly string[];
  /** Who signs people in elsewhere; without it, nobody does. */
  readonly auth?: IssuerSettings | null;
  /** Whether people sign in here, with a password; without it, they do. */
  readonly localSignIn?: boolean;
  /** Whether refusals and every view of bills are logged; without it, they are. */
  readonly auditLog?: boolean;
  /** Whether operations are executed by plans made once for each, or by graphql-js; without it, by plans. */
  readonly compiledExecutor?: boolean;
  /** Stops it in good order; without one, it is just closed. */
  readonly lifecycle?: Lifecycle;
  /** The operations that traces call by their names; without it, none. */
  readonly operationNames?: OperationNames;
  /** Counts what it does; without it, nothing is counted. */
  readonly metrics?: Metrics | null;
}

/** The HTTP server: the API at /graphql, GraphiQL, /healthz and /readyz. It does not listen yet. */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { database, log, trustProxy, graphiqlFolder, corsOrigins = [] } = options;
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  const { lifecycle = new Lifecycle(), metrics = null, operationNames = new OperationNames([]) } = options;
  const app = await createHttpApp({ log, trustProxy, corsOrigins, limits });
  lifecycle.watch(app);
  metrics?.watch(app);
  const tokens = new Tokens(options.signingKey, options.tokenMinutes);
  const { auth = null, localSignIn = true } = options;
  const bearer = new BearerTokens(localSignIn ? tokens : null, auth && new IssuerTokens(auth));
  const services: Services = {
    signIn: new SignInService(database, tokens, localSignIn),
    confirmation: new Confirmation(
      {
        passwords: localSignIn,
        fresh: auth && { seconds: auth.freshSeconds, skewSeconds: auth.clockSkewSeconds },
      },
      () => metrics?.confirmationLocked(),
    ),
  };
  const rate = new RequestRate(limits.requestsPerMinute);
  const credentials = new WeakMap<FastifyRequest, Credential | null>();
  const records = new WeakMap<RequestContext['request'], RequestRecord>();
  const apollo = new ApolloServer<RequestContext>({
    ...((options.compiledExecutor ?? true)
      ? { gateway: new CompiledExecutor(options.schema, log).gateway() }
      : { schema: options.schema }),
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
    onCutOff: lifecycle.onCutOff,
    around: (request, reply, work) => traceRequest(request, reply, operationNames, work),
    admit: async (request) => {
      const sender = `address ${request.ip}`;
      try {
        const credential = await bearer.verify(request.headers.authorization, (reason) =>
          request.record?.log.info({ reason }, 'a token of the issuer was refused'),
        );
        credentials.set(request, credential);
        await rate.count(credential === null ? sender : senderOf(credential));
      } catch (error) {
        // Nobody can be told from anybody else while the issuer's keys cannot be had.
        if (!credentials.has(request)) await rate.count(sender);
        throw error;
      }
    },
    context: async (request, deadline) => {
      const { record } = request;
      const primary = database.until(deadline);
      const statements = new CountedStatements(options.replica?.readsFor(primary, deadline) ?? primary);
      const credential = credentials.get(request) ?? null;
      const { viewer, error } = await viewerOf(credential, statements);
      const client = { id: request.id, address: request.ip };
      const requestLog = record?.log ?? log;
      if (viewer === null && error?.code === 'UNAUTHENTICATED' && credential?.kind === 'EXTERNAL') {
        requestLog.info('no active account is linked to the subject of the token');
      }
      const context = new RequestContext(viewer, error, statements, services, client, requestLog, credential);
      if (record !== undefined) {
        record.context = context;
        records.set(client, record);
      }
      return context;
    },
  });
  registerHealth(app, { lifecycle, log, misfit: () => misfit(database) });
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
    stringifyResult: stringifyAnswer,
  } satisfies Partial<ApolloServerOptions<RequestContext>>;
}

/** Reads who asks, for this request alone. Never raises: a request without a viewer can still sign in. */
async function viewerOf(
  credential: Credential | null,
  statements: CountedStatements,
): Promise<{ viewer: Viewer | null; error: ApiError | null }> {
  if (credential === null) return { viewer: null, error: unauthenticated() };
  try {
    const store = new IdentityStore(statements);
    const viewer = await (credential.kind === 'LOCAL'
      ? store.viewerOf(credential.session)
      : store.viewerOfExternal(credential.identity));
    return viewer === null ? { viewer, error: unauthenticated() } : { viewer, error: null };
  } catch (error) {
    return { viewer: null, error: apiErrorOf(error) ?? unavailable(error) };
  }
}
