import { parseArgs } from 'node:util';
import { DrillError } from './say';

/**
 * What happens to the primary: the whole node is killed; PostgreSQL alone is, which its Patroni notices; or the node
 * hangs (SIGSTOP) and later goes on as if nothing had been.
 */
export type Blow = 'node' | 'postgres' | 'hang';
const BLOWS: readonly Blow[] = ['node', 'postgres', 'hang'];

export interface DrillOptions {
  readonly rounds: number;
  readonly blow: Blow;
  /** Where the figures go, as JSON. */
  readonly out: string;
  /** Leave the folder with configuration, logs and data files, and say where it is. */
  readonly keep: boolean;
  /** Prove that the drill finds a loss: replicate asynchronously, and send nothing for a moment before the blow. */
  readonly control: boolean;
}

export const HELP = `npm run drill:failover -- [--rounds 10] [--kill node|postgres|hang] [--out FILE] [--keep] [--control]

Sets up PostgreSQL twice with Patroni, etcd and HAProxy on 127.0.0.1, puts saves and reads on two API processes, kills
the primary in every round, and tells what was lost, what was shown that should not have been, and how long it took.

  --rounds N   how many times the primary is killed (10)
  --kill WHAT  node: kill -9 of PostgreSQL and its Patroni (the default); postgres: of PostgreSQL alone;
               hang: SIGSTOP of both, which go on when the other node has taken over
  --out FILE   where the figures go (drill/results/failover.json)
  --keep       keep the folder with configuration, logs and data
  --control    replicate asynchronously, and send the other node nothing in the second before the blow: the drill must
               then find acknowledged saves missing, and end with 1

Needs Debian's packages patroni, etcd-server, haproxy and postgresql; as root it installs what is missing.
Exit code 0: nothing lost, nothing shown; 1: a finding; 2: the drill cannot run here.
`;

/** Reads the command line; null: help was asked for. Raises DrillError for what cannot be used. */
export function readOptions(args: readonly string[]): DrillOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '10' },
      kill: { type: 'string', default: 'node' },
      out: { type: 'string', default: 'drill/results/failover.json' },
      keep: { type: 'boolean', default: false },
      control: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1000) {
    throw new DrillError('--rounds takes a whole number from 1 to 1000.');
  }
  const blow = BLOWS.find((one) => one === values.kill);
  if (blow === undefined) throw new DrillError(`--kill takes one of ${BLOWS.join(', ')}.`);
  return { rounds, blow, out: values.out, keep: values.keep, control: values.control };
}
