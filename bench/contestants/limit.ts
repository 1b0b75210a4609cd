import type { Work } from '../works';
import type { Contestant } from './index';
import { entryOf, READING, TRUSTING } from './shared/describe';

/** Where the limit answers a work; what a request varies in goes into the address. */
function pathOf({ name, variables }: Work): string {
  switch (name) {
    case 'page-50':
    case 'page-500':
      return `/page?${Number(variables.first)}`;
    case 'chart':
    case 'bill':
      return `/${name}?${String(variables.id)}`;
    default:
      return `/${name}`;
  }
}

export const contestant: Contestant = {
  name: 'limit',
  title: 'node:http and pg, one prepared statement that returns the whole answer as JSON, no GraphQL',
  works: READING,
  entry: entryOf('limit-server'),
  ...TRUSTING,
  request: (work) => ({ path: pathOf(work), method: 'GET' }),
};
