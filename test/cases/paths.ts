import {
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';
import { shieldMap } from '../../src/access/shield-map';

/** A field on the way to something of billing. */
interface Step {
  /** The type that the field is asked of. */
  readonly parent: string;
  readonly field: string;
  /** As it is written behind the field, with the parentheses. */
  readonly args: string;
  /** The type of what the field gives; of several possible ones, the one meant. */
  readonly type: string;
  /** Whether the field could give other types too, so that the operation must name this one. */
  readonly narrowed: boolean;
}

/** One way through the schema from a root query to something of billing. */
export type BillingPath = readonly Step[];

/** How an operation is written: all of these ask for the same. */
export const STYLES = [
  'plain',
  'aliased',
  'named fragments',
  'inline fragments',
  'untyped fragments',
] as const;

export type Style = (typeof STYLES)[number];

/** The value of an argument, as text of an operation; undefined: it is left out. `of`: the type that is wanted. */
export type ArgumentOf = (field: string, argument: string, of: string) => string | undefined;

/** Fields of other types that are computed from bills all the same. */
const COMPUTED: Readonly<Record<string, readonly string[]>> = {
  BillConnection: ['totalCount'],
  PatientChart: ['outstanding'],
};

const BILL_RULES = new Set([
  'viewsBill',
  'viewsEveryBillBehind',
  'explainsBill',
  'tellsWhoSeesBills',
  'readsLaunchReadiness',
]);

/** The types of which every field is guarded by a rule over bills, as the shield map has them: where paths end. */
const guarded = new Set(
  Object.entries(shieldMap).flatMap(([type, rules]) =>
    Object.values(rules).every((rule) => BILL_RULES.has((rule as { name?: string }).name ?? ''))
      ? [type]
      : [],
  ),
);

/**
 * Every way from a field of Query to something guarded that goes through no type twice, in at most `longest` fields.
 * Found in the schema, so that a new way is tried without anybody thinking of it.
 */
export function pathsToBilling(
  schema: GraphQLSchema,
  argumentOf: ArgumentOf,
  longest: number,
): BillingPath[] {
  const found: BillingPath[] = [];
  const argsOf = (field: GraphQLField<unknown, unknown>, of: string): string => {
    const given = field.args.flatMap((arg) => {
      const value = argumentOf(field.name, arg.name, of);
      if (value === undefined && isRequiredArgument(arg)) {
        throw new Error(
          `the walk needs a value for \`${arg.name}\` of \`${field.name}\`: add it to its arguments`,
        );
      }
      return value === undefined ? [] : [`${arg.name}: ${value}`];
    });
    return given.length === 0 ? '' : `(${given.join(', ')})`;
  };
  type Way = readonly { parent: string; field: GraphQLField<unknown, unknown>; type: string }[];
  // Arguments are asked for only where the way leads to something of billing.
  const keep = (way: Way): void => {
    found.push(
      way.map(({ parent, field, type }) => ({
        ...{ parent, field: field.name, args: argsOf(field, type), type },
        narrowed: isAbstractType(getNamedType(field.type)),
      })),
    );
  };
  const walk = (parent: string, way: Way): void => {
    const type = schema.getType(parent);
    if (!isObjectType(type) || way.length === longest) return;
    for (const field of Object.values(type.getFields())) {
      const given = getNamedType(field.type);
      for (const target of isAbstractType(given) ? schema.getPossibleTypes(given) : [given]) {
        const next = [...way, { parent, field, type: target.name }];
        if (isLeafType(target)) {
          if (COMPUTED[parent]?.includes(field.name)) keep(next);
        } else if (guarded.has(target.name)) keep(next);
        else if (!way.some((step) => step.type === target.name)) walk(target.name, next);
      }
    }
  };
  walk('Query', []);
  return found;
}

/** For the name of a test and for messages: `dashboard > bills > nodes`. */
export const nameOf = (path: BillingPath): string =>
  path.map(({ field, type, narrowed }) => (narrowed ? `${field} as ${type}` : field)).join(' > ');

/** The operation that asks for all values at the ends of the paths, each under the alias `p0`, `p1` ... */
export function operationOf(schema: GraphQLSchema, paths: readonly BillingPath[], style: Style): string {
  const fragments: string[] = [];
  const alias = style === 'aliased' ? 'a: ' : '';
  const within = (type: string, fields: string): string => {
    switch (style) {
      case 'inline fragments':
        return `{ ... on ${type} { ${fields} } }`;
      case 'untyped fragments':
        return `{ ... { ... @include(if: true) { ${fields} } } }`;
      case 'named fragments':
        fragments.push(`fragment f${fragments.length} on ${type} { ${fields} }`);
        return `{ ...f${fragments.length - 1} }`;
      default:
        return `{ ${fields} }`;
    }
  };
  // All values of the type, and those of guarded parts of it: the items of a bill, its payments, the sums of a group.
  const valuesOf = (name: string): string => {
    const type = schema.getType(name);
    if (!isObjectType(type)) return '';
    const fields = Object.values(type.getFields()).flatMap((field, index) => {
      const given = getNamedType(field.type);
      const as = style === 'aliased' ? `v${index}: ` : '';
      if (isLeafType(given)) return [`${as}${field.name}`];
      return guarded.has(given.name) ? [`${as}${field.name} ${valuesOf(given.name)}`] : [];
    });
    return within(name, fields.join(' '));
  };
  const fields = paths.map((path, index) => {
    const end = path.at(-1);
    let selection = end && valuesOf(end.type);
    for (const step of [...path].reverse()) {
      const inner = selection ?? '';
      const first = step.parent === 'Query' ? `p${index}: ` : alias;
      const narrowed = step.narrowed && inner !== '' ? `{ ... on ${step.type} ${inner} }` : inner;
      const field = `${first}${step.field}${step.args} ${narrowed}`;
      selection = step.parent === 'Query' ? field : within(step.parent, field);
    }
    return selection;
  });
  return `query { ${fields.join('\n')} }\n${fragments.join('\n')}`;
}

/** Every value at the end of an answer, in its order. */
export function valuesIn(answer: unknown): unknown[] {
  if (Array.isArray(answer)) return answer.flatMap(valuesIn);
  if (typeof answer === 'object' && answer !== null) return Object.values(answer).flatMap(valuesIn);
  return [answer];
}
