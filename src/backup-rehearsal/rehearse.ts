import { rm, stat } from 'node:fs/promises';
import pg from 'pg';
import { atOneInstant } from '../audit-export/export';
import { dump, restore } from './dump';
import { RehearsalError } from './error';
import { differences, type Facts, factsOf } from './facts';
import { type Api, chooseReaders, newSigningKey, type Reader, startApi } from './first-pages';
import { fitting, type Programs } from './programs';
import { newTarget, rolesNamed } from './target';

/** A live system: its database under the role that owns the tables, and as the server signs in. */
export interface LiveSystem {
  readonly ownerUrl: string;
  readonly apiUrl: string;
  /** Keeps changing the system; without it, others do. */
  readonly work?: (api: Api) => Work;
}

/** Changes going on. */
export interface Work {
  /** Waits until one more change was saved. */
  another(): Promise<void>;
  /** Ends it and answers how many changes were saved. */
  stop(): Promise<number>;
}

/** The newest PostgreSQL that a dump can be restored into here: the embedded one's. */
const TARGET_MAJOR = 18;

/**
 * Dumps a live system as it is at one instant, restores it into a new cluster and shows that it is all there. Answers
 * how many checks failed; raises RehearsalError where the rehearsal cannot be held. The live system is only read.
 */
export async function rehearse(
  live: LiveSystem,
  options: {
    readonly programs: readonly Programs[];
    /** Where the dump is written; removed in the end. */
    readonly file: string;
    readonly report: (line: string) => void;
    readonly signal: AbortSignal;
  },
): Promise<number> {
  const { report, signal, file } = options;
  let failures = 0;
  const check = (name: string, wrong: readonly string[], right: string): void => {
    report(
      `${wrong.length === 0 ? 'ok    ' : 'FAILED'}  ${name.padEnd(11)}  ${wrong.length === 0 ? right : wrong.join('; ')}`,
    );
    if (wrong.length > 0) failures += 1;
  };
  const source = await connect(live.ownerUrl);
  const signingKey = newSigningKey();
  let sourceApi: Api | undefined;
  try {
    const version = await versionOf(source);
    if (version.major > TARGET_MAJOR) {
      throw new RehearsalError(
        `The database is PostgreSQL ${version.major}; the new cluster here is ${TARGET_MAJOR}, and an older one takes no newer dump.`,
      );
    }
    const programs = fitting(options.programs, version.major);
    report(`PostgreSQL ${version.text}, pg_dump ${programs.version} (${programs.folder})`);
    sourceApi = await startApi(live.apiUrl, signingKey);
    const readers = await chooseReaders(source);
    const before = await pagesOf(sourceApi, readers);
    const work = live.work?.(sourceApi);
    const started = performance.now();
    let facts: Facts;
    let saved: number | undefined;
    try {
      facts = await atOneInstant(source, async () => {
        const { rows } = await source.query<{ id: string }>('SELECT pg_export_snapshot() AS id');
        // So that a dump of any other instant has other facts.
        await work?.another();
        await dump(programs, { url: live.ownerUrl, snapshot: rows[0]?.id ?? '' }, file, signal);
        return factsOf(source);
      });
    } finally {
      saved = await work?.stop();
    }
    const meanwhile = saved === undefined ? '' : `; ${saved} changes were saved meanwhile`;
    check('dump', [], `${megabytes((await stat(file)).size)} in ${seconds(started)}${meanwhile}`);
    const pages = stable(before, await pagesOf(sourceApi, readers));
    const target = await newTarget(await rolesNamed(source));
    try {
      const restoring = performance.now();
      await restore(programs, file, target.ownerUrl, signal);
      check('restore', [], `into a new cluster of PostgreSQL ${TARGET_MAJOR} in ${seconds(restoring)}`);
      const restored = await connect(target.ownerUrl);
      try {
        const found = await atOneInstant(restored, () => factsOf(restored));
        const wrong = differences(facts, found);
        const ofHistory = wrong.filter((one) => one.startsWith('history'));
        const total = [...facts.rows.values()].reduce((sum, count) => sum + count, 0);
        check(
          'rows',
          wrong.filter((one) => !ofHistory.includes(one)),
          `${total.toLocaleString('en')} in ${facts.rows.size} tables, the same`,
        );
        check('history', ofHistory, `of ${facts.histories.size} clinics, the same head hashes`);
        check(
          'append-only',
          await canBeChanged(restored),
          'the history still refuses to be changed or deleted',
        );
      } finally {
        await restored.end();
      }
      const api = await startApi(await target.apiUrl(), signingKey);
      try {
        check('migrations', [], 'fit this version, none to run');
        const answers = await pagesOf(api, [...pages.keys()]);
        const other = [...pages].filter(([reader, page]) => answers.get(reader) !== page);
        const wrong = other.map(
          ([{ userId, clinicId }]) => `another first page for user ${userId} at clinic ${clinicId}`,
        );
        const bills = [...pages.values()].reduce((sum, page) => sum + page.split('"cursor"').length - 1, 0);
        if (bills === 0) wrong.push('nobody who was asked sees a bill: nothing was compared');
        check('API', wrong, `starts, and answers ${pages.size} readers the same first page (${bills} bills)`);
      } finally {
        await api.close();
      }
    } finally {
      await target.close();
    }
    return failures;
  } finally {
    await sourceApi?.close();
    await source.end();
    await rm(file, { force: true });
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'backup-rehearsal' });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function versionOf(client: pg.Client): Promise<{ major: number; text: string }> {
  const { rows } = await client.query<{ number: string; text: string }>(
    "SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS text",
  );
  const number = Number(rows[0]?.number);
  return { major: Math.floor(number / 10_000), text: (rows[0]?.text ?? '').split(' ')[0] ?? '' };
}

async function pagesOf(api: Api, readers: readonly Reader[]): Promise<Map<Reader, string>> {
  const pages = new Map<Reader, string>();
  for (const reader of readers) pages.set(reader, await api.firstPage(reader));
  return pages;
}

/** The pages that were the same before and after the dump: only of those is it known what the dump has. */
function stable(
  before: ReadonlyMap<Reader, string>,
  after: ReadonlyMap<Reader, string>,
): Map<Reader, string> {
  const pages = new Map([...before].filter(([reader, page]) => after.get(reader) === page));
  if (pages.size === 0) {
    throw new RehearsalError(
      'What every reader sees changed during the dump, so that nothing can be compared. Try again.',
    );
  }
  for (const page of pages.values()) {
    if (page.includes('"errors"'))
      throw new RehearsalError(`The live system answers with errors: ${page.slice(0, 300)}`);
  }
  return pages;
}

/** What of the history could be changed in a restored database; everything is rolled back. */
async function canBeChanged(client: pg.Client): Promise<string[]> {
  const wrong: string[] = [];
  for (const statement of ['UPDATE history SET action = action', 'DELETE FROM history', 'TRUNCATE history']) {
    await client.query('BEGIN');
    const refused = await client.query(statement).then(
      () => false,
      (error: { code?: string }) => error.code === '23001',
    );
    await client.query('ROLLBACK');
    if (!refused) wrong.push(`${statement} was not refused`);
  }
  return wrong;
}

const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;
const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;
