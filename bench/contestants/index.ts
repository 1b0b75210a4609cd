import type pg from 'pg';
import type { Work, WorkName } from '../works';

/**
 * A server that takes part in the comparison. Each is described in a file of its name beside this one, which exports
 * it as `contestant`; the server itself is another file, its `entry`. all.ts lists them in the order of the table.
 */
export interface Contestant {
  readonly name: string;
  readonly title: string;
  /** The works it takes part in. */
  readonly works: readonly WorkName[];
  /**
   * The compiled file, run with `node <entry>`. It prints `API <url>` on a line of its own once it listens (the whole
   * address, /graphql included), and ends on SIGTERM. Environment: DATABASE_URL (of the API's role, unless `asOwner`),
   * PORT=0, VIEWER_ID and CLINIC_ID (uuids, as in the tables), NODE_ENV=production.
   */
  readonly entry: string;
  readonly asOwner?: boolean;
  /** The path of another Node binary to run it with. */
  readonly node?: string;
  /** Further environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it takes our tokens. The others trust VIEWER_ID: less work than ours, to their advantage. */
  readonly signsIn: boolean;
  /** How many providers the viewer sees who asks; without it, 20. Those of one viewer must give the same bills. */
  readonly viewer?: number;
  /** Changes the database for it, as the owner, before it starts; `restore` puts it back after it has ended. */
  prepare?(owner: pg.Client): Promise<void>;
  restore?(owner: pg.Client): Promise<void>;
  /** How a work is asked of it, where it is not `POST {query, variables, operationName}` of the work as it is. */
  request?(work: Work): { path: string; method: 'GET' | 'POST'; body?: string };
  /**
   * The bills of an answer (the parsed body) as text that can be compared, one line each, as they stand:
   * number|total|outstanding|patient|provider|items, where items are `code amount` joined by commas. For other works
   * than the pages: whatever `linesOf` in ../lib/same-bills gives for our shape. Without it, the answer has our shape.
   */
  bills?(answer: unknown, work: Work): string[];
  /** Why it is left out here, or null. It may install what it needs first. */
  missing?(): Promise<string | null>;
}
