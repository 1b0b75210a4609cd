import { execFile, spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type ConcreteRequest,
  commitMutation,
  createOperationDescriptor,
  Environment,
  fetchQuery,
  type GraphQLResponse,
  getPaginationMetadata,
  getPaginationVariables,
  getRefetchMetadata,
  getSelector,
  Network,
  type ReaderFragment,
  RecordSource,
  Store,
  type Variables,
} from 'relay-runtime';
import { toGlobalId } from '../../src/global-id';
import { ADMIN, DELEGATE, DEMO_ID, STRANGER } from '../cases/support';
import { startTestServer, type TestServer } from '../support/server';
import { ROOT } from './documents';
import { RELAY_SOURCES } from './relay-sources';

const COMPILER = path.join(ROOT, 'node_modules', 'relay-compiler', 'cli.js');

// relay-compiler is a program for some platforms, in its package: elsewhere these tests are skipped, and say so.
const version = spawnSync(process.execPath, [COMPILER, '--version'], { encoding: 'utf8' });
const describeWithRelay = version.status === 0 ? describe : describe.skip;
const suffix =
  version.status === 0 ? '' : ` (relay-compiler cannot run on ${process.platform} ${process.arch})`;

describeWithRelay(`Relay${suffix}`, () => {
  let server: TestServer;
  let folder: string;

  beforeAll(async () => {
    server = await startTestServer();
    folder = await mkdtemp(path.join(tmpdir(), 'billing-relay-'));
    await mkdir(path.join(folder, 'src'));
    await cp(path.join(ROOT, 'schema.graphql'), path.join(folder, 'schema.graphql'));
    for (const [name, text] of Object.entries(RELAY_SOURCES)) {
      await writeFile(path.join(folder, 'src', name), text);
    }
    const config = {
      src: './src',
      schema: './schema.graphql',
      language: 'javascript',
      artifactDirectory: './artifacts',
    };
    await writeFile(path.join(folder, 'relay.config.json'), JSON.stringify(config));
    await mkdir(path.join(folder, 'artifacts'));
    await promisify(execFile)(process.execPath, [COMPILER, 'relay.config.json'], { cwd: folder });
  });
  afterAll(async () => {
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** What relay-compiler made of an operation or a fragment. */
  const artifact = <Kind extends ConcreteRequest | ReaderFragment>(name: string): Kind =>
    (require(path.join(folder, 'artifacts', `${name}.graphql.js`)) as { default: Kind }).default;

  /** A Relay environment whose network is the server, as somebody. */
  async function environmentOf(who: string): Promise<Environment> {
    const authorization = `Bearer ${await server.tokenOf(who)}`;
    return new Environment({
      store: new Store(new RecordSource()),
      network: Network.create(async ({ text }, variables) => {
        const response = await fetch(`${server.url}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization },
          body: JSON.stringify({ query: text, variables }),
        });
        return (await response.json()) as GraphQLResponse;
      }),
    });
  }

  /** Fetches a query and answers what it reads from the store, the references to its fragments included. */
  async function load(environment: Environment, name: string, variables: Variables): Promise<object> {
    const request = artifact<ConcreteRequest>(name);
    await fetchQuery(environment, request, variables).toPromise();
    const descriptor = createOperationDescriptor(request, variables);
    environment.retain(descriptor);
    return environment.lookup(descriptor.fragment).data as object;
  }

  /** What a fragment reads from the store, as useFragment would answer it. */
  function read<Data>(environment: Environment, name: string, reference: unknown): Data {
    const selector = getSelector(artifact<ReaderFragment>(name), reference);
    if (selector === null || selector === undefined || selector.kind !== 'SingularReaderSelector') {
      throw new Error(`${name} is not in the store`);
    }
    return environment.lookup(selector).data as Data;
  }

  /** Fetches the next page into the store, as loadNext of usePaginationFragment does. */
  async function loadNext(
    environment: Environment,
    name: string,
    page: { count: number; after: string | null; base: Variables },
  ): Promise<void> {
    const metadata = getPaginationMetadata(artifact<ReaderFragment>(name), name);
    const variables = getPaginationVariables(
      'forward',
      page.count,
      page.after,
      page.base,
      {},
      metadata.paginationMetadata,
    );
    await fetchQuery(environment, metadata.paginationRequest, variables).toPromise();
  }

  interface Connection {
    readonly edges: readonly { readonly node: { readonly id: string; readonly name?: string } }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    readonly totalCount?: number;
  }

  it('compiles the operations against schema.graphql', async () => {
    const made = (await readdir(path.join(folder, 'artifacts'))).sort();
    expect(made).toEqual(
      [
        'BillCardRefetchQuery',
        'BillCard_bill',
        'BillsScreenPaginationQuery',
        'BillsScreenQuery',
        'BillsScreen_query',
        'GroupScreenPaginationQuery',
        'GroupScreenQuery',
        'GroupScreenRenameMutation',
        'GroupScreen_group',
      ].map((name) => `${name}.graphql.js`),
    );
  });

  it('loads page after page of the bills into one connection', async () => {
    const environment = await environmentOf(DELEGATE);
    const screen = await load(environment, 'BillsScreenQuery', { filter: { kind: 'INSURED' } });
    const bills = (): Connection =>
      read<{ dashboard: { bills: Connection } }>(environment, 'BillsScreen_query', screen).dashboard.bills;
    expect(bills().edges).toHaveLength(100);
    const base = { filter: { kind: 'INSURED' } };
    for (let pages = 1; bills().pageInfo.hasNextPage; pages += 1) {
      if (pages > 20) throw new Error('the pages have no end');
      await loadNext(environment, 'BillsScreen_query', {
        count: 100,
        after: bills().pageInfo.endCursor,
        base,
      });
      expect(bills().edges.length).toBe(Math.min(100 * (pages + 1), bills().totalCount ?? -1));
    }
    const ids = bills().edges.map(({ node }) => node.id);
    expect(ids.length).toBeGreaterThan(200);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(bills().totalCount ?? -1);
  });

  it('refetches one bill by node', async () => {
    const environment = await environmentOf(DELEGATE);
    const screen = await load(environment, 'BillsScreenQuery', {});
    const page = read<{ dashboard: { bills: Connection } }>(environment, 'BillsScreen_query', screen);
    const node = page.dashboard.bills.edges[0]?.node;
    const card = (): { number: string; status: string } => read(environment, 'BillCard_bill', node);
    const { number } = card();
    environment.commitUpdate((store) => store.get(node?.id ?? '')?.setValue('stale', 'status'));
    expect(card().status).toBe('stale');
    const { refetchableRequest, identifierInfo } = getRefetchMetadata(
      artifact<ReaderFragment>('BillCard_bill'),
      'BillCard',
    );
    expect(identifierInfo?.identifierField).toBe('id');
    await fetchQuery(environment, refetchableRequest, { id: node?.id }).toPromise();
    expect(card().number).toBe(number);
    expect(card().status).toMatch(/^[A-Z_]+$/);
  });

  it('a bill that somebody may not see is null by node, for Relay too', async () => {
    const [bill] = await server.db.query<{ id: string }>(
      'SELECT id FROM bills WHERE clinic_id = $1 LIMIT 1',
      [DEMO_ID],
    );
    const { refetchableRequest } = getRefetchMetadata(artifact<ReaderFragment>('BillCard_bill'), 'BillCard');
    const id = toGlobalId('Bill', DEMO_ID, bill?.id ?? '');
    const answer = await fetchQuery(await environmentOf(STRANGER), refetchableRequest, { id }).toPromise();
    expect(answer).toEqual({ node: null });
  });

  it('pages through what hangs on a node, and shows what a mutation changed by its id', async () => {
    const environment = await environmentOf(ADMIN);
    const [group] = await server.db.query<{ id: string }>(
      "SELECT id FROM groups WHERE clinic_id = $1 AND name = 'Billing clerks'",
      [DEMO_ID],
    );
    const id = toGlobalId('Group', DEMO_ID, group?.id ?? '');
    const screen = await load(environment, 'GroupScreenQuery', { id });
    const shown = (): { name: string; members: Connection } =>
      read(environment, 'GroupScreen_group', (screen as { node: { group: unknown } }).node.group);
    expect(shown().members.edges).toHaveLength(1);
    const after = shown().members.pageInfo.endCursor;
    await loadNext(environment, 'GroupScreen_group', { count: 1, after, base: { id } });
    expect(shown().members.edges.map(({ node }) => node.name)).toEqual(['Tomás Herrera', 'Zoë Lindqvist']);
    expect(shown().members.pageInfo.hasNextPage).toBe(false);
    await new Promise<void>((resolve, reject) => {
      commitMutation(environment, {
        mutation: artifact<ConcreteRequest>('GroupScreenRenameMutation'),
        variables: { input: { groupId: id, name: 'Invoice clerks' } },
        onCompleted: () => resolve(),
        onError: reject,
      });
    });
    expect(shown().name).toBe('Invoice clerks');
  });

  it('an error has its code beside it', async () => {
    const environment = await environmentOf(STRANGER);
    const codes = new Promise((resolve) => {
      commitMutation(environment, {
        mutation: artifact<ConcreteRequest>('GroupScreenRenameMutation'),
        variables: { input: { groupId: toGlobalId('Group', DEMO_ID, DEMO_ID), name: 'Mine' } },
        // Whatever a payload says of errors, it hands on as it came.
        onCompleted: (_data, errors) =>
          resolve(errors?.map((error) => (error as { extensions?: { code?: string } }).extensions?.code)),
        onError: (error) =>
          resolve(
            (error as { source?: { errors?: { extensions?: { code?: string } }[] } }).source?.errors?.map(
              ({ extensions }) => extensions?.code,
            ),
          ),
      });
    });
    expect(await codes).toEqual(['FORBIDDEN']);
  });
});
