import type { Contestant } from './index';
import { entryOf, READING, TRUSTING } from './shared/describe';

export const contestant: Contestant = {
  name: 'yoga',
  title: 'GraphQL Yoga on node:http, the same resolvers as apollo-plain',
  works: READING,
  entry: entryOf('yoga-server'),
  ...TRUSTING,
};
