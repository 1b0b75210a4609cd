import { defaultFieldResolver, type GraphQLFieldResolver, type GraphQLSchema, isObjectType } from 'graphql';
import { allow } from 'graphql-shield';
import { type AccessContext, knownGrantOf } from './rules';
import { ruleFor } from './shield-map';

type Resolver = GraphQLFieldResolver<unknown, AccessContext>;

/** Every field's resolver, by type and field. */
function resolversOf(schema: GraphQLSchema): Map<string, Resolver> {
  const resolvers = new Map<string, Resolver>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      resolvers.set(`${type.name}.${field.name}`, field.resolve ?? defaultFieldResolver);
    }
  }
  return resolvers;
}

/**
 * Lets a field through without a promise where its rule is known to grant it. shield wraps every field in an
 * asynchronous function, at a cost that grows with every row; most of the time the answer is known by then: a page of
 * bills was decided in one batch, provider by provider. It only ever grants what the rule would: whatever is not known,
 * every refusal and every error go through shield's own wrapper, which is left in place.
 *
 * `guard` makes the guarded schema of the unguarded one.
 */
export function guardedWithKnownGrants(
  unguarded: GraphQLSchema,
  guard: (schema: GraphQLSchema) => GraphQLSchema,
): GraphQLSchema {
  const plain = resolversOf(unguarded);
  const guarded = guard(unguarded);
  for (const type of Object.values(guarded.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const rule = ruleFor(type.name, field.name);
      const known = rule === allow ? () => true : rule && knownGrantOf(rule);
      const behind = plain.get(`${type.name}.${field.name}`);
      const shielded = field.resolve;
      if (known === undefined || behind === undefined || shielded === undefined) continue;
      field.resolve = (parent, args, context, info) =>
        known(parent, context) ? behind(parent, args, context, info) : shielded(parent, args, context, info);
    }
  }
  return guarded;
}
