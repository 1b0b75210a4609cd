import { ApolloServer, type ApolloServerOptions, type BaseContext } from '@apollo/server';
import {
  type CreateServerForIntegrationTests,
  defineIntegrationTestSuite,
} from '@apollo/server-integration-testsuite';
import { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import { createHttpApp } from '../../src/http/app';
import { mountGraphql } from '../../src/http/endpoint';
import { DEFAULT_LIMITS } from '../../src/http/limits';
import { createLogger } from '../../src/logging';

/** Any Apollo server behind our HTTP layer: its limits, headers, errors, deadline and admission, without our schema. */
const createServer = async (
  config: ApolloServerOptions<BaseContext>,
  options?: { context?: () => Promise<BaseContext> },
) => {
  const app = await createHttpApp({
    log: createLogger('silent'),
    trustProxy: false,
    corsOrigins: [],
    limits: DEFAULT_LIMITS,
  });
  const server = new ApolloServer({
    ...config,
    plugins: [...(config.plugins ?? []), fastifyApolloDrainPlugin(app)],
  });
  await server.start();
  const context = options?.context ?? (async () => ({}));
  mountGraphql(app, { apollo: server, limits: DEFAULT_LIMITS, context: () => context() }, '/');
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { server, url };
};

// The suite brings an Apollo of its own patch version, whose types are others than ours.
defineIntegrationTestSuite(createServer as unknown as CreateServerForIntegrationTests);

/** What our layer does otherwise, and why. Shown as skipped. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'throws an error if POST JSON is malformed': 'expects the text of the parser, which repeats what was sent',
  'runs when cache-control is disabled': 'every answer of ours says no-store',
  'cache-control not set without any hints with if-cacheable': 'every answer of ours says no-store',
  'lockstep versioning of @apollo/server and @apollo/server-integration-testsuite':
    'the suite of our version of Apollo has not been published',
};

interface Entry {
  readonly type: string;
  readonly name: string;
  mode?: string | undefined;
  readonly children?: readonly Entry[];
}

/** Skips tests that the suite has defined: it has no option for it, so that jest's own list of them is changed. */
function skip(names: readonly string[]): void {
  const symbol = Object.getOwnPropertySymbols(globalThis).find(
    (one) => one.description === 'JEST_STATE_SYMBOL',
  );
  const state = symbol === undefined ? undefined : Reflect.get(globalThis, symbol);
  const found: string[] = [];
  const visit = (entry: Entry): void => {
    if (entry.type === 'test' && names.includes(entry.name)) {
      entry.mode = 'skip';
      found.push(entry.name);
    }
    for (const child of entry.children ?? []) visit(child);
  };
  visit((state as { rootDescribeBlock: Entry }).rootDescribeBlock);
  if (found.toSorted().join() !== names.toSorted().join()) throw new Error(`found only: ${found.join(', ')}`);
}

skip(Object.keys(OTHERWISE));
