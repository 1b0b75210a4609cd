import type { Mutation } from './mutation';
import type { Range } from './source';

/**
 * Mutations of the SQL inside a string or a template. It is no parser of SQL: it knows parentheses, where conditions
 * begin and end, and the operators that decide. What PostgreSQL then refuses to read is no mutant, and not counted.
 */

interface Token extends Range {
  readonly kind: 'hole' | 'word' | 'text' | 'operator' | 'group';
  /** Words in capitals. */
  readonly text: string;
  /** Of a group in parentheses. */
  readonly inside: readonly Token[];
}

const LEXEME =
  /(--[^\n]*)|('(?:[^']|'')*')|([A-Za-z_][\w.]*)|(::|->>|\|\||<=|>=|<>|[=<>(),;])|(\\n|\s+)|([\s\S])/g;

/** The tokens of the text, with groups for parentheses. `holes` are the places of the template's expressions. */
function read(text: string, range: Range, holes: readonly Range[]): Token[] {
  const levels: { tokens: Token[]; start: number }[] = [{ tokens: [], start: range.start }];
  const top = (): { tokens: Token[]; start: number } => levels.at(-1) ?? { tokens: [], start: range.start };
  const add = (kind: Token['kind'], start: number, end: number, inside: Token[] = []): void => {
    const raw = text.slice(start, end);
    top().tokens.push({ kind, start, end, text: kind === 'word' ? raw.toUpperCase() : raw, inside });
  };
  const plain = (from: number, to: number): void => {
    for (const match of text.slice(from, to).matchAll(LEXEME)) {
      const [, , quoted, word, operator] = match;
      const start = from + match.index;
      const end = start + match[0].length;
      if (operator === '(') levels.push({ tokens: [], start });
      else if (operator === ')' && levels.length > 1) {
        const group = levels.pop();
        add('group', group?.start ?? start, end, group?.tokens);
      } else if (quoted !== undefined) add('text', start, end);
      // Half a text, with an expression in its middle.
      else if (match[0] === "'") add('text', start, end);
      else if (word !== undefined) add('word', start, end);
      else if (operator !== undefined) add('operator', start, end);
    }
  };
  let from = range.start;
  for (const hole of holes) {
    plain(from, hole.start);
    add('hole', hole.start, hole.end);
    from = hole.end;
  }
  plain(from, range.end);
  return levels[0]?.tokens ?? [];
}

const ENDS = new Set(
  'WHERE GROUP ORDER LIMIT UNION EXCEPT JOIN LEFT FULL RIGHT CROSS INNER RETURNING WHEN THEN'.split(' '),
);
/** What, at its level, says that this is more than a condition. */
const NO_CONDITION = new Set('SELECT FROM WHERE AS CASE WHEN ORDER JOIN ON IN'.split(' '));
/** Expressions of templates that hold no condition but rows. */
const ROWS = /everyProvider|relationRows|everybodysRelationRows|rows\(|RELATION_SQL|firstLater/;

const isWord = (token: Token | undefined, ...words: string[]): boolean =>
  token?.kind === 'word' && words.includes(token.text);
const isOperator = (token: Token | undefined, ...operators: string[]): boolean =>
  token?.kind === 'operator' && operators.includes(token.text);

const COMPARISONS: Readonly<Record<string, readonly string[]>> = {
  '=': ['<>'],
  '<>': ['='],
  '>': ['>=', '<'],
  '<': ['<=', '>'],
  '>=': ['>', '<'],
  '<=': ['<', '>'],
};

const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  before: ['after'],
  after: ['before'],
  delegate_user_id: ['delegate_group_id'],
  delegate_group_id: ['delegate_user_id'],
  user_id: ['group_id', 'clinic_id'],
  group_id: ['user_id', 'clinic_id'],
  provider_id: ['clinic_id', 'user_id'],
  clinic_id: ['provider_id', 'user_id'],
  encounter_id: ['visit_id'],
  visit_id: ['encounter_id'],
};

const ACTIONS = ['GROUP_MEMBER_ADDED', 'GROUP_MEMBER_REMOVED'];

/** Whether a text looks like SQL at all. */
export const looksLikeSql = (text: string): boolean =>
  /\b(SELECT|FROM|WHERE|AND|OR|EXISTS|UNION|EXCEPT|JOIN|NULL|ANY)\b|\b\w+\.\w+ (=|<=|>=)|_id\b/.test(text);

