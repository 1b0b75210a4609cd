import 'reflect-metadata';
import { withClient } from '../../src/embedded-database';
import { toCursor } from '../../src/paging';
import { mainClinic, PASSWORD } from '../lib/data';
import { type BenchDatabase, openBenchDatabase } from '../lib/database';
import { viewerOf, withExplained } from '../lib/explain';
import { median, tokenOf } from '../lib/load';
import { type MeasuredServer, startServer } from '../lib/server';
import { readPage } from '../lib/store-calls';
import { type Latency, PageClient } from './latency';
import type { Question, Stage, Subject } from './questions';

/** What was measured of a question: milliseconds over HTTP, and pages of 8 kB that PostgreSQL read or had at hand. */
export interface Point {
  readonly subject: Subject;
  readonly x: number;
  readonly sees: number;
  readonly bills: number;
  readonly p50: number;
  readonly p99: number;
  /** How many were sent in all rounds. */
  readonly requests: number;
  /** Of the page's statement, with what telling the database of the viewer took. */
  readonly buffers: number;
}

export interface Effort {
  /** How long a question is asked in a round. */
  readonly seconds: number;
  readonly rounds: number;
}

const WARM_UP_SECONDS = 1;

/** Measures everything that is to be asked of a database, question by question, round by round. */
export async function measureStage(
  stage: Stage,
  effort: Effort,
  onProgress: (line: string) => void,
  then?: (database: BenchDatabase) => Promise<void>,
): Promise<Point[]> {
  const database = await openBenchDatabase({ size: stage.size, onProgress });
  try {
    const questions = await withClient(database.ownerUrl, (owner) => stage.questions(owner));
    const latencies = await measureQuestions(database, questions, effort, onProgress);
    const points: Point[] = [];
    for (const [index, question] of questions.entries()) {
      const { subject, x, sees } = question;
      const rounds = latencies[index] ?? [];
      points.push({
        subject,
        x,
        sees,
        bills: stage.size.bills,
        p50: median(rounds.map((round) => round.p50)),
        p99: median(rounds.map((round) => round.p99)),
        requests: rounds.reduce((sum, round) => sum + round.requests, 0),
        buffers: await buffersOf(database, question),
      });
    }
    await then?.(database);
    return points;
  } finally {
    await database.stop();
  }
}

async function measureQuestions(
  database: BenchDatabase,
  questions: readonly Question[],
  { seconds, rounds }: Effort,
  onProgress: (line: string) => void,
): Promise<Latency[][]> {
  const server = await startServer(database.apiUrl, { MIGRATION_DATABASE_URL: database.ownerUrl });
  const clients: PageClient[] = [];
  try {
    for (const question of questions) {
      const client = await clientOf(server, question);
      clients.push(client);
      const rows = await client.count();
      if (rows !== question.rows) {
        throw new Error(`${question.email} got ${rows} bills of ${question.rows} at ${question.x}.`);
      }
      await client.measure(Math.min(seconds, WARM_UP_SECONDS));
    }
    const measured: Latency[][] = questions.map(() => []);
    for (let round = 0; round < rounds; round += 1) {
      onProgress(`round ${round + 1} of ${rounds}: ${questions.length} questions of ${seconds} s`);
      for (const [index, client] of clients.entries()) measured[index]?.push(await client.measure(seconds));
    }
    return measured;
  } finally {
    for (const client of clients) client.close();
    await server.stop();
  }
}

async function clientOf(server: MeasuredServer, { email, after }: Question): Promise<PageClient> {
  const token = await tokenOf(server.url, email, PASSWORD);
  return new PageClient(server, token, after === null ? null : toCursor(after));
}

async function buffersOf(database: BenchDatabase, { email, after }: Question): Promise<number> {
  const viewer = await viewerOf(database.ownerUrl, email);
  return withExplained(database.apiUrl, async (statements) => {
    await readPage(statements, viewer, mainClinic().clinicId, after);
    return statements.seen.reduce((sum, one) => sum + one.buffers + one.tellingBuffers, 0);
  });
}
