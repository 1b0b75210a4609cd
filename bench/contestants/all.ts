import { contestant as naive } from './apollo-naive';
import { contestant as plain } from './apollo-plain';
import type { Contestant } from './index';
import { contestant as limit } from './limit';
import { contestant as mercurius } from './mercurius';
import { notLaunched, contestant as ours, seesAll, unprepared } from './ours';
import { contestant as withoutShield } from './ours-without-shield';
import { contestant as postgraphile } from './postgraphile';
import { contestant as yoga } from './yoga';

/** Everybody who takes part, in the order of the table. The first is what all are compared with. */
export const CONTESTANTS: readonly Contestant[] = [
  limit,
  ours,
  withoutShield,
  unprepared,
  seesAll,
  notLaunched,
  mercurius,
  plain,
  yoga,
  postgraphile,
  naive,
];
