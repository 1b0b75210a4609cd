import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { toGlobalId } from '../../src/global-id';
import { OperationNames } from '../../src/watching/operations';
import { A, DEMO_ID, demoUserId, STRANGER } from '../cases/support';
import { save } from '../delegation/support';
import { eventually } from '../embedded/support';
import { DEMO_PASSWORD } from '../support/database';
import { startTestServer, type TestServer } from '../support/server';

const SECRET = 'PatientZebedee';
const exporter = new InMemorySpanExporter();
let provider: NodeTracerProvider;
let server: TestServer;

beforeAll(async () => {
  // As an operator would register it: this side of the product knows nothing of it.
  provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  provider.register();
  server = await startTestServer({ watching: { operationNames: new OperationNames(['Known']) } });
  for (const who of [A, STRANGER]) await server.tokenOf(who);
});
beforeEach(async () => {
  await ended(() => true);
  exporter.reset();
});
afterAll(async () => {
  await server.close();
  await provider.shutdown();
  trace.disable();
  propagation.disable();
});

const spans = (): ReadableSpan[] => exporter.getFinishedSpans();
/** A request's span ends a moment after the client has the answer. */
const ended = (enough: (roots: ReadableSpan[]) => boolean): Promise<boolean> =>
  eventually(() => enough(spans().filter((span) => span.kind === SpanKind.SERVER)));

interface Tree {
  readonly name: string;
  readonly children: Tree[];
}

/** The spans below one, in the order of their beginning. */
function treeOf(span: ReadableSpan): Tree {
  const children = spans()
    .filter((other) => other.parentSpanContext?.spanId === span.spanContext().spanId)
    .sort((a, b) => a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1]);
  return { name: span.name, children: children.map(treeOf) };
}

async function traced(act: () => Promise<unknown>): Promise<{ root: ReadableSpan; tree: Tree }> {
  await act();
  expect(await ended((roots) => roots.length === 1)).toBe(true);
  const root = spans().find((span) => span.kind === SpanKind.SERVER);
  if (root === undefined) throw new Error('no request was traced');
  return { root, tree: treeOf(root) };
}

describe('a request', () => {
  it('is a tree: the request, its operation, and the statements in that', async () => {
    const { root, tree } = await traced(() =>
      server.ask(A, 'query Known { viewer { email } patients { nodes { name } } }'),
    );
    expect(tree.name).toBe('POST /graphql');
    expect(tree.children.map((child) => child.name)).toEqual(['query Known']);
    const statements = tree.children[0]?.children ?? [];
    expect(statements.length).toBeGreaterThan(1);
    expect(new Set(statements.map((child) => child.name))).toEqual(new Set(['SELECT']));
    // Nothing is anywhere else.
    expect(spans()).toHaveLength(2 + statements.length);
    expect(root.attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/graphql',
      'http.response.status_code': 200,
    });
    for (const span of spans().filter(({ kind }) => kind === SpanKind.CLIENT)) {
      expect(span.attributes).toEqual({
        'db.system.name': 'postgresql',
        'db.query.text': expect.any(String),
      });
    }
  });

  it('has the statements of a change, and of a sign-in, in it', async () => {
    const clerk = toGlobalId('User', DEMO_ID, demoUserId('clerk'));
    const provider = toGlobalId('User', DEMO_ID, demoUserId('provider.a'));
    const { tree } = await traced(() =>
      save(server, A, [{ providerId: provider, addUsers: [{ userId: clerk }] }]),
    );
    const names = tree.children[0]?.children.map((child) => child.name) ?? [];
    expect(tree.children[0]?.name).toBe('mutation anonymous');
    expect(names).toEqual(expect.arrayContaining(['BEGIN', 'SELECT', 'INSERT', 'COMMIT']));
    expect(spans()).toHaveLength(2 + names.length);
  });

  it('keeps apart what runs at the same time', async () => {
    await Promise.all(
      Array.from({ length: 12 }, () =>
        server.ask(A, 'query Known { viewer { email } patients { nodes { name } } }'),
      ),
    );
    expect(await ended((roots) => roots.length === 12)).toBe(true);
    const trees = spans()
      .filter((span) => span.kind === SpanKind.SERVER)
      .map((root) => treeOf(root).children.map((child) => child.children.length));
    expect(new Set(trees.map((tree) => tree.join())).size).toBe(1);
  });

  it('continues the trace that the client sent', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const { root } = await traced(() =>
      fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          traceparent: `00-${traceId}-b7ad6b7169203331-01`,
        },
        body: JSON.stringify({ query: '{ viewer { email } }' }),
      }),
    );
    expect(root.spanContext().traceId).toBe(traceId);
    expect(root.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
  });

  it('says that it failed, and by which code', async () => {
    const { tree } = await traced(() => server.ask(null, 'query Known { viewer { email } }'));
    expect(tree.children.map((child) => child.name)).toEqual(['query Known']);
    const operation = spans().find((span) => span.kind === SpanKind.INTERNAL);
    expect(operation?.attributes['billing.codes']).toEqual(['UNAUTHENTICATED']);
    // Ours it is not.
    expect(operation?.status.code).toBe(SpanStatusCode.UNSET);
  });
});

