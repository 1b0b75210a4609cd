import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestServer, type TestServer } from '../support/server';

/** Everything that hangs on a bill, and what hangs on that in turn. */
const BILL = `
  id number kind status serviceDate currency billed discount total paid refunded outstanding note
  provider { id name kind active billingNumber specialty }
  patient { id name birthDate chart { outstanding currency patient { id } } }
  encounter { id startedAt endedAt reason provider { id name } patient { id } visit { id }
    bills(first: 5) { totalCount nodes { id number provider { name } } } }
  visit { id startedAt reason patient { id name } encounters { id provider { name } }
    insuredBills(first: 5) { totalCount nodes { id provider { name } payer { name } } }
    privateBills(first: 5) { totalCount nodes { id } } }
  payer { id name }
  items { line serviceCode description diagnosisCodes units unitPrice amount }
  payments { kind amount receivedOn method }`;

/**
 * Expects that statements do not come with rows. A batch of which everything was read before is not sent, and a
 * longer page has more such luck or less: that makes one or two statements, never one for each row.
 */
function expectConstant(counts: readonly number[], most: number): void {
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
  expect(Math.max(...counts)).toBeLessThanOrEqual(most);
}

describe('the SQL statements of one request', () => {
  let server: TestServer;

  beforeAll(async () => {
    // One connection answers in the order of the questions. With several, it depends on which answers first whether
    // two branches of a query that read the same kind of thing share a batch, and a count may differ by one or two.
    server = await startTestServer({ statementTimeoutMs: 60_000, poolSize: 1 });
  });

  afterAll(() => server?.close());

  /** How many statements the server ran for an operation that must succeed, as its log tells. */
  async function statementsOf<Data>(
    email: string,
    query: string,
    variables: Record<string, unknown>,
  ): Promise<{ statements: number; data: Data }> {
    await server.tokenOf(email);
    const before = server.logged.length;
    const { data, errors } = await server.ask<Data>(email, query, variables);
    expect(errors).toBeUndefined();
    const lines = server.logged.slice(before).map((line) => JSON.parse(line) as Record<string, unknown>);
    const [line, ...more] = lines.filter((entry) => entry.msg === 'request');
    expect(more).toEqual([]);
    return { statements: Number(line?.statements), data };
  }

  test.each([
    // Everything by delegation through a group, by a user's delegation, and by being support or the owner.
    ['analyst@demo.example'],
    ['delegate@demo.example'],
    ['provider.a@demo.example'],
  ])(
    'are as many for 50 bills of the dashboard, with all their nested objects, as for 1, 10 or 500, for %s',
    async (email) => {
      // Insured bills made in an encounter, of which none is without payer or visit: with every object there is one to
      // read. The filter is what the list is cut from; the pages are cut from its newest.
      const query = `query ($first: Int!) { dashboard { clinic { name }
      bills(first: $first, filter: { kind: INSURED }) { totalCount totals { count billed currency }
        edges { cursor node { ${BILL} } } pageInfo { hasNextPage endCursor } }
      totals { count outstanding } summary(groupBy: PROVIDER) { provider { name } totals { count } } } }`;
      const counts: number[] = [];
      for (const first of [1, 10, 50, 500]) {
        const { statements, data } = await statementsOf<{
          dashboard: {
            bills: {
              totalCount: number;
              edges: { node: { payer: object | null; visit: object | null } }[];
            };
          };
        }>(email, query, { first });
        const bills = data.dashboard.bills.edges;
        expect(data.dashboard.bills.totalCount).toBeGreaterThan(300);
        expect(bills).toHaveLength(Math.min(first, data.dashboard.bills.totalCount));
        expect(bills[0]?.node).toMatchObject({ payer: expect.anything(), visit: expect.anything() });
        counts.push(statements);
      }
      expectConstant(counts, 30);
    },
    60_000,
  );

  test('are as many for 50 visits with both kinds of bills as for 10 or 200', async () => {
    const bills = `(first: 20) { totalCount totals { outstanding } nodes { ${BILL} } }`;
    const query = `query ($first: Int!) { visits(first: $first) {
      nodes { id patient { name } insuredBills${bills} privateBills${bills} } pageInfo { endCursor } } }`;
    const counts: number[] = [];
    for (const first of [10, 50, 200]) {
      const { statements, data } = await statementsOf<{
        visits: { nodes: { insuredBills: { nodes: object[] }; privateBills: { nodes: object[] } }[] };
      }>('analyst@demo.example', query, { first });
      const { nodes } = data.visits;
      expect(nodes).toHaveLength(first);
      expect(nodes.flatMap((visit) => visit.insuredBills.nodes).length).toBeGreaterThan(1);
      expect(nodes.flatMap((visit) => visit.privateBills.nodes).length).toBeGreaterThan(1);
      counts.push(statements);
    }
    expectConstant(counts, 30);
  });

  test('are as many for one encounter or chart as for many of them at once', async () => {
    const rows = await server.ask<{
      patients: { nodes: { id: string }[] };
    }>('clerk@demo.example', '{ patients(first: 60) { nodes { id } } }');
    const charts = rows.data.patients.nodes.map(
      ({ id }, at) =>
        `c${at}: patientChart(patientId: "${id}") { outstanding insuredBills(first: 3) { totalCount nodes { id } }
           privateBills(first: 3) { totalCount nodes { id } } }`,
    );
    const few = await statementsOf('clerk@demo.example', `{ ${charts.slice(0, 2).join('\n')} }`, {});
    const many = await statementsOf('clerk@demo.example', `{ ${charts.join('\n')} }`, {});
    expectConstant([few.statements, many.statements], 14);
  });

  test('are as many for a bill by its id as for 100 of them, whichever way', async () => {
    const page = await server.ask<{ dashboard: { bills: { nodes: { id: string }[] } } }>(
      'delegate@demo.example',
      '{ dashboard { bills(first: 100, filter: { kind: INSURED }) { nodes { id } } } }',
    );
    const fields = page.data.dashboard.bills.nodes.map(
      ({ id }, at) =>
        `b${at}: bill(id: "${id}") { number items { amount } } n${at}: node(id: "${id}") { ... on Bill { payments { amount } } }`,
    );
    const one = await statementsOf('delegate@demo.example', `{ ${fields.slice(0, 1).join('\n')} }`, {});
    const hundred = await statementsOf('delegate@demo.example', `{ ${fields.join('\n')} }`, {});
    expect(hundred.statements).toBe(one.statements);
  });
});
