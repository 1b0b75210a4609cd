import { expect } from '@jest/globals';
import type { GraphQLSchema } from 'graphql';
import type { TestDatabase } from '../support/database';
import { startTestServer, type TestServer } from '../support/server';

/** Two servers of one database and one schema: one that compiles operations, one that leaves them to graphql-js. */
export interface Both {
  readonly compiled: TestServer;
  readonly standard: TestServer;
  /** Sends the same to both, twice to the one that compiles; answers what both answer. Fails where they differ. */
  same(token: string | null, body: Record<string, unknown>): Promise<string>;
  close(): Promise<void>;
}

export async function startBoth(options: {
  db: TestDatabase;
  schema?: GraphQLSchema;
  graphiql?: boolean;
}): Promise<Both> {
  const [compiled, standard] = await Promise.all([
    startTestServer(options),
    startTestServer({ ...options, compiledExecutor: false }),
  ]);
  return {
    compiled,
    standard,
    same: async (token, body) => {
      const expected = await answerOf(standard, token, body);
      // The second time from the plan that was kept.
      for (let time = 0; time < 2; time += 1) expect(await answerOf(compiled, token, body)).toBe(expected);
      return expected;
    },
    close: async () => {
      await Promise.all([compiled.close(), standard.close()]);
    },
  };
}

/** Status and body as they came over the wire, but for the order of errors (they may meet in any) and request ids. */
async function answerOf(server: TestServer, token: string | null, body: object): Promise<string> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  const text = (await response.text()).replaceAll(/,?"requestId":"[^"]*"/g, '');
  const { errors } = JSON.parse(text) as { errors?: unknown[] };
  if (errors === undefined) return `${response.status} ${text}`;
  const rest = text.replace(JSON.stringify(errors), '[]');
  return `${response.status} ${rest} ${errors
    .map((error) => JSON.stringify(error))
    .sort()
    .join('\n')}`;
}
