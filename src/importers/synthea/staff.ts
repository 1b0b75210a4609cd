import { idOf } from './ids';
import { finish, type Session } from './session';
import { ADMINISTRATOR, planStaff, type StaffPlan } from './staff-plan';

/**
 * Writes the staff, groups, permissions and delegation lists that no Synthea file has. Only the first import into a
 * clinic does so: a later one must not bring back a delegate whom somebody has removed since.
 */
export async function writeStaff(
  session: Session,
  providers: Iterable<string>,
  passwordHash: string,
): Promise<void> {
  const { client, clinic, seed, tally } = session;
  const earlier = await client.query('SELECT FROM users WHERE clinic_id = $1 AND id = $2', [
    clinic.id,
    idOf(clinic.id, 'staff', ADMINISTRATOR),
  ]);
  if (earlier.rowCount !== 0) {
    tally.notes.push(
      'Staff, groups and delegation lists were made by an earlier import and stay as they are now; new providers have a blank list.',
    );
    return;
  }
  const billed = await client.query<{ provider_id: string; bills: number }>(
    'SELECT provider_id, count(*)::int AS bills FROM bills WHERE clinic_id = $1 GROUP BY provider_id',
    [clinic.id],
  );
  const bills = new Map(billed.rows.map((row) => [row.provider_id, row.bills]));
  const plan = planStaff(
    seed,
    [...providers].map((id) => ({ id, bills: bills.get(id) ?? 0 })),
  );
  await writeUsers(session, plan, passwordHash);
  await writeGroups(session, plan);
  await writeDelegations(session, plan);
  tally.add('staff', { written: plan.staff.length });
  await finish(session, 'user_permissions', 'groups', 'group_members', 'delegations');
}

async function writeUsers({ clinic, writer }: Session, plan: StaffPlan, passwordHash: string): Promise<void> {
  for (const { key, name, active, permissions } of plan.staff) {
    const id = idOf(clinic.id, 'staff', key);
    await writer.add('users', { clinic_id: clinic.id, id, name, active });
    await writer.add('sign_ins', {
      email: `${key}@${clinic.domain}`,
      clinic_id: clinic.id,
      user_id: id,
      password_hash: passwordHash,
    });
    for (const permission of permissions) {
      await writer.add('user_permissions', { clinic_id: clinic.id, user_id: id, permission });
    }
  }
}

async function writeGroups({ client, clinic, writer }: Session, plan: StaffPlan): Promise<void> {
  const existing = await client.query<{ name: string }>('SELECT name FROM groups WHERE clinic_id = $1', [
    clinic.id,
  ]);
  const taken = new Set(existing.rows.map((row) => row.name.toLowerCase()));
  for (const { key, name, members } of plan.groups) {
    const id = idOf(clinic.id, 'group', key);
    // A group that the clinic has already has members of its own, to whom an import must not give access.
    const free = taken.has(name.toLowerCase()) ? `${name} (Synthea ${id.slice(0, 8)})` : name;
    await writer.add('groups', { clinic_id: clinic.id, id, name: free });
    for (const member of members) {
      await writer.add('group_members', {
        clinic_id: clinic.id,
        group_id: id,
        user_id: idOf(clinic.id, 'staff', member),
      });
    }
  }
}

async function writeDelegations({ clinic, writer }: Session, plan: StaffPlan): Promise<void> {
  for (const { provider, delegate, expiresAt } of plan.delegations) {
    const user =
      'group' in delegate
        ? null
        : 'staff' in delegate
          ? idOf(clinic.id, 'staff', delegate.staff)
          : delegate.provider;
    const group = 'group' in delegate ? idOf(clinic.id, 'group', delegate.group) : null;
    await writer.add('delegations', {
      clinic_id: clinic.id,
      id: idOf(clinic.id, 'delegation', `${provider} ${user ?? group}`),
      provider_id: provider,
      delegate_user_id: user,
      delegate_group_id: group,
      expires_at: expiresAt,
    });
  }
}
