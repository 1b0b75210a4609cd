import { PERMISSIONS, type Permission, type Viewer } from '../access/viewer';
import type { Statements } from '../sql';
import type { ExternalIdentity } from './issuer-tokens';
import type { Session } from './tokens';

/** What signing in needs to know of an account. */
export interface Account extends Session {
  readonly passwordHash: string;
  readonly active: boolean;
}

interface ViewerRow {
  readonly permissions: readonly string[];
  readonly now: string;
}

function viewerFrom({ userId, clinicId }: Session, { permissions, now }: ViewerRow): Viewer {
  const held = PERMISSIONS.filter((permission) => permissions.includes(permission));
  return { userId, clinicId, permissions: new Set<Permission>(held), now };
}

/** Reads accounts. */
export class IdentityStore {
  constructor(private readonly statements: Statements) {}

  /** The account of a sign-in name, in any case; null if there is none. Raises UNAVAILABLE. */
  async accountOf(email: string): Promise<Account | null> {
    const [account] = await this.statements.query<Account>(
      `SELECT coalesce(s.user_id, s.support_user_id) AS "userId", s.clinic_id AS "clinicId",
         s.password_hash AS "passwordHash", coalesce(u.active, p.active, FALSE) AS active
       FROM sign_ins s
       LEFT JOIN users u ON u.clinic_id = s.clinic_id AND u.id = s.user_id
       LEFT JOIN support_users p ON p.id = s.support_user_id
       WHERE s.email = $1::text::citext`,
      [email],
    );
    return account ?? null;
  }

  /**
   * Who a session stands for, as of now: null when the account is not there or not active any more, so that a
   * deactivation ends live sessions. Read on every request. Raises UNAVAILABLE.
   */
  async viewerOf(session: Session): Promise<Viewer | null> {
    const [row] = await this.statements.query<ViewerRow>(
      session.clinicId === null
        ? `SELECT ARRAY[]::text[] AS permissions, clock_timestamp()::text AS now
           FROM support_users s WHERE s.id = $1::uuid AND s.active`
        : `SELECT ARRAY(SELECT h.permission FROM user_permissions h
                        WHERE h.clinic_id = u.clinic_id AND h.user_id = u.id) AS permissions,
             clock_timestamp()::text AS now
           FROM users u WHERE u.id = $1::uuid AND u.clinic_id = $2::uuid AND u.active`,
      session.clinicId === null ? [session.userId] : [session.userId, session.clinicId],
    );
    return row === undefined ? null : viewerFrom(session, row);
  }

  /**
   * Who somebody is here that the issuer signed in, as of now: null when no active account is linked to their subject.
   * Read on every request. Raises UNAVAILABLE.
   */
  async viewerOfExternal({ issuer, subject }: ExternalIdentity): Promise<Viewer | null> {
    const [row] = await this.statements.query<Session & ViewerRow>(
      `SELECT coalesce(x.user_id, x.support_user_id) AS "userId", x.clinic_id AS "clinicId",
         ARRAY(SELECT h.permission FROM user_permissions h
               WHERE h.clinic_id = x.clinic_id AND h.user_id = x.user_id) AS permissions,
         clock_timestamp()::text AS now
       FROM external_sign_ins x
       LEFT JOIN users u ON u.clinic_id = x.clinic_id AND u.id = x.user_id
       LEFT JOIN support_users p ON p.id = x.support_user_id
       WHERE x.issuer = $1 AND x.subject = $2 AND coalesce(u.active, p.active)`,
      [issuer, subject],
    );
    return row === undefined ? null : viewerFrom(row, row);
  }

  /** The sign-in name of an account; null for one that has none, because it signs in elsewhere. */
  async emailOf(session: Session): Promise<string | null> {
    return (await this.signInOf(session))?.email ?? null;
  }

  /** The hash of an account's password; null for one that has none. */
  async passwordHashOf(session: Session): Promise<string | null> {
    return (await this.signInOf(session))?.hash ?? null;
  }

  private async signInOf({
    clinicId,
    userId,
  }: Session): Promise<{ email: string; hash: string } | undefined> {
    const rows = await this.statements.query<{ email: string; hash: string }>(
      clinicId === null
        ? 'SELECT email, password_hash AS hash FROM sign_ins WHERE support_user_id = $1::uuid'
        : 'SELECT email, password_hash AS hash FROM sign_ins WHERE user_id = $1::uuid AND clinic_id = $2::uuid',
      clinicId === null ? [userId] : [userId, clinicId],
    );
    return rows[0];
  }
}
