import { linesOf } from '../lib/same-bills';
import type { Contestant } from './index';
import { ENTRY, install, NODE_BINARY, VERSIONS } from './postgraphile/install';
import { inOurShape, questionFor } from './postgraphile/questions';

export const contestant: Contestant = {
  name: 'postgraphile',
  title: `${VERSIONS}, a schema made of the tables, rule by row-level security alone`,
  works: ['page-50', 'page-500', 'bill'],
  entry: ENTRY,
  // It learns the tables as their owner; every request then runs as the role that the policies hold for.
  asOwner: true,
  signsIn: false,
  ...(NODE_BINARY === null ? {} : { node: NODE_BINARY }),
  env: { GRAPHILE_ENV: 'production' },
  request: (work) => ({ path: '/graphql', method: 'POST', body: JSON.stringify(questionFor(work)) }),
  bills: (answer, work) => linesOf(inOurShape(answer), work),
  missing: install,
};
