import {
  defaultFieldResolver,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  TypeNameMetaFieldDef,
} from 'graphql';
import { allow } from 'graphql-shield';
import { isBuilt } from '../built-resolvers';
import type { Selected } from '../look-ahead';
import { objectFields } from '../schema-fields';
import { type AccessContext, type KnownGrant, knownGrantOf } from './rules';
import { ruleFor } from './shield-map';

type Resolver = GraphQLFieldResolver<unknown, AccessContext>;

/** What answers at once that a field's rule would let it through, by the resolver that asks it before all else. */
const grantsOfResolvers = new WeakMap<object, KnownGrant>();

/** Every field's resolver, by type and field. */
function resolversOf(schema: GraphQLSchema): Map<string, Resolver> {
  const resolvers = new Map<string, Resolver>();
  for (const { type, field } of objectFields(schema)) {
    resolvers.set(`${type}.${field.name}`, field.resolve ?? defaultFieldResolver);
  }
  return resolvers;
}

/**
 * Lets a field through without a promise where its rule is known to grant it. shield wraps every field in an
 * asynchronous function, at a cost that grows with every row; most of the time the answer is known by then: a page of
 * bills was decided in one batch, provider by provider. It only ever grants what the rule would: whatever is not known,
 * every refusal and every error go through shield's own wrapper, which is left in place.
 *
 * `guard` makes the guarded schema of the unguarded one, with the rules that `ruleOf` answers.
 */
export function guardedWithKnownGrants(
  unguarded: GraphQLSchema,
  guard: (schema: GraphQLSchema) => GraphQLSchema,
  ruleOf: (type: string, field: string) => object | undefined = ruleFor,
): GraphQLSchema {
  const plain = resolversOf(unguarded);
  const guarded = guard(unguarded);
  for (const { type, field } of objectFields(guarded)) {
    const rule = ruleOf(type, field.name);
    const known = rule === allow ? () => true : rule && knownGrantOf(rule);
    const behind = plain.get(`${type}.${field.name}`);
    const shielded = field.resolve as Resolver | undefined;
    if (known === undefined || behind === undefined || shielded === undefined) continue;
    const resolve: Resolver = (parent, args, context, info) =>
      known(parent, context) ? behind(parent, args, context, info) : shielded(parent, args, context, info);
    field.resolve = resolve as GraphQLFieldResolver<unknown, unknown>;
    if (isBuilt(behind)) grantsOfResolvers.set(resolve, known);
  }
  return guarded;
}

const ofSelection = new WeakMap<Selected, readonly KnownGrant[] | null>();

/**
 * What must all answer yes for a whole selection to be let through at once: the known grants of the rules on its fields
 * and on those below. They are asked about the object that was selected: what lies below must belong to its clinic and
 * its provider. Null where a field has none: in a schema without guards, and where its resolver is another than was
 * built.
 */
export function knownGrantsOf(selected: Selected): readonly KnownGrant[] | null {
  let grants = ofSelection.get(selected);
  if (grants === undefined) {
    grants = collected(selected);
    ofSelection.set(selected, grants);
  }
  return grants;
}

function collected({ fields }: Selected): readonly KnownGrant[] | null {
  const grants = new Set<KnownGrant>();
  for (const { definition, below } of fields) {
    // What type an object is of is told to whoever is told of the object.
    if (definition.name === TypeNameMetaFieldDef.name) continue;
    const own = definition.resolve && grantsOfResolvers.get(definition.resolve);
    const ofParts = below === undefined ? [] : knownGrantsOf(below());
    if (own === undefined || ofParts === null) return null;
    for (const grant of [own, ...ofParts]) grants.add(grant);
  }
  return [...grants];
}
