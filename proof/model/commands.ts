import type { Api, Reply } from '../api';
import { idOf } from '../ids';
import { type Entry, type Group, type Instant, timestamp, type User, type World } from '../world';
import { PASSWORD } from '../writer';
import { at, instantOf, sameDelegate } from './build';
import type { Command } from './plan';

/** A world while things are done to it. */
export interface Running {
  readonly api: Api;
  readonly world: World;
  /** Where the clock began. */
  readonly start: Instant;
  /** Where it stands. */
  now: Instant;
}

/**
 * Does a command: through the API where it has a mutation for it, else by SQL as the owner of the tables; and does the
 * same to the plain world. A command that makes no sense in this world does nothing. Raises when the API refuses what it
 * should do, or does what it should refuse.
 */
export async function perform(running: Running, command: Command): Promise<void> {
  const { api, world, start } = running;
  switch (command.do) {
    case 'addDelegate':
      return addDelegate(running, command);
    case 'removeDelegate': {
      const entry = at(world.entries, command.entry);
      if (entry === undefined) return;
      const actor = listChanger(world, entry, command.byProvider);
      await changeList(api, actor, entry, 'remove', null);
      world.entries.splice(world.entries.indexOf(entry), 1);
      return;
    }
    case 'join':
    case 'leave':
      return changeMembers(running, command);
    case 'deactivate':
    case 'reactivate': {
      // The administrators stay active: they are who does it.
      const user = at(
        world.users.filter((one) => one.clinicId !== null && !one.administrator),
        command.user,
      );
      if (user === undefined) return;
      const field = command.do === 'deactivate' ? 'deactivateUser' : 'reactivateUser';
      const input = `userId: "${idOf('User', user)}"`;
      await mutate(api, administratorOf(world, user.clinicId), `${field}(input: { ${input} }) { changed }`);
      user.active = command.do === 'reactivate';
      return;
    }
    case 'expire': {
      const entry = at(world.entries, command.entry);
      if (entry === undefined) return;
      entry.expiresAt = running.now + BigInt(command.side);
      await api.db.query(
        `UPDATE delegations SET expires_at = $3::timestamptz WHERE clinic_id = $1 AND provider_id = $2
         AND delegate_user_id IS NOT DISTINCT FROM $4::uuid AND delegate_group_id IS NOT DISTINCT FROM $5::uuid`,
        [entry.clinicId, entry.providerId, timestamp(entry.expiresAt), entry.userId, entry.groupId],
      );
      return;
    }
    case 'launch': {
      const clinic = at(world.clinics, command.clinic);
      if (clinic === undefined || (clinic.launchesAt !== null && clinic.launchesAt <= running.now)) return;
      clinic.launchesAt = running.now + BigInt(command.side);
      await api.db.query('UPDATE clinics SET segregation_launches_at = $2::timestamptz WHERE id = $1', [
        clinic.id,
        timestamp(clinic.launchesAt),
      ]);
      return;
    }
    case 'createGroup': {
      const clinic = at(world.clinics, command.clinic);
      if (clinic === undefined) return;
      const name = `Group ${crypto.randomUUID()}`;
      const data = await mutate(
        api,
        administratorOf(world, clinic.id),
        `createGroup(input: { name: "${name}" }) { group { id } }`,
      );
      const rows = await api.db.query<{ id: string }>(
        'SELECT id FROM groups WHERE clinic_id = $1 AND name = $2',
        [clinic.id, name],
      );
      const group: Group = { id: rows[0]?.id ?? '', clinicId: clinic.id, name, members: new Set() };
      expectSame(data, { createGroup: { group: { id: idOf('Group', group) } } });
      world.groups.push(group);
      return;
    }
    case 'deleteGroup': {
      const group = at(world.groups, command.group);
      if (group === undefined) return;
      const input = `groupId: "${idOf('Group', group)}"`;
      await mutate(
        api,
        administratorOf(world, group.clinicId),
        `deleteGroup(input: { ${input} }) { groupId }`,
      );
      world.groups.splice(world.groups.indexOf(group), 1);
      const left = world.entries.filter(
        (entry) => entry.groupId !== group.id || entry.clinicId !== group.clinicId,
      );
      world.entries.splice(0, world.entries.length, ...left);
      return;
    }
    case 'clock':
      running.now = (instantOf(command.to, start) ?? start) + BigInt(command.side);
      await api.setClock(running.now);
      return;
  }
}

