import { permitting, type Relation } from './policy';
import { type Question, relationRows } from './relations';

/** The same question, asked for everybody at once. */
export type QuestionForAll = Omit<Question, 'viewer'>;

/**
 * SQL: rows (clinic_id, user_id, name, relation, provider_id, group_id), one for each way in which anybody stands in
 * one of the relations to a provider of the clinic. Anybody: the clinic's users, and support (clinic_id null).
 */
export function everybodysRelationRows(question: QuestionForAll, relations: readonly Relation[]): string {
  // Relation by relation: each is then a plain join, which PostgreSQL does for all people at once. A UNION inside the
  // LATERAL would be done again for every person.
  return relations
    .map(
      (relation) =>
        `SELECT person.clinic_id, person.id AS user_id, person.name, held.relation, held.provider_id, held.group_id
         FROM (SELECT u.clinic_id, u.id, u.name FROM users u WHERE u.clinic_id = ${question.clinic}
               UNION ALL SELECT NULL::uuid, s.id, s.name FROM support_users s) person
         CROSS JOIN LATERAL (${relationRows({ ...question, viewer: 'person.id' }, [relation])}) held`,
    )
    .join('\n UNION ALL ');
}

/**
 * SQL: rows (provider_id, user_id), one for everybody who sees a provider's bills at `now` because segregation has not
 * launched, and at `launch` for no other reason. Only providers of the array `providers`. Once segregation has
 * launched there are none.
 */
export function losingAtLaunch(clinic: string, now: string, launch: string, providers: string): string {
  const rows = (instant: string, relations: readonly Relation[]): string =>
    `SELECT e.provider_id, e.user_id FROM (${everybodysRelationRows({ clinic, now: instant }, relations)}) e
     WHERE e.provider_id = ANY (${providers})`;
  const lasting = permitting('VIEW_BILL').filter((relation) => relation !== 'NOT_SEGREGATED');
  return `${rows(now, ['NOT_SEGREGATED'])} EXCEPT ${rows(launch, lasting)}`;
}
