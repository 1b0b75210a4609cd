import 'reflect-metadata';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig';
import { NaiveReader } from './apollo-naive-reader';
import { type NaiveContext, resolvers } from './apollo-naive-resolvers';
import { announce, POOL_SIZE, serve, settings } from './shared/process';
import { typeDefs } from './shared/schema';

serve(async () => {
  const { databaseUrl, clinicId, viewerId, port } = settings();
  const source = new DataSource({ ...dataSourceOptions(databaseUrl), poolSize: POOL_SIZE });
  await source.initialize();
  const apollo = new ApolloServer<NaiveContext>({ typeDefs, resolvers });
  const { url } = await startStandaloneServer(apollo, {
    context: async () => ({ reader: new NaiveReader(source, clinicId, viewerId) }),
    listen: { host: '127.0.0.1', port },
  });
  announce(Number(new URL(url).port));
});
