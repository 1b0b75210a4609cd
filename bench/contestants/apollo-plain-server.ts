import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import fastifyApollo, { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import fastify from 'fastify';
import { announce, openPool, portOf, serve, settings } from './shared/process';
import { Reader } from './shared/reader';
import { type Context, resolvers, typeDefs } from './shared/schema';

serve(async () => {
  const { databaseUrl, clinicId, viewerId, port } = settings();
  const pool = openPool(databaseUrl);
  const app = fastify();
  const apollo = new ApolloServer<Context>({
    typeDefs,
    resolvers,
    introspection: false,
    persistedQueries: false,
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      fastifyApolloDrainPlugin(app),
    ],
  });
  await apollo.start();
  await app.register(fastifyApollo(apollo), {
    path: '/graphql',
    context: async () => ({ reader: new Reader(pool, clinicId, viewerId) }),
  });
  await app.listen({ host: '127.0.0.1', port });
  announce(portOf(app.server.address()));
});
