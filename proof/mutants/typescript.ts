import type { Mutation } from './mutation';
import { below, isNode, type Range, type Source, type SyntaxNode } from './source';
import { looksLikeSql, sqlMutations } from './sql';

/** The words of which one can stand for another: by what the table or the call is about. */
const FAMILIES = {
  relations: ['SUPPORT', 'NOT_SEGREGATED', 'OWNER', 'USER_DELEGATE', 'GROUP_DELEGATE', 'ADMINISTRATOR'],
  clinicRelations: ['MEMBER', 'EDITOR', 'ADMINISTRATOR', 'SUPPORT'],
  actions: [
    'VIEW_BILL',
    'EXPLAIN_BILL_ACCESS',
    'COUNT_BILLS_FOR_LAUNCH',
    'READ_DELEGATION_LIST',
    'CHANGE_DELEGATION_LIST',
  ],
  clinicActions: [
    'READ_RECORDS',
    'EDIT_USERS_AND_GROUPS',
    'SCHEDULE_LAUNCH',
    'READ_LAUNCH_READINESS',
    'READ_CLINIC_HISTORY',
  ],
  permissions: ['EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS'],
  caches: ['no_cache', 'contextual', 'strict'],
} as const;

/** Rules of the shield that can stand for one another in its map. */
const RULES = ['allow', 'deny', 'signedIn', 'inReachOfViewer'];

const OPERATORS: Readonly<Record<string, readonly string[]>> = {
  '===': ['!=='],
  '!==': ['==='],
  '&&': ['||'],
  '||': ['&&'],
};

/** Names of which one can stand for another where a value is read. */
const NAMES: Readonly<Record<string, string>> = {
  GROUNDS: 'RELATIONS',
  RELATIONS: 'GROUNDS',
  now: 'launch',
  launch: 'now',
};

const PROPERTIES: Readonly<Record<string, string>> = {
  clinicId: 'providerId',
  providerId: 'clinicId',
  clinic_id: 'provider_id',
  provider_id: 'clinic_id',
};

/** Where a name is read. */
const READS = new Set([
  'KeyValueProperty',
  'ArrayExpression',
  'CallExpression',
  'TemplateLiteral',
  'SpreadElement',
]);

/** What is above a node. */
interface Place {
  readonly parent: SyntaxNode | null;
  /** The name of the constant, and whether its function answers a boolean. */
  readonly constant: string;
  readonly answersBoolean: boolean;
  /** Of a call's arguments: the method or function called. */
  readonly calls: string;
}

