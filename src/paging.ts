import { ArgsType, type ClassType, Field, Int, ObjectType } from 'type-graphql';
import { badUserInput } from './errors';

export const DEFAULT_PAGE = 50;
export const LARGEST_PAGE = 500;

/** Where a page of a Relay connection begins and how long it is (https://relay.dev/graphql/connections.htm). */
@ArgsType()
export class PageArgs {
  @Field(() => Int, {
    nullable: true,
    description: `How many from the beginning, or after \`after\`: 0 to ${LARGEST_PAGE}. Without \`first\` and \`last\`: ${DEFAULT_PAGE}.`,
  })
  first?: number | null;

  @Field(() => String, { nullable: true, description: 'A cursor: the page begins behind it.' })
  after?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: `How many from the end, or before \`before\`: 0 to ${LARGEST_PAGE}. Not together with \`first\`.`,
  })
  last?: number | null;

  @Field(() => String, { nullable: true, description: 'A cursor: the page ends in front of it.' })
  before?: string | null;
}

/** Where a connection's page stands. */
@ObjectType({ description: 'Where this page stands in its connection.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether more follows this page.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'Whether something comes before this page.' })
  hasPreviousPage!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'The cursor of the first edge; null on an empty page.',
  })
  startCursor!: string | null;

  @Field(() => String, { nullable: true, description: 'The cursor of the last edge; null on an empty page.' })
  endCursor!: string | null;
}

/** A position in an ordered list: the order key's value as text, and the id that settles ties. */
export interface Position {
  readonly order: string;
  readonly value: string;
  readonly id: string;
}

/** A page to read: at most `limit` rows, from the end when `backward`. */
export interface Window {
  readonly limit: number;
  readonly backward: boolean;
  readonly after: Position | null;
  readonly before: Position | null;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Checks the paging arguments; `id` is what the ids in the list's cursors look like. Raises BAD_USER_INPUT, with what
 * would be right.
 */
export function pageWindow(args: PageArgs, id: RegExp = UUID): Window {
  if (typeof args.first === 'number' && typeof args.last === 'number') {
    throw badUserInput('Give `first` or `last`, not both.');
  }
  const backward = typeof args.last === 'number';
  const limit = args.last ?? args.first ?? DEFAULT_PAGE;
  if (limit < 0 || limit > LARGEST_PAGE) {
    throw badUserInput(`\`${backward ? 'last' : 'first'}\` must be between 0 and ${LARGEST_PAGE}.`);
  }
  return {
    limit,
    backward,
    after: fromCursor(args.after, 'after', id),
    before: fromCursor(args.before, 'before', id),
  };
}

/** The opaque cursor of a row that the viewer has before them: its own order key, nothing else. */
export function toCursor(position: Position): string {
  return Buffer.from(JSON.stringify([position.order, position.value, position.id])).toString('base64url');
}

function fromCursor(cursor: string | null | undefined, argument: string, isId: RegExp): Position | null {
  if (cursor === null || cursor === undefined) return null;
  try {
    const [order, value, id, ...rest] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (
      typeof order === 'string' &&
      typeof value === 'string' &&
      typeof id === 'string' &&
      rest.length === 0
    ) {
      if (isId.test(id) && !value.includes('\0')) return { order, value, id };
    }
  } catch {
    // Told below, without the parser's words.
  }
  throw badUserInput(`\`${argument}\` is not a cursor of this list.`);
}

/** Whether it is a day of the calendar as PostgreSQL writes it, YYYY-MM-DD: a forged cursor may say 2026-02-30. */
export function isCalendarDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || text < '0001') return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

/** Whether it is an instant as PostgreSQL writes a timestamptz in UTC. */
export function isInstant(text: string): boolean {
  const [, date = '', time = ''] = /^(\S+) (\d{2}:\d{2}:\d{2})(?:\.\d{1,6})?\+00$/.exec(text) ?? [];
  return isCalendarDate(date) && !Number.isNaN(Date.parse(`${date}T${time}Z`));
}

