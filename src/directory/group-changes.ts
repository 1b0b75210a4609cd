import { ApiError, badUserInput, notFound } from '../errors';
import type { Statements } from '../sql';
import type { Group } from './types';

/** A group, by the ids of its row. */
export interface GroupRef {
  readonly clinicId: string;
  readonly id: string;
}

/** A list gained the group between two looks at it: the transaction must be done anew. */
export class RelistedError extends Error {}

const NAME_KEY = 'groups_name_key';

const nameTaken = (): ApiError =>
  new ApiError('CONFLICT', 'The clinic has a group of this name already. Choose another name.');

/** Whether PostgreSQL refused a second row with the same unique key. */
const isDuplicate = (error: unknown, constraint: string): boolean => {
  const { code, constraint: broken } = error as { code?: unknown; constraint?: unknown };
  return code === '23505' && broken === constraint;
};

/**
 * Changes of groups, each within the caller's transaction, which has set its actor. The history is written by
 * triggers. Rows are locked in one order everywhere: providers, then groups, then users, each by id.
 */
export class GroupChanges {
  constructor(private readonly transaction: Statements) {}

  /** Makes a group; answers its id. Raises CONFLICT where the clinic has one of that name. */
  async create(clinicId: string, name: string): Promise<string> {
    const [row] = await this.transaction.query<{ id: string }>(
      `INSERT INTO groups (clinic_id, name) VALUES ($1::uuid, $2::text)
       ON CONFLICT ON CONSTRAINT ${NAME_KEY} DO NOTHING RETURNING id`,
      [clinicId, name],
    );
    if (row === undefined) throw nameTaken();
    return row.id;
  }

  /** Renames a group. Raises NOT_FOUND, and CONFLICT where the clinic has another one of that name. */
  async rename(group: GroupRef, name: string): Promise<void> {
    await this.lock(group, 'UPDATE');
    try {
      await this.transaction.query(
        'UPDATE groups SET name = $3::text WHERE clinic_id = $1::uuid AND id = $2::uuid',
        [group.clinicId, group.id, name],
      );
    } catch (error) {
      throw isDuplicate(error, NAME_KEY) ? nameTaken() : error;
    }
  }

  /**
   * Deletes a group with its memberships and its places on lists; answers the providers on whose lists it was.
   * Raises NOT_FOUND; RelistedError when it must be done anew.
   */
  async delete(group: GroupRef): Promise<string[]> {
    const ids = [group.clinicId, group.id];
    const listing =
      'SELECT d.provider_id FROM delegations d WHERE d.clinic_id = $1::uuid AND d.delegate_group_id = $2::uuid';
    // Every list that loses an entry gets a new version: its provider's row is changed.
    const locked = await this.transaction.query<{ user_id: string }>(
      `SELECT p.user_id FROM providers p WHERE p.clinic_id = $1::uuid AND p.user_id IN (${listing})
       ORDER BY p.user_id FOR NO KEY UPDATE`,
      ids,
    );
    await this.lock(group, 'UPDATE');
    // From here on no list can gain the group, but one may have while this waited for the locks.
    const held = new Set(locked.map((row) => row.user_id));
    const now = await this.transaction.query<{ provider_id: string }>(listing, ids);
    if (now.some((row) => !held.has(row.provider_id))) throw new RelistedError();

    const removed = await this.transaction.query<{ provider_id: string }>(
      'DELETE FROM delegations WHERE clinic_id = $1::uuid AND delegate_group_id = $2::uuid RETURNING provider_id',
      ids,
    );
    await this.transaction.query(
      'DELETE FROM group_members WHERE clinic_id = $1::uuid AND group_id = $2::uuid',
      ids,
    );
    await this.transaction.query('DELETE FROM groups WHERE clinic_id = $1::uuid AND id = $2::uuid', ids);
    return removed.map((row) => row.provider_id);
  }

  /**
   * Adds users to a group; answers those who were not in it. Raises NOT_FOUND for the group, BAD_USER_INPUT where a
   * new member is not an active user of the clinic.
   */
  async addMembers(group: GroupRef, userIds: readonly string[], addedBy: string): Promise<string[]> {
    await this.lock(group, 'NO KEY UPDATE');
    const newcomers = await this.transaction.query<{ id: string }>(
      `SELECT wanted.id FROM unnest($3::uuid[]) AS wanted (id)
       WHERE NOT EXISTS (SELECT FROM group_members m
                         WHERE m.clinic_id = $1::uuid AND m.group_id = $2::uuid AND m.user_id = wanted.id)`,
      [group.clinicId, group.id, userIds],
    );
    const ids = newcomers.map((row) => row.id);
    // Held until the end, so that nobody is deactivated while becoming a member.
    const users = await this.transaction.query<{ active: boolean }>(
      'SELECT active FROM users WHERE clinic_id = $1::uuid AND id = ANY ($2::uuid[]) ORDER BY id FOR SHARE',
      [group.clinicId, ids],
    );
    if (users.length < ids.length) throw badUserInput('`userIds` takes users of the clinic only.');
    if (users.some((user) => !user.active)) {
      throw badUserInput('A deactivated user cannot become a member. Reactivate the account first.');
    }
    const added = await this.transaction.query<{ user_id: string }>(
      `INSERT INTO group_members (clinic_id, group_id, user_id, added_by)
       SELECT $1::uuid, $2::uuid, wanted.id, $4::uuid FROM unnest($3::uuid[]) AS wanted (id)
       ON CONFLICT DO NOTHING RETURNING user_id`,
      [group.clinicId, group.id, ids, addedBy],
    );
    return added.map((row) => row.user_id);
  }

  /** Takes users out of a group; answers those who were in it. Raises NOT_FOUND for the group. */
  async removeMembers(group: GroupRef, userIds: readonly string[]): Promise<string[]> {
    await this.lock(group, 'NO KEY UPDATE');
    const removed = await this.transaction.query<{ user_id: string }>(
      `DELETE FROM group_members WHERE clinic_id = $1::uuid AND group_id = $2::uuid AND user_id = ANY ($3::uuid[])
       RETURNING user_id`,
      [group.clinicId, group.id, userIds],
    );
    return removed.map((row) => row.user_id);
  }

  private async lock(group: GroupRef, strength: 'UPDATE' | 'NO KEY UPDATE'): Promise<void> {
    const rows = await this.transaction.query<Pick<Group, 'id'>>(
      `SELECT id FROM groups WHERE clinic_id = $1::uuid AND id = $2::uuid FOR ${strength}`,
      [group.clinicId, group.id],
    );
    if (rows.length === 0) throw notFound();
  }
}
