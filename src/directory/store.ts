import type { Viewer } from '../access/viewer';
import { keysetSql, type Window } from '../paging';
import type { RowKey } from '../row-loader';
import { allOf, Parameters, type Statements } from '../sql';
import type { Clinic, Group, User } from './types';

/** The keys as two arrays, for `unnest($1::uuid[], $2::uuid[])`. */
const columnsOf = (keys: readonly RowKey[]): [(string | null)[], string[]] => [
  keys.map((key) => key.clinicId),
  keys.map((key) => key.id),
];

const selectClinics = (now: string): string =>
  `SELECT c.id AS "clinicId", c.id, c.name, c.currency, c.segregation_launches_at AS "segregationLaunchesAt",
     coalesce(c.segregation_launches_at <= ${now}, FALSE) AS "segregationLaunched"
   FROM clinics c`;

/** Reads clinics, users and groups. Who may see them is decided by the callers: all of a clinic's are its users' to see. */
export class DirectoryStore {
  constructor(private readonly statements: Statements) {}

  /** The users of these keys, of clinics and of support. */
  users(keys: readonly RowKey[]): Promise<User[]> {
    return this.statements.query<User>(
      `WITH wanted AS (SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS wanted (clinic_id, id))
       SELECT u.clinic_id AS "clinicId", u.id, u.name, u.active,
         CASE WHEN p.user_id IS NULL THEN 'STAFF' ELSE 'PROVIDER' END AS kind,
         p.billing_number AS "billingNumber", p.specialty
       FROM wanted JOIN users u USING (clinic_id, id)
       LEFT JOIN providers p ON p.clinic_id = u.clinic_id AND p.user_id = u.id
       UNION ALL
       SELECT NULL, s.id, s.name, s.active, 'SUPPORT', NULL, NULL
       FROM wanted JOIN support_users s ON s.id = wanted.id WHERE wanted.clinic_id IS NULL`,
      columnsOf(keys),
    );
  }

  /** The clinics of these keys; a clinic's own key names it twice. `now` says whether segregation holds. */
  clinics(keys: readonly RowKey[], now: string): Promise<Clinic[]> {
    return this.statements.query<Clinic>(
      `${selectClinics('$2::timestamptz')} WHERE c.id = ANY ($1::uuid[])`,
      [keys.map((key) => key.id), now],
    );
  }

  /** A page of the clinics that the viewer reaches, by name. */
  clinicPage(viewer: Viewer, window: Window): Promise<Clinic[]> {
    const parameters = new Parameters();
    const add = (value: unknown, type: string): string => parameters.add(value, type);
    const now = add(viewer.now, 'timestamptz');
    const conditions = viewer.clinicId === null ? [] : [`c.id = ${add(viewer.clinicId, 'uuid')}`];
    const keyset = keysetSql(window, { key: 'c.name', type: 'citext', id: 'c.id', descending: false }, add);
    return this.statements.query<Clinic>(
      `${selectClinics(now)} WHERE ${allOf([...conditions, keyset.condition])}
       ORDER BY ${keyset.orderBy} LIMIT ${keyset.limit}`,
      parameters.values,
    );
  }

  /** The groups of these keys, each with its number of active users. */
  groups(keys: readonly RowKey[]): Promise<Group[]> {
    return this.statements.query<Group>(
      `SELECT g.clinic_id AS "clinicId", g.id, g.name,
         (SELECT count(*)::int FROM group_members m
          JOIN users u ON u.clinic_id = m.clinic_id AND u.id = m.user_id
          WHERE m.clinic_id = g.clinic_id AND m.group_id = g.id AND u.active) AS "memberCount"
       FROM unnest($1::uuid[], $2::uuid[]) AS wanted (clinic_id, id) JOIN groups g USING (clinic_id, id)`,
      columnsOf(keys),
    );
  }
}
