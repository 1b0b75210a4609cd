import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError, Kind } from 'graphql';
import { meansUnavailable } from './database';
import { ApiError, type ErrorCode, unavailable } from './errors';

/** What graphql-js and Apollo call a request that cannot be understood. */
const BAD_REQUESTS = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
]);

const INTERNAL_MESSAGE =
  'Something went wrong on our side. Nothing was changed by this field. Try again, or tell us the request id.';

/** The ApiError behind an error, whatever wraps it; an outage of the database is one. Null: a defect of ours. */
export function apiErrorOf(error: unknown): ApiError | null {
  const original = unwrapResolverError(error);
  if (original instanceof ApiError) return original;
  if (error instanceof ApiError) return error;
  return meansUnavailable(original) ? unavailable(original) : null;
}

/** Whether the failure is ours to look into, a defect or an outage, and not the client's to correct. */
export function isOurs(error: GraphQLError): boolean {
  const known = apiErrorOf(error);
  if (known !== null) return known.code === 'UNAVAILABLE' || known.code === 'INTERNAL';
  return !BAD_REQUESTS.has(String(error.extensions.code));
}

/**
 * What the client gets of an error: a code of ours, and a message that holds no value of the request (a password sent
 * in a wrong place would come back in it), no SQL, no stack and no id of something hidden.
 */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const located = {
    ...(formatted.locations === undefined ? {} : { locations: formatted.locations }),
    ...(formatted.path === undefined ? {} : { path: formatted.path }),
  };
  const known = apiErrorOf(error);
  if (known !== null) return { message: known.message, ...located, extensions: { ...known.extensions } };
  if (BAD_REQUESTS.has(String(formatted.extensions?.code))) {
    const message = repeatsLiteral(error) ? UNFIT_VALUE : withoutValues(formatted.message);
    const limit = limitOf(formatted);
    const extensions = { ...code('BAD_USER_INPUT'), ...(limit === null ? {} : { limit }) };
    return { message, ...located, extensions };
  }
  return { message: INTERNAL_MESSAGE, ...located, extensions: code('INTERNAL') };
}

const code = (value: ErrorCode): { code: ErrorCode } => ({ code: value });

/** Which limit an operation is over, where it is one; null: it is not. */
function limitOf({ extensions, message }: GraphQLFormattedError): string | null {
  if (typeof extensions?.limit === 'string') return extensions.limit;
  return /^Syntax Error: Document contains more th[ae][nt] \d+ tokens/.test(message) ? 'tokens' : null;
}

const UNFIT_VALUE = 'The value here does not fit its type.';

/** Whether the message repeats a value of the operation's text, as scalars of libraries do in words of their own. */
function repeatsLiteral(error: unknown): boolean {
  if (!(error instanceof GraphQLError)) return false;
  return (error.nodes ?? []).some(
    (node) => node.kind === Kind.STRING && node.value !== '' && error.message.includes(node.value),
  );
}

/** graphql-js repeats the offending value, or the whole variable that holds it; only where and why is kept. */
function withoutValues(message: string): string {
  const variable = /^Variable "\$(\w+)" got invalid value /.exec(message);
  if (variable !== null) {
    const name = variable[1] ?? '';
    const place = new RegExp(` at "(${name}(?:\\.\\w+|\\[\\d+\\])+)"; `).exec(message)?.[1] ?? name;
    return `Variable "$${name}": the value at "${place}" does not fit its type.${hintOf(message)}`;
  }
  return message
    .replace(/(cannot represent [^:]*): .*$/s, '$1.')
    .replace(/(Expected value of type "[^"]*"), found .*$/s, '$1.')
    .replace(/^(Syntax Error: .*?(?:Name|String|Int|Float|Comment)) ".*$/s, '$1.')
    .replace(/^(Syntax Error: Invalid .* escape sequence): .*$/s, '$1.');
}

/** The part of a coercion error that names types and fields only. */
function hintOf(message: string): string {
  const hint =
    /; (Field "\w+" of required type "[^"]+" was not provided\.)$/.exec(message) ??
    /; (Field "\w+" is not defined by type "\w+"\.)/.exec(message) ??
    /; (Expected (?:non-nullable )?type "?[^"]+"? (?:not to be null|to be an object)\.)$/.exec(message) ??
    /; ((?:String|Int|Boolean|ID|Float) cannot represent [a-z0-9 -]+): /.exec(message);
  return hint === null ? '' : ` ${hint[1]}`;
}
