import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { schemaText } from './schema-text';

/** `npm run schema`: writes schema.graphql at the top of the repository. */
const file = path.resolve(__dirname, '../../schema.graphql');
writeFileSync(file, schemaText());
process.stdout.write(`Wrote ${file}\n`);
