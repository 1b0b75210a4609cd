import { lexicographicSortSchema, printSchema } from 'graphql';
import { unguardedSchema } from './schema';

/** The schema as schema.graphql has it: sorted, so that a change shows as just that change. */
export function schemaText(): string {
  return `# Made from the code by \`npm run schema\`. Do not edit.\n\n${printSchema(lexicographicSortSchema(unguardedSchema()))}\n`;
}
