import { defaultFieldResolver, type GraphQLSchema, isObjectType } from 'graphql';

const built = new WeakSet<object>([defaultFieldResolver]);

/** Remembers the resolvers of a schema as it is built. */
export function rememberResolvers(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const { resolve } of Object.values(type.getFields())) if (resolve !== undefined) built.add(resolve);
  }
}

/**
 * Whether a resolver is one that the schema was built with, and not one put in its place: only of those it is known what
 * they answer without asking them.
 */
export const isBuilt = (resolver: object): boolean => built.has(resolver);
