import type { ApolloServerPlugin } from '@apollo/server';
import type { GraphQLFormattedError } from 'graphql';
import type { RequestContext } from '../context';
import { RETRY_AFTER_SECONDS } from './problems';

/** The codes of failures that are ours; they are told with the request's id, since what it was is in the log. */
const OURS = new Set(['UNAVAILABLE', 'INTERNAL']);

const codeOf = (error: GraphQLFormattedError): unknown => error.extensions?.code;

/**
 * What an answer says of its errors over HTTP. An outage has Retry-After; where it left nothing at all to answer, the
 * status is 503, so that clients, proxies and monitors see it (with part of the data it is 200). An operation over a
 * limit is told that, and not what else is wrong with it.
 */
export function outcome(): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      return {
        async willSendResponse({ response, contextValue, request }) {
          if (response.body.kind !== 'single') return;
          const result = response.body.singleResult;
          const { errors } = result;
          if (errors === undefined || errors.length === 0) return;
          const overLimit = errors.find((error) => error.extensions?.limit !== undefined);
          const told = overLimit !== undefined && result.data === undefined ? [overLimit] : errors;
          result.errors = told.map((error) =>
            OURS.has(String(codeOf(error)))
              ? { ...error, extensions: { ...error.extensions, requestId: contextValue.request.id } }
              : error,
          );
          // Apollo calls every refusal between validation and execution its own fault.
          if (result.data === undefined && response.http.status === 500) {
            response.http.status = errors.some((error) => OURS.has(String(codeOf(error)))) ? 500 : 400;
          }
          if (!errors.some((error) => codeOf(error) === 'UNAVAILABLE')) return;
          response.http.headers.set('retry-after', String(RETRY_AFTER_SECONDS));
          const nothing = Object.values(result.data ?? {}).every((value) => value === null);
          if (!nothing || !errors.every((error) => codeOf(error) === 'UNAVAILABLE')) return;
          response.http.status = 503;
          // GraphQL over HTTP: in this media type an answer that has data, be it null fields, is a success.
          if (request.http?.headers.get('accept')?.includes('application/graphql-response+json')) {
            delete result.data;
          }
        },
      };
    },
  };
}
