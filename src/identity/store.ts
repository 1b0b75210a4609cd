import { PERMISSIONS, type Permission, type Viewer } from '../access/viewer';
import type { Statements } from '../sql';
import type { Session } from './tokens';

/** What signing in needs to know of an account. */
export interface Account extends Session {
  readonly passwordHash: string;
  readonly active: boolean;
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
    const [row] = await this.statements.query<{ permissions: string[]; now: string }>(
      session.clinicId === null
        ? `SELECT ARRAY[]::text[] AS permissions, clock_timestamp()::text AS now
           FROM support_users s WHERE s.id = $1::uuid AND s.active`
        : `SELECT ARRAY(SELECT h.permission FROM user_permissions h
                        WHERE h.clinic_id = u.clinic_id AND h.user_id = u.id) AS permissions,
             clock_timestamp()::text AS now
           FROM users u WHERE u.id = $1::uuid AND u.clinic_id = $2::uuid AND u.active`,
      session.clinicId === null ? [session.userId] : [session.userId, session.clinicId],
    );
    if (row === undefined) return null;
    const held = new Set(row.permissions);
    return {
      userId: session.userId,
      clinicId: session.clinicId,
      permissions: new Set<Permission>(PERMISSIONS.filter((permission) => held.has(permission))),
      now: row.now,
    };
  }

  /** The sign-in name of an account. */
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
