import {
  buildSchema,
  type GraphQLFieldResolver,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNullableType,
  isAbstractType,
  isEnumType,
  isInterfaceType,
  isListType,
  isObjectType,
  isScalarType,
  Kind,
  NoUnusedVariablesRule,
  parse,
  responsePathAsArray,
  specifiedRules,
  validate,
} from 'graphql';

/** Numbers that are the same for the same words. */
export function numbersOf(...words: unknown[]): (most: number) => number {
  let state = 2166136261;
  for (const letter of words.join('/')) state = Math.imul(state ^ letter.charCodeAt(0), 16777619) >>> 0;
  return (most) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

const SDL = `
  interface Named { name: String! other: Named }
  union Either = Plain | Sure
  enum Colour { RED GREEN }
  scalar Odd
  type Plain implements Named {
    name: String! other: Named number: Int odd: Odd colour: Colour
    plain: Plain sure: Sure either: Either list: [Plain] names: [String!]
  }
  type Sure implements Named {
    name: String! other: Named number: Int! odd: Odd! colour: Colour!
    plain: Plain! sure: Sure! either: Either! list: [Sure!]! names: [String]! grid: [[Int!]]
    asked(word: String!, times: Int = 2, words: [String!]): String
  }
  type Query { plain: Plain sure: Sure! either: Either named: Named list: [Sure!] }
  type Mutation { plain: Plain sure: Sure again: Sure! }
`;

/** Comes later, by so many turns of the promises' queue. */
const later = async <Value>(turns: number, value: () => Value): Promise<Value> => {
  for (let turn = 0; turn < turns; turn += 1) await null;
  return value();
};

/** What a resolver gives: mostly what fits, now or later; sometimes nothing, an error, or what does not fit. */
function given(type: GraphQLOutputType, number: (most: number) => number, wrong: number): unknown {
  const value = (): unknown => {
    const chance = number(wrong);
    if (chance === 0) return null;
    if (chance === 1) return new Error('given, not thrown');
    if (chance === 2) throw new Error(`thrown ${number(3)}`);
    if (chance === 3) return undefined;
    return fitting(type, number, wrong);
  };
  switch (number(4)) {
    case 0:
      // Some so late that what is above them has been nulled by then.
      return later(number(2) === 0 ? number(6) : number(60), value);
    case 1:
      return later(1, value);
    default:
      return value();
  }
}

function fitting(type: GraphQLOutputType, number: (most: number) => number, wrong: number): unknown {
  const inner = getNullableType(type);
  if (isListType(inner)) {
    if (number(wrong) === 0) return 'no list';
    const items = Array.from({ length: number(3) }, () =>
      given(inner.ofType as GraphQLOutputType, number, wrong),
    );
    return number(3) === 0 ? new Set(items) : items;
  }
  if (isEnumType(inner)) return number(wrong) === 0 ? 'BLUE' : 'RED';
  if (isScalarType(inner)) return number(wrong) === 0 ? { no: 'scalar' } : number(100);
  const chance = number(wrong);
  const runtime = chance === 0 ? 'Query' : chance === 1 ? 'Nowhere' : number(2) === 0 ? 'Plain' : 'Sure';
  return { runtime: isAbstractType(inner) ? runtime : String(inner) };
}

/**
 * A schema of every kind of type, whose resolvers answer by chance: the same for the same seed and place. `heard` is
 * called with what each resolver was given, and `info` as far as it can be compared.
 */
export function randomSchema(seed: number, heard: (what: unknown) => void): GraphQLSchema {
  const schema = buildSchema(SDL);
  // How often something goes wrong differs, so that some answers hold nearly all and others nearly nothing.
  const wrong = 6 + numbersOf(seed)(200);
  const resolve: GraphQLFieldResolver<{ runtime?: string } | undefined, unknown> = (
    source,
    args,
    context,
    info,
  ) => {
    const place = responsePathAsArray(info.path).join('.');
    heard([
      place,
      info.path.typename,
      info.parentType.name,
      info.fieldName,
      String(info.returnType),
      info.fieldNodes.map((node) => node.loc?.start),
      Object.keys(info.fragments),
      info.operation.loc?.start,
      info.schema === schema,
      info.rootValue,
      { ...info.variableValues },
      { ...args },
      source?.runtime,
      context,
    ]);
    return given(info.returnType, numbersOf(seed, place), wrong);
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (isAbstractType(type)) {
      type.resolveType = (value: { runtime: string }, _context, info) => {
        const number = numbersOf(seed, responsePathAsArray(info.path).join('.'), 'type');
        if (number(wrong) === 0) throw new Error('no type');
        return number(2) === 0 ? later(number(3), () => value.runtime) : value.runtime;
      };
    }
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    if (type.name === 'Plain') {
      type.isTypeOf = (_value, _context, info) => {
        const number = numbersOf(seed, responsePathAsArray(info.path).join('.'), 'is');
        const is = number(wrong) !== 0;
        return number(2) === 0 ? later(1, () => is) : is;
      };
    }
    for (const field of Object.values(type.getFields())) field.resolve = resolve;
  }
  const odd = schema.getType('Odd');
  if (isScalarType(odd)) odd.serialize = (value) => (Number(value) % 7 === 0 ? null : String(value));
  return schema;
}

/** An operation of that schema, by chance: aliases, fragments of every kind, conditions, arguments. */
function randomOperation(seed: number, schema: GraphQLSchema): string {
  const number = numbersOf(seed, 'operation');
  const fragments: string[] = [];
  let named = 0;
  const conditions = [
    '@include(if: $yes)',
    '@skip(if: $yes)',
    '@include(if: true)',
    '@skip(if: $no)',
    '@skip(if: $maybe)',
  ];
  const condition = (): string => (number(5) === 0 ? ` ${conditions[number(conditions.length)]}` : '');
  const selection = (typeName: string, depth: number): string => {
    const type = schema.getType(typeName);
    const fields = isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];
    const parts = Array.from({ length: 1 + number(3) }, () => {
      const kind = number(8);
      if (kind === 0) return `${number(2) === 0 ? '__typename' : `t${number(3)}: __typename`}${condition()}`;
      const inner =
        isAbstractType(type) && number(2) === 0 ? (['Plain', 'Sure', 'Named'][number(3)] ?? '') : typeName;
      if ((kind <= 2 || fields.length === 0) && depth > 0) {
        if (number(2) === 0) return `... on ${inner}${condition()} ${selection(inner, depth - 1)}`;
        named += 1;
        const name = `f${named}`;
        fragments.push(`fragment ${name} on ${inner} ${selection(inner, depth - 1)}`);
        const spread = `...${name}`;
        // The same fragment twice: whichever is included first counts.
        return number(3) === 0
          ? `${spread} @include(if: $no) ${spread}${condition()}`
          : `${spread}${condition()}`;
      }
      const field = fields[number(fields.length)];
      if (field === undefined) return '__typename';
      const of = String(field.type).replace(/[[\]!]/g, '');
      const leaf = ['String', 'Int', 'Odd', 'Colour'].includes(of);
      if (!leaf && depth === 0) return '__typename';
      const args =
        field.args.length === 0
          ? ''
          : (['(word: $word)', '(word: "x", words: [$word])', '(word: "y", times: null)'][number(3)] ?? '');
      // Arguments of one name in the answer must be the same, and so must types: an alias of its own for each.
      const alias =
        number(3) === 0 || args !== '' ? `a_${number(3)}_${typeName}_${field.name}${args.length}: ` : '';
      return `${alias}${field.name}${args}${condition()}${leaf ? '' : ` ${selection(of, depth - 1)}`}`;
    });
    return `{ ${parts.join(' ')} }`;
  };
  const root = number(5) === 0 ? 'Mutation' : 'Query';
  const text = `${root.toLowerCase()} Random($yes: Boolean!, $no: Boolean = false, $maybe: Boolean = false, $word: String! = "w") ${selection(root, 3)}`;
  return [text, ...fragments].join('\n');
}

const RULES = specifiedRules.filter((rule) => rule !== NoUnusedVariablesRule);

/** An operation by chance; null: chance made one that is not valid. */
export function operationBy(seed: number, schema: GraphQLSchema) {
  const document = parse(randomOperation(seed, schema));
  if (validate(schema, document, RULES, { maxErrors: 1 }).length > 0) return null;
  const operation = document.definitions.find((one) => one.kind === Kind.OPERATION_DEFINITION);
  if (operation === undefined) throw new Error('no operation');
  return { document, operation };
}
