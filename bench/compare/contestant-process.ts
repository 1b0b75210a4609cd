import type { Contestant } from '../contestants';
import { PASSWORD, viewerEmail } from '../lib/data';
import { fire, type HttpRequest, headersOf, type Round, tokenOf } from '../lib/load';
import { cpuOfPostgres } from '../lib/processes';
import { type MeasuredServer, startProcess } from '../lib/server';
import type { Ask, Work } from '../works';
import type { Bench } from './bench';
import { USUAL_VIEWER } from './make-works';

/** One round of one contestant. Memory in mebibytes: when it listened, and after the load. */
export interface Measured extends Round {
  /** Processor time of all of PostgreSQL's processes. */
  readonly databaseCpuPerRequest: number;
  readonly memoryAtStart: number;
  readonly memoryAfter: number;
}

export const viewerOf = (contestant: Contestant): number => contestant.viewer ?? USUAL_VIEWER;

/**
 * Starts a contestant over a database that is prepared for it, and stops it and puts the database back when `act` is
 * done, however that ends.
 */
export async function withContestant<Result>(
  bench: Bench,
  contestant: Contestant,
  act: (process: ContestantProcess) => Promise<Result>,
): Promise<Result> {
  const { database, signal } = bench;
  signal.throwIfAborted();
  try {
    await contestant.prepare?.(bench.owner);
    const server = await startProcess({
      name: contestant.name,
      entry: contestant.entry,
      ...(contestant.node === undefined ? {} : { node: contestant.node }),
      env: {
        DATABASE_URL: contestant.asOwner === true ? database.ownerUrl : database.apiUrl,
        ...(contestant.signsIn ? { MIGRATION_DATABASE_URL: database.ownerUrl } : {}),
        VIEWER_ID: bench.viewerIds.get(viewerOf(contestant)) ?? '',
        CLINIC_ID: bench.clinicId,
        ...contestant.env,
      },
      signal,
    });
    try {
      return await act(new ContestantProcess(bench, contestant, server));
    } catch (error) {
      // That it ended says more than that it does not answer.
      throw server.died.aborted ? server.died.reason : error;
    } finally {
      await server.stop();
    }
  } finally {
    await contestant.restore?.(bench.owner);
  }
}

/** A contestant that is up. */
export class ContestantProcess {
  constructor(
    private readonly bench: Bench,
    private readonly contestant: Contestant,
    readonly server: MeasuredServer,
  ) {}

  /** Asks a work once; the text of the answer. Raises where it is not 200. */
  async ask(work: Work): Promise<string> {
    return this.send(this.requestOf(work, work), await this.tokenFor(work));
  }

  /** Puts load on it: first `warmUp` seconds that do not count, then `seconds` that do. */
  async measure(work: Work, warmUp: number, seconds: number): Promise<Measured> {
    const { server, bench } = this;
    const memoryAtStart = await server.memory();
    const token = await this.tokenFor(work);
    // Where every request is the same, every answer must be, too.
    const expected = work.turns === undefined ? await this.ask(work) : null;
    const load = {
      token,
      requests: (connection: number) =>
        (work.turns?.(connection) ?? [work]).map((ask) => this.requestOf(work, ask)),
      expected,
      connections: bench.connections,
      signal: bench.signal,
    };
    await fire(server, { ...load, seconds: warmUp });
    const databaseBefore = await cpuOfPostgres(bench.postmaster);
    const round = await fire(server, { ...load, seconds });
    const databaseCpu = (await cpuOfPostgres(bench.postmaster)) - databaseBefore;
    const memoryAfter = await server.memory();
    await this.finish(work);
    const each = work.counts?.perRequest ?? 1;
    return {
      answered: round.answered,
      requestsPerSecond: round.requestsPerSecond * each,
      p50: round.p50,
      p99: round.p99,
      cpuPerRequest: round.cpuPerRequest / each,
      databaseCpuPerRequest: round.answered === 0 ? Number.NaN : databaseCpu / (round.answered * each),
      memoryAtStart,
      memoryAfter,
    };
  }

  /** Leaves the data as they were before the work was asked. */
  async finish(work: Work): Promise<void> {
    if (work.finish === undefined) return;
    const token = await this.tokenFor(work);
    for (const ask of work.finish) await this.send(this.requestOf(work, ask), token);
  }

  private async tokenFor(work: Work): Promise<string | null> {
    if (!this.contestant.signsIn) return null;
    return tokenOf(this.server.url, work.email ?? viewerEmail(viewerOf(this.contestant)), PASSWORD);
  }

  private requestOf(work: Work, { query, variables }: Ask): HttpRequest {
    const { operationName } = work;
    return (
      this.contestant.request?.(work) ?? {
        path: '/graphql',
        method: 'POST',
        body: JSON.stringify({ query, variables, operationName }),
      }
    );
  }

  private async send({ path, method, body }: HttpRequest, token: string | null): Promise<string> {
    const { signal } = this.bench;
    const response = await fetch(this.server.url + path, {
      method,
      headers: headersOf(token),
      body: body ?? null,
      signal: AbortSignal.any([signal, this.server.died]),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`answered ${response.status}: ${text.slice(0, 500)}`);
    return text;
  }
}
