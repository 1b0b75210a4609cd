import path from 'node:path';
import { QUIET } from '../lib/server';
import type { Contestant } from './index';

/** What the shield costs: the same server over the schema without guards. Its lists are filtered in SQL all the same. */
export const contestant: Contestant = {
  name: 'ours-without-shield',
  title: 'this server over the same schema without graphql-shield',
  works: ['page-50', 'page-500', 'totals', 'chart', 'visits', 'bill'],
  entry: path.join(__dirname, 'ours-without-shield-server.js'),
  env: QUIET,
  signsIn: true,
};
