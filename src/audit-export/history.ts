import type { ClientBase } from 'pg';
import type { Json } from './canonical-json';
import type { Content } from './records';
import { type Scope, utcSql } from './scope';

/** How many rows are fetched at a time. */
const PIECE = 1_000;
const CURSOR = 'audit_export_history';

/** What a trigger wrote of a state, its instants in UTC like all others; JSON has them in the zone of the writer. */
const stateSql = (column: string): string => `(
  SELECT jsonb_object_agg(state.key, CASE
    WHEN state.key IN ('expiresAt', 'launchesAt') AND state.value <> 'null'
    THEN to_jsonb(${utcSql("(state.value #>> '{}')::timestamptz")}) ELSE state.value END)
  FROM jsonb_each(${column}) state)`;

/** Names are those of today; the group's last one, where it is deleted. */
const HISTORY_SQL = `
  SELECT h.id::text AS "historyId", ${utcSql('h.at')} AS at, h.action,
    h.actor_user_id AS "actorUserId", h.actor_support_user_id AS "actorSupportUserId",
    coalesce(actor.name, support.name) AS "actorName",
    h.provider_id AS "providerId", provider.name AS "providerName",
    h.user_id AS "userId", person.name AS "userName",
    h.group_id AS "groupId",
    coalesce(listed.name::text, (SELECT gone.before->>'name' FROM history gone WHERE gone.clinic_id = h.clinic_id
      AND gone.group_id = h.group_id AND gone.action = 'GROUP_DELETED' LIMIT 1)) AS "groupName",
    ${stateSql('h.before')} AS before, ${stateSql('h.after')} AS after
  FROM history h
  LEFT JOIN users actor ON actor.clinic_id = h.clinic_id AND actor.id = h.actor_user_id
  LEFT JOIN support_users support ON support.id = h.actor_support_user_id
  LEFT JOIN users provider ON provider.clinic_id = h.clinic_id AND provider.id = h.provider_id
  LEFT JOIN users person ON person.clinic_id = h.clinic_id AND person.id = h.user_id
  LEFT JOIN groups listed ON listed.clinic_id = h.clinic_id AND listed.id = h.group_id
  WHERE h.clinic_id = $1 AND ($2::timestamptz IS NULL OR h.at >= $2) AND ($3::timestamptz IS NULL OR h.at < $3)
  ORDER BY h.at, h.id`;

/**
 * The history of a clinic, oldest first, within an open transaction of the client. Rows come through a cursor, so that
 * the memory used does not depend on how many there are.
 */
export async function* historyRecords(client: ClientBase, scope: Scope): AsyncGenerator<Content> {
  await client.query(`DECLARE ${CURSOR} NO SCROLL CURSOR FOR ${HISTORY_SQL}`, [
    scope.clinic.id,
    scope.from,
    scope.to,
  ]);
  for (;;) {
    const { rows } = await client.query<{ [field: string]: Json }>(`FETCH ${PIECE} FROM ${CURSOR}`);
    for (const row of rows) yield { ...row, kind: 'history' };
    if (rows.length < PIECE) break;
  }
  await client.query(`CLOSE ${CURSOR}`);
}
