import { GraphQLError } from 'graphql';

/** Every code that a client can meet in `extensions.code`. */
export type ErrorCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'BAD_USER_INPUT'
  | 'CONFLICT'
  | 'PASSWORD_REQUIRED'
  | 'RATE_LIMITED'
  | 'UNAVAILABLE'
  | 'INTERNAL';

/** A failure that is told to the client as it is: its message names nothing that the client may not know. */
export class ApiError extends GraphQLError {
  constructor(
    readonly code: ErrorCode,
    message: string,
    options: { cause?: unknown; extensions?: Record<string, unknown> } = {},
  ) {
    super(message, { extensions: { ...options.extensions, code } });
    // Kept for the log only; graphql-js never sends it.
    if (options.cause !== undefined) this.cause = options.cause;
  }
}

/** No valid session: not signed in, the token expired, or the account was deactivated. */
export const unauthenticated = (): ApiError =>
  new ApiError('UNAUTHENTICATED', 'Sign in first: the token is missing, expired or no longer valid.');

/** Signed in, but not allowed. Says nothing of what it would have shown. */
export const forbidden = (): ApiError => new ApiError('FORBIDDEN', 'You may not do this.');

/** What was named does not exist, or the viewer may not know of it: the two look the same. */
export const notFound = (): ApiError =>
  new ApiError('NOT_FOUND', 'There is nothing of that id that you can see.');

/** An argument that cannot be used; the message tells what to send instead, and never echoes the value. */
export const badUserInput = (message: string): ApiError => new ApiError('BAD_USER_INPUT', message);

/** Too many attempts; `seconds` is when to try again. */
export const rateLimited = (seconds: number): ApiError =>
  new ApiError('RATE_LIMITED', `Too many failed attempts. Try again in ${Math.ceil(seconds / 60)} minutes.`, {
    extensions: { retryAfterSeconds: seconds },
  });

/** The database cannot answer now. Nothing was shown and nothing changed. */
export const unavailable = (cause?: unknown): ApiError =>
  new ApiError('UNAVAILABLE', 'The service cannot answer at the moment. Try again in a few seconds.', {
    cause,
  });
