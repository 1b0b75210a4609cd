import { setMaxListeners } from 'node:events';
import type { ApolloServer, BaseContext } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiError } from '../errors';
import type { Limits } from './limits';
import { cutOff, overloaded, tookTooLong } from './problems';

/** What answers there. */
export interface Endpoint<Context extends BaseContext> {
  readonly apollo: ApolloServer<Context>;
  readonly limits: Pick<Limits, 'concurrent' | 'requestTimeoutMs'>;
  /** Calls what it is given when whatever is still under way has to end, since the process does; answers how to forget it. */
  readonly onCutOff?: (cut: () => void) => () => void;
  /** Given each request to carry out. */
  readonly around?: (
    request: FastifyRequest,
    reply: FastifyReply,
    work: () => Promise<unknown>,
  ) => Promise<unknown>;
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
  const carryOut = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    await endpoint.admit?.(request);
    if (working >= limits.concurrent) throw overloaded();
    const deadline = new AbortController();
    // Each statement of the request listens while it runs; many at once are no leak.
    setMaxListeners(0, deadline.signal);
    deadlines.set(request, deadline.signal);
    let stop = (_why: () => ApiError): void => undefined;
    const expiry = new Promise<never>((_resolve, reject) => {
      stop = (why) => {
        const late = why();
        reject(late);
        deadline.abort(late);
      };
    });
    const timer = setTimeout(() => stop(() => tookTooLong(limits.requestTimeoutMs)), limits.requestTimeoutMs);
    const forget = endpoint.onCutOff?.(() => stop(cutOff));
    try {
      return await Promise.race([work(request, reply), expiry]);
    } finally {
      clearTimeout(timer);
      forget?.();
    }
  };
  app.route({
    url: path,
    method: ['GET', 'POST', 'OPTIONS'],
    handler: (request, reply) => {
      const handle = () => carryOut(request, reply);
      return endpoint.around === undefined ? handle() : endpoint.around(request, reply, handle);
    },
  });
}
