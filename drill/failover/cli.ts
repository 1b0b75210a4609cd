import 'reflect-metadata';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { failureText } from '../../src/failure-text';
import { ApiProcess, newSigningKey } from './api';
import { DrillCluster } from './cluster';
import { putLoad } from './load';
import { type DrillOptions, HELP, readOptions } from './options';
import { findPrograms, type Programs } from './packages';
import { figuresOf, tableOf, writeFigures } from './report';
import { playRound, type Round } from './round';
import { DrillError, say } from './say';
import { Stops } from './stops';
import { Tally } from './tally';
import { makeWorld } from './world';

const stops = new Stops();
const interrupted = new AbortController();

async function versionsOf(programs: Programs): Promise<Record<string, string>> {
  const version = async (program: string, argument: string): Promise<string> => {
    const { stdout } = await promisify(execFile)(program, [argument]);
    return /\d+\.\d+[.\d]*/.exec(stdout)?.[0] ?? 'unknown';
  };
  return {
    node: process.versions.node,
    postgresql: await version(path.join(programs.postgresBin, 'postgres'), '--version'),
    patroni: await version(programs.patroni, '--version'),
    etcd: await version(programs.etcd, '--version'),
    haproxy: await version(programs.haproxy, '-v'),
  };
}

/** The rounds that were played, also when the drill could not go on. */
const rounds: Round[] = [];
const passed = (): boolean => rounds.every((round) => round.findings.length === 0);

/** Sets the stage, plays the rounds and tells. */
async function drill(options: DrillOptions): Promise<void> {
  const { signal } = interrupted;
  const programs = await findPrograms();
  say('Starting etcd, HAProxy and two PostgreSQL nodes under Patroni ...');
  const cluster = await DrillCluster.start(programs, stops, options, signal);
  if (options.keep) say(`Configuration, logs and data: ${cluster.folder}`);
  say('Migrating, loading the demo clinic, starting two API processes ...');
  const world = await makeWorld(cluster);
  const signingKey = newSigningKey();
  const apis: ApiProcess[] = [];
  for (const name of ['api-1', 'api-2']) {
    const api = await ApiProcess.start(name, world, cluster.folder, signingKey, signal);
    stops.add(() => api.stop());
    apis.push(api);
  }
  const [first, ...others] = apis;
  const people = [
    ...world.steady.map((one) => one.email),
    ...world.pairs.flatMap((one) => [one.admin, one.viewer]),
  ];
  for (const email of people) await first?.signIn(email, world.password);
  if (first !== undefined) for (const other of others) other.share(first);
  const tally = new Tally();
  const stage = { cluster, world, apis, tally, control: options.control, signal };
  const loading = new AbortController();
  const load = putLoad(world, apis, tally, AbortSignal.any([signal, loading.signal]));
  // It is waited for below; until then, its failing must not end the process by itself.
  load.catch((error: unknown) => interrupted.abort(error));
  try {
    for (let number = 1; number <= options.rounds; number += 1) {
      const round = await playRound(number, options.blow, stage);
      rounds.push(round);
      say(
        `Round ${number}: killed ${round.killed}; reads back after ${round.readAfter} s, saves after ${round.saveAfter} s; ` +
          `${round.savesAcknowledged} saves acknowledged, ${round.savesMissing} missing; ${round.reads} reads, ${round.leaks} not allowed`,
      );
      for (const finding of round.findings) say(`  FINDING: ${finding}`);
    }
  } finally {
    loading.abort();
    await load.catch(() => undefined);
  }
  for (const line of [...tally.leaks, ...tally.wrong].slice(0, 20)) say(`  ${line}`);
  say(`\n${tableOf(rounds)}\n`);
  await writeFigures(options.out, figuresOf(rounds, options, await versionsOf(programs)));
  say(`Written to ${options.out}.`);
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(HELP);
    return 0;
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (!interrupted.signal.aborted) say('Stopping ...');
      interrupted.abort(new DrillError('The drill was interrupted.'));
    });
  }
  try {
    await drill(options);
    say(passed() ? 'passed' : 'FAILED');
    return passed() ? 0 : 1;
  } finally {
    await stops.run();
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const reason: unknown = interrupted.signal.aborted ? interrupted.signal.reason : error;
    process.stderr.write(`${failureText(reason, [DrillError])}\n`);
    // A finding stays a finding, whatever stopped the drill afterwards.
    process.exitCode = passed() ? 2 : 1;
  },
);
