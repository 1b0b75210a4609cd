import autocannon from 'autocannon';
import type { MeasuredServer } from './server';

/** What one round measured. Times in milliseconds; NaN where nothing was answered or the system does not tell. */
export interface Round {
  /** How many requests were answered. */
  readonly answered: number;
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Processor time of the server process. */
  readonly cpuPerRequest: number;
}

/** One HTTP request, as it is sent again and again. */
export interface HttpRequest {
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly body?: string;
}

export interface Load {
  /** The token to send; null: none. */
  readonly token: string | null;
  /** What one of the connections sends, one after the other, again and again. */
  readonly requests: (connection: number) => readonly HttpRequest[];
  /** The answer that every request must get, word for word; null: any without errors. */
  readonly expected?: string | null;
  readonly seconds: number;
  readonly connections?: number;
  readonly signal?: AbortSignal;
}

/** How long an answer may take, in seconds. */
const PATIENCE = 60;

/** The token of an account. */
export async function tokenOf(url: string, email: string, password: string): Promise<string> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      query:
        'mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password) { token } }',
      variables: { email, password },
    }),
  });
  const { data } = (await response.json()) as { data?: { signIn: { token: string } | null } | null };
  if (!data?.signIn) throw new Error(`${email} cannot sign in: make the benchmark's data anew`);
  return data.signIn.token;
}

/** The headers of a request: of one with a body, and of a viewer with a token. */
export const headersOf = (token: string | null): Record<string, string> => ({
  'content-type': 'application/json',
  ...(token === null ? {} : { authorization: `Bearer ${token}` }),
});

const plain = (text: string): string => text.replaceAll(/\P{ASCII}+/gu, '');

/** Whether a body is the expected one. autocannon turns its parts into text, and breaks letters that lie in two. */
const isSame = (text: string, expected: string): boolean =>
  text === expected || plain(text) === plain(expected);

/**
 * Sends requests over 10 connections for so many seconds. Raises when an answer is not 200, has errors or is not the
 * expected one, when the server ends, and when the signal says to stop.
 */
export async function fire(server: MeasuredServer, load: Load): Promise<Round> {
  const { expected = null } = load;
  let connection = 0;
  let wrong: string | null = null;
  const before = await server.cpu();
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const ended = AbortSignal.any([server.died, ...(load.signal === undefined ? [] : [load.signal])]);
    const stop = (): void => {
      instance.stop();
      reject(ended.reason);
    };
    const instance = autocannon(
      {
        url: server.url,
        headers: headersOf(load.token),
        setupClient: (client) => {
          client.setRequests([...load.requests(connection)]);
          connection += 1;
        },
        connections: load.connections ?? 10,
        duration: load.seconds,
        // It ends at a sample: short ones, so that a round is as long as it was asked to be.
        sampleInt: 100,
        timeout: PATIENCE,
        verifyBody: (body) => {
          const text = String(body);
          const right = expected === null ? !text.includes('"errors"') : isSame(text, expected);
          if (!right) wrong ??= text.slice(0, 300);
          return right;
        },
      },
      (error: unknown, done: autocannon.Result) => {
        ended.removeEventListener('abort', stop);
        if (error) reject(error);
        else resolve(done);
      },
    );
    if (ended.aborted) stop();
    else ended.addEventListener('abort', stop, { once: true });
  });
  const cpu = (await server.cpu()) - before;
  const { non2xx, errors, mismatches } = result;
  if (non2xx + errors + mismatches > 0) {
    throw new Error(
      `${non2xx} answers were refusals, ${errors} never came, ${mismatches} were not what was expected${wrong === null ? '' : `, the first: ${wrong}`}`,
    );
  }
  const answered = result.requests.total;
  const some = answered > 0;
  return {
    answered,
    requestsPerSecond: answered / result.duration,
    p50: some ? result.latency.p50 : Number.NaN,
    p99: some ? result.latency.p99 : Number.NaN,
    cpuPerRequest: some ? cpu / answered : Number.NaN,
  };
}

/** Sends one operation over 10 connections for so many seconds. Raises when an answer is not 200 or has errors. */
export function measure(
  server: MeasuredServer,
  token: string,
  query: string,
  seconds: number,
): Promise<Round> {
  const requests = [{ path: '/graphql', method: 'POST', body: JSON.stringify({ query }) }] as const;
  return fire(server, { token, requests: () => requests, seconds });
}

/** The middle value; of an even number, the mean of the middle two. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}
