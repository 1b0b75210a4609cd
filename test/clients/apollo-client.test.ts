import { setTimeout as sleep } from 'node:timers/promises';
import { ApolloClient, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { A, DELEGATE, demoUser, STRANGER } from '../cases/support';
import { DEMO_PASSWORD } from '../support/database';
import { startTestServer, type TestServer } from '../support/server';
import { committedSchema, operation } from './documents';

interface BillEdge {
  readonly node: { readonly id: string; readonly number: string };
}
interface DashboardPage {
  readonly dashboard: {
    readonly bills: {
      readonly totalCount: number;
      readonly edges: readonly BillEdge[];
      readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    };
  };
}
interface ListPage {
  readonly billingDelegation: {
    readonly version: number;
    readonly entries: readonly { readonly user?: { readonly name: string } }[];
  };
}

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server?.close());

const DASHBOARD = gql(operation('DashboardBills'));
const LIST = gql(operation('DelegationListScreen'));

const unions = Object.fromEntries(
  ['DelegateParty', 'DelegationEntry'].map((name) => {
    const schema = committedSchema();
    const union = schema.getType(name);
    if (union === undefined || !('getTypes' in union)) throw new Error(`${name} is no union`);
    return [name, union.getTypes().map((type) => type.name)];
  }),
);

/**
 * A client as a front end sets it up: things with an id are kept by that id, which is unique over all types; pages of a
 * list are put together; a delegation list, which has no id of its own, is kept by its provider.
 */
async function clientOf(who: string): Promise<ApolloClient> {
  return new ApolloClient({
    link: new HttpLink({
      uri: `${server.url}/graphql`,
      headers: { authorization: `Bearer ${await server.tokenOf(who)}` },
    }),
    cache: new InMemoryCache({
      dataIdFromObject: ({ id }) => (typeof id === 'string' ? id : undefined),
      possibleTypes: unions,
      typePolicies: {
        Dashboard: {
          keyFields: ['clinic', ['id']],
          fields: { bills: relayStylePagination(['filter', 'orderBy']) },
        },
        DelegationList: { keyFields: ['provider', ['id']] },
      },
    }),
  });
}

describe('the normalised cache', () => {
  let client: ApolloClient;
  beforeEach(async () => {
    client = await clientOf(DELEGATE);
  });

  it('keeps every bill, person and patient once, under its global id', async () => {
    const { data } = await client.query<DashboardPage>({ query: DASHBOARD, variables: { first: 20 } });
    const cached = client.cache.extract() as Record<string, { __typename: string } | undefined>;
    const edges = data?.dashboard.bills.edges ?? [];
    expect(edges).toHaveLength(20);
    for (const { node } of edges) {
      expect(cached[node.id]).toMatchObject({ __typename: 'Bill', number: node.number });
    }
    expect(cached[demoUser('provider.a')]).toMatchObject({ __typename: 'User', name: 'Dr. Amara Osei' });
  });

  it('answers a bill that it knows from a list without asking again, by the same id', async () => {
    const { data } = await client.query<DashboardPage>({ query: DASHBOARD, variables: { first: 1 } });
    const id = data?.dashboard.bills.edges[0]?.node.id ?? '';
    const known = client.readFragment<{ number: string }>({
      id,
      fragment: gql('fragment Known on Bill { number total provider { name } }'),
    });
    expect(known).toMatchObject({ number: data?.dashboard.bills.edges[0]?.node.number });
    // The same bill by another way is the same entry of the cache.
    const before = Object.keys(client.cache.extract() as object).length;
    await client.query({
      query: gql('query ($id: ID!) { bill(id: $id) { id number note } }'),
      variables: { id },
    });
    expect(Object.keys(client.cache.extract() as object)).toHaveLength(before);
  });
});

