import type { ClientBase } from 'pg';
import type { NodeRef } from '../global-id';

/** Why an account was not linked, in words for whoever asked. */
export class LinkError extends Error {}

/** Who of ours: by the address that they sign in with here, or by the id that the API shows. */
export type Person = { readonly email: string } | { readonly user: NodeRef };

/** An account at an issuer. */
export interface ExternalAccount {
  readonly issuer: string;
  readonly subject: string;
}

interface PersonRow {
  readonly clinicId: string | null;
  readonly userId: string | null;
  readonly supportUserId: string | null;
  /** With the clinic, to show whom it was. */
  readonly who: string;
}

const WHO = "coalesce(u.name || ', ' || c.name::text, p.name || ', support')";

/**
 * Links an account at the issuer to a user: from the next request on its tokens are that user's. Linked already: no
 * change. With `removePassword` the user signs in at the issuer only. Answers whom it was. Run under the owner of the
 * tables, in a transaction of its own. Raises LinkError.
 */
export async function linkAccount(
  client: ClientBase,
  { issuer, subject }: ExternalAccount,
  person: Person,
  { removePassword = false }: { removePassword?: boolean } = {},
): Promise<string> {
  return inTransaction(client, async () => {
    const { clinicId, userId, supportUserId, who } = await personOf(client, person);
    await client.query(
      `INSERT INTO external_sign_ins (issuer, subject, clinic_id, user_id, support_user_id)
       VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
      [issuer, subject, clinicId, userId, supportUserId],
    );
    const [link] = (
      await client.query<{ same: boolean }>(
        `SELECT clinic_id IS NOT DISTINCT FROM $3 AND user_id IS NOT DISTINCT FROM $4
           AND support_user_id IS NOT DISTINCT FROM $5 AS same
         FROM external_sign_ins WHERE issuer = $1 AND subject = $2`,
        [issuer, subject, clinicId, userId, supportUserId],
      )
    ).rows;
    if (link === undefined)
      throw new LinkError(`${who} has another account at this issuer: unlink that first.`);
    if (!link.same) throw new LinkError('This subject is somebody else already: unlink it first.');
    if (removePassword) {
      await client.query(
        'DELETE FROM sign_ins WHERE (clinic_id = $1 AND user_id = $2) OR support_user_id = $3',
        [clinicId, userId, supportUserId],
      );
    }
    return who;
  });
}

/** Takes a link away: from the next request on, tokens of this account are nobody's. Raises LinkError. */
export async function unlinkAccount(client: ClientBase, { issuer, subject }: ExternalAccount): Promise<void> {
  const gone = await client.query('DELETE FROM external_sign_ins WHERE issuer = $1 AND subject = $2', [
    issuer,
    subject,
  ]);
  if (gone.rowCount === 0) throw new LinkError('This subject is linked to nobody at this issuer.');
}

async function personOf(client: ClientBase, person: Person): Promise<PersonRow> {
  const found =
    'email' in person
      ? await client.query<PersonRow>(
          `SELECT s.clinic_id AS "clinicId", s.user_id AS "userId", s.support_user_id AS "supportUserId", ${WHO} AS who
           FROM sign_ins s
           LEFT JOIN users u ON u.clinic_id = s.clinic_id AND u.id = s.user_id
           LEFT JOIN clinics c ON c.id = s.clinic_id
           LEFT JOIN support_users p ON p.id = s.support_user_id
           WHERE s.email = $1::text::citext`,
          [person.email],
        )
      : await client.query<PersonRow>(
          `SELECT c.id AS "clinicId", u.id AS "userId", p.id AS "supportUserId", ${WHO} AS who
           FROM (SELECT $1::uuid AS clinic_id, $2::uuid AS id) wanted
           LEFT JOIN users u ON u.clinic_id = wanted.clinic_id AND u.id = wanted.id
           LEFT JOIN clinics c ON c.id = u.clinic_id
           LEFT JOIN support_users p ON wanted.clinic_id IS NULL AND p.id = wanted.id
           WHERE u.id IS NOT NULL OR p.id IS NOT NULL`,
          [person.user.clinicId, person.user.id],
        );
  const [row] = found.rows;
  if (row === undefined) throw new LinkError('Nobody here has that address or id.');
  return row;
}

async function inTransaction<Result>(client: ClientBase, work: () => Promise<Result>): Promise<Result> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}