/** All mutations of the SQL that stands at `range` of the text. */
export function sqlMutations(text: string, range: Range, holes: readonly Range[]): Mutation[] {
  const found: Mutation[] = [];
  const put = (kind: string, { start, end }: Range, ...all: string[]): void => {
    for (const to of all) found.push({ kind, start, end, to, sql: true });
  };
  const raw = ({ start, end }: Range): string => text.slice(start, end);

  const operand = (tokens: readonly Token[]): void => {
    const first = tokens[0];
    const last = tokens.at(-1);
    if (first === undefined || last === undefined) return;
    if (tokens.length === 1 && first.kind === 'hole' && ROWS.test(raw(first))) return;
    if (tokens.length === 1 && isWord(first, 'TRUE', 'FALSE')) return;
    const place = { start: first.start, end: last.end };
    put('condition always true', place, `(${raw(place)} OR TRUE)`);
    put('condition always false', place, `(${raw(place)} AND FALSE)`);
  };

  const conditions = (tokens: readonly Token[]): void => {
    let from = 0;
    tokens.forEach((token, index) => {
      if (!isWord(token, 'AND', 'OR')) return;
      put('AND and OR', token, token.text === 'AND' ? 'OR' : 'AND');
      operand(tokens.slice(from, index));
      from = index + 1;
    });
    operand(tokens.slice(from));
  };

  const setOperations = (tokens: readonly Token[]): void => {
    let from = 0;
    const branches: Range[] = [];
    const close = (to: number): void => {
      const [first, last] = [tokens[from], tokens[to - 1]];
      if (first && last && to > from) branches.push({ start: first.start, end: last.end });
    };
    tokens.forEach((token, index) => {
      if (!isWord(token, 'UNION', 'EXCEPT')) return;
      close(index);
      const all = isWord(tokens[index + 1], 'ALL') ? tokens[index + 1] : undefined;
      put(
        'set operation',
        { start: token.start, end: (all ?? token).end },
        ...(token.text === 'UNION' ? ['EXCEPT', 'INTERSECT'] : ['UNION ALL', 'INTERSECT']),
      );
      from = index + (all ? 2 : 1);
    });
    if (from === 0) return;
    close(tokens.length);
    for (const branch of branches) {
      put('branch dropped', branch, `SELECT * FROM (${raw(branch)}) dropped WHERE FALSE`);
    }
  };

  const one = (tokens: readonly Token[], index: number): void => {
    const token = tokens[index];
    if (token === undefined) return;
    const [before, next] = [tokens[index - 1], tokens[index + 1]];
    if (token.kind === 'operator' && token.text in COMPARISONS) {
      if (isOperator(token, '=') && isWord(next, 'ANY') && next) {
        put('= ANY', { start: token.start, end: next.end }, '<> ALL');
      } else put('comparison', token, ...(COMPARISONS[token.text] ?? []));
    }
    if (isWord(token, 'EXISTS')) {
      if (isWord(before, 'NOT') && before)
        put('NOT removed', { start: before.start, end: token.end }, 'EXISTS');
      else put('NOT added', token, 'NOT EXISTS');
    }
    if (isWord(token, 'IS')) {
      const not = isWord(next, 'NOT');
      const end = (not ? tokens[index + 2] : next)?.end;
      if (end !== undefined) put('IS NULL', { start: token.start, end }, not ? 'IS NULL' : 'IS NOT NULL');
    }
    if (isWord(token, 'TRUE', 'FALSE')) put('boolean', token, token.text === 'TRUE' ? 'FALSE' : 'TRUE');
    if (isWord(token, 'JOIN') && !isWord(before, 'CROSS')) {
      if (isWord(before, 'LEFT', 'FULL') && before) {
        const kinds = before.text === 'LEFT' ? ['JOIN'] : ['LEFT JOIN', 'RIGHT JOIN', 'JOIN'];
        put('join', { start: before.start, end: token.end }, ...kinds);
      } else put('join', token, 'LEFT JOIN');
    }
    if (isWord(token, 'DISTINCT') && isWord(next, 'ON')) {
      put('DISTINCT dropped', { start: token.start, end: tokens[index + 2]?.end ?? token.end }, '');
    }
    if (isWord(token, 'COALESCE') && next?.kind === 'group') arguments_(next);
    if (token.kind === 'word') column(token);
    if (token.kind === 'text' && isOperator(before, '->>')) put('key', token, "'other'");
    if (token.kind === 'text') {
      const other = ACTIONS.find(
        (action) => ACTIONS.includes(token.text.slice(1, -1)) && !token.text.includes(action),
      );
      if (other !== undefined) put('constant', token, `'${other}'`);
    }
  };

  const arguments_ = (group: Token): void => {
    const parts: Range[] = [];
    let from = group.start + 1;
    for (const token of group.inside) {
      if (!isOperator(token, ',')) continue;
      parts.push({ start: from, end: token.start });
      from = token.end;
    }
    parts.push({ start: from, end: group.end - 1 });
    parts.forEach((_part, left) => {
      const rest = parts.filter((_other, index) => index !== left).map(raw);
      put('coalesce', group, `(${rest.join(',')})`);
    });
  };

  const column = (token: Token): void => {
    const [, alias = '', name = ''] = /^(\w+\.)?(\w+)$/.exec(raw(token)) ?? [];
    if (alias === '') return;
    put('column', token, ...(COLUMNS[name] ?? []).map((other) => alias + other));
  };

  const orders = (tokens: readonly Token[]): void => {
    const from = tokens.findIndex(
      (token, index) => isWord(token, 'ORDER') && isWord(tokens[index + 1], 'BY'),
    );
    if (from < 0) return;
    for (const [index, token] of tokens.entries()) {
      if (index < from + 2 || token.kind !== 'word') continue;
      if (/\./.test(token.text) && !isWord(tokens[index + 1], 'DESC'))
        put('order', token, `${raw(token)} DESC`);
    }
  };

  const level = (tokens: readonly Token[]): void => {
    if (tokens.some((token) => isWord(token, 'UNION', 'EXCEPT'))) setOperations(tokens);
    const decides = tokens.some(
      (token) =>
        isWord(token, 'AND', 'OR', 'EXISTS', 'IS') ||
        (token.kind === 'operator' && token.text in COMPARISONS),
    );
    if (decides && !tokens.some((token) => token.kind === 'word' && NO_CONDITION.has(token.text)))
      conditions(tokens);
    tokens.forEach((token, index) => {
      if (isWord(token, 'WHERE', 'ON') && !isWord(tokens[index - 1], 'DISTINCT')) {
        const rest = tokens.slice(index + 1);
        const end = rest.findIndex(
          (other) => (other.kind === 'word' && ENDS.has(other.text)) || isOperator(other, ','),
        );
        conditions(end < 0 ? rest : rest.slice(0, end));
      }
      one(tokens, index);
      if (token.kind === 'group') level(token.inside);
    });
    orders(tokens);
  };

  level(read(text, range, holes));
  return found;
}
