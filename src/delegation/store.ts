import type { ProviderRef } from '../access/loader';
import { permitting } from '../access/policy';
import { type RelationRow, relationRows } from '../access/relations';
import type { Viewer } from '../access/viewer';
import { keysetSql, type Window } from '../paging';
import { keyOf, type RowKey } from '../row-loader';
import { Parameters, type Statements } from '../sql';
import type { DelegationEntryRow } from './types';

/** A provider's list as it is stored. */
export interface DelegationListRow extends RowKey {
  readonly clinicId: string;
  readonly providerId: string;
  readonly version: number;
  readonly entries: readonly DelegationEntryRow[];
}

/** A provider whose bills somebody may see, with every relation that is a ground for it. */
export interface ProviderAccessRow extends ProviderRef {
  readonly orderKey: string;
  readonly id: string;
  readonly held: readonly RelationRow[];
}

/** Reads delegation lists. Who may read them is decided by the callers. All raise UNAVAILABLE. */
export class DelegationStore {
  constructor(private readonly statements: Statements) {}

  /** The lists of the providers of these keys; none for a user who does not bill. `now`: what has expired. */
  async lists(keys: readonly RowKey[], now: string): Promise<DelegationListRow[]> {
    // One statement: the version and the entries are of one instant, also while somebody saves.
    const rows = await this.statements.query<DelegationEntryRow & { version: number; listed: boolean }>(
      `SELECT e.*, (e.active AND (e."expiresAt" IS NULL OR e."expiresAt" > $3::timestamptz)) AS "givesAccess"
       FROM (
         SELECT p.clinic_id AS "clinicId", p.user_id AS "providerId", p.list_version AS version,
           d.id IS NOT NULL AS listed, d.delegate_user_id AS "delegateUserId",
           d.delegate_group_id AS "delegateGroupId", d.added_by AS "addedBy", d.added_at AS "addedAt",
           d.expires_at AS "expiresAt", members.count AS "memberCount",
           coalesce(u.active, members.count > 0) AS active, coalesce(u.name, g.name::text) AS name
         FROM unnest($1::uuid[], $2::uuid[]) AS wanted (clinic_id, user_id)
         JOIN providers p USING (clinic_id, user_id)
         LEFT JOIN delegations d ON d.clinic_id = p.clinic_id AND d.provider_id = p.user_id
         LEFT JOIN users u ON u.clinic_id = d.clinic_id AND u.id = d.delegate_user_id
         LEFT JOIN groups g ON g.clinic_id = d.clinic_id AND g.id = d.delegate_group_id
         LEFT JOIN LATERAL (
           SELECT count(*)::int AS count FROM group_members m
           JOIN users member ON member.clinic_id = m.clinic_id AND member.id = m.user_id AND member.active
           WHERE m.clinic_id = d.clinic_id AND m.group_id = d.delegate_group_id) members
         ON d.delegate_group_id IS NOT NULL) e
       ORDER BY e."delegateUserId" IS NULL, e.name, e."delegateUserId", e."delegateGroupId"`,
      [keys.map((key) => key.clinicId), keys.map((key) => key.id), now],
    );
    const lists = new Map<string, DelegationListRow & { entries: DelegationEntryRow[] }>();
    for (const row of rows) {
      const { clinicId, providerId, version } = row;
      const key = keyOf({ clinicId, id: providerId });
      const list = lists.get(key) ?? { clinicId, providerId, id: providerId, version, entries: [] };
      if (row.listed) list.entries.push(row);
      lists.set(key, list);
    }
    return [...lists.values()];
  }

  /** A page of the providers of the clinic whose bills the viewer may see, by name, each with its grounds. */
  providerAccess(viewer: Viewer, clinicId: string, window: Window): Promise<ProviderAccessRow[]> {
    const parameters = new Parameters();
    const add = (value: unknown, type: string): string => parameters.add(value, type);
    const clinic = add(clinicId, 'uuid');
    const question = { clinic, viewer: add(viewer.userId, 'uuid'), now: add(viewer.now, 'timestamptz') };
    const keyset = keysetSql(window, { key: 'u.name', type: 'text', id: 'u.id', descending: false }, add);
    return this.statements.query<ProviderAccessRow>(
      `SELECT u.clinic_id AS "clinicId", u.id AS "providerId", u.id, u.name AS "orderKey",
         jsonb_agg(jsonb_build_object('relation', held.relation, 'groupId', held.group_id)) AS held
       FROM (${relationRows(question, permitting('VIEW_BILL'))}) held
       JOIN users u ON u.clinic_id = ${clinic} AND u.id = held.provider_id
       WHERE ${keyset.condition} GROUP BY u.clinic_id, u.id, u.name ORDER BY ${keyset.orderBy} LIMIT ${keyset.limit}`,
      parameters.values,
    );
  }
}
