import { expect } from '@jest/globals';

/** A connection as the tests ask for it. */
export interface Connection {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[];
  readonly nodes: readonly { readonly id: string }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  /** Only of connections that count. */
  readonly totalCount?: number;
}

/** The fields that a Connection has; `totalCount` where the connection counts. */
export const CONNECTION = `edges { cursor node { id } } nodes { id }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }`;

export interface PageArguments {
  readonly first?: number;
  readonly after?: string | null;
  readonly last?: number;
  readonly before?: string | null;
}

export type ReadPage = (page: PageArguments) => Promise<Connection>;

/** Expects a page to hold exactly these ids and to say where it stands; answers its cursors. */
function expectPage(
  page: Connection,
  expected: readonly string[],
  place: { next: boolean; previous: boolean },
) {
  expect(page.edges.map((edge) => edge.node.id)).toEqual(expected);
  expect(page.nodes).toEqual(page.edges.map((edge) => edge.node));
  expect(page.pageInfo).toEqual({
    hasNextPage: place.next,
    hasPreviousPage: place.previous,
    startCursor: page.edges[0]?.cursor ?? null,
    endCursor: page.edges.at(-1)?.cursor ?? null,
  });
}

/**
 * Walks a list page by page, from both ends, and expects exactly `sequence` (global ids in order), with nothing
 * twice and nothing left out, however the pages fall. `counted`: every page must also tell the length of the list.
 */
export async function expectSequence(
  read: ReadPage,
  sequence: readonly string[],
  size: number,
  counted: boolean,
): Promise<void> {
  const total = sequence.length;
  const seen: (number | undefined)[] = [];
  const cursors: string[] = [];
  let after: string | null = null;
  for (let at = 0; at === 0 || at < total; at += size) {
    const page = await read({ first: size, after });
    expectPage(page, sequence.slice(at, at + size), { next: at + size < total, previous: at > 0 });
    cursors.push(...page.edges.map((edge) => edge.cursor));
    seen.push(page.totalCount);
    after = page.pageInfo.endCursor;
  }
  let before: string | null = null;
  for (let end = total; end === total || end > 0; end -= size) {
    const page = await read({ last: size, before });
    expectPage(page, sequence.slice(Math.max(0, end - size), end), {
      next: end < total,
      previous: end - size > 0,
    });
    // A row has one cursor, whichever way it was reached.
    expect(page.edges.map((edge) => edge.cursor)).toEqual(cursors.slice(Math.max(0, end - size), end));
    seen.push(page.totalCount);
    before = page.pageInfo.startCursor;
    if (total === 0) break;
  }
  expect(new Set(cursors).size).toBe(total);
  expect(new Set(seen)).toEqual(new Set([counted ? total : undefined]));
  if (total > 0) await expectEdges(read, sequence, cursors);
}

/** What lies behind the last row, in front of the first, and between two. */
async function expectEdges(read: ReadPage, sequence: readonly string[], cursors: readonly string[]) {
  const total = sequence.length;
  const behind = await read({ first: 5, after: cursors.at(-1) ?? null });
  expectPage(behind, [], { next: false, previous: true });
  const inFront = await read({ last: 5, before: cursors[0] ?? null });
  expectPage(inFront, [], { next: true, previous: false });
  const [low, high] = [Math.floor(total / 4), Math.floor((total * 3) / 4)];
  const between = sequence.slice(low + 1, high);
  const span = { after: cursors[low] ?? null, before: cursors[high] ?? null };
  const take = Math.min(3, between.length);
  const front = await read({ first: 3, ...span });
  expect(front.edges.map((edge) => edge.node.id)).toEqual(between.slice(0, take));
  const back = await read({ last: 3, ...span });
  expect(back.edges.map((edge) => edge.node.id)).toEqual(between.slice(between.length - take));
}
