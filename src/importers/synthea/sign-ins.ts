import type { Session } from './session';

/** A sign-in that the summary names, with the number of bills that its user sees once segregation has launched. */
export interface NamedSignIn {
  email: string;
  name: string;
  bills: number;
}

/** One sign-in of each sort; undefined where the clinic has nobody of that sort any more. */
export interface NamedSignIns {
  provider: NamedSignIn | undefined;
  delegate: NamedSignIn | undefined;
  stranger: NamedSignIn | undefined;
  administrator: NamedSignIn | undefined;
}

interface Candidate extends NamedSignIn {
  bills_of_clinic: number;
  provides: boolean;
  permissions: number;
}

/**
 * Chooses sign-ins that show the rule at work, from the lists as they are now: a provider and a delegate who see much
 * but not all, a stranger who sees nothing and has no permission, and an administrator with both.
 */
export async function chooseSignIns({ client, clinic }: Session): Promise<NamedSignIns> {
  const found = await client.query<Candidate>(CANDIDATES, [clinic.id, `%@${clinic.domain}`]);
  const all = found.rows;
  const staff = all.filter((one) => !one.provides);
  const sees = (one: Candidate): boolean => one.bills > 0 && one.bills < one.bills_of_clinic;
  return {
    provider: named(all.filter((one) => one.provides).find(sees) ?? all.find((one) => one.provides)),
    delegate: named(staff.filter((one) => one.permissions === 0).find(sees)),
    stranger: named(
      staff.find((one) => one.bills === 0 && one.permissions === 0 && /^stranger@/.test(one.email)) ??
        staff.find((one) => one.bills === 0 && one.permissions === 0),
    ),
    administrator: named(staff.find((one) => one.permissions === 2)),
  };
}

function named(candidate: Candidate | undefined): NamedSignIn | undefined {
  return candidate && { email: candidate.email, name: candidate.name, bills: candidate.bills };
}

/** Active users with a sign-in of the clinic's made-up domain, those who see most first. */
const CANDIDATES = `
  WITH counts AS (
    SELECT provider_id, count(*)::int AS bills FROM bills WHERE clinic_id = $1 GROUP BY provider_id
  ),
  reach AS (
    SELECT user_id AS viewer_id, user_id AS provider_id FROM providers WHERE clinic_id = $1
    UNION
    SELECT coalesce(d.delegate_user_id, m.user_id), d.provider_id
    FROM delegations d
    LEFT JOIN group_members m ON m.clinic_id = d.clinic_id AND m.group_id = d.delegate_group_id
    WHERE d.clinic_id = $1 AND (d.expires_at IS NULL OR d.expires_at > now())
  )
  SELECT s.email::text AS email, u.name, coalesce(sum(c.bills), 0)::int AS bills,
    coalesce((SELECT sum(bills) FROM counts), 0)::int AS bills_of_clinic,
    EXISTS (SELECT FROM providers p WHERE p.clinic_id = $1 AND p.user_id = u.id) AS provides,
    (SELECT count(*)::int FROM user_permissions r WHERE r.clinic_id = $1 AND r.user_id = u.id) AS permissions
  FROM users u
  JOIN sign_ins s ON s.clinic_id = u.clinic_id AND s.user_id = u.id
  LEFT JOIN reach r ON r.viewer_id = u.id
  LEFT JOIN counts c ON c.provider_id = r.provider_id
  WHERE u.clinic_id = $1 AND u.active AND s.email::text LIKE $2
  GROUP BY u.id, u.name, s.email
  ORDER BY bills DESC, s.email`;
