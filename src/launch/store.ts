import { losingAtLaunch } from '../access/everybody';
import { relationRows } from '../access/relations';
import { keysetSql, type Window } from '../paging';
import { Parameters, type Statements } from '../sql';

/** A provider in a list by name; `id` settles ties. */
export interface ProviderRow {
  readonly id: string;
  readonly providerId: string;
  readonly name: string;
}

/** Why an entry gives nobody access. */
export type NoAccessReason = 'DEACTIVATED' | 'EMPTY_GROUP' | 'EXPIRED';

/** An entry of a provider's list that gives nobody access. */
export interface EntryRow extends ProviderRow {
  readonly delegateUserId: string | null;
  readonly delegateGroupId: string | null;
  readonly expiresAt: Date | null;
  readonly reason: NoAccessReason;
}

/** How many users will lose sight of a provider's bills. */
export interface LossRow extends ProviderRow {
  readonly userCount: number;
}

/** A user among those who lose sight of a provider's bills. */
export interface LosingUserRow {
  readonly providerId: string;
  readonly id: string;
  readonly name: string;
}

/** A list in SQL, not yet paged. */
interface ListSql<Row> {
  readonly parameters: Parameters;
  /** A WITH, or nothing. */
  readonly before: string;
  readonly rows: string;
  /** For the compiler only: which rows it answers. */
  readonly row?: Row;
}

/**
 * Reads what the launch of a clinic's segregation will bring: told for the instant of the launch where that is ahead,
 * else for `now`, the request's. Who may know is decided by the callers. All raise UNAVAILABLE.
 */
export class LaunchStore {
  constructor(
    private readonly statements: Statements,
    private readonly clinicId: string,
    private readonly now: string,
  ) {}

  /** The providers whose list is blank. */
  blankLists(): ListSql<ProviderRow> {
    const { parameters, clinic } = this.clinic();
    return {
      parameters,
      before: '',
      rows: `SELECT p.user_id AS id, p.user_id AS "providerId", u.name
        FROM providers p JOIN users u ON u.clinic_id = p.clinic_id AND u.id = p.user_id
        WHERE p.clinic_id = ${clinic} AND NOT EXISTS (
          SELECT FROM delegations d WHERE d.clinic_id = p.clinic_id AND d.provider_id = p.user_id)`,
    };
  }

  /** The entries of all lists that give nobody access: those through which nobody stands in a relation. */
  entriesWithoutAccess(): ListSql<EntryRow> {
    const { parameters, clinic, launch } = this.instants();
    const user = { clinic, now: launch, viewer: 'entry.delegate_user_id' };
    const member = { clinic, now: launch, viewer: 'member.user_id' };
    return {
      parameters,
      before: '',
      rows: `SELECT entry.id, entry.provider_id AS "providerId", provider.name, entry.delegate_user_id AS "delegateUserId",
          entry.delegate_group_id AS "delegateGroupId", entry.expires_at AS "expiresAt",
          CASE
            WHEN delegate.id IS NULL AND NOT EXISTS (
              SELECT FROM group_members member
              JOIN users u ON u.clinic_id = member.clinic_id AND u.id = member.user_id AND u.active
              WHERE member.clinic_id = ${clinic} AND member.group_id = entry.delegate_group_id) THEN 'EMPTY_GROUP'
            WHEN NOT delegate.active THEN 'DEACTIVATED'
            ELSE 'EXPIRED' END AS reason
        FROM delegations entry
        JOIN users provider ON provider.clinic_id = entry.clinic_id AND provider.id = entry.provider_id
        LEFT JOIN users delegate ON delegate.clinic_id = entry.clinic_id AND delegate.id = entry.delegate_user_id
        WHERE entry.clinic_id = ${clinic} AND NOT EXISTS (
          SELECT FROM (${relationRows(user, ['USER_DELEGATE'])}) given WHERE given.provider_id = entry.provider_id)
        AND NOT EXISTS (
          SELECT FROM group_members member CROSS JOIN LATERAL (${relationRows(member, ['GROUP_DELEGATE'])}) given
          WHERE member.clinic_id = ${clinic} AND member.group_id = entry.delegate_group_id
            AND given.provider_id = entry.provider_id AND given.group_id = entry.delegate_group_id)`,
    };
  }

  /** Those of these providers of whose bills users will lose sight, and how many users. */
  losses(providerIds: readonly string[]): ListSql<LossRow> {
    const { parameters, clinic, losing } = this.losing(providerIds);
    return {
      parameters,
      before: `WITH losing AS (${losing})`,
      rows: `SELECT l.provider_id AS id, l.provider_id AS "providerId", u.name, count(*)::int AS "userCount"
        FROM losing l JOIN users u ON u.clinic_id = ${clinic} AND u.id = l.provider_id GROUP BY l.provider_id, u.name`,
    };
  }

  /** For each of these providers a page of the users who will lose sight of the bills, by name. */
  losingUsers(providerIds: readonly string[], window: Window): Promise<LosingUserRow[]> {
    const { parameters, clinic, losing } = this.losing(providerIds);
    const sort = { key: 'u.name', type: 'text', id: 'u.id', descending: false };
    const keyset = keysetSql(window, sort, (value, type) => parameters.add(value, type));
    return this.statements.query<LosingUserRow>(
      `WITH losing AS (${losing})
       SELECT ranked."providerId", ranked.id, ranked.name FROM (
         SELECT l.provider_id AS "providerId", u.id, u.name,
           row_number() OVER (PARTITION BY l.provider_id ORDER BY ${keyset.orderBy}) AS place
         FROM losing l JOIN users u ON u.clinic_id = ${clinic} AND u.id = l.user_id
         WHERE ${keyset.condition}) ranked
       WHERE ranked.place <= ${keyset.limit} ORDER BY ranked.place`,
      parameters.values,
    );
  }

  /** A page of a list, by name. */
  page<Row extends ProviderRow>(list: ListSql<Row>, window: Window): Promise<Row[]> {
    const sort = { key: 'r.name', type: 'text', id: 'r.id', descending: false };
    const keyset = keysetSql(window, sort, (value, type) => list.parameters.add(value, type));
    return this.statements.query<Row>(
      `${list.before} SELECT r.* FROM (${list.rows}) r WHERE ${keyset.condition}
       ORDER BY ${keyset.orderBy} LIMIT ${keyset.limit}`,
      list.parameters.values,
    );
  }

  /** How long a list is. */
  async count(list: ListSql<ProviderRow>): Promise<number> {
    const [row] = await this.statements.query<{ count: number }>(
      `${list.before} SELECT count(*)::int AS count FROM (${list.rows}) r`,
      list.parameters.values,
    );
    return row?.count ?? 0;
  }

  private clinic() {
    const parameters = new Parameters();
    return { parameters, clinic: parameters.add(this.clinicId, 'uuid') };
  }

  /** `launch`: the instant that is told for. */
  private instants() {
    const { parameters, clinic } = this.clinic();
    const now = parameters.add(this.now, 'timestamptz');
    // The launch where it is ahead; now where it is past, or not planned (greatest leaves nulls out).
    const launch = `(SELECT greatest(planned.segregation_launches_at, ${now}) FROM clinics planned WHERE planned.id = ${clinic})`;
    return { parameters, clinic, now, launch };
  }

  private losing(providerIds: readonly string[]) {
    const { parameters, clinic, now, launch } = this.instants();
    const providers = parameters.add([...providerIds], 'uuid[]');
    return { parameters, clinic, losing: losingAtLaunch(clinic, now, launch, providers) };
  }
}
