import { type GraphQLSchema, getNamedType, isAbstractType, isObjectType } from 'graphql';
import { BILL_RULES, CLASSES, type Classes, FIELDS, GUARDED_OTHERWISE } from './bill-data';

export type FieldClass = (typeof CLASSES)[number];

const names = (list: string | undefined): string[] => list?.split(/\s+/).filter((name) => name !== '') ?? [];

/** The class of each field, by `Type.field`; a field that stands twice is told by `twice`. */
function read(fields: Readonly<Record<string, Classes>>) {
  const classes = new Map<string, FieldClass>();
  const twice: string[] = [];
  for (const [type, of] of Object.entries(fields)) {
    for (const name of CLASSES) {
      for (const field of names(of[name])) {
        const key = `${type}.${field}`;
        if (classes.has(key)) twice.push(key);
        classes.set(key, name);
      }
    }
  }
  return { classes, twice };
}

/** The class of a field, or undefined for one that nobody classified. */
export function classOf(type: string, field: string): FieldClass | undefined {
  return known.classes.get(`${type}.${field}`);
}

const known = read(FIELDS);

/** The object types of a schema that a field can give. */
export function targetsOf(schema: GraphQLSchema, type: string, field: string): string[] {
  const parent = schema.getType(type);
  const given = isObjectType(parent) ? parent.getFields()[field] : undefined;
  if (given === undefined) return [];
  const named = getNamedType(given.type);
  if (isAbstractType(named)) return schema.getPossibleTypes(named).map((possible) => possible.name);
  return isObjectType(named) ? [named.name] : [];
}

/** Every `Type.field` of the schema's object types. */
export function fieldsOf(schema: GraphQLSchema): { readonly type: string; readonly field: string }[] {
  return Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) && !type.name.startsWith('__')
      ? Object.keys(type.getFields()).map((field) => ({ type: type.name, field }))
      : [],
  );
}

/** The types that hold something of bills themselves, or lead to one that does: worked out from the schema. */
function leading(schema: GraphQLSchema, classes: ReadonlyMap<string, FieldClass>): Set<string> {
  const all = fieldsOf(schema);
  const found = new Set(
    all.flatMap(({ type, field }) =>
      ['bill', 'computed'].includes(classes.get(`${type}.${field}`) ?? '') ? [type] : [],
    ),
  );
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const { type, field } of all) {
      if (targetsOf(schema, type, field).some((target) => found.has(target))) found.add(type);
    }
  }
  return found;
}

type RuleNames = Readonly<Record<string, Readonly<Record<string, { readonly name?: string }>>>>;

const WHERE = 'proof/bill-data.ts';

/**
 * What is wrong with the classification of a schema, each with what to do about it: fields that are in no class or in
 * two, that the schema does not have, whose class does not fit where they lead, and those of bills that no rule over
 * bills guards.
 */
export function problems(
  schema: GraphQLSchema,
  rules: RuleNames,
  fields: Readonly<Record<string, Classes>> = FIELDS,
): string[] {
  const { classes, twice } = read(fields);
  const leads = leading(schema, classes);
  const all = fieldsOf(schema);
  const found = twice.map((key) => `${key} is in ${WHERE} twice: leave it in one class`);
  for (const { type, field } of all) {
    const key = `${type}.${field}`;
    const is = classes.get(key);
    const targets = targetsOf(schema, type, field).filter((target) => leads.has(target));
    if (is === undefined) {
      found.push(
        targets.length > 0
          ? `${key} reaches ${targets.join(' and ')}, and so bills, and is in no class: add it to \`leadsTo\` of ${type} in ${WHERE} (or to \`bill\` or \`computed\`), and say in proof/paths/graph.ts what is behind it`
          : `${key} is in no class: add it to ${type} in ${WHERE}, to \`computed\` if bills go into its value, to \`bill\` if it is part of one, else to \`other\``,
      );
    } else if (is === 'other' && targets.length > 0) {
      found.push(
        `${key} is in \`other\` and reaches ${targets.join(' and ')}, and so bills: move it to \`leadsTo\` in ${WHERE}`,
      );
    } else if (is === 'leadsTo' && targets.length === 0) {
      found.push(`${key} is in \`leadsTo\` and reaches nothing of bills: move it to \`other\` in ${WHERE}`);
    } else if (is === 'bill' || is === 'computed') {
      const rule = rules[type]?.[field]?.name ?? 'none';
      if (!BILL_RULES.includes(rule) && !(key in GUARDED_OTHERWISE)) {
        found.push(
          `${key} is in \`${is}\`, and its shield rule (${rule}) does not look at bills: give it one that does in src/access/shield-map.ts, or say in GUARDED_OTHERWISE of ${WHERE} what guards it`,
        );
      }
    }
  }
  const there = new Set(all.map(({ type, field }) => `${type}.${field}`));
  for (const key of classes.keys()) {
    if (!there.has(key)) found.push(`${key} is in ${WHERE} and not in the schema: remove it there`);
  }
  return found;
}
