/** One provider of a clinic at an instant in the past, as SQL expressions. */
export interface Instant {
  readonly clinic: string;
  readonly provider: string;
  readonly at: string;
}

/** The first of the later changes of each subject: what it says was before is how the subject was at the instant. */
const firstLater = (subject: string, actions: readonly string[]): string =>
  `SELECT DISTINCT ON (${subject}) ${subject}, l.action, l.before, l.after FROM later l
   WHERE l.action IN (${actions.map((action) => `'${action}'`).join(', ')}) ORDER BY ${subject}, l.at, l.id`;

const DELEGATE_CHANGES = ['USER', 'GROUP'].flatMap((kind) =>
  ['ADDED', 'CHANGED', 'REMOVED'].map((change) => `${kind}_DELEGATE_${change}`),
);

/**
 * SQL of table expressions for a WITH, by the names of the tables that relations.ts reads: the same relations asked
 * over them answer as of an instant in the past. Each is the table of today with what the history recorded after the
 * instant undone. The delegations are those of one provider.
 *
 * Not among them are
 * - clinics: a launch that was past by then is past for good, and a date that was still ahead decided nothing;
 * - support_users, providers and user_permissions, of which there is no history: they are taken as they are today.
 */
export function tablesAsOf({ clinic, provider, at }: Instant): string {
  // In a WITH that is not recursive, a table's name inside the expression of that name is still the table itself.
  return `later AS MATERIALIZED (
      SELECT h.* FROM history h
      WHERE h.clinic_id = ${clinic} AND h.at > ${at} AND (h.provider_id IS NULL OR h.provider_id = ${provider})),
    later_users AS MATERIALIZED (${firstLater('l.user_id', ['USER_DEACTIVATED', 'USER_REACTIVATED'])}),
    later_members AS MATERIALIZED (${firstLater('l.group_id, l.user_id', ['GROUP_MEMBER_ADDED', 'GROUP_MEMBER_REMOVED'])}),
    later_groups AS MATERIALIZED (${firstLater('l.group_id', ['GROUP_CREATED', 'GROUP_RENAMED', 'GROUP_DELETED'])}),
    later_delegations AS MATERIALIZED (${firstLater('l.provider_id, l.user_id, l.group_id', DELEGATE_CHANGES)}),
    users AS NOT MATERIALIZED (
      SELECT u.clinic_id, u.id, u.name,
        -- Who was put in as deactivated has no state before that.
        coalesce((later.before->>'active')::boolean, (later.after->>'active')::boolean, u.active) AS active
      FROM users u LEFT JOIN later_users later ON later.user_id = u.id
      WHERE u.clinic_id = ${clinic} AND u.created_at <= ${at}),
    groups AS (
      SELECT ${clinic} AS clinic_id, coalesce(later.group_id, g.id) AS id, coalesce(later.before->>'name', g.name::text) AS name
      FROM (SELECT g.id, g.name FROM groups g WHERE g.clinic_id = ${clinic}) g
      FULL JOIN later_groups later ON later.group_id = g.id),
    group_members AS NOT MATERIALIZED (
      SELECT m.clinic_id, m.group_id, m.user_id FROM group_members m
      WHERE m.clinic_id = ${clinic} AND NOT EXISTS (
        SELECT FROM later_members later WHERE later.group_id = m.group_id AND later.user_id = m.user_id)
      UNION ALL
      SELECT ${clinic}, later.group_id, later.user_id FROM later_members later WHERE later.action = 'GROUP_MEMBER_REMOVED'),
    delegations AS (
      SELECT d.clinic_id, d.provider_id, d.delegate_user_id, d.delegate_group_id, d.expires_at FROM delegations d
      WHERE d.clinic_id = ${clinic} AND d.provider_id = ${provider} AND NOT EXISTS (
        SELECT FROM later_delegations later
        WHERE later.user_id = d.delegate_user_id OR later.group_id = d.delegate_group_id)
      UNION ALL
      SELECT ${clinic}, later.provider_id, later.user_id, later.group_id, (later.before->>'expiresAt')::timestamptz
      FROM later_delegations later WHERE later.before IS NOT NULL)`;
}
