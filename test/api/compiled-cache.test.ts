import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { buildSchema, type DocumentNode, execute, Kind, parse } from 'graphql';
import pino from 'pino';
import { CompiledExecutor, MOST_PLANS } from '../../src/http/compiled-executor';
import { OperationPlan } from '../../src/http/compiled-plan';

const schema = buildSchema('type Query { word(of: String): String other: Int }');
const context = { of: 'me' } as never;
const word = schema.getQueryType()?.getFields().word;
if (word) word.resolve = (_root, { of }: { of?: string }, { of: mine }: { of: string }) => of ?? mine;

/** A logger, and its lines. */
function logInto(lines: Record<string, unknown>[]) {
  return pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
}

function ask(
  executor: CompiledExecutor,
  document: DocumentNode,
  variables: Record<string, unknown> = {},
  name?: string,
) {
  const operation = document.definitions.find(
    (one) => one.kind === Kind.OPERATION_DEFINITION && (name === undefined || one.name?.value === name),
  );
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('no operation');
  const request = { variables, ...(name !== undefined && { operationName: name }) };
  return executor.execute({ document, operation, context, request });
}

describe('the plans that are kept', () => {
  it('one for each operation of a document and what its conditions leave, whatever other variables say', async () => {
    const executor = new CompiledExecutor(schema, pino({ level: 'silent' }));
    const document = parse(
      'query One($of: String) { word(of: $of) } query Other { other } query Two($yes: Boolean!) { word @include(if: $yes) other }',
    );
    for (const said of ['a', 'b', 'c']) {
      expect(await ask(executor, document, { of: said }, 'One')).toEqual({ data: { word: said } });
    }
    expect(executor.plansOf(document)).toBe(1);
    expect(await ask(executor, document, {}, 'Other')).toEqual({ data: { other: null } });
    for (const yes of [true, false, true]) {
      const data = { ...(yes && { word: 'me' }), other: null };
      expect(await ask(executor, document, { yes }, 'Two')).toEqual({ data });
    }
    expect(executor.plansOf(document)).toBe(4);
  });

  it('no more of one document than so many, however many conditions it has', async () => {
    const executor = new CompiledExecutor(schema, pino({ level: 'silent' }));
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const document = parse(
      `query (${names.map((name) => `$${name}: Boolean!`).join(' ')}) { other ${names.map((name) => `${name}: word @include(if: $${name})`).join(' ')} }`,
    );
    for (let turn = 0; turn < 2 ** names.length; turn += 1) {
      const variables = Object.fromEntries(names.map((name, bit) => [name, (turn & (2 ** bit)) !== 0]));
      const included = names.filter((name) => variables[name]).map((name) => [name, 'me']);
      expect(await ask(executor, document, variables)).toEqual({
        data: { other: null, ...Object.fromEntries(included) },
      });
      expect(executor.plansOf(document)).toBeLessThanOrEqual(MOST_PLANS);
    }
    expect(executor.plansOf(document)).toBe(MOST_PLANS);
  });

  it('only as long as their documents, and nothing of a request with them', async () => {
    const made: WeakRef<OperationPlan>[] = [];
    const requests: WeakRef<object>[] = [];
    const executor = new CompiledExecutor(schema, pino({ level: 'silent' }), (...parts) => {
      const plan = new OperationPlan(...parts);
      made.push(new WeakRef(plan));
      return plan;
    });
    const kept = parse('query ($of: String) { word(of: $of) }');
    const askOnce = async (document: DocumentNode): Promise<void> => {
      const variables = { of: 'secret', list: ['secret'] };
      requests.push(new WeakRef(variables));
      await ask(executor, document, variables);
    };
    await askOnce(kept);
    for (let turn = 0; turn < 50; turn += 1)
      await askOnce(parse(`query Q${turn}($of: String) { word(of: $of) }`));
    await collectGarbage();
    expect(made.filter((plan) => plan.deref() !== undefined)).toHaveLength(1);
    expect(executor.plansOf(kept)).toBe(1);
    expect(requests.filter((variables) => variables.deref() !== undefined)).toEqual([]);
  });
});

it('an operation that cannot be compiled is left to graphql-js, and logged once', async () => {
  const lines: Record<string, unknown>[] = [];
  const executor = new CompiledExecutor(schema, logInto(lines), () => {
    throw new Error('cannot be compiled');
  });
  const document = parse('query Odd($of: String) { word(of: $of) }');
  for (const said of ['a', 'b', 'c']) {
    expect(await ask(executor, document, { of: said })).toEqual(
      await execute({ schema, document, contextValue: context, variableValues: { of: said } }),
    );
  }
  expect(lines).toEqual([
    expect.objectContaining({
      msg: 'an operation could not be compiled; graphql-js executes it',
      operation: 'Odd',
      err: expect.objectContaining({ message: 'cannot be compiled' }),
    }),
  ]);
});

async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    collect();
  }
}
