import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError, type ErrorCode } from '../errors';

/** When to try again after UNAVAILABLE, in seconds. */
export const RETRY_AFTER_SECONDS = 5;

/** The body of a refusal outside GraphQL: the same shape as inside. */
export const errorBody = (code: ErrorCode, message: string, extensions: Record<string, unknown> = {}) => ({
  errors: [{ message, extensions: { ...extensions, code } }],
});

/** The process has as much to do as it takes. */
export const overloaded = (): ApiError =>
  new ApiError('UNAVAILABLE', 'The service has too much to do at the moment. Try again in a second.', {
    extensions: { retryAfterSeconds: 1 },
  });

/** The request took longer than it may. */
export const tookTooLong = (milliseconds: number): ApiError =>
  new ApiError(
    'UNAVAILABLE',
    `The request was stopped after ${milliseconds / 1000} seconds. Ask for less at a time; if it was to change something, look whether it did before you try again.`,
    { extensions: { retryAfterSeconds: RETRY_AFTER_SECONDS } },
  );

/** The process ends before the request did. */
export const cutOff = (): ApiError =>
  new ApiError(
    'UNAVAILABLE',
    'The request was stopped, since the server process ends. If it was to change something, look whether it did before you send it again.',
    { extensions: { retryAfterSeconds: 1 } },
  );

/** One viewer, or one address without a viewer, asks too often. */
export const tooManyRequests = (seconds: number): ApiError =>
  new ApiError('RATE_LIMITED', `Too many requests. Try again in ${seconds} seconds.`, {
    extensions: { retryAfterSeconds: seconds },
  });

const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  UNAVAILABLE: 503,
  RATE_LIMITED: 429,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  INTERNAL: 500,
};

/** Answers a failure of a request as a whole. */
export function sendProblem(
  error: FastifyError | ApiError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  if (error instanceof ApiError) {
    const { retryAfterSeconds } = error.extensions;
    if (typeof retryAfterSeconds === 'number') reply.header('retry-after', String(retryAfterSeconds));
    const ours = error.code === 'UNAVAILABLE' ? { requestId: request.id } : {};
    // A plain object of its own: the class carries what GraphQL knows of it, too.
    const body = errorBody(error.code, error.message, { ...error.extensions, ...ours });
    send(reply, STATUS[error.code] ?? 400, error.code, body);
    return;
  }
  const status = error.statusCode ?? 500;
  if (status < 500) {
    send(reply, status, 'BAD_USER_INPUT', errorBody('BAD_USER_INPUT', httpMessage(error)));
    return;
  }
  const message = 'Something went wrong on our side. Try again, or tell us the request id.';
  send(reply, status, 'INTERNAL', errorBody('INTERNAL', message, { requestId: request.id }));
}

function send(reply: FastifyReply, status: number, code: ErrorCode, body: object): void {
  reply.request.record?.codes.add(code);
  void reply.status(status).type('application/json; charset=utf-8').send(body);
}

export const ODD_ENCODING = 'ODD_ENCODING';

/** What is wrong with a request that did not reach GraphQL, without repeating any of it. */
export function httpMessage(error: FastifyError): string {
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return 'Send the request as application/json.';
    case ODD_ENCODING:
      return 'Send the body in UTF-8, uncompressed.';
    case 'FST_ERR_BAD_URL':
      return 'The address cannot be read. The API is at POST /graphql.';
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return 'The request is too large. Send less at a time.';
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return 'The request has no body; send {"query": "..."} as application/json.';
    default:
      return 'The request cannot be read; send {"query": "..."} as application/json.';
  }
}
