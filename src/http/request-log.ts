import type { ApolloServerPlugin } from '@apollo/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestContext } from '../context';
import { apiErrorOf, isOurs } from '../error-format';
import type { RequestRecord } from './request-record';

const LONGEST_NAME = 100;

/** Paths that are asked for by machines all the time, or are files; told only when refused. */
const QUIET = /^\/(healthz|readyz|graphiql)\b/;

/** One line for each request, written before its answer is sent. Without any value of the request. */
export function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  const { record } = request;
  if (record === undefined) return;
  record.answered = true;
  if (reply.statusCode < 400 && QUIET.test(request.url)) return;
  record.log.info(
    {
      operation: record.operation,
      type: record.type,
      viewer: record.context?.viewer?.userId ?? null,
      status: reply.statusCode,
      statements: record.context?.statements.count ?? 0,
      milliseconds: Math.round(performance.now() - record.began),
      codes: [...record.codes],
    },
    'request',
  );
}

const sanitized = (name: string): string => name.replace(/[^A-Za-z0-9_]/g, '').slice(0, LONGEST_NAME);

/** Notes what an operation is and how it ended, and logs each failure that is ours, once for all fields that met it. */
export function operationLog(
  recordOf: (context: RequestContext) => RequestRecord | undefined,
): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ contextValue, operation, operationName }) {
          const record = recordOf(contextValue);
          if (record === undefined) return;
          record.operation = typeof operationName === 'string' ? sanitized(operationName) : null;
          record.type = operation?.operation ?? null;
        },
        async didEncounterErrors({ errors, contextValue }) {
          // It took too long, which has been told.
          if (recordOf(contextValue)?.answered) return;
          const failures = new Map<string, { err: unknown; path: unknown; fields: number }>();
          for (const error of errors) {
            // An error without a code of ours has none yet: Apollo gives it one only for the answer.
            if (!isOurs(error)) continue;
            const err = apiErrorOf(error)?.cause ?? error.originalError ?? error;
            const kind = err instanceof Error ? `${err.name} ${err.message}` : String(err);
            const failure = failures.get(kind) ?? { err, path: error.path, fields: 0 };
            failure.fields += 1;
            failures.set(kind, failure);
          }
          for (const failure of failures.values()) contextValue.log.error(failure, 'a field failed');
        },
        async willSendResponse({ contextValue, response }) {
          const errors = response.body.kind === 'single' ? response.body.singleResult.errors : undefined;
          const codes = recordOf(contextValue)?.codes;
          for (const error of errors ?? []) codes?.add(String(error.extensions?.code));
        },
      };
    },
  };
}