it('no span says anything that came with a request, or out of the database', async () => {
  const bills = await server.db.query<{ number: string; note: string | null; name: string; email: string }>(
    `SELECT b.number, b.note, p.name, '${A}' AS email FROM bills b
     JOIN patients p ON p.clinic_id = b.clinic_id AND p.id = b.patient_id WHERE b.provider_id = $1 LIMIT 20`,
    [demoUserId('provider.a')],
  );
  const token = await server.tokenOf(A);
  const ask = (body: object): Promise<unknown> =>
    fetch(`${server.url}/graphql?${SECRET}=${SECRET}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
        'user-agent': SECRET,
        'x-forwarded-for': SECRET,
      },
      body: JSON.stringify(body),
    });
  await ask({
    query: `query ${SECRET}($search: String) { ${SECRET}: users(search: $search) { nodes { name } }
      literal: users(search: "${SECRET}") { nodes { name } } }`,
    variables: { search: SECRET },
    operationName: SECRET,
  });
  await ask({
    query:
      'query Known($id: ID!) { bill(id: $id) { number note patient { name } } dashboard { bills(first: 5) { nodes { number note total patient { name } } } } }',
    variables: { id: toGlobalId('Bill', DEMO_ID, demoUserId('clerk')) },
  });
  await server.ask(
    null,
    'mutation ($p: String!) { signIn(email: "someone@demo.example", password: $p) { token } }',
    {
      p: SECRET,
    },
  );
  await save(server, A, [{ providerId: toGlobalId('User', DEMO_ID, demoUserId('provider.a')) }], SECRET);
  // An error of the driver that repeats a value.
  const failing = trace.getTracer('test').startActiveSpan('test', async (span) => {
    await server.database.query('SELECT $1::int', [SECRET]).catch(() => undefined);
    span.end();
  });
  await failing;
  expect(await ended((roots) => roots.length === 4)).toBe(true);
  const failed = spans().filter((span) => span.attributes['error.type'] === '22P02');
  expect(failed).toHaveLength(1);

  const text = JSON.stringify(
    spans().map(({ name, attributes, events, status, links, resource }) => ({
      ...{ name, attributes, events, status, links },
      resource: resource.attributes,
    })),
  );
  expect(text.length).toBeGreaterThan(2_000);
  const told = [SECRET, A, 'someone@', DEMO_PASSWORD, token, 'Bearer'];
  const stored = bills.flatMap(({ number, note, name }) => [number, note, name]).filter((value) => value);
  expect(stored.length).toBeGreaterThan(30);
  expect([...told, ...stored].filter((value) => text.includes(value ?? ''))).toEqual([]);
  for (const id of [DEMO_ID, demoUserId('provider.a'), demoUserId('clerk')]) expect(text).not.toContain(id);
});
