import { figure, table } from '../lib/table';
import { DECISIONS } from './make-works';
import { type Entry, failuresOf, type Results, type WorkResult } from './results';

/** What all are compared with. */
export const LIMIT = 'limit';

/** The rate of an entry over that of the limit; NaN where they cannot be compared: another viewer, or no limit. */
function ratioOf(results: Pick<Results, 'contestants'>, work: WorkResult, entry: Entry): number {
  const viewer = (name: string) => results.contestants.find((one) => one.name === name)?.viewer;
  const limit = work.entries.find(({ contestant }) => contestant === LIMIT);
  if (viewer(LIMIT) !== viewer(entry.contestant)) return Number.NaN;
  return (entry.medians?.requestsPerSecond ?? Number.NaN) / (limit?.medians?.requestsPerSecond ?? Number.NaN);
}

/** One table of every work and contestant, the fastest first within a work. */
export function resultsTable(results: Pick<Results, 'contestants' | 'works'>): string {
  const columns = [
    { title: 'work' },
    { title: 'contestant' },
    { title: 'per second', right: true },
    { title: 'ratio to limit', right: true },
    { title: 'p50 ms', right: true },
    { title: 'p99 ms', right: true },
    { title: 'CPU ms', right: true },
    { title: 'PostgreSQL CPU ms', right: true },
    { title: 'memory MiB', right: true },
  ];
  const rows = results.works.flatMap((work) =>
    work.entries
      .toSorted((a, b) => (b.medians?.requestsPerSecond ?? -1) - (a.medians?.requestsPerSecond ?? -1))
      .map((entry) => {
        const { medians } = entry;
        if (medians === null) return [work.work, entry.contestant, 'failed'];
        return [
          work.work,
          entry.contestant,
          figure(medians.requestsPerSecond),
          figure(ratioOf(results, work, entry)),
          figure(medians.p50),
          figure(medians.p99),
          figure(medians.cpuPerRequest),
          figure(medians.databaseCpuPerRequest),
          `${figure(medians.memoryAtStart)} -> ${figure(medians.memoryAfter)}`,
        ];
      }),
  );
  return table(columns, rows);
}

/** The goals with what was reached, without those that this run says nothing about. */
export const goalsTable = (goals: Results['goals']): string =>
  table(
    [{ title: 'goal' }, { title: 'wanted' }, { title: 'reached', right: true }, { title: 'verdict' }],
    goals
      .filter(({ verdict }) => verdict !== 'not measured')
      .map(({ goal, wanted, reached, verdict }) => [goal, wanted, figure(reached ?? Number.NaN), verdict]),
  );

/** How long so many decisions take one after the other, where a work is about decisions. */
function longRun({ counts, entries }: WorkResult): string {
  const rate = entries.find(({ contestant }) => contestant === 'ours')?.medians?.requestsPerSecond ?? 0;
  if (counts === 'requests' || rate === 0) return '';
  return `; ${DECISIONS.toLocaleString('en')} ${counts} take ${figure(DECISIONS / rate)} s`;
}

/** Everything for the person who ran it. */
export function report(results: Results): string {
  const { machine, versions, options, size } = results;
  const list = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', title, ...lines.map((line) => `- ${line}`)];
  return [
    `${results.date.slice(0, 10)}; ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB; Node ${versions.node}, PostgreSQL ${versions.postgresql}.`,
    `${size.bills.toLocaleString('en')} bills of ${size.providers} providers in the clinic. Medians of ${options.rounds} rounds of ${options.seconds} s over ${options.connections} connections; client, server and database share the machine.`,
    '',
    resultsTable(results),
    ...list(
      'Contestants:',
      results.contestants.map(
        ({ name, title, viewer }) => `${name}: ${title}; the viewer sees ${viewer} providers`,
      ),
    ),
    ...list(
      'Works:',
      results.works.map((work) => `${work.work}: ${work.title}${longRun(work)}`),
    ),
    ...list(
      'Left out:',
      results.leftOut.map(({ name, why }) => `${name}: ${why}`),
    ),
    ...list('Failed:', failuresOf(results)),
    '',
    'CPU is processor time per request, of the server process and of all of PostgreSQL. Contestants other than ours read no',
    'token and no viewer, and ask as the owner of the tables, without row-level security (PostGraphile aside).',
    '',
    goalsTable(results.goals),
    ...list(
      'Goals not measured here (those about growth: npm run bench -- growth):',
      results.goals.filter(({ verdict }) => verdict === 'not measured').map(({ goal }) => goal),
    ),
  ].join('\n');
}
