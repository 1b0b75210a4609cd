import { type GraphQLSchema, getNamedType, isAbstractType, isLeafType, isObjectType } from 'graphql';
import { classOf, targetsOf } from '../classification';

/** A field on the way to something of billing. */
export interface Step {
  /** The type that the field is asked of. */
  readonly parent: string;
  readonly field: string;
  /** The type of what the field gives; of several possible ones, the one meant. */
  readonly type: string;
  /** Whether the field could give other types too, so that the operation must name this one. */
  readonly narrowed: boolean;
}

export type Path = readonly Step[];

/** How often one way may enter the same type: twice, so that it also leaves a bill and comes to others. */
const MOST_ENTRIES = 2;

const isBilling = (type: string, field: string): boolean =>
  ['bill', 'computed'].includes(classOf(type, field) ?? '');

/** The fields of a type that hold something of bills, in the classification. */
export function billingFields(schema: GraphQLSchema, name: string): string[] {
  const type = schema.getType(name);
  return isObjectType(type) ? Object.keys(type.getFields()).filter((field) => isBilling(name, field)) : [];
}

/**
 * Every way from a root field to a type that holds something of bills, in at most `longest` fields, entering each type at
 * most twice. Found in the schema and its classification, so that a new way is walked without anybody thinking of it.
 */
export function walk(schema: GraphQLSchema, longest: number): Path[] {
  const found: Path[] = [];
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const entered = new Map<string, number>();
  const go = (parent: string, way: Path): void => {
    const type = schema.getType(parent);
    if (!isObjectType(type) || way.length === longest) return;
    for (const [field, { type: given }] of Object.entries(type.getFields())) {
      if (classOf(parent, field) === 'other' || isLeafType(getNamedType(given))) continue;
      for (const target of targetsOf(schema, parent, field)) {
        const times = entered.get(target) ?? 0;
        if (times === MOST_ENTRIES || !leadsOn(schema).has(target)) continue;
        const narrowed = isAbstractType(getNamedType(given));
        const next = [...way, { parent, field, type: target, narrowed }];
        if (endFields(schema, target).length > 0) found.push(next);
        entered.set(target, times + 1);
        go(target, next);
        entered.set(target, times);
      }
    }
  };
  for (const root of roots) if (root) go(root.name, []);
  return found;
}

const known = new WeakMap<GraphQLSchema, ReadonlySet<string>>();

/** The types that hold something of bills, or from which a way leads to one that does. */
export function leadsOn(schema: GraphQLSchema): ReadonlySet<string> {
  const before = known.get(schema);
  if (before !== undefined) return before;
  const types = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type));
  const found = new Set(
    types.flatMap((type) => (billingFields(schema, type.name).length > 0 ? [type.name] : [])),
  );
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const type of types) {
      const fields = Object.keys(type.getFields());
      if (fields.some((field) => targetsOf(schema, type.name, field).some((target) => found.has(target)))) {
        found.add(type.name);
      }
    }
  }
  known.set(schema, found);
  return found;
}

/** What is asked of things that hang on a bill and lead nowhere further. */
const PARTS: Readonly<Record<string, string>> = {
  BillAccessGround: '{ ground }',
  PageInfo: '{ hasNextPage hasPreviousPage }',
  UserConnection: '{ nodes { id } }',
};

/** The fields that are asked at the end of a path, each with what is asked of it. */
export function endFields(
  schema: GraphQLSchema,
  name: string,
): { readonly field: string; readonly part: string }[] {
  const type = schema.getType(name);
  if (!isObjectType(type)) return [];
  return billingFields(schema, name).flatMap((field) => {
    const given = getNamedType(type.getFields()[field]?.type);
    if (given === undefined || isLeafType(given)) return [{ field, part: '' }];
    if (isObjectType(given) && 'id' in given.getFields()) return [{ field, part: '{ id }' }];
    const part = PARTS[given.name];
    if (part !== undefined) return [{ field, part }];
    // A path of its own leads there.
    if (leadsOn(schema).has(given.name)) return [];
    throw new Error(
      `the path test does not know what to ask of ${given.name}, for ${name}.${field}: add it to PARTS in proof/paths/walk.ts`,
    );
  });
}

/** For messages: `dashboard > bills > nodes`. */
export const nameOf = (path: Path): string =>
  path.map(({ field, type, narrowed }) => (narrowed ? `${field} as ${type}` : field)).join(' > ');
