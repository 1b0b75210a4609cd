import { keysetSql, type Window } from '../paging';
import { allOf, Parameters, type Statements } from '../sql';
import type { HistoryActionName, HistoryEntry, HistoryState } from './history-types';

/** Which entries of a clinic's history; ids are those of rows, instants in UTC. */
export interface HistorySelection {
  readonly clinicId: string;
  /** Only changes of this provider's list. */
  readonly providerId?: string | undefined;
  readonly actions?: readonly HistoryActionName[] | undefined;
  readonly actorId?: string | undefined;
  readonly userId?: string | undefined;
  readonly groupId?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

type Stored = Omit<HistoryEntry, 'before' | 'after'> & {
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
};

/** Reads the history. Who may is decided by the callers. Raises UNAVAILABLE. */
export class HistoryStore {
  constructor(private readonly statements: Statements) {}

  /** A page of the history, newest first; within one instant in the order in which it was written. */
  async page(selection: HistorySelection, window: Window): Promise<HistoryEntry[]> {
    const parameters = new Parameters();
    const add = (value: unknown, type: string): string => parameters.add(value, type);
    const conditions = [`h.clinic_id = ${add(selection.clinicId, 'uuid')}`];
    if (selection.providerId !== undefined)
      conditions.push(`h.provider_id = ${add(selection.providerId, 'uuid')}`);
    if (selection.actions !== undefined)
      conditions.push(`h.action = ANY (${add([...selection.actions], 'text[]')})`);
    if (selection.actorId !== undefined) {
      const actor = add(selection.actorId, 'uuid');
      conditions.push(`(h.actor_user_id = ${actor} OR h.actor_support_user_id = ${actor})`);
    }
    if (selection.userId !== undefined) conditions.push(`h.user_id = ${add(selection.userId, 'uuid')}`);
    if (selection.groupId !== undefined) conditions.push(`h.group_id = ${add(selection.groupId, 'uuid')}`);
    if (selection.from !== undefined) conditions.push(`h.at >= ${add(selection.from, 'timestamptz')}`);
    if (selection.to !== undefined) conditions.push(`h.at < ${add(selection.to, 'timestamptz')}`);
    const sort = { key: 'h.at', type: 'timestamptz', id: 'h.id', idType: 'bigint', descending: true };
    const keyset = keysetSql(window, sort, add);
    const rows = await this.statements.query<Stored>(
      `SELECT h.clinic_id AS "clinicId", h.id::text AS id, h.at, h.at::text AS "orderKey", h.action,
         h.provider_id AS "entryProviderId", h.actor_user_id AS "actorUserId",
         h.actor_support_user_id AS "actorSupportUserId", h.user_id AS "userId", h.group_id AS "groupId", h.before, h.after,
         coalesce(
           (SELECT g.name::text FROM groups g WHERE g.clinic_id = h.clinic_id AND g.id = h.group_id),
           (SELECT gone.before->>'name' FROM history gone WHERE gone.clinic_id = h.clinic_id
              AND gone.group_id = h.group_id AND gone.action = 'GROUP_DELETED' LIMIT 1)) AS "groupName"
       FROM history h WHERE ${allOf([...conditions, keyset.condition])} ORDER BY ${keyset.orderBy} LIMIT ${keyset.limit}`,
      parameters.values,
    );
    return rows.map((row) => ({ ...row, before: stateOf(row, row.before), after: stateOf(row, row.after) }));
  }
}

/** What a trigger wrote, by type; instants come as JSON text. */
function stateOf(row: Stored, state: Record<string, unknown> | null): HistoryState | null {
  if (state === null) return null;
  const instant = (value: unknown): Date | null => (typeof value === 'string' ? new Date(value) : null);
  return {
    clinicId: row.clinicId,
    entryProviderId: row.entryProviderId,
    expiresAt: instant(state.expiresAt),
    launchesAt: instant(state.launchesAt),
    name: typeof state.name === 'string' ? state.name : null,
    active: typeof state.active === 'boolean' ? state.active : null,
  };
}