/** All mutations of a file: of its TypeScript, and of the SQL in its strings. */
export function mutationsOf(source: Source): Mutation[] {
  const found: Mutation[] = [];
  const { text } = source;
  const put = (kind: string, { start, end }: Range, ...all: string[]): void => {
    for (const to of all) found.push({ kind, start, end, to, sql: false });
  };
  const range = (node: SyntaxNode): Range => source.rangeOf(node);
  const raw = (node: SyntaxNode): string => source.textOf(node);
  const part = (node: SyntaxNode, name: string): SyntaxNode | null => {
    const value = node[name];
    return isNode(value) ? value : null;
  };
  const nameOf = (node: SyntaxNode | null): string =>
    node?.type === 'Identifier' && typeof node.value === 'string' ? node.value : '';

  const family = (words: readonly string[], place: Place): readonly string[] => {
    const clinic = /CLINIC/.test(place.constant) || source.file.endsWith('viewer.ts');
    const all = Object.entries(FAMILIES).filter(([, members]) =>
      words.every((word) => (members as readonly string[]).includes(word)),
    );
    const [, members] = all.find(([name]) => clinic === (name === 'clinicRelations')) ?? all[0] ?? [];
    return words.length === 0 ? [] : (members ?? []);
  };

  const list = (node: SyntaxNode, place: Place): void => {
    const elements = (node.elements as ({ expression: SyntaxNode; spread: unknown } | null)[]).flatMap(
      (element) => element ?? [],
    );
    const texts = elements.map(({ expression, spread }) => `${spread ? '...' : ''}${raw(expression)}`);
    texts.forEach((_text, index) => {
      put('element removed', range(node), `[${texts.filter((_other, other) => other !== index).join(', ')}]`);
    });
    const words = elements.map(({ expression }) => String(expression.value ?? ''));
    for (const more of family(words, place).filter((word) => !words.includes(word))) {
      put('element added', range(node), `[${[...texts, `'${more}'`].join(', ')}]`);
    }
  };

  const object = (node: SyntaxNode): void => {
    const properties = (node.properties as SyntaxNode[]).filter(
      (property) => isNode(property) || 'spread' in property,
    );
    const ranges = properties.map((property) => {
      if (property.type !== 'SpreadElement') return isNode(property) ? range(property) : undefined;
      const { end } = range(property.arguments as SyntaxNode);
      return { start: text.lastIndexOf('...', end), end };
    });
    for (const [index, property] of properties.entries()) {
      const place = ranges[index];
      if (place === undefined || property.type === 'GetterProperty') continue;
      // With its comma.
      const comma = /^\s*,/.exec(text.slice(place.end))?.[0].length ?? 0;
      put('property removed', { start: place.start, end: place.end + comma }, '');
    }
  };

  const binary = (node: SyntaxNode): void => {
    const [left, right] = [part(node, 'left'), part(node, 'right')];
    const operator = String(node.operator);
    if (!left || !right) return;
    const from = range(left).end;
    const start = text.indexOf(operator, from);
    put('operator', { start, end: start + operator.length }, ...(OPERATORS[operator] ?? []));
    if (['&&', '||', '??'].includes(operator)) {
      put('one side only', range(node), `(${raw(left)})`, `(${raw(right)})`);
    }
  };

  const call = (node: SyntaxNode): void => {
    const callee = part(node, 'callee');
    const given = (node.arguments as { expression: SyntaxNode }[]).map(({ expression }) => expression);
    if (nameOf(callee) === 'confirm') put('rule bypassed', range(node), 'true');
    if (nameOf(callee) === 'each' && given[0]) {
      put('rule changed', range(given[0]), ...RULES.filter((name) => name !== nameOf(given[0] ?? null)));
      const fields = given[1];
      if (fields?.type === 'StringLiteral') {
        const names = String(fields.value).split(' ');
        for (const name of names) {
          put('field dropped', range(fields), `'${names.filter((other) => other !== name).join(' ')}'`);
        }
      }
    }
    const method = callee?.type === 'MemberExpression' ? part(callee, 'property') : null;
    const of = callee && part(callee, 'object');
    if (method && ['every', 'some'].includes(nameOf(method))) {
      put('every and some', range(method), nameOf(method) === 'every' ? 'some' : 'every');
    }
    if (method && of && nameOf(method) === 'filter') put('filter dropped', range(node), raw(of));
  };

  const booleanType = (node: SyntaxNode): boolean => {
    const type = part(node, 'returnType');
    return type !== null && /^\s*:\s*(boolean|Promise<boolean>)\s*$/.test(raw(type));
  };

  const template = (node: SyntaxNode): void => {
    const quasis = node.quasis as SyntaxNode[];
    const place = range(node);
    const pieces = quasis.map(range);
    const holes = pieces
      .slice(1)
      .map((piece, index) => ({ start: pieces[index]?.end ?? 0, end: piece.start }));
    if (looksLikeSql(quasis.map(raw).join(' '))) {
      found.push(...sqlMutations(text, { start: place.start + 1, end: place.end - 1 }, holes));
    }
  };

  const branches = (node: SyntaxNode): readonly string[] =>
    ['consequent', 'alternate'].map((name) => `(${raw(node[name] as SyntaxNode)})`);

  const string = (node: SyntaxNode, place: Place): void => {
    const { start, end } = range(node);
    const value = String(node.value);
    if (looksLikeSql(value)) found.push(...sqlMutations(text, { start: start + 1, end: end - 1 }, []));
    // A defect's words are for the log.
    if (place.calls === 'defect') return;
    if (place.parent?.type === 'ArrayExpression' && place.constant !== '') return;
    const others = family([value], place).filter((word) => word !== value);
    put('word', { start, end }, ...others.map((word) => `'${word}'`));
  };

  const name = (node: SyntaxNode, place: Place): void => {
    const is = nameOf(node);
    const above = place.parent?.type ?? '';
    if (NAMES[is] !== undefined && READS.has(above)) put('name', range(node), NAMES[is]);
    if (above !== 'KeyValueProperty') return;
    if (is === 'deny') put('rule changed', range(node), 'allow');
    if (is === 'allow') put('rule changed', range(node), 'deny', 'signedIn');
  };

  const member = (node: SyntaxNode): void => {
    const property = part(node, 'property');
    if (!property) return;
    const is = nameOf(property);
    if (PROPERTIES[is] !== undefined) put('property', range(property), PROPERTIES[is]);
    if (!['q', 'question'].includes(nameOf(part(node, 'object')))) return;
    if (is === 'clinic' || is === 'viewer') {
      put('property', range(property), is === 'clinic' ? 'viewer' : 'clinic');
    }
  };

  const arrow = (node: SyntaxNode): void => {
    const body = part(node, 'body');
    const boolean = booleanType(node) || (body?.type === 'BinaryExpression' && body.operator !== '??');
    if (body && body.type !== 'BlockStatement' && boolean) put('answer', range(body), 'true', 'false');
  };

  const unary = (node: SyntaxNode): void => {
    if (node.operator === '!') put('! removed', range(node), raw(node.argument as SyntaxNode));
  };

  const answer = (node: SyntaxNode, place: Place): void => {
    const argument = part(node, 'argument');
    if (place.answersBoolean && argument) put('answer', range(argument), 'true', 'false');
  };

  const mutators = new Map<string, (node: SyntaxNode, place: Place) => void>([
    ['BooleanLiteral', (node) => put('boolean', range(node), node.value ? 'false' : 'true')],
    ['UnaryExpression', unary],
    ['BinaryExpression', binary],
    ['ConditionalExpression', (node) => put('one branch only', range(node), ...branches(node))],
    ['IfStatement', (node) => put('condition', range(node.test as SyntaxNode), 'true', 'false')],
    ['ThrowStatement', (node) => put('throw removed', range(node), ';', 'return true;')],
    ['ReturnStatement', answer],
    ['ArrowFunctionExpression', arrow],
    ['AwaitExpression', (node) => put('await removed', range(node), raw(node.argument as SyntaxNode))],
    ['ExpressionStatement', (node) => put('statement removed', range(node), ';')],
    ['ArrayExpression', list],
    ['ObjectExpression', object],
    ['CallExpression', call],
    ['TemplateLiteral', template],
    ['StringLiteral', string],
    ['Identifier', name],
    ['MemberExpression', member],
  ]);

  const visit = (node: SyntaxNode, place: Place): void => {
    if (
      node.type === 'ImportDeclaration' ||
      (node.type.startsWith('Export') && 'typeOnly' in node && node.typeOnly)
    )
      return;
    mutators.get(node.type)?.(node, place);
    const body = part(node, 'body');
    const isFunction = 'params' in node || node.type === 'ClassMethod';
    const declared = node.type === 'VariableDeclarator' ? nameOf(part(node, 'id')) : '';
    const inside: Place = {
      parent: node,
      constant: declared || (isFunction && body ? '' : place.constant),
      answersBoolean: isFunction ? answers(node) : place.answersBoolean,
      calls: node.type === 'CallExpression' ? methodOf(node) : '',
    };
    for (const child of below(node)) visit(child, inside);
  };
  const methodOf = (node: SyntaxNode): string => {
    const callee = part(node, 'callee');
    return nameOf(callee?.type === 'MemberExpression' ? part(callee, 'property') : callee);
  };
  const answers = (node: SyntaxNode): boolean => {
    const made = node.type === 'ClassMethod' ? (node.function as SyntaxNode) : node;
    return booleanType(made);
  };

  for (const node of source.body)
    visit(node, { parent: null, constant: '', answersBoolean: false, calls: '' });
  return found;
}
