import { conditionsOf, nodesOf, type PlanNode } from './plans';

/** Tables by what a clinic is named by in them. */
export interface Tables {
  /** Those of a clinic: every reference to one must be restricted by clinic_id. */
  readonly ofClinics: ReadonlySet<string>;
  /** Those that are global and have a clinic_id: whose row was found some other way, and says which clinic it is. */
  readonly naming: ReadonlySet<string>;
}

/** Joins of which one side keeps its rows, whatever the condition says: only the other side is restricted by it. */
const RESTRICTED_SIDE: Readonly<Record<string, 'Inner' | 'Outer' | 'none'>> = {
  Left: 'Inner',
  Anti: 'Inner',
  Right: 'Outer',
  'Right Anti': 'Outer',
  Full: 'none',
};

/** A reference by an alias to the clinic: `b.clinic_id`, or `c.id` of the table of clinics. */
type Named = (expression: string) => string | undefined;

/**
 * The references of a plan to tables of clinics, as `table alias`, that are not restricted by the clinic: by an
 * equality with a parameter or another value of the statement, or by one with the clinic of a reference that is
 * restricted. Only conditions that every row has to meet count, so none under OR, and none of an outer join for the
 * side that it keeps.
 */
export function unrestricted(plan: PlanNode, tables: Tables): string[] {
  const tableOf = new Map<string, string>();
  for (const node of nodesOf(plan)) {
    const { 'Relation Name': table, Alias: alias } = node;
    // What is inserted says its clinic, which is NOT NULL and has no default.
    if (table !== undefined && alias !== undefined && node.Operation !== 'Insert') tableOf.set(alias, table);
  }
  const named: Named = (expression) => {
    const [, alias = '', column] = /^"?(\w+)"?\.(clinic_id|id)$/.exec(expression) ?? [];
    const table = tableOf.get(alias);
    if (table === undefined || tables.naming.has(table)) return undefined;
    return (column === 'id') === (table === 'clinics') ? alias : undefined;
  };
  const restricted = new Set<string>();
  const edges: [from: string, to: string][] = [];
  collect(plan, new Set(tableOf.keys()), named, restricted, edges);
  for (let before = -1; before < restricted.size; ) {
    before = restricted.size;
    for (const [from, to] of edges) if (restricted.has(from)) restricted.add(to);
  }
  return [...tableOf]
    .filter(([alias, table]) => tables.ofClinics.has(table) && !restricted.has(alias))
    .map(([alias, table]) => (alias === table ? table : `${table} ${alias}`));
}

/** @param within the aliases that a condition here can restrict */
function collect(
  node: PlanNode,
  within: ReadonlySet<string>,
  named: Named,
  restricted: Set<string>,
  edges: [string, string][],
): void {
  const side = RESTRICTED_SIDE[String(node['Join Type'])];
  const children = node.Plans ?? [];
  const aliasesOf = (parts: readonly PlanNode[]): ReadonlySet<string> =>
    new Set(parts.flatMap(nodesOf).flatMap(({ Alias }) => (Alias && within.has(Alias) ? [Alias] : [])));
  const joined = (relationship: string): PlanNode[] =>
    children.filter((child) => child['Parent Relationship'] === relationship);
  const here = side === undefined ? within : aliasesOf(joined(side));
  for (const condition of conditionsOf(node)) {
    const [, left = '', right = ''] = /^(.+?) = (.+)$/s.exec(condition) ?? [];
    for (const [one, other] of [
      [named(left), right],
      [named(right), left],
    ] as const) {
      if (one === undefined || !here.has(one)) continue;
      const from = named(other);
      if (from !== undefined) edges.push([from, one]);
      else restricted.add(one);
    }
  }
  for (const child of children) {
    const relationship = String(child['Parent Relationship']);
    // What a subquery asks of its own rows says nothing of the rows that it is asked for.
    const apart = relationship === 'SubPlan' || relationship === 'InitPlan' || relationship === side;
    collect(child, apart ? aliasesOf([child]) : within, named, restricted, edges);
  }
}
