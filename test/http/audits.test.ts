import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type AuditResult, serverAudits } from 'graphql-http';
import { DEFAULT_LIMITS } from '../../src/http/limits';
import { startTestServer, type TestServer } from '../support/server';

/**
 * SHOULDs that stay, by their ids: in the media type application/json the specification wishes 200 for a request that
 * was refused as a whole. Apollo answers 400, so that proxies and monitors see it; its own suite expects that, too.
 */
const WARNED = ['572B', 'FDE2', '7B9B'];

/** MAYs that stay: a query by GET is refused unless it asks for a preflight, which keeps other sites' pages out. */
const NOTICED = ['5A70', '6A70', 'D6D5'];

let server: TestServer;

beforeAll(async () => {
  // With introspection, which the audits ask with; without it they cannot tell a refusal from a fault.
  server = await startTestServer({ graphiql: true, limits: DEFAULT_LIMITS });
});

afterAll(() => server.close());

const audits = serverAudits({ url: () => `${server.url}/graphql`, fetchFn: fetch });
const results = new Map<string, AuditResult>();

test.each(audits.map((audit) => [audit.id, audit.name, audit] as const))(
  'audit %s: %s',
  async (id, _name, audit) => {
    const result = await audit.fn();
    results.set(id, result);
    const reason = result.status === 'ok' ? '' : result.reason;
    expect([result.status === 'error' ? `error: ${reason}` : '']).toEqual(['']);
    if (result.status === 'warn') expect(WARNED).toContain(id);
    if (result.status === 'notice') expect(NOTICED).toContain(id);
  },
);

test('the audits of GraphQL over HTTP: none is missing, and every accepted warning is still one', () => {
  const counts = { ok: 0, warn: 0, notice: 0, error: 0 };
  for (const { status } of results.values()) counts[status] += 1;
  process.stdout.write(
    `graphql-http audits: ${counts.ok} passed, ${counts.warn} warnings, ${counts.notice} notices, ${counts.error} errors, of ${audits.length}\n`,
  );
  expect(results.size).toBe(61);
  const idsOf = (wanted: AuditResult['status']) =>
    [...results].flatMap(([id, { status }]) => (status === wanted ? [id] : [])).toSorted();
  expect({ warned: idsOf('warn'), noticed: idsOf('notice'), failed: idsOf('error') }).toEqual({
    warned: WARNED.toSorted(),
    noticed: NOTICED.toSorted(),
    failed: [],
  });
});
