import { randomUUID } from 'node:crypto';
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloDrainPlugin, fastifyApolloHandler } from '@as-integrations/fastify';
import helmet from '@fastify/helmet';
import fastify, { type FastifyError, type FastifyInstance, type FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { Viewer } from './access/viewer';
import { CountedStatements, RequestContext, type Services } from './context';
import type { Database } from './database';
import { apiErrorOf, formatError, isOurs } from './error-format';
import { type ApiError, type ErrorCode, unauthenticated, unavailable } from './errors';
import { registerGraphiql } from './graphiql-page';
import { Confirmation } from './identity/confirmation';
import { SignInService } from './identity/sign-in';
import { IdentityStore } from './identity/store';
import { Tokens } from './identity/tokens';
import { onePasswordARequest } from './password-limit';

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
}

/** The HTTP server: the API at /graphql, GraphiQL, and /healthz. It does not listen yet. */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { database, log } = options;
  const app = fastify({
    logger: false,
    trustProxy: options.trustProxy,
    genReqId: () => randomUUID(),
    forceCloseConnections: 'idle',
  });
  await app.register(helmet, {
    contentSecurityPolicy: { directives: { defaultSrc: ["'none'"] }, useDefaults: false },
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    reply.header('cache-control', 'no-store');
  });
  app.setErrorHandler<FastifyError>((error, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) log.error({ err: error }, 'a request failed outside GraphQL');
    const refused = status < 500;
    return reply
      .status(status)
      .send(
        errorBody(
          refused ? 'BAD_USER_INPUT' : 'INTERNAL',
          refused ? httpMessage(error) : 'Something went wrong on our side.',
        ),
      );
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.status(404).send(errorBody('NOT_FOUND', 'The API is at POST /graphql.')),
  );

  const tokens = new Tokens(options.signingKey, options.tokenMinutes);
  const services: Services = {
    signIn: new SignInService(database, tokens),
    confirmation: new Confirmation(),
  };
  const development = options.graphiqlFolder !== null;
  const apollo = new ApolloServer<RequestContext>({
    schema: options.schema,
    introspection: development,
    hideSchemaDetailsFromClientErrors: !development,
    includeStacktraceInErrorResponses: false,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    formatError,
    logger: log,
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      fastifyApolloDrainPlugin(app),
      onePasswordARequest(),
      requestLog(),
    ],
  });
  await apollo.start();
  app.route({
    url: '/graphql',
    method: ['GET', 'POST', 'OPTIONS'],
    handler: fastifyApolloHandler(apollo, {
      context: (request) => contextOf(request, database, tokens, services, log),
    }),
  });
  app.get('/healthz', async () => ({ status: 'ok' }));
  if (options.graphiqlFolder !== null) await registerGraphiql(app, { folder: options.graphiqlFolder });
  return app;
}

/** Reads who asks, for this request alone. Never raises: a request without a viewer can still sign in. */
async function contextOf(
  request: FastifyRequest,
  database: Database,
  tokens: Tokens,
  services: Services,
  log: Logger,
): Promise<RequestContext> {
  const statements = new CountedStatements(database);
  const requestLogger = log.child({ requestId: request.id });
  const { viewer, error } = await viewerOf(request.headers.authorization, statements, tokens);
  const client = { id: request.id, address: request.ip };
  return new RequestContext(viewer, error, statements, services, client, requestLogger);
}

async function viewerOf(
  authorization: string | undefined,
  statements: CountedStatements,
  tokens: Tokens,
): Promise<{ viewer: Viewer | null; error: ApiError | null }> {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  const session = token === undefined ? null : await tokens.verify(token);
  if (session === null) return { viewer: null, error: unauthenticated() };
  try {
    const viewer = await new IdentityStore(statements).viewerOf(session);
    return viewer === null ? { viewer, error: unauthenticated() } : { viewer, error: null };
  } catch (error) {
    return { viewer: null, error: apiErrorOf(error) ?? unavailable(error) };
  }
}

/** One line for each request, without any value of it, and one for each failure that is ours. */
function requestLog(): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      const began = performance.now();
      return {
        async didEncounterErrors({ errors, contextValue }) {
          for (const error of errors) {
            // An error without a code of ours has none yet: Apollo gives it one only for the answer.
            if (isOurs(error))
              contextValue.log.error(
                { err: apiErrorOf(error)?.cause ?? error.originalError ?? error, path: error.path },
                'a field failed',
              );
          }
        },
        async willSendResponse({ contextValue, operationName, operation, response }) {
          const errors = response.body.kind === 'single' ? response.body.singleResult.errors : undefined;
          contextValue.log.info(
            {
              operation: operationName?.slice(0, 100) ?? null,
              type: operation?.operation ?? null,
              viewer: contextValue.viewer?.userId ?? null,
              statements: contextValue.statements.count,
              milliseconds: Math.round(performance.now() - began),
              codes: [...new Set(errors?.map((error) => error.extensions?.code))],
            },
            'request',
          );
        },
      };
    },
  };
}

const errorBody = (code: ErrorCode, message: string) => ({ errors: [{ message, extensions: { code } }] });

/** What is wrong with a request that did not reach GraphQL, without repeating any of it. */
function httpMessage(error: FastifyError): string {
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return 'Send the request as application/json.';
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return 'The request is too large.';
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return 'The request has no body; send {"query": "..."} as application/json.';
    default:
      return 'The request cannot be read; send {"query": "..."} as application/json.';
  }
}
