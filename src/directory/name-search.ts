import { createHash } from 'node:crypto';
import { type Position, requireOrder, toCursor, type Window } from '../paging';
import { allOf, Parameters, type Statements } from '../sql';

/** Where to search: a table with names, and which of its rows. */
interface Source {
  readonly kind: 'User' | 'Group';
  readonly rows: string;
}

const ALL_USERS: Source = { kind: 'User', rows: 'users n WHERE TRUE' };
const ACTIVE_USERS: Source = { kind: 'User', rows: 'users n WHERE n.active' };
const INACTIVE_USERS: Source = { kind: 'User', rows: 'users n WHERE NOT n.active' };
const GROUPS: Source = { kind: 'Group', rows: 'groups n WHERE TRUE' };

/** What can be searched. */
export const SEARCHES = {
  users: [ALL_USERS],
  activeUsers: [ACTIVE_USERS],
  inactiveUsers: [INACTIVE_USERS],
  groups: [GROUPS],
  candidates: [ACTIVE_USERS, GROUPS],
} as const satisfies Record<string, readonly Source[]>;

/** A question for names: `search` as searchArgument answers it. */
export interface NameQuestion {
  readonly clinicId: string;
  readonly search: string;
  readonly within: keyof typeof SEARCHES;
}

/** Somebody whose name was found. The best matches have the lowest rank. */
export interface NameHit {
  readonly kind: 'User' | 'Group';
  readonly id: string;
  /** 0: the name begins with the search; 1: a word of it does; 2: it is somewhere inside. */
  readonly rank: number;
  /** The name as it is searched and ordered. */
  readonly text: string;
}

/** The expression of the index that answers names in order. Any letter or accent counts as its plain lower case. */
const TEXT = 'search_text(n.name::text) COLLATE "C"';
/** The expression of the trigram index. */
const TRIGRAMS = 'search_text(n.name::text)';
/** What the trigram index can look up; anything shorter is found faster by reading the ordered index through. */
const HAS_TRIGRAM = /[\p{L}\p{N}]{3}/u;

/**
 * The search, prepared once for each statement: what a name begins with, as a range of the order; what is inside, as
 * a pattern; what a word begins with, as a regular expression. Special characters are taken as plain text after
 * unaccent had its turn, since it makes some itself (a full-width percent sign becomes an ordinary one).
 */
const asked = (search: string): string => String.raw`WITH asked AS MATERIALIZED (
  SELECT plain COLLATE "C" AS beginning, (plain || chr(1114111)) COLLATE "C" AS beyond,
    '%' || regexp_replace(plain, '([\\%_])', '\\\1', 'g') || '%' AS inside,
    '\m' || regexp_replace(plain, '([^[:alnum:][:space:]])', '\\\1', 'g') AS word
  FROM (SELECT search_text(${search}) AS plain) given)`;

const beginsWith = (text: string): string =>
  `${text} >= (SELECT beginning FROM asked) AND ${text} < (SELECT beyond FROM asked)`;

const rankOf = (position: Position): number => Number(position.value[0]);
const textOf = (position: Position): string => position.value.slice(1);

/** The name of the order in cursors: what a search ranks first is another order for every search. */
const orderOf = (search: string): string =>
  `MATCH ${createHash('sha256').update(search).digest('base64url').slice(0, 10)}`;

/** The cursor of a hit of that search. */
export const hitCursor = (search: string, hit: NameHit): string =>
  toCursor({ order: orderOf(search), value: `${hit.rank}${hit.text}`, id: hit.id });

/** Raises BAD_USER_INPUT unless the window's cursors come from the same search. */
export const requireSearchOrder = (window: Window, search: string): void =>
  requireOrder(window, orderOf(search), (value) => /^[012][^\0]{0,4000}$/u.test(value));

/**
 * Finds users and groups of a clinic by any part of their name, whatever its case and accents: names that begin with
 * the search, then those of which a word does, then the others; within each by name. Answers one more than the
 * window's limit where there are more, in the window's direction. An empty search finds everybody.
 */
