import fastify from 'fastify';
import mercurius, { type IResolvers } from 'mercurius';
import { announce, openPool, portOf, serve, settings } from './shared/process';
import { Reader } from './shared/reader';
import { resolvers, typeDefs } from './shared/schema';

serve(async () => {
  const { databaseUrl, clinicId, viewerId, port } = settings();
  const pool = openPool(databaseUrl);
  const app = fastify();
  await app.register(mercurius, {
    schema: typeDefs,
    // Its type asks that every resolver takes any parent; ours name the one that they get.
    resolvers: resolvers as unknown as IResolvers,
    context: () => ({ reader: new Reader(pool, clinicId, viewerId) }),
    jit: 1,
  });
  await app.listen({ host: '127.0.0.1', port });
  announce(portOf(app.server.address()));
});
