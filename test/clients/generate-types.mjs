// node generate-types.mjs SCHEMA OPERATIONS OUT: what a front end's code generator does with the schema and a folder of
// operations: writes OUT/schema.ts and OUT/operations.ts. A process of its own, since jest loads no ES modules.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { codegen } from '@graphql-codegen/core';
import * as schemaTypes from '@graphql-codegen/typescript';
import * as operationTypes from '@graphql-codegen/typescript-operations';
import { buildSchema, parse } from 'graphql';

const [schemaFile = '', operations = '', out = ''] = process.argv.slice(2);
const schemaText = await readFile(schemaFile, 'utf8');
const names = (await readdir(operations)).filter((name) => name.endsWith('.graphql')).sort();
const documents = await Promise.all(
  names.map(async (name) => ({
    location: name,
    document: parse(await readFile(path.join(operations, name), 'utf8')),
  })),
);
for (const plugin of ['schema', 'operations']) {
  const text = await codegen({
    filename: `${plugin}.ts`,
    schema: parse(schemaText),
    schemaAst: buildSchema(schemaText),
    documents,
    plugins: [{ [plugin]: {} }],
    pluginMap: { schema: schemaTypes, operations: operationTypes },
    config: {
      // Money and dates are text; nothing is `any`.
      scalars: { Date: 'string', DateTime: 'string', Decimal: 'string', ID: 'string' },
      strictScalars: true,
      enumsAsTypes: true,
    },
  });
  await writeFile(path.join(out, `${plugin}.ts`), text);
}
