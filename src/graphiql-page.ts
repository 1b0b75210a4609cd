import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';

const PREFIX = '/graphiql/';

/**
 * What the page may do: load its own files, talk to its own server, and nothing else. `unsafe-inline` is for styles
 * only: the code editor sets its colours and positions that way. Its fonts and some of its icons are data: addresses.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

const NOT_BUILT =
  'The GraphiQL page is not built. Run "npm run build:graphiql", then start the server again.\n';

/**
 * Serves the built GraphiQL page at /graphiql/, with no address outside this server in it. Files with a hash in
 * their names are cached for good, index.html never. Without a built page every address under /graphiql/ answers
 * 503 and says what to run.
 *
 * @param options.folder absolute path of the folder that `npm run build:graphiql` writes (dist/graphiql).
 */
export async function registerGraphiql(app: FastifyInstance, options: { folder: string }): Promise<void> {
  const { folder } = options;
  await app.register(async (scope) => {
    // On sending, not on request: these headers must win over those that the rest of the server sets.
    scope.addHook('onSend', async (_request, reply, payload) => {
      reply.headers(SECURITY_HEADERS);
      return payload;
    });
    scope.get('/graphiql', (_request, reply) => reply.redirect(PREFIX));
    if (!existsSync(join(folder, 'index.html'))) {
      scope.get(`${PREFIX}*`, (_request, reply) => sayNotBuilt(reply));
      return;
    }
    await scope.register(fastifyStatic, {
      root: folder,
      prefix: PREFIX,
      decorateReply: false,
      dotfiles: 'ignore',
      cacheControl: false,
      setHeaders: (reply, path) => {
        const hashed = path.startsWith(join(folder, 'assets') + sep);
        reply.header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
  });
}

function sayNotBuilt(reply: FastifyReply): FastifyReply {
  return reply
    .code(503)
    .type('text/plain; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(NOT_BUILT);
}