describe('pagination', () => {
  it('fetchMore puts the pages of the connection together, without gap or repetition', async () => {
    const client = await clientOf(DELEGATE);
    const list = { query: DASHBOARD, variables: { first: 100 } };
    await client.query<DashboardPage>(list);
    const watched = client.watchQuery<DashboardPage>(list);
    const seen: number[] = [];
    const subscription = watched.subscribe(({ data, dataState }) => {
      if (dataState === 'complete') seen.push(data.dashboard.bills.edges.length);
    });
    const inCache = () => client.readQuery<DashboardPage>(list)?.dashboard.bills;
    for (let pages = 1; inCache()?.pageInfo.hasNextPage === true; pages += 1) {
      if (pages > 20) throw new Error('the pages have no end');
      await watched.fetchMore({ variables: { after: inCache()?.pageInfo.endCursor } });
    }
    // Whoever watches the list is told a moment later.
    await until(() => seen.at(-1) === inCache()?.edges.length);
    const page = inCache();
    subscription.unsubscribe();
    const ids = page?.edges.map(({ node }) => node.id) ?? [];
    expect(ids.length).toBeGreaterThan(500);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(page?.totalCount ?? -1);
    expect([seen[0], seen.at(-1)]).toEqual([100, ids.length]);
  });

  it('another filter is another list', async () => {
    const client = await clientOf(DELEGATE);
    const ask = async (kind: string | null): Promise<number> => {
      const variables = { first: 5, ...(kind === null ? {} : { filter: { kind } }) };
      const { data } = await client.query<DashboardPage>({ query: DASHBOARD, variables });
      return data?.dashboard.bills.totalCount ?? -1;
    };
    const [all, insured, own] = [await ask(null), await ask('INSURED'), await ask('PRIVATE')];
    expect(insured + own).toBe(all);
    expect(await ask(null)).toBe(all);
  });
});

describe('errors', () => {
  const codeOf = async (act: () => Promise<unknown>): Promise<unknown> => {
    const error: unknown = await act().then(
      () => undefined,
      (raised: unknown) => raised,
    );
    if (!CombinedGraphQLErrors.is(error)) throw new Error(`no GraphQL errors but ${String(error)}`);
    return error.errors.map(({ extensions }) => extensions?.code);
  };

  it('are told apart by extensions.code', async () => {
    const stranger = await clientOf(STRANGER);
    const ask = (): Promise<unknown> =>
      stranger.query({ query: LIST, variables: { providerId: demoUser('provider.a') } });
    expect(await codeOf(ask)).toEqual(['FORBIDDEN']);
    const owner = await clientOf(A);
    const add = (password: string, expectedVersion: number) => (): Promise<unknown> =>
      owner.mutate({
        mutation: gql(operation('AddUserDelegate')),
        variables: {
          input: { providerId: demoUser('provider.a'), userId: demoUser('nurse'), password, expectedVersion },
        },
      });
    expect(await codeOf(add('wrong', 0))).toEqual(['PASSWORD_REQUIRED']);
    expect(await codeOf(add(DEMO_PASSWORD, 0))).toEqual(['CONFLICT']);
  });

  it('of a token that nobody signed are UNAUTHENTICATED', async () => {
    const client = new ApolloClient({
      link: new HttpLink({ uri: `${server.url}/graphql`, headers: { authorization: 'Bearer nothing' } }),
      cache: new InMemoryCache(),
    });
    expect(await codeOf(() => client.query({ query: gql('{ viewer { email } }') }))).toEqual([
      'UNAUTHENTICATED',
    ]);
  });
});

describe('a mutation', () => {
  it('brings the changed list with it, so that the cache shows it without asking again', async () => {
    const client = await clientOf(A);
    const variables = { providerId: demoUser('provider.a') };
    const namesIn = (list: ListPage['billingDelegation'] | undefined): (string | undefined)[] =>
      list?.entries.map((entry) => entry.user?.name) ?? [];
    const watched: (string | undefined)[][] = [];
    const subscription = client
      .watchQuery<ListPage>({ query: LIST, variables })
      .subscribe(({ data, dataState }) => {
        if (dataState === 'complete') watched.push(namesIn(data.billingDelegation));
      });
    const before = (await client.query<ListPage>({ query: LIST, variables })).data?.billingDelegation;
    expect(namesIn(before)).not.toContain('Priya Raghunathan');
    const asked = requests();
    await client.mutate({
      mutation: gql(operation('AddUserDelegate')),
      variables: {
        input: {
          ...variables,
          userId: demoUser('nurse'),
          password: DEMO_PASSWORD,
          expectedVersion: before?.version,
        },
      },
    });
    const after = client.readQuery<ListPage>({ query: LIST, variables })?.billingDelegation;
    expect(after?.version).toBe((before?.version ?? -1) + 1);
    expect(namesIn(after)).toContain('Priya Raghunathan');
    await until(() => watched.at(-1)?.length === namesIn(after).length);
    expect(watched.at(-1)).toEqual(namesIn(after));
    expect(requests() - asked).toBe(1);
    subscription.unsubscribe();
  });
});

/** Waits until something holds, ten seconds at most. */
async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries === 200) throw new Error('waited in vain');
    await sleep(50);
  }
}

/** How many requests the server has answered so far. */
const requests = (): number => server.logged.filter((line) => line.includes('"msg":"request"')).length;
