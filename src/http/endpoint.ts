import type { ApolloServer, BaseContext } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Limits } from './limits';
import { overloaded, tookTooLong } from './problems';

/** What answers there. */
export interface Endpoint<Context extends BaseContext> {
  readonly apollo: ApolloServer<Context>;
  readonly limits: Pick<Limits, 'concurrent' | 'requestTimeoutMs'>;
  /** Asked before anything else of a request is done. Raises an ApiError to refuse it. */
  readonly admit?: (request: FastifyRequest) => Promise<void>;
  /** @param deadline aborted when the request has taken too long. */
  readonly context: (request: FastifyRequest, deadline: AbortSignal) => Promise<Context>;
}

/**
 * Puts a GraphQL server, started, at a path: so many requests at a time, each for so long. A request that took too
 * long is answered at once, and what it still does is told to stop; until it has, its place is not given away.
 */
export function mountGraphql<Context extends BaseContext>(
  app: FastifyInstance,
  endpoint: Endpoint<Context>,
  path = '/graphql',
): void {
  const { apollo, limits } = endpoint;
  const deadlines = new WeakMap<FastifyRequest, AbortSignal>();
  const answer = fastifyApolloHandler(apollo, {
    context: (request) => endpoint.context(request, deadlines.get(request) ?? AbortSignal.abort()),
  });
  let working = 0;
  const work = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    working += 1;
    try {
      return await answer.call(app, request, reply);
    } finally {
      working -= 1;
    }
  };
  app.route({
    url: path,
    method: ['GET', 'POST', 'OPTIONS'],
    handler: async (request, reply) => {
      await endpoint.admit?.(request);
      if (working >= limits.concurrent) throw overloaded();
      const deadline = new AbortController();
      deadlines.set(request, deadline.signal);
      const late = tookTooLong(limits.requestTimeoutMs);
      let timer: NodeJS.Timeout | undefined;
      const expiry = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => {
          reject(late);
          deadline.abort(late);
        }, limits.requestTimeoutMs);
      });
      try {
        return await Promise.race([work(request, reply), expiry]);
      } finally {
        clearTimeout(timer);
      }
    },
  });
}
