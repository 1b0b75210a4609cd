import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { unguardedSchema } from '../../src/schema';
import { schemaText } from '../../src/schema-text';
import { startTestServer, type TestServer } from '../support/server';

const FILE = path.resolve(__dirname, '../../schema.graphql');
const schema = unguardedSchema();
const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
);

test('schema.graphql says what the code says', () => {
  const committed = readFileSync(FILE, 'utf8');
  if (committed !== schemaText()) throw new Error('schema.graphql is out of date: run `npm run schema`');
});

describe('descriptions', () => {
  const parts = (type: GraphQLNamedType): { name: string; description: string | null | undefined }[] => {
    const named = (
      part: { name: string; description?: string | null | undefined },
      prefix: string,
    ): { name: string; description: string | null | undefined } => ({
      name: `${prefix}${part.name}`,
      description: part.description,
    });
    const own = [named(type, '')];
    if (isEnumType(type)) return [...own, ...type.getValues().map((value) => named(value, `${type.name}.`))];
    if (isInputObjectType(type)) {
      return [...own, ...Object.values(type.getFields()).map((field) => named(field, `${type.name}.`))];
    }
    if (!isObjectType(type) && !isInterfaceType(type)) return own;
    const withArguments = (field: GraphQLField<unknown, unknown>) => [
      named(field, `${type.name}.`),
      ...field.args.map((argument: GraphQLArgument) => named(argument, `${type.name}.${field.name}:`)),
    ];
    return [...own, ...Object.values(type.getFields()).flatMap(withArguments)];
  };

  test('are on every type, field, argument, input field and enum value', () => {
    const bare = types.flatMap(parts).filter(({ description }) => (description ?? '').trim() === '');
    expect(bare.map((part) => part.name)).toEqual([]);
  });
});

describe('the conventions of Relay', () => {
  const objects = types.filter(isObjectType);
  const fieldType = (type: GraphQLObjectType, name: string): string =>
    String(type.getFields()[name]?.type ?? 'no such field');

  test('a node is found by its id', () => {
    const node = schema.getType('Node');
    if (!isInterfaceType(node)) throw new Error('there is no interface Node');
    expect(String(node.getFields().id?.type)).toBe('ID!');
    expect(Object.keys(node.getFields())).toEqual(['id']);
    const query = schema.getQueryType()?.getFields().node;
    expect(String(query?.type)).toBe('Node');
    expect(query?.args.map((argument) => `${argument.name}: ${argument.type}`)).toEqual(['id: ID!']);
  });

  test('whatever has an id is a node', () => {
    const withId = objects.filter((type) => type.getFields().id !== undefined);
    expect(withId.filter((type) => fieldType(type, 'id') !== 'ID!').map((type) => type.name)).toEqual([]);
    const others = withId.filter((type) => !type.getInterfaces().some(({ name }) => name === 'Node'));
    expect(others.map((type) => type.name)).toEqual([]);
  });

  test('a connection has edges with cursors, nodes and a page info', () => {
    const connections = objects.filter((type) => type.name.endsWith('Connection'));
    expect(connections.length).toBeGreaterThan(4);
    for (const connection of connections) {
      const edge = getNamedType(connection.getFields().edges?.type);
      if (!isObjectType(edge)) throw new Error(`${connection.name} has no edges`);
      expect(edge.name).toMatch(/Edge$/);
      const node = getNamedType(edge.getFields().node?.type);
      expect({
        edges: fieldType(connection, 'edges'),
        nodes: fieldType(connection, 'nodes'),
        pageInfo: fieldType(connection, 'pageInfo'),
        cursor: fieldType(edge, 'cursor'),
        node: fieldType(edge, 'node'),
      }).toEqual({
        edges: `[${edge}!]!`,
        nodes: `[${node}!]!`,
        pageInfo: 'PageInfo!',
        cursor: 'String!',
        node: `${node}!`,
      });
    }
    const pageInfo = schema.getType('PageInfo');
    if (!isObjectType(pageInfo)) throw new Error('there is no type PageInfo');
    expect(
      Object.values(pageInfo.getFields())
        .map((field) => `${field.name}: ${field.type}`)
        .sort(),
    ).toEqual([
      'endCursor: String',
      'hasNextPage: Boolean!',
      'hasPreviousPage: Boolean!',
      'startCursor: String',
    ]);
  });

  test('a field that answers a connection takes first, after, last and before', () => {
    const fields = objects.flatMap((type) =>
      Object.values(type.getFields())
        .filter((field) => getNamedType(field.type).name.endsWith('Connection'))
        .map((field) => ({ name: `${type.name}.${field.name}`, args: field.args })),
    );
    expect(fields.length).toBeGreaterThan(8);
    for (const { name, args } of fields) {
      const paging = args.filter((argument) => ['first', 'after', 'last', 'before'].includes(argument.name));
      expect({ name, paging: paging.map((argument) => `${argument.name}: ${argument.type}`).sort() }).toEqual(
        {
          name,
          paging: ['after: String', 'before: String', 'first: Int', 'last: Int'],
        },
      );
    }
  });

  test('money is a decimal, never a float', () => {
    const floats = objects.flatMap((type) =>
      Object.values(type.getFields())
        .filter((field) => getNamedType(field.type).name === 'Float')
        .map((field) => `${type.name}.${field.name}`),
    );
    expect(floats).toEqual([]);
  });
});

