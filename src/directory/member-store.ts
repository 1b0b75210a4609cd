import { keysetSql, type Window } from '../paging';
import type { RowKey } from '../row-loader';
import { Parameters, type Statements } from '../sql';

/** A user in a group. */
export interface MemberRow {
  readonly groupId: string;
  readonly id: string;
  /** The name as members are ordered by. */
  readonly orderKey: string;
}

/** Reads who is in which group. Who may know is decided by the callers: every user of the clinic. */
export class MemberStore {
  constructor(private readonly statements: Statements) {}

  /** The same page of several groups' members, active and deactivated, by name. Rows of unknown groups: none. */
  memberPages(clinicId: string, groupIds: readonly string[], window: Window): Promise<MemberRow[]> {
    const parameters = new Parameters();
    const clinic = parameters.add(clinicId, 'uuid');
    const groups = parameters.add(groupIds, 'uuid[]');
    const text = 'search_text(u.name) COLLATE "C"';
    const keyset = keysetSql(
      window,
      { key: text, type: 'text', id: 'u.id', descending: false },
      (value, type) => parameters.add(value, type),
    );
    return this.statements.query<MemberRow>(
      `SELECT asked.id AS "groupId", page.id, page.text AS "orderKey" FROM unnest(${groups}) AS asked (id)
       CROSS JOIN LATERAL (
         SELECT u.id, ${text} AS text FROM group_members m
         JOIN users u ON u.clinic_id = m.clinic_id AND u.id = m.user_id
         WHERE m.clinic_id = ${clinic} AND m.group_id = asked.id AND ${keyset.condition}
         ORDER BY ${keyset.orderBy} LIMIT ${keyset.limit}) page
       ORDER BY page.text ${window.backward ? 'DESC' : 'ASC'}, page.id ${window.backward ? 'DESC' : 'ASC'}`,
      parameters.values,
    );
  }

  /** The groups of each of these users, by name. */
  async groupsOfUsers(
    users: readonly RowKey[],
  ): Promise<{ clinicId: string; userId: string; groupId: string }[]> {
    return this.statements.query(
      `SELECT m.clinic_id AS "clinicId", m.user_id AS "userId", m.group_id AS "groupId"
       FROM unnest($1::uuid[], $2::uuid[]) AS wanted (clinic_id, user_id)
       JOIN group_members m USING (clinic_id, user_id)
       JOIN groups g ON g.clinic_id = m.clinic_id AND g.id = m.group_id
       ORDER BY search_text(g.name::text) COLLATE "C", g.id`,
      [users.map((key) => key.clinicId), users.map((key) => key.id)],
    );
  }
}
