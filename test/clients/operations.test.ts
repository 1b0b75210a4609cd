import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Kind, specifiedRules, validate } from 'graphql';
import { DEFAULT_LIMITS } from '../../src/http/limits';
import { startTestServer, type TestServer } from '../support/server';
import { committedSchema, type OperationFile, operationFiles, operations } from './documents';
import { TRIED, type TriedOperations, triedOperations } from './tried-operations';

const schema = committedSchema();

describe.each(operationFiles().map((file) => [file.name, file] as const))('%s', (_name, file) => {
  it('says at its top what it is for', () => {
    expect(file.text).toMatch(/^# [A-Z]/);
  });

  it('fits the schema, uses every fragment and names every operation', () => {
    expect(validate(schema, file.document, specifiedRules).map(String)).toEqual([]);
    expect(namesOf(file).filter((name) => name === undefined)).toEqual([]);
  });
});

/** The names of the operations and fragments of a file. */
const namesOf = ({ document }: OperationFile): (string | undefined)[] =>
  document.definitions.map((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION || definition.kind === Kind.FRAGMENT_DEFINITION
      ? definition.name?.value
      : undefined,
  );

it('names are unique over all files, as code generators and Relay want them', () => {
  const names = operationFiles().flatMap(namesOf);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

describe('against a running demo server, within the limits that a server has by default', () => {
  let server: TestServer;
  let tried: TriedOperations;

  beforeAll(async () => {
    server = await startTestServer({ limits: DEFAULT_LIMITS });
    tried = await triedOperations(server);
  });
  afterAll(() => server?.close());

  it('every operation is tried', () => {
    const names = operations().map(({ name }) => name);
    expect(names.sort()).toEqual([...TRIED].sort());
  });

  it.each(TRIED)('%s is answered without errors', async (name) => {
    const answer = await tried.tryOut(name);
    expect(answer.errors ?? []).toEqual([]);
    const root = Object.values(answer.data);
    expect(root).toHaveLength(1);
    expect(root).not.toContain(null);
  });
});
