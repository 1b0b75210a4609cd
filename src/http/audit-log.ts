import type { ApolloServerPlugin } from '@apollo/server';
import type { GraphQLFormattedError } from 'graphql';
import type { RequestContext } from '../context';

/** The codes of what somebody was not let do. */
const REFUSALS = new Set(['UNAUTHENTICATED', 'FORBIDDEN', 'PASSWORD_REQUIRED', 'RATE_LIMITED']);
const MOST_PATHS = 20;
const LONGEST_PATH = 200;

/** Writes what each request was refused and which bills it was shown; the lines carry `audit: true`. */
export function auditLog(): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      return {
        async willSendResponse({ response, contextValue }) {
          const { log, viewer, audit, request } = contextValue;
          audit.write(log, viewer?.userId ?? null);
          const errors = response.body.kind === 'single' ? (response.body.singleResult.errors ?? []) : [];
          const refused = errors.filter((error) => REFUSALS.has(String(error.extensions?.code)));
          if (refused.length === 0) return;
          log.info(
            {
              audit: true,
              viewer: viewer?.userId ?? null,
              address: request.address,
              codes: [...new Set(refused.map((error) => error.extensions?.code))],
              // Names of fields and aliases, and places in lists; never an argument.
              paths: refused.slice(0, MOST_PATHS).map(pathOf),
              fields: refused.length,
            },
            'refused',
          );
        },
      };
    },
  };
}

const pathOf = (error: GraphQLFormattedError): string => (error.path ?? []).join('.').slice(0, LONGEST_PATH);