export async function findNames(
  statements: Statements,
  question: NameQuestion,
  window: Window,
): Promise<NameHit[]> {
  const hits: NameHit[] = [];
  // Most searches fill their page from the beginnings, which the ordered index gives at once: the rest can wait.
  for (const stage of window.backward ? [rest, beginnings] : [beginnings, rest]) {
    const missing = window.limit + 1 - hits.length;
    const statement = missing > 0 ? stage(question, window, missing) : null;
    if (statement !== null) {
      hits.push(...(await statements.query<NameHit>(statement.text, statement.values)));
    }
  }
  return hits;
}

interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** The names that begin with the search: a range of the ordered index. Null where the window holds none of them. */
function beginnings(question: NameQuestion, window: Window, count: number): Statement | null {
  if (window.after !== null && rankOf(window.after) > 0) return null;
  const parameters = new Parameters();
  const given = asked(parameters.add(question.search, 'text'));
  const clinic = parameters.add(question.clinicId, 'uuid');
  const inWindow = between(window, `(${TEXT}, n.id)`, (position) =>
    rankOf(position) === 0
      ? `(${parameters.add(textOf(position), 'text')}, ${parameters.add(position.id, 'uuid')})`
      : null,
  );
  const limit = parameters.add(count, 'bigint');
  const direction = window.backward ? 'DESC' : 'ASC';
  const branches = SEARCHES[question.within].map(
    ({ kind, rows }) =>
      `(SELECT '${kind}' AS kind, n.id, ${TEXT} AS text FROM ${rows} AND n.clinic_id = ${clinic}
        AND ${beginsWith(TEXT)} AND ${inWindow} ORDER BY ${TEXT} ${direction}, n.id ${direction} LIMIT ${limit})`,
  );
  return {
    text: `${given} SELECT kind, id, 0 AS rank, text FROM (${branches.join(' UNION ALL ')}) found
      ORDER BY text ${direction}, id ${direction} LIMIT ${limit}`,
    values: parameters.values,
  };
}

/** The names that hold the search further inside. Null where the window holds none of them. */
function rest(question: NameQuestion, window: Window, count: number): Statement | null {
  if (question.search === '' || (window.before !== null && rankOf(window.before) === 0)) return null;
  const parameters = new Parameters();
  const given = asked(parameters.add(question.search, 'text'));
  const clinic = parameters.add(question.clinicId, 'uuid');
  const searched = HAS_TRIGRAM.test(question.search) ? TRIGRAMS : TEXT;
  const branches = SEARCHES[question.within].map(
    ({ kind, rows }) =>
      `SELECT '${kind}' AS kind, n.id, ${TEXT} AS text FROM ${rows} AND n.clinic_id = ${clinic}
       AND ${searched} LIKE (SELECT inside FROM asked)`,
  );
  const inWindow = between(window, '(rank, text, id)', (position) =>
    rankOf(position) > 0
      ? `(${parameters.add(rankOf(position), 'int')}, ${parameters.add(textOf(position), 'text')}, ${parameters.add(position.id, 'uuid')})`
      : null,
  );
  const direction = window.backward ? 'DESC' : 'ASC';
  return {
    // What a letter is, regular expressions ask the database's own collation.
    text: `${given}, found AS MATERIALIZED (${branches.join(' UNION ALL ')}), ranked AS (
        SELECT kind, id, text,
          CASE WHEN text COLLATE "default" ~ (SELECT word FROM asked) THEN 1 ELSE 2 END AS rank
        FROM found WHERE NOT (${beginsWith('text')}))
      SELECT kind, id, rank, text FROM ranked WHERE ${inWindow}
      ORDER BY rank ${direction}, text ${direction}, id ${direction} LIMIT ${parameters.add(count, 'bigint')}`,
    values: parameters.values,
  };
}

/** SQL: the row lies inside the window; `values` answers null for a position that does not limit this part. */
function between(window: Window, row: string, values: (position: Position) => string | null): string {
  const limits = [
    { position: window.after, operator: '>' },
    { position: window.before, operator: '<' },
  ];
  return allOf(
    limits.flatMap(({ position, operator }) => {
      const limit = position && values(position);
      return limit === null ? [] : [`${row} ${operator} ${limit}`];
    }),
  );
}
