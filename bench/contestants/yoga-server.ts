import { createServer } from 'node:http';
import { createSchema, createYoga } from 'graphql-yoga';
import { announce, openPool, portOf, serve, settings } from './shared/process';
import { Reader } from './shared/reader';
import { type Context, resolvers, typeDefs } from './shared/schema';

serve(async () => {
  const { databaseUrl, clinicId, viewerId, port } = settings();
  const pool = openPool(databaseUrl);
  const yoga = createYoga({
    schema: createSchema<Context>({ typeDefs, resolvers }),
    context: () => ({ reader: new Reader(pool, clinicId, viewerId) }),
    graphiql: false,
    landingPage: false,
    multipart: false,
    cors: false,
    logging: false,
  });
  const server = createServer((request, response) => {
    void yoga(request, response);
  });
  server.listen(port, '127.0.0.1', () => announce(portOf(server.address())));
});
