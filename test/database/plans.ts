import type { Database } from '../../src/database';
import { withClient } from '../../src/embedded-database';
import { type TestDatabase, testCluster } from '../support/database';

/** A node of a plan, as EXPLAIN (VERBOSE, FORMAT JSON) writes it; only what is read here. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Alias?: string;
  readonly Plans?: readonly PlanNode[];
  readonly [key: string]: unknown;
}

/** A statement that was run, with its plan. */
export interface Planned {
  readonly text: string;
  readonly plan: PlanNode;
}

/**
 * Lets PostgreSQL itself tell the plan of every statement that comes to this database from now on, those within functions
 * and triggers too (auto_explain, which PostgreSQL brings along): as messages to whoever runs the statement. Plans are
 * generic, so nothing of them hangs on the values of one run.
 */
export async function explainEverything(db: TestDatabase): Promise<void> {
  const settings = {
    session_preload_libraries: 'auto_explain',
    'auto_explain.log_min_duration': '0',
    'auto_explain.log_nested_statements': 'on',
    'auto_explain.log_verbose': 'on',
    'auto_explain.log_format': 'json',
    'auto_explain.log_level': 'notice',
    plan_cache_mode: 'force_generic_plan',
  };
  const address = new URL(testCluster().adminUrl);
  address.pathname = `/${db.name}`;
  await withClient(address.toString(), async (client) => {
    for (const [name, value] of Object.entries(settings)) {
      await client.query(`ALTER DATABASE ${db.name} SET ${name} = '${value}'`);
    }
  });
}

/** What the connections of a pool are told of plans from now on; each statement's text is kept once. */
export function plansOf(database: Database): ReadonlyMap<string, Planned> {
  const plans = new Map<string, Planned>();
  const listened = new WeakSet<object>();
  database.pool.on('acquire', (client) => {
    if (listened.has(client)) return;
    listened.add(client);
    client.on('notice', ({ message = '' }) => {
      const [, json] = /^duration: .*? plan:\s*(\{.*\})\s*$/s.exec(message) ?? [];
      if (json === undefined) return;
      const { 'Query Text': text, Plan: plan } = JSON.parse(json) as { 'Query Text': string; Plan: PlanNode };
      plans.set(text, { text, plan });
    });
  });
  return plans;
}

/** A node with all below it. */
export const nodesOf = (plan: PlanNode): PlanNode[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

/** Where a plan says what must hold of its rows. */
const CONDITIONS = ['Index Cond', 'Recheck Cond', 'Filter', 'Hash Cond', 'Merge Cond', 'Join Filter'];

/** Every condition that all rows of a node must meet, as PostgreSQL writes them: those joined by AND, one by one. */
export const conditionsOf = (node: PlanNode): string[] =>
  CONDITIONS.flatMap((name) => (typeof node[name] === 'string' ? conjuncts(node[name]) : []));

/** The parts of `(a) AND (b)`, and of those parts; anything else is one part. */
function conjuncts(condition: string): string[] {
  const inner = unwrapped(condition);
  const parts = splitAtTop(inner, ' AND ');
  return parts.length > 1 ? parts.flatMap(conjuncts) : [inner];
}

/** Without the parentheses around the whole. */
function unwrapped(text: string): string {
  if (!text.startsWith('(')) return text;
  const { end } = closing(text, 0);
  return end === text.length - 1 ? unwrapped(text.slice(1, -1)) : text;
}

/** Where the parenthesis at `start` is closed; texts in quotes are skipped. */
function closing(text: string, start: number): { readonly end: number } {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === "'" || letter === '"') at = text.indexOf(letter, at + 1);
    else if (letter === '(') depth += 1;
    else if (letter === ')') depth -= 1;
    if (depth === 0) return { end: at };
  }
  throw new Error(`unbalanced: ${text}`);
}

function splitAtTop(text: string, separator: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === "'" || letter === '"') at = text.indexOf(letter, at + 1);
    else if (letter === '(') at = closing(text, at).end;
    else if (text.startsWith(separator, at)) {
      parts.push(text.slice(from, at));
      from = at + separator.length;
    }
  }
  return [...parts, text.slice(from)];
}
