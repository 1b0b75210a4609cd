import type { Contestant } from './index';
import { entryOf, READING, TRUSTING } from './shared/describe';

export const contestant: Contestant = {
  name: 'mercurius',
  title: 'mercurius with its JIT on Fastify, the same resolvers as apollo-plain',
  works: READING,
  entry: entryOf('mercurius-server'),
  ...TRUSTING,
};
