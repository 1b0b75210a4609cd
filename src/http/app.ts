import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from 'pino';
import type { ApiError } from '../errors';
import type { Limits } from './limits';
import { errorBody, ODD_ENCODING, sendProblem } from './problems';
import { logRequest } from './request-log';
import { RequestRecord } from './request-record';

export interface HttpOptions {
  readonly log: Logger;
  readonly trustProxy: boolean;
  /** Origins whose pages may read answers, as `https://emr.example`; none: only pages of this server. */
  readonly corsOrigins: readonly string[];
  readonly limits: Pick<Limits, 'bodyBytes' | 'receiveTimeoutMs'>;
}

/** A server that answers everything in JSON, refusals too, with the headers and limits of HTTP; without any route. */
export async function createHttpApp(options: HttpOptions): Promise<FastifyInstance> {
  const { limits, log } = options;
  const app: FastifyInstance = fastify({
    logger: false,
    trustProxy: options.trustProxy,
    genReqId: () => randomUUID(),
    forceCloseConnections: 'idle',
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.receiveTimeoutMs,
    // Node looks for clients that are too slow only every 30 seconds otherwise.
    http: { headersTimeout: limits.receiveTimeoutMs, connectionsCheckingInterval: 1_000 },
    clientErrorHandler: refuseConnection,
    // An address that cannot be read gets no further than this.
    frameworkErrors: (error, request, reply) => {
      // Their types are generic over every route's; here there is no route.
      sendProblem(error, request as unknown as FastifyRequest, reply as unknown as FastifyReply);
    },
  });
  app.decorateRequest('record', undefined);
  app.addHook('onRequest', async (request, reply) => {
    request.record = new RequestRecord(log.child({ requestId: request.id }));
    reply.header('x-request-id', request.id);
    reply.header('cache-control', 'no-store');
  });
  await app.register(helmet, {
    contentSecurityPolicy: { directives: { defaultSrc: ["'none'"] }, useDefaults: false },
  });
  if (options.corsOrigins.length > 0) {
    await app.register(cors, {
      origin: [...options.corsOrigins],
      methods: ['GET', 'POST'],
      allowedHeaders: ['authorization', 'content-type', 'apollo-require-preflight'],
      exposedHeaders: ['x-request-id', 'retry-after'],
      maxAge: 600,
    });
  }
  app.addHook('onRequest', async (request) => requirePlainUtf8(request));
  app.addHook('onSend', async (request, reply) => logRequest(request, reply));
  app.setErrorHandler<FastifyError | ApiError>((error, request, reply) => {
    sendProblem(error, request, reply);
    if (reply.statusCode >= 500) request.record?.log.error({ err: error }, 'a request failed');
  });
  app.setNotFoundHandler((request, reply) => {
    request.record?.codes.add('NOT_FOUND');
    return reply.status(404).send(errorBody('NOT_FOUND', 'The API is at POST /graphql.'));
  });
  return app;
}

/** Refuses a body that says it is anything but UTF-8 as it is: it would be read as that all the same. Raises 415. */
function requirePlainUtf8({ headers }: FastifyRequest): void {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  const encoding = headers['content-encoding'] ?? 'identity';
  if (/^utf-?8$/i.test(charset) && /^identity$/i.test(encoding)) return;
  throw Object.assign(new Error('the body is not plain UTF-8'), { statusCode: 415, code: ODD_ENCODING });
}

const CONNECTION_PROBLEMS: Readonly<Record<string, readonly [status: number, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
  HPE_HEADER_OVERFLOW: [431, 'The headers of the request are too large.'],
};

/** Answers what is not even HTTP, or comes too slowly, and ends the connection. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, message] = CONNECTION_PROBLEMS[error.code ?? ''] ?? [400, 'This is no HTTP request.'];
  const body = JSON.stringify(errorBody('BAD_USER_INPUT', message));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `Content-Type: application/json; charset=utf-8\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${body}`,
  );
}
