import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, cacheExchange, fetchExchange } from '@urql/core';
import { A, DELEGATE, demoUser, STRANGER } from '../cases/support';
import { DEMO_PASSWORD } from '../support/database';
import { startTestServer, type TestServer } from '../support/server';
import { operation } from './documents';

interface DashboardPage {
  readonly dashboard: {
    readonly bills: {
      readonly totalCount: number;
      readonly edges: readonly { readonly node: { readonly id: string } }[];
      readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    };
  };
}
interface ListPage {
  readonly billingDelegation: { readonly version: number; readonly entries: readonly unknown[] };
}

const DASHBOARD = operation('DashboardBills');
const LIST = operation('DelegationListScreen');

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server?.close());

/** A client with the cache of the core package, which keeps whole answers by their operation and the types in them. */
async function clientOf(who: string | null): Promise<Client> {
  const authorization = who === null ? 'Bearer nothing' : `Bearer ${await server.tokenOf(who)}`;
  return new Client({
    url: `${server.url}/graphql`,
    exchanges: [cacheExchange, fetchExchange],
    fetchOptions: { headers: { authorization } },
    preferGetMethod: false,
  });
}

const requests = (): number => server.logged.filter((line) => line.includes('"msg":"request"')).length;

describe('the document cache', () => {
  it('answers the same question without asking again, and another one by asking', async () => {
    const client = await clientOf(DELEGATE);
    const ask = (first: number) => client.query<DashboardPage>(DASHBOARD, { first }).toPromise();
    const first = await ask(5);
    const asked = requests();
    const second = await ask(5);
    expect(second.data).toEqual(first.data);
    expect(requests()).toBe(asked);
    expect((await ask(6)).data?.dashboard.bills.edges).toHaveLength(6);
    expect(requests()).toBe(asked + 1);
  });

  it('a mutation makes the lists with that type be asked for anew, and those who watch see the change', async () => {
    const client = await clientOf(A);
    const variables = { providerId: demoUser('provider.a') };
    const watched: number[] = [];
    const changed = new Promise<void>((resolve) => {
      const subscription = client.query<ListPage>(LIST, variables).subscribe(({ data, stale }) => {
        if (data === undefined || stale) return;
        watched.push(data.billingDelegation.entries.length);
        if (watched.length === 2) {
          resolve();
          setImmediate(() => subscription.unsubscribe());
        }
      });
    });
    const before = await client.query<ListPage>(LIST, variables).toPromise();
    const saved = await client
      .mutation(operation('AddUserDelegate'), {
        input: {
          ...variables,
          userId: demoUser('nurse'),
          password: DEMO_PASSWORD,
          expectedVersion: before.data?.billingDelegation.version,
        },
      })
      .toPromise();
    expect(saved.error).toBeUndefined();
    await changed;
    const count = before.data?.billingDelegation.entries.length ?? 0;
    expect(watched).toEqual([count, count + 1]);
  });
});

describe('pagination', () => {
  it('follows endCursor over all pages, without gap or repetition', async () => {
    const client = await clientOf(DELEGATE);
    const ids: string[] = [];
    let after: string | null = null;
    let total = -1;
    for (let pages = 1; ; pages += 1) {
      if (pages > 20) throw new Error('the pages have no end');
      const page: DashboardPage | undefined = (
        await client.query<DashboardPage>(DASHBOARD, { first: 100, after }).toPromise()
      ).data;
      const bills: DashboardPage['dashboard']['bills'] | undefined = page?.dashboard.bills;
      ids.push(...(bills?.edges.map(({ node }) => node.id) ?? []));
      total = bills?.totalCount ?? -1;
      if (bills?.pageInfo.hasNextPage !== true) break;
      after = bills.pageInfo.endCursor;
    }
    expect(ids.length).toBeGreaterThan(500);
    expect(ids).toHaveLength(total);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('errors', () => {
  it('are told apart by extensions.code', async () => {
    const codes = async (client: Client, query: string, variables = {}): Promise<unknown[] | undefined> =>
      (await client.query(query, variables).toPromise()).error?.graphQLErrors.map(
        ({ extensions }) => extensions.code,
      );
    const list = { providerId: demoUser('provider.a') };
    expect(await codes(await clientOf(STRANGER), LIST, list)).toEqual(['FORBIDDEN']);
    expect(await codes(await clientOf(null), '{ viewer { email } }')).toEqual(['UNAUTHENTICATED']);
    const owner = await clientOf(A);
    const { error } = await owner
      .mutation(operation('RemoveUserDelegate'), {
        input: { ...list, userId: demoUser('delegate'), password: 'wrong' },
      })
      .toPromise();
    expect(error?.graphQLErrors.map(({ extensions }) => extensions.code)).toEqual(['PASSWORD_REQUIRED']);
  });

  it('an address where nobody answers is a network error, without a code', async () => {
    const client = new Client({
      url: 'http://127.0.0.1:9/graphql',
      exchanges: [fetchExchange],
      preferGetMethod: false,
    });
    const { error } = await client.query('{ viewer { email } }', {}).toPromise();
    expect(error?.networkError).toBeDefined();
    expect(error?.graphQLErrors).toEqual([]);
  });
});
