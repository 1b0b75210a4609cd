import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  buildSchema,
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  parse,
  print,
  separateOperations,
} from 'graphql';

/** The top of the repository. */
export const ROOT = path.resolve(__dirname, '../..');

/** The folder of the operations that stand in the documentation. */
export const OPERATIONS = path.join(ROOT, 'docs', 'operations');

/** The schema as the committed schema.graphql has it. */
export const committedSchema = (): GraphQLSchema =>
  buildSchema(readFileSync(path.join(ROOT, 'schema.graphql'), 'utf8'));

/** A file of operations. */
export interface OperationFile {
  readonly name: string;
  readonly text: string;
  readonly document: DocumentNode;
}

/** Every file of docs/operations, by name. */
export const operationFiles = (): OperationFile[] =>
  readdirSync(OPERATIONS)
    .filter((name) => name.endsWith('.graphql'))
    .sort()
    .map((name) => {
      const text = readFileSync(path.join(OPERATIONS, name), 'utf8');
      return { name, text, document: parse(text) };
    });

/** An operation with the fragments that it uses and nothing else, as a client sends it. */
export interface NamedOperation {
  readonly name: string;
  readonly file: string;
  readonly query: string;
}

/** Every operation of docs/operations, in the order of the files. */
export const operations = (): NamedOperation[] =>
  operationFiles().flatMap(({ name: file, document }) => {
    const alone = separateOperations(document);
    return document.definitions.flatMap((definition) => {
      if (definition.kind !== Kind.OPERATION_DEFINITION) return [];
      const name = definition.name?.value ?? '';
      const own = alone[name];
      if (own === undefined) throw new Error(`${file} has an operation without a name`);
      return [{ name, file, query: print(own) }];
    });
  });

/** The text of one operation of docs/operations. */
export function operation(name: string): string {
  const found = operations().find((one) => one.name === name);
  if (found === undefined) throw new Error(`docs/operations has no operation ${name}`);
  return found.query;
}
