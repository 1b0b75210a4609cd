import type { Contestant } from './index';
import { entryOf, TRUSTING } from './shared/describe';

export const contestant: Contestant = {
  name: 'apollo-naive',
  title: 'as people write it at first: Apollo standalone, TypeORM entities, rule asked bill by bill',
  works: ['page-50', 'page-500', 'totals', 'bill'],
  entry: entryOf('apollo-naive-server'),
  ...TRUSTING,
};
