import type { Contestant } from './index';
import { entryOf, READING, TRUSTING } from './shared/describe';

export const contestant: Contestant = {
  name: 'apollo-plain',
  title: 'Apollo Server on Fastify, resolvers by hand over rows, rule in SQL',
  works: READING,
  entry: entryOf('apollo-plain-server'),
  ...TRUSTING,
};
