/**
 * Which relation to a bill, or to its provider, permits which action. Pure and complete: every access decision about
 * bills and delegation lists is read from this table. How a viewer comes to stand in a relation is in relations.ts.
 */

/**
 * Why a viewer may see a bill (seed: "only the provider sees their own bills" unless they "explicitly delegate
 * access" to a user or a group; "TELUS support [maintains] full visibility"; before the launch "all users can view").
 */
export const GROUNDS = ['SUPPORT', 'NOT_SEGREGATED', 'OWNER', 'USER_DELEGATE', 'GROUP_DELEGATE'] as const;

export type Ground = (typeof GROUNDS)[number];

/** The grounds, and the relation that gives no bill: an administrator, who holds both permissions. */
export const RELATIONS = [...GROUNDS, 'ADMINISTRATOR'] as const;

export type Relation = (typeof RELATIONS)[number];

/** What can be done with a bill or with the delegation list of its provider. */
export type Action = 'VIEW_BILL' | 'EXPLAIN_BILL_ACCESS';

const POLICY: Readonly<Record<Action, readonly Relation[]>> = {
  // Being an administrator is no ground to see a bill.
  VIEW_BILL: GROUNDS,
  // Who sees a bill, and why: asked by those who answer for it, about anybody.
  EXPLAIN_BILL_ACCESS: ['SUPPORT', 'OWNER', 'ADMINISTRATOR'],
};

/** The relations of which one is enough for the action; none for an action that the table does not know. */
export function permitting(action: Action): readonly Relation[] {
  return Object.hasOwn(POLICY, action) ? POLICY[action] : [];
}

/** Whether somebody who stands in these relations may do it. Denies when nothing matches. */
export function permits(action: Action, held: Iterable<Relation>): boolean {
  const enough = new Set(permitting(action));
  for (const relation of held) if (enough.has(relation)) return true;
  return false;
}