async function addDelegate(
  { api, world, start }: Running,
  command: Extract<Command, { do: 'addDelegate' }>,
): Promise<void> {
  const clinic = at(world.clinics, command.clinic);
  const users = world.users.filter((user) => user.clinicId === clinic?.id);
  const provider = at(
    users.filter((user) => user.provider),
    command.provider,
  );
  const groups = world.groups.filter((group) => group.clinicId === clinic?.id);
  const party = command.ofGroup ? at(groups, command.delegate) : at(users, command.delegate);
  if (clinic === undefined || provider === undefined || party === undefined) return;
  const entry: Entry = {
    ...{ clinicId: clinic.id, providerId: provider.id },
    ...{ userId: command.ofGroup ? null : party.id, groupId: command.ofGroup ? party.id : null },
    // An end in the past is refused; here the past means none at all.
    expiresAt: instantOf(command.expires === 'PAST' ? 'NEVER' : command.expires, start),
  };
  const listed = world.entries.find((other) => sameDelegate(other, entry));
  const inactive = 'active' in party && !party.active;
  // What changes of an entry whose user is deactivated is not the proof's question.
  if (inactive && listed !== undefined) return;
  const refused = party.id === provider.id || inactive;
  const actor = listChanger(world, entry, command.byProvider);
  await changeList(api, actor, entry, 'add', refused ? 'BAD_USER_INPUT' : null);
  if (refused) return;
  if (listed === undefined) world.entries.push(entry);
  else listed.expiresAt = entry.expiresAt;
}

async function changeMembers(
  { api, world }: Running,
  command: Extract<Command, { do: 'join' | 'leave' }>,
): Promise<void> {
  const group = at(world.groups, command.group);
  const user = at(
    world.users.filter((one) => one.clinicId === group?.clinicId),
    command.user,
  );
  if (group === undefined || user === undefined) return;
  const joins = command.do === 'join';
  const refused = joins && !user.active && !group.members.has(user.id);
  const field = joins ? 'addGroupMembers' : 'removeGroupMembers';
  const input = `groupId: "${idOf('Group', group)}", userIds: ["${idOf('User', user)}"]`;
  await mutate(
    api,
    administratorOf(world, group.clinicId),
    `${field}(input: { ${input} }) { group { id } }`,
    refused ? 'BAD_USER_INPUT' : null,
  );
  if (refused) return;
  if (joins) group.members.add(user.id);
  else group.members.delete(user.id);
}

function administratorOf(world: World, clinicId: string | null): User {
  const found = world.users.find((user) => user.clinicId === clinicId && user.administrator);
  if (found === undefined) throw new Error(`clinic ${clinicId} has no administrator`);
  return found;
}

/** Who changes a list: its provider, where that is wanted and they are active, else the administrator. */
function listChanger(world: World, entry: Entry, byProvider: boolean): User {
  const provider = world.users.find(
    (user) => user.id === entry.providerId && user.clinicId === entry.clinicId,
  );
  return byProvider && provider?.active === true ? provider : administratorOf(world, entry.clinicId);
}

async function changeList(
  api: Api,
  actor: User,
  entry: Entry,
  verb: 'add' | 'remove',
  refusal: string | null,
): Promise<void> {
  const { clinicId, providerId, userId, groupId, expiresAt } = entry;
  const type = userId === null ? 'Group' : 'User';
  const delegate = idOf(type, { clinicId, id: userId ?? groupId ?? '' });
  const end =
    expiresAt === null ? 'null' : JSON.stringify(timestamp(expiresAt).replace(/(\.\d{3})\d{3}/, '$1'));
  const input = [
    `providerId: "${idOf('User', { clinicId, id: providerId })}"`,
    `${type.toLowerCase()}Id: "${delegate}"`,
    `password: "${PASSWORD}"`,
    ...(verb === 'add' ? [`expiresAt: ${end}`] : []),
  ].join(', ');
  await mutate(api, actor, `${verb}${type}Delegate(input: { ${input} }) { list { version } }`, refusal);
}

/** Sends a mutation that must be done, or (with a code) must be refused with that code. */
async function mutate(
  api: Api,
  actor: User,
  field: string,
  refusal: string | null = null,
): Promise<Reply['data']> {
  const reply = await api.ask(actor, `mutation { ${field} }`);
  const code = reply.errors?.[0]?.extensions.code ?? null;
  if (code !== refusal) {
    throw new Error(
      `${field.split('(')[0]} ${refusal === null ? 'was refused' : `was not refused with ${refusal}`}: ${JSON.stringify(reply.errors ?? reply.data)}`,
    );
  }
  return reply.data;
}

function expectSame(came: unknown, expected: unknown): void {
  if (JSON.stringify(came) !== JSON.stringify(expected)) {
    throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(came)}`);
  }
}
