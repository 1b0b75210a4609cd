import { expect, test } from '@jest/globals';
import { soak } from '../../proof/soak/load';
import { DEFAULT_LIMITS } from '../../src/http/limits';
import { A, DELEGATE, STRANGER } from '../cases/support';
import { startTestServer } from '../support/server';

// The long one, with memory, is `npm run proof:soak`; times are not looked at here.
test('50 connections with one bad request in ten get the right answer to each', async () => {
  const server = await startTestServer({
    limits: { ...DEFAULT_LIMITS, requestsPerMinute: 0 },
    auditLog: true,
  });
  try {
    const tokens = await Promise.all([A, DELEGATE, STRANGER].map((who) => server.tokenOf(who)));
    const result = await soak({ url: server.url, seconds: 3, connections: 50, tokens });
    expect(result.wrong).toEqual([]);
    expect(result).toMatchObject({ wrongCount: 0, broken: 0 });
    expect(Object.keys(result.answers).toSorted()).toEqual([
      'good',
      'malformed',
      'oversized',
      'too deep',
      'unauthorised',
    ]);
  } finally {
    await server.close();
  }
});
