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

/** What can be done with a bill. */
export const BILL_ACTIONS = ['VIEW_BILL', 'EXPLAIN_BILL_ACCESS', 'COUNT_BILLS_FOR_LAUNCH'] as const;

export type BillAction = (typeof BILL_ACTIONS)[number];

/** What can be done with a bill, or with the delegation list of its provider. */
export type Action = BillAction | 'READ_DELEGATION_LIST' | 'CHANGE_DELEGATION_LIST';

const POLICY: Readonly<Record<Action, readonly Relation[]>> = {
  // Being an administrator is no ground to see a bill.
  VIEW_BILL: GROUNDS,
  // Who sees a bill, and why: asked by those who answer for it, about anybody.
  EXPLAIN_BILL_ACCESS: ['SUPPORT', 'OWNER', 'ADMINISTRATOR'],
  // How many bills a provider has, and nothing else of them: for those who prepare the launch.
  COUNT_BILLS_FOR_LAUNCH: ['SUPPORT', 'ADMINISTRATOR'],
  READ_DELEGATION_LIST: ['SUPPORT', 'OWNER', 'ADMINISTRATOR'],
  // Seed: "If you have Edit Other Users and Billing delegation settings permissions, you can configure billing
  // delegates for other providers." A delegate may not delegate on; support changes nothing here.
  CHANGE_DELEGATION_LIST: ['OWNER', 'ADMINISTRATOR'],
};

/** How a viewer stands to a clinic: works there, holds one or both permissions there, or is support. */
export const CLINIC_RELATIONS = ['MEMBER', 'EDITOR', 'ADMINISTRATOR', 'SUPPORT'] as const;

export type ClinicRelation = (typeof CLINIC_RELATIONS)[number];

/** What can be done with what belongs to a clinic as a whole. */
export type ClinicAction =
  | 'READ_RECORDS'
  | 'EDIT_USERS_AND_GROUPS'
  | 'SCHEDULE_LAUNCH'
  | 'READ_LAUNCH_READINESS'
  | 'READ_CLINIC_HISTORY';

const CLINIC_POLICY: Readonly<Record<ClinicAction, readonly ClinicRelation[]>> = {
  // Encounters, visits, charts, users and groups; never bills.
  READ_RECORDS: ['MEMBER', 'SUPPORT'],
  EDIT_USERS_AND_GROUPS: ['EDITOR', 'ADMINISTRATOR'],
  SCHEDULE_LAUNCH: ['SUPPORT'],
  READ_LAUNCH_READINESS: ['ADMINISTRATOR', 'SUPPORT'],
  READ_CLINIC_HISTORY: ['ADMINISTRATOR', 'SUPPORT'],
};

/** The relations of which one is enough for the action; none for an action that the table does not know. */
export function permitting(action: Action): readonly Relation[] {
  return Object.hasOwn(POLICY, action) ? POLICY[action] : [];
}

/** Whether somebody who stands in these relations may do it. Denies when nothing matches. */
export function permits(action: Action, held: Iterable<Relation>): boolean {
  const enough = permitting(action);
  for (const relation of held) if (enough.includes(relation)) return true;
  return false;
}

/** Whether somebody who stands to a clinic in these relations may do it. Denies when nothing matches. */
export function permitsInClinic(action: ClinicAction, held: readonly ClinicRelation[]): boolean {
  return (
    Object.hasOwn(CLINIC_POLICY, action) && held.some((relation) => CLINIC_POLICY[action].includes(relation))
  );
}