describe('a node', () => {
  let server: TestServer;
  /** One id of each type of node, found by other ways than `node`. */
  let ids: Record<string, string>;

  beforeAll(async () => {
    server = await startTestServer();
    const answer = await server.ask<{
      viewer: { user: { id: string }; clinic: { id: string }; groups: { id: string }[] };
      dashboard: { bills: { nodes: Record<'id' | string, unknown>[] } };
    }>(
      'clerk@demo.example',
      `{ viewer { user { id } clinic { id } groups { id } }
         dashboard { bills(first: 1, filter: { kind: INSURED }) {
           nodes { id patient { id } encounter { id } visit { id } payer { id } } } } }`,
    );
    const { viewer, dashboard } = answer.data;
    const bill = dashboard.bills.nodes[0] as { id: string } & Record<string, { id: string }>;
    ids = {
      Clinic: viewer.clinic.id,
      User: viewer.user.id,
      Group: viewer.groups[0]?.id ?? '',
      Bill: bill.id,
      Patient: bill.patient?.id ?? '',
      Encounter: bill.encounter?.id ?? '',
      Visit: bill.visit?.id ?? '',
      Payer: bill.payer?.id ?? '',
    };
  });

  afterAll(() => server?.close());

  const NODE = 'query ($id: ID!) { node(id: $id) { __typename id } }';
  const ask = (id: string) => server.ask<{ node: object | null }>('clerk@demo.example', NODE, { id });

  test('of every type answers node(id) with its type and the same id', async () => {
    const node = schema.getType('Node');
    if (!isInterfaceType(node)) throw new Error('there is no interface Node');
    const names = schema.getPossibleTypes(node).map((type) => type.name);
    expect(Object.keys(ids).sort()).toEqual([...names].sort());
    for (const [type, id] of Object.entries(ids)) {
      const { data, errors } = await ask(id);
      expect({ errors, node: data.node }).toEqual({ errors: undefined, node: { __typename: type, id } });
    }
  });

  test('has an id unlike that of any other type', () => {
    expect(new Set(Object.values(ids)).size).toBe(Object.keys(ids).length);
  });

  test('that does not exist is null, of every type, and so is what is no id', async () => {
    const unknown = Object.values(ids).map((id) => {
      const bytes = Buffer.from(id, 'base64url');
      bytes.writeUInt32BE(0xdeadbeef, bytes.length - 4);
      return bytes.toString('base64url');
    });
    const bytes = Buffer.from(ids.Bill ?? '', 'base64url');
    const otherType = Buffer.from(bytes);
    otherType[0] = 99;
    const otherClinic = Buffer.from(bytes);
    otherClinic.fill(7, 1, 17);
    const odd = [
      '',
      '0',
      'Bill:1',
      ids.Bill?.slice(1) ?? '',
      `${ids.Bill}A`,
      `${ids.Bill}==`,
      ` ${ids.Bill}`,
      `${'/'.repeat(44)}`,
      "' OR 1 = 1 --",
      'é'.repeat(44),
      'A'.repeat(10_000),
      '00000000-0000-4000-8000-000000000000',
      otherType.toString('base64url'),
      otherClinic.toString('base64url'),
    ];
    const answers = await Promise.all([...unknown, ...odd].map(ask));
    expect(new Set(answers.map((answer) => answer.text))).toEqual(new Set(['{"data":{"node":null}}\n']));
  });
});