/** Raises BAD_USER_INPUT unless the window's cursors come from a list in the same order. */
export function requireOrder(window: Window, order: string, isValue: (value: string) => boolean): void {
  for (const position of [window.after, window.before]) {
    if (position !== null && (position.order !== order || !isValue(position.value))) {
      throw badUserInput('The cursor comes from a list in another order; start again without it.');
    }
  }
}

/** One row of a connection's page. */
export interface Edge<Node> {
  readonly cursor: string;
  readonly node: Node;
}

/** A page of rows with its edges. */
export interface Page<Node> {
  readonly edges: Edge<Node>[];
  readonly nodes: Node[];
  readonly pageInfo: PageInfo;
}

/**
 * Makes a page of rows that were read in the direction of the window, one more than its limit, so that it is known
 * whether more follows. Cursors are made where they are asked for: of long pages they cost more than the rest.
 */
export function toPage<Node>(
  rows: readonly Node[],
  window: Window,
  cursorOf: (node: Node) => string,
): Page<Node> {
  const more = rows.length > window.limit;
  const kept = rows.slice(0, window.limit);
  const nodes = window.backward ? kept.reverse() : kept;
  const cursorAt = (place: number): string | null => {
    const node = nodes.at(place);
    return node === undefined ? null : cursorOf(node);
  };
  return {
    get edges() {
      return nodes.map((node) => ({ cursor: cursorOf(node), node }));
    },
    nodes,
    get pageInfo() {
      return {
        hasNextPage: window.backward ? window.before !== null : more,
        hasPreviousPage: window.backward ? more : window.after !== null,
        startCursor: cursorAt(0),
        endCursor: cursorAt(-1),
      };
    },
  };
}

/** SQL of a keyset page, see keysetSql. */
export interface KeysetSql {
  readonly condition: string;
  readonly orderBy: string;
  readonly limit: string;
  /** Whether it reads from the greatest key down. */
  readonly descends: boolean;
}

/**
 * SQL of a keyset page: the condition that a row lies inside the window, the ORDER BY and the LIMIT (one more than
 * asked, see toPage). `key` and `id` are column expressions, `type` the key's SQL type.
 */
export function keysetSql(
  window: Window,
  sort: { key: string; type: string; id: string; idType?: string; descending: boolean },
  add: (value: unknown, type: string) => string,
): KeysetSql {
  const compare = (position: Position | null, behind: boolean): string[] =>
    position === null
      ? []
      : [
          `(${sort.key}, ${sort.id}) ${behind === sort.descending ? '<' : '>'} (${add(position.value, sort.type)}, ${add(position.id, sort.idType ?? 'uuid')})`,
        ];
  const conditions = [...compare(window.after, true), ...compare(window.before, false)];
  const descends = sort.descending !== window.backward;
  const direction = descends ? 'DESC' : 'ASC';
  return {
    condition: conditions.length === 0 ? 'TRUE' : conditions.join(' AND '),
    orderBy: `${sort.key} ${direction}, ${sort.id} ${direction}`,
    limit: add(window.limit + 1, 'bigint'),
    descends,
  };
}

/** The edge and connection types of a node type. */
export function connectionTypes<Node extends object>(name: string, node: ClassType<Node>, what: string) {
  @ObjectType(`${name}Edge`, { description: `One of ${what} in a page, with its cursor.` })
  class EdgeType implements Edge<Node> {
    @Field(() => String, { description: 'Opaque; give it as `after` or `before`.' })
    cursor!: string;

    @Field(() => node, { description: 'The thing itself.' })
    node!: Node;
  }

  @ObjectType()
  abstract class ConnectionBase implements Page<Node> {
    @Field(() => [EdgeType], { description: `${what} of this page, each with its cursor.` })
    edges!: EdgeType[];

    @Field(() => [node], { description: `${what} of this page.` })
    nodes!: Node[];

    @Field(() => PageInfo, { description: 'Where this page stands.' })
    pageInfo!: PageInfo;
  }
  return { EdgeType, ConnectionBase };
}
