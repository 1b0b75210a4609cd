import { defaultFieldResolver, type GraphQLSchema } from 'graphql';
import { objectFields } from './schema-fields';

const built = new WeakSet<object>([defaultFieldResolver]);

/** Remembers the resolvers of a schema as it is built. */
export function rememberResolvers(schema: GraphQLSchema): void {
  for (const { field } of objectFields(schema)) if (field.resolve !== undefined) built.add(field.resolve);
}

/**
 * Whether a resolver is one that the schema was built with, and not one put in its place: only of those it is known what
 * they answer without asking them.
 */
export const isBuilt = (resolver: object): boolean => built.has(resolver);
