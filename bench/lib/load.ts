import autocannon from 'autocannon';
import type { MeasuredServer } from './server';

/** What one round measured. */
export interface Round {
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuPerRequest: number;
}

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
  const { data } = (await response.json()) as { data: { signIn: { token: string } } };
  return data.signIn.token;
}

/** Sends one operation over 10 connections for so many seconds. Raises when an answer is not 200 or has errors. */
export async function measure(
  server: MeasuredServer,
  token: string,
  query: string,
  seconds: number,
): Promise<Round> {
  const before = await server.cpu();
  const result = await autocannon({
    url: `${server.url}/graphql`,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
    connections: 10,
    duration: seconds,
    verifyBody: (body) => !String(body).includes('"errors"'),
  });
  if (result.non2xx + result.errors + result.mismatches > 0) {
    throw new Error(`${result.non2xx} refused, ${result.errors} broken, ${result.mismatches} wrong answers`);
  }
  return {
    requestsPerSecond: result.requests.average,
    p50: result.latency.p50,
    p99: result.latency.p99,
    cpuPerRequest: ((await server.cpu()) - before) / Math.max(1, result.requests.total),
  };
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
