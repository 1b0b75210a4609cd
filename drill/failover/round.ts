import { setTimeout as pause } from 'node:timers/promises';
import type { ApiProcess } from './api';
import { type Audit, auditSaves } from './audit';
import type { DrillCluster } from './cluster';
import type { Blow } from './options';
import { until } from './processes';
import { DrillError } from './say';
import { type Kind, Tally } from './tally';
import type { World } from './world';

/** How long the load runs before the blow, in milliseconds, at the least; a little more each time. */
const STEADY = 3_000;
/** How long may pass until service is back, and until the killed node is in sync again, in seconds. */
const LONGEST_OUTAGE = 90;
const LONGEST_REJOIN = 120;

/** How the killed node came back, as Patroni's log says. */
export type Rejoin = 'pg_rewind' | 'copied anew' | 'replayed';

/** What one round came to. Times are in seconds from the blow. */
export interface Round {
  readonly round: number;
  readonly killed: string;
  readonly savesAcknowledged: number;
  readonly savesMissing: number;
  readonly savesFailed: number;
  /** Failed for their client, and in the history all the same. */
  readonly failedButDone: number;
  readonly reads: number;
  readonly leaks: number;
  readonly wrong: number;
  /** Until every API process had answered a read, and a save, that was sent after the blow. */
  readonly readAfter: number | null;
  readonly saveAfter: number | null;
  /** When the last request failed. */
  readonly lastErrorAfter: number | null;
  readonly codes: Readonly<Record<string, number>>;
  readonly rejoin: Rejoin;
  readonly rejoinAfter: number;
  /** What makes the round a finding, in words; none: it went as it must. */
  readonly findings: readonly string[];
}

export interface Stage {
  readonly cluster: DrillCluster;
  readonly world: World;
  readonly apis: readonly ApiProcess[];
  readonly tally: Tally;
  readonly control: boolean;
  readonly signal: AbortSignal;
}

/** Kills the primary under load, waits for the service and for the killed node, and looks at what came of it. */
export async function playRound(round: number, blow: Blow, stage: Stage): Promise<Round> {
  const { cluster, world, apis, tally, control, signal } = stage;
  const began = performance.now();
  const [leaksBefore, wrongBefore, savesBefore] = [
    tally.leaks.length,
    tally.wrong.length,
    tally.saves.length,
  ];
  // Not always at the same place in what Patroni and the saves do.
  await pause(STEADY + ((round * 377) % 1_000), undefined, { signal });
  const primary = await cluster.primary();
  const logLength = await primary.logLength();
  if (control) {
    // The other node misses what is saved in this second.
    await primary.stopSending();
    await pause(1_000);
  }
  await primary.strike(blow);
  // From here on nothing can come from the old primary.
  const struck = performance.now();
  const after = (at: number | null): number | null => (at === null ? null : seconds(at - struck));
  const back = (kind: Kind): number | null => {
    const times = apis.map((api) => tally.backAt(kind, api.name, struck));
    return times.includes(null) ? null : Math.max(...times.map(Number));
  };
  const isBack = async (): Promise<boolean> => back('read') !== null && back('save') !== null;
  await until('service is back', LONGEST_OUTAGE, isBack, signal).catch(findingUnless(signal));
  await pause(2_000, undefined, { signal });
  await primary.revive(blow);
  const restarted = performance.now();
  await cluster.untilInSync(LONGEST_REJOIN, signal);
  const rejoinAfter = seconds(performance.now() - restarted);
  await pause(1_000, undefined, { signal });
  const ended = performance.now();
  const codes = tally.codes(began, ended);
  const savesOfRound = new Set(tally.saves.slice(savesBefore).map((save) => save.trace));
  const audit = await auditSaves(world, tally.saves);
  const figures = {
    round,
    killed: primary.name,
    savesAcknowledged: tally.count('save', began, ended),
    savesMissing: audit.missing.length,
    savesFailed: tally.saves.slice(savesBefore).filter((save) => save.outcome === 'failed').length,
    failedButDone: audit.doneAllTheSame.filter((trace) => savesOfRound.has(trace)).length,
    reads: tally.count('read', began, ended),
    leaks: tally.leaks.length - leaksBefore,
    wrong: tally.wrong.length - wrongBefore,
    readAfter: after(back('read')),
    saveAfter: after(back('save')),
    lastErrorAfter: after(tally.lastBad(struck, ended)),
    codes,
    rejoin: howItRejoined(await primary.logSince(logLength)),
    rejoinAfter,
  };
  return { ...figures, findings: findingsOf(figures, audit, apis) };
}

const seconds = (milliseconds: number): number => Math.round(milliseconds / 100) / 10;

/** A service that does not come back is what the drill is to find: it goes on and tells. */
const findingUnless =
  (signal: AbortSignal) =>
  (error: unknown): void => {
    signal.throwIfAborted();
    if (!(error instanceof DrillError)) throw error;
  };

function howItRejoined(log: string): Rejoin {
  if (/bootstrap(ped)? from leader|replica has been created/.test(log)) return 'copied anew';
  return /running pg_rewind/.test(log) ? 'pg_rewind' : 'replayed';
}

function findingsOf(figures: Omit<Round, 'findings'>, audit: Audit, apis: readonly ApiProcess[]): string[] {
  const findings: string[] = [];
  const find = (found: boolean, what: string): void => {
    if (found) findings.push(what);
  };
  find(figures.savesMissing > 0, `${figures.savesMissing} acknowledged saves are missing`);
  find(audit.unsent.length > 0, `${audit.unsent.length} entries of the history were never asked for`);
  find(figures.leaks > 0, `${figures.leaks} answers showed what their viewer may not see`);
  find(figures.wrong > 0, `${figures.wrong} answers showed less than they had to, or sums that do not fit`);
  find(figures.readAfter === null, 'reads did not come back');
  find(figures.saveAfter === null, 'saves did not come back');
  const faults = Tally.faults(figures.codes);
  find(faults.length > 0, `codes that an outage must not have: ${faults.join(', ')}`);
  for (const api of apis) find(!api.alive(), `the process ${api.name} has ended`);
  return findings;
}
