import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toGlobalId } from '../../src/global-id';
import { startTestServer, type TestServer } from '../support/server';
import { ADMIN, CLERK, DELEGATE, DEMO_ID, demoUser, demoUserId, STRANGER } from './support';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(() => server.close());

interface Totals {
  count: number;
  billed: string;
  discount: string;
  paid: string;
  refunded: string;
  outstanding: string;
}

const SUMS = 'count billed discount paid refunded outstanding';
const NOTHING: Totals = {
  ...{ count: 0, billed: '0.00', discount: '0.00', paid: '0.00', refunded: '0.00', outstanding: '0.00' },
};

/** The sums over the bills of these providers of the demo, from the table. */
async function sumsOf(providers: readonly string[], condition = 'TRUE'): Promise<Totals> {
  const [row] = await server.db.query<Totals & Record<string, unknown>>(
    `SELECT count(*)::int AS count, ${['billed', 'discount', 'paid', 'refunded', 'outstanding']
      .map((column) => `coalesce(sum(${column}), 0)::numeric(20,2)::text AS ${column}`)
      .join(', ')}
     FROM bills b WHERE clinic_id = $1 AND provider_id = ANY ($2::uuid[]) AND ${condition}`,
    [DEMO_ID, providers.map(demoUserId)],
  );
  if (row === undefined) throw new Error('a sum has one row');
  return row;
}

const VIEWERS: readonly [string, string, readonly string[]][] = [
  ['D, a delegate of A', DELEGATE, ['provider.a']],
  ['G, whose group is a delegate of A and B', CLERK, ['provider.a', 'provider.b']],
  ['X, a stranger', STRANGER, []],
  ['an administrator', ADMIN, []],
];

/** A filter, and what it means in SQL. */
const FILTERS: readonly [string, string][] = [
  ['{}', 'TRUE'],
  ['{ kind: PRIVATE }', "kind = 'PRIVATE'"],
  ['{ statuses: [UNPAID, DRAFT] }', "status IN ('UNPAID', 'DRAFT')"],
  [
    '{ serviceFrom: "2025-06-01", serviceTo: "2025-06-30" }',
    "service_date BETWEEN '2025-06-01' AND '2025-06-30'",
  ],
  [
    `{ providerIds: ["${demoUser('provider.b')}", "${demoUser('provider.c')}"] }`,
    `provider_id IN ('${demoUserId('provider.b')}', '${demoUserId('provider.c')}')`,
  ],
];

// Reported at hasura/graphql-engine#7660, #7603 and #1837: counts and sums ignored the filter, or counted the page.
describe.each(VIEWERS)('case 23: %s', (_who, email, providers) => {
  it.each(FILTERS)(
    'case 23: counts and sums over all that they may see, whatever the page, with %s',
    async (filter, condition) => {
      const expected = await sumsOf(providers, condition);
      const pages = [
        'first: 1',
        'first: 0',
        'first: 500',
        'last: 2',
        'first: 3, orderBy: { field: OUTSTANDING, direction: ASC }',
      ];
      const { data, errors } = await server.ask<{
        dashboard: { totals: Totals } & Record<
          string,
          { totalCount: number; nodes: object[]; totals: Totals }
        >;
      }>(
        email,
        `{ dashboard { totals(filter: ${filter}) { ${SUMS} }
         ${pages.map((page, index) => `p${index}: bills(${page}, filter: ${filter}) { totalCount nodes { id } totals { ${SUMS} } }`).join('\n')} } }`,
      );
      expect(errors).toBeUndefined();
      const { totals, ...lists } = data.dashboard;
      expect(totals).toEqual(expected);
      for (const list of Object.values(lists)) {
        expect([list.totalCount, list.totals]).toEqual([expected.count, expected]);
      }
      expect(Object.values(lists).map((list) => list.nodes.length)).toEqual(
        [1, 0, 500, 2, 3].map((most) => Math.min(most, expected.count)),
      );
      if (providers.length === 0) expect(totals).toEqual(NOTHING);
    },
  );

  it('case 23: counts behind a cursor as in front of it', async () => {
    const expected = await sumsOf(providers);
    let after: string | null = null;
    let seen = 0;
    do {
      const answer: {
        data: {
          dashboard: {
            bills: {
              totalCount: number;
              nodes: object[];
              pageInfo: { hasNextPage: boolean; endCursor: string | null };
            };
          };
        };
      } = await server.ask(
        email,
        'query ($after: String) { dashboard { bills(first: 500, after: $after) { totalCount nodes { id } pageInfo { hasNextPage endCursor } } } }',
        { after },
      );
      const { totalCount, nodes, pageInfo } = answer.data.dashboard.bills;
      expect(totalCount).toBe(expected.count);
      seen += nodes.length;
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toBe(expected.count);
  });

  it.each(['PROVIDER', 'PATIENT', 'PAYER', 'KIND', 'STATUS', 'MONTH'])(
    'case 23: the groups of a summary by %s add up to the totals',
    async (groupBy) => {
      const expected = await sumsOf(providers);
      const { data } = await server.ask<{
        dashboard: { summary: { totals: Totals; provider: { name: string } | null }[] };
      }>(
        email,
        `{ dashboard { summary(groupBy: ${groupBy}, first: 500) { provider { name } totals { ${SUMS} } } } }`,
      );
      const rows = data.dashboard.summary;
      expect(rows.reduce((sum, row) => sum + row.totals.count, 0)).toBe(expected.count);
      const cents = rows.reduce((sum, row) => sum + BigInt(row.totals.outstanding.replace('.', '')), 0n);
      expect(cents).toBe(BigInt(expected.outstanding.replace('.', '')));
      if (groupBy === 'PROVIDER') expect(rows).toHaveLength(providers.length);
    },
  );

  it('case 23: what a patient owes is what they owe on these bills', async () => {
    const [patient] = await server.db.query<{ id: string }>(
      `SELECT patient_id AS id FROM bills WHERE clinic_id = $1 AND kind = 'PRIVATE' AND outstanding > 0
       GROUP BY patient_id HAVING bool_or(provider_id = $2) AND bool_or(provider_id = $3) AND count(DISTINCT provider_id) > 2 ORDER BY patient_id LIMIT 1`,
      [DEMO_ID, demoUserId('provider.a'), demoUserId('provider.b')],
    );
    if (patient === undefined) throw new Error('the demo has no patient who owes A, B and others');
    const of = (condition: string) => sumsOf(providers, `patient_id = '${patient.id}' AND ${condition}`);
    const { data } = await server.ask<object>(
      email,
      `query ($id: ID!) { patientChart(patientId: $id) { outstanding insured: outstanding(kind: INSURED) private: outstanding(kind: PRIVATE)
         privateBills(first: 1) { totalCount totals { outstanding } } } }`,
      { id: toGlobalId('Patient', DEMO_ID, patient.id) },
    );
    const owed = await of("kind = 'PRIVATE'");
    expect(data).toEqual({
      patientChart: {
        outstanding: (await of('TRUE')).outstanding,
        insured: (await of("kind = 'INSURED'")).outstanding,
        private: owed.outstanding,
        privateBills: { totalCount: owed.count, totals: { outstanding: owed.outstanding } },
      },
    });
  });
});
