import { setImmediate } from 'node:timers/promises';
import { runInThisContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ExecutionResult, execute, type GraphQLError } from 'graphql';
import pino from 'pino';
import { CompiledExecutor } from '../../src/http/compiled-executor';
import { operationBy, randomSchema } from './compiled-random';

const RUNS = Number(process.env.COMPILED_RUNS ?? 400);

const log = pino({ level: 'silent' });

/** An error with all that somebody behind the executor looks at. */
const told = (error: GraphQLError) => ({
  ...error.toJSON(),
  kind: error.constructor.name,
  original: error.originalError && `${error.originalError.name} ${error.originalError.message}`,
  nodes: error.nodes?.map((node) => node.loc?.start),
});

const all = (result: ExecutionResult) => ({
  text: JSON.stringify(result.data),
  errors: result.errors?.map(told),
  keys: Object.keys(result),
});

/** Hears them in the place of Jest, which would fail the test for those of graphql-js. */
function hearUnhandledRejections(hear: (reason: unknown) => void): { stop(): void } {
  // The `process` of a test is a copy, whose listeners hear nothing.
  const real = runInThisContext('process') as NodeJS.Process;
  const others = real.listeners('unhandledRejection');
  real.removeAllListeners('unhandledRejection');
  real.on('unhandledRejection', hear);
  return {
    stop: () => {
      real.off('unhandledRejection', hear);
      for (const other of others) real.on('unhandledRejection', other);
    },
  };
}

describe('whatever resolvers do, a compiled operation answers what graphql-js answers', () => {
  it(`${RUNS} random operations over random resolvers: the same values, errors and resolvers, in the same order`, async () => {
    const unheard: unknown[] = [];
    const listen = hearUnhandledRejections((reason) => unheard.push(reason));
    let withErrors = 0;
    let withData = 0;
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.nat(1_000_000_000),
          fc.boolean(),
          fc.constantFrom(true, false, null),
          async (seed, yes, maybe) => {
            const heard: unknown[] = [];
            const schema = randomSchema(seed, (what) => heard.push(what));
            const asked = operationBy(seed, schema);
            fc.pre(asked !== null);
            const { document, operation } = asked;
            const request = { variables: { yes, maybe } };
            // What is still under way when the answer is complete is heard, too.
            const run = async (answer: Promise<ExecutionResult> | ExecutionResult) => {
              const result = all(await answer);
              await setImmediate();
              return {
                result,
                heard: heard
                  .splice(0)
                  .map((one) => JSON.stringify(one))
                  .join('\n'),
                unheard: unheard.splice(0).length,
              };
            };
            const context = 'me' as never;
            const standard = await run(
              execute({ schema, document, contextValue: context, variableValues: request.variables }),
            );
            const executor = new CompiledExecutor(schema, log);
            // The second time from the plan that was kept.
            for (let time = 0; time < 2; time += 1) {
              const compiled = await run(executor.execute({ document, operation, context, request }));
              expect(compiled.result).toEqual(standard.result);
              if (compiled.heard !== standard.heard) expect(compiled.heard).toBe(standard.heard);
              // Better than graphql-js, which leaves some rejections to end the process.
              expect(compiled.unheard).toBe(0);
            }
            expect(executor.plansOf(document)).toBe(1);
            withErrors += standard.result.errors ? 1 : 0;
            withData += standard.result.text === 'null' ? 0 : 1;
          },
        ),
        { numRuns: RUNS, seed: 20_261_125, endOnFailure: true },
      );
    } finally {
      listen.stop();
    }
    // So that the chances are such that there is something to compare.
    expect(withErrors).toBeGreaterThan(RUNS * 0.2);
    expect(withData).toBeGreaterThan(RUNS * 0.4);
  }, 120_000);
});
