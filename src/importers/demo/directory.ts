import { hashPassword } from '../../identity/password';
import type { ClinicWriter } from '../writer';
import type { ClinicPlan, Person } from './cast';
import { demoId } from './ids';

/** When the demo's users, groups and delegations came to be: fixed, like everything in the demo. */
const CREATED_AT = '2024-09-16T13:00:00Z';
const LISTED_AT = '2025-01-10T15:30:00Z';

export const clinicId = (plan: ClinicPlan) => demoId('clinic', plan.name);
export const userId = (plan: ClinicPlan, key: string) => demoId(plan.name, 'user', key);
const groupId = (plan: ClinicPlan, name: string) => demoId(plan.name, 'group', name);

async function writePerson(writer: ClinicWriter, plan: ClinicPlan, person: Person, password: string) {
  const clinic_id = clinicId(plan);
  const id = userId(plan, person.key);
  await writer.add('users', {
    clinic_id,
    id,
    name: person.name,
    active: !person.inactive,
    created_at: CREATED_AT,
  });
  if (person.practice && person.billingNumber) {
    await writer.add('providers', {
      clinic_id,
      user_id: id,
      billing_number: person.billingNumber,
      specialty: person.practice.specialty,
    });
  }
  for (const permission of person.permissions ?? []) {
    await writer.add('user_permissions', { clinic_id, user_id: id, permission });
  }
  if (person.email) {
    await writer.add('sign_ins', {
      email: person.email,
      clinic_id,
      user_id: id,
      support_user_id: null,
      password_hash: await hashPassword(password),
    });
  }
}

/** Writes a clinic's users, their sign-ins (all with one password, each with its own salt), groups and lists. */
export async function writeDirectory(
  writer: ClinicWriter,
  plan: ClinicPlan,
  password: string,
): Promise<void> {
  const clinic_id = clinicId(plan);
  for (const person of plan.people) await writePerson(writer, plan, person, password);
  for (const { name, members } of plan.groups) {
    const id = groupId(plan, name);
    await writer.add('groups', { clinic_id, id, name, created_at: CREATED_AT });
    for (const member of members) {
      await writer.add('group_members', {
        clinic_id,
        group_id: id,
        user_id: userId(plan, member),
        added_at: LISTED_AT,
      });
    }
  }
  for (const { provider, user, group, expiresAt } of plan.delegations) {
    await writer.add('delegations', {
      clinic_id,
      id: demoId(plan.name, 'delegation', provider, user ?? '', group ?? ''),
      provider_id: userId(plan, provider),
      delegate_user_id: user === undefined ? null : userId(plan, user),
      delegate_group_id: group === undefined ? null : groupId(plan, group),
      expires_at: expiresAt ?? null,
      added_by: userId(plan, provider),
      added_at: LISTED_AT,
    });
  }
}
