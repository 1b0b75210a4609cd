import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { existing, reachedRef } from '../../arguments';
import type { RequestContext } from '../../context';
import { DelegateParty } from '../../directory/delegate-party';
import type { Group, User } from '../../directory/types';
import { User as UserType } from '../../directory/types';
import { badUserInput, notFound } from '../../errors';
import type { NodeType } from '../../global-id';
import { type ListChange, saveLists } from '../change';
import {
  AddGroupDelegateInput,
  AddUserDelegateInput,
  DelegationListInput,
  RemoveGroupDelegateInput,
  RemoveUserDelegateInput,
  SaveBillingDelegatesInput,
} from '../inputs';
import { providerOf } from '../providers';
import { listOf } from '../to-types';
import { DelegationChange, DelegationPayload, type PartyKey, SaveBillingDelegatesPayload } from '../types';

const MOST_LISTS = 1000;
const MOST_ENTRIES = 10_000;

const WHO =
  "By the provider, or by a user with both permissions for any provider of the clinic; FORBIDDEN for others. Confirmed by the acting user's password.";

/** Changes of delegation lists. */
@Resolver()
export class DelegationChangeResolver {
  @Mutation(() => DelegationPayload, {
    nullable: true,
    description: `Puts a user on a provider's delegation list: they see this provider's bills from the next request on. ${WHO}`,
  })
  async addUserDelegate(
    @Arg('input', () => AddUserDelegateInput, { description: 'Whom, on whose list.' })
    input: AddUserDelegateInput,
    @Ctx() context: RequestContext,
  ): Promise<DelegationPayload> {
    const { userId, expiresAt } = input;
    return saveOne(context, input, {
      addUsers: [{ userId, ...(expiresAt === undefined ? {} : { expiresAt }) }],
    });
  }

  @Mutation(() => DelegationPayload, {
    nullable: true,
    description: `Takes a user off a provider's delegation list: unless another ground holds, they see this provider's bills no more from the next request on. ${WHO}`,
  })
  async removeUserDelegate(
    @Arg('input', () => RemoveUserDelegateInput, { description: 'Whom, off whose list.' })
    input: RemoveUserDelegateInput,
    @Ctx() context: RequestContext,
  ): Promise<DelegationPayload> {
    return saveOne(context, input, { removeUserIds: [input.userId] });
  }

  @Mutation(() => DelegationPayload, {
    nullable: true,
    description: `Puts a group on a provider's delegation list: its members, present and future, see this provider's bills. ${WHO}`,
  })
  async addGroupDelegate(
    @Arg('input', () => AddGroupDelegateInput, { description: 'Which group, on whose list.' })
    input: AddGroupDelegateInput,
    @Ctx() context: RequestContext,
  ): Promise<DelegationPayload> {
    const { groupId, expiresAt } = input;
    return saveOne(context, input, {
      addGroups: [{ groupId, ...(expiresAt === undefined ? {} : { expiresAt }) }],
    });
  }

  @Mutation(() => DelegationPayload, {
    nullable: true,
    description: `Takes a group off a provider's delegation list. ${WHO}`,
  })
  async removeGroupDelegate(
    @Arg('input', () => RemoveGroupDelegateInput, { description: 'Which group, off whose list.' })
    input: RemoveGroupDelegateInput,
    @Ctx() context: RequestContext,
  ): Promise<DelegationPayload> {
    return saveOne(context, input, { removeGroupIds: [input.groupId] });
  }

  @Mutation(() => SaveBillingDelegatesPayload, {
    nullable: true,
    description: `Saves changes of one or many providers' delegation lists, all of them or none: giving a group access to every provider is one call. ${WHO}`,
  })
  async saveBillingDelegates(
    @Arg('input', () => SaveBillingDelegatesInput, { description: 'What to change, list by list.' })
    input: SaveBillingDelegatesInput,
    @Ctx() context: RequestContext,
  ): Promise<SaveBillingDelegatesPayload> {
    return { saved: await save(context, input.lists, input.password) };
  }
}

/** Who was added, changed and removed. */
@Resolver(() => DelegationChange)
export class DelegationChangePartiesResolver {
  @FieldResolver(() => [DelegateParty], { description: 'Who was added.' })
  async added(@Root() change: DelegationChange, @Ctx() context: RequestContext): Promise<(User | Group)[]> {
    return parties(context, change.clinicId, change.addedParties);
  }

  @FieldResolver(() => [DelegateParty], { description: 'Whose end was moved.' })
  async changed(@Root() change: DelegationChange, @Ctx() context: RequestContext): Promise<(User | Group)[]> {
    return parties(context, change.clinicId, change.changedParties);
  }

  @FieldResolver(() => [DelegateParty], { description: 'Who was removed.' })
  async removed(@Root() change: DelegationChange, @Ctx() context: RequestContext): Promise<(User | Group)[]> {
    return parties(context, change.clinicId, change.removedParties);
  }

  @FieldResolver(() => UserType, { description: 'Whose list was changed.' })
  async provider(@Root() change: DelegationChange, @Ctx() context: RequestContext): Promise<User> {
    return existing(await context.loaders.users.load({ clinicId: change.clinicId, id: change.providerId }));
  }
}

type OneList = Partial<Omit<DelegationListInput, 'providerId' | 'expectedVersion'>>;

async function saveOne(
  context: RequestContext,
  input: { providerId: string; expectedVersion?: number | null; password?: string | null },
  change: OneList,
): Promise<DelegationPayload> {
  const list = {
    providerId: input.providerId,
    expectedVersion: input.expectedVersion ?? null,
    addUsers: [],
    addGroups: [],
    removeUserIds: [],
    removeGroupIds: [],
    ...change,
  };
  return existing((await save(context, [list], input.password))[0]);
}

async function save(
  context: RequestContext,
  lists: readonly DelegationListInput[],
  password: string | null | undefined,
): Promise<DelegationPayload[]> {
  const viewer = context.signedInViewer;
  const changes = await checked(context, lists);
  const clinicId = changes[0]?.clinicId;
  if (clinicId === undefined) throw badUserInput('`lists` names no list to change.');
  const results = await context.services.confirmation.run(
    context.statements,
    viewer,
    { password, credential: context.credential },
    (transaction) => saveLists(transaction, viewer, clinicId, changes),
  );
  // What was read before the change must not answer for after it.
  context.forget();
  return Promise.all(
    results.map(async ({ added, changed, removed, ...provider }) => ({
      list: await listOf(context, provider),
      change: { ...provider, addedParties: added, changedParties: changed, removedParties: removed },
    })),
  );
}

/** The input by ids of rows. Raises NOT_FOUND, BAD_USER_INPUT, and FORBIDDEN for a list that the viewer may not change. */
async function checked(
  context: RequestContext,
  lists: readonly DelegationListInput[],
): Promise<ListChange[]> {
  if (lists.length > MOST_LISTS) throw badUserInput(`Change at most ${MOST_LISTS} lists at once.`);
  const now = new Date();
  const changeOf = async (list: DelegationListInput): Promise<ListChange> => {
    const provider = await providerOf(context, list.providerId);
    await context.decisions.require('CHANGE_DELEGATION_LIST', provider);
    const rowId = (type: NodeType, id: string): string => {
      const ref = reachedRef(context, type, id);
      if (ref === null || ref.clinicId !== provider.clinicId) throw notFound();
      return ref.id;
    };
    const user = (id: string): PartyKey => ({ userId: rowId('User', id), groupId: null });
    const group = (id: string): PartyKey => ({ userId: null, groupId: rowId('Group', id) });
    const change = {
      ...provider,
      expectedVersion: list.expectedVersion ?? null,
      add: [
        ...list.addUsers.map((one) => ({ ...user(one.userId), expiresAt: one.expiresAt })),
        ...list.addGroups.map((one) => ({ ...group(one.groupId), expiresAt: one.expiresAt })),
      ],
      remove: [...list.removeUserIds.map(user), ...list.removeGroupIds.map(group)],
    };
    requireSense(change, now);
    return change;
  };
  const changes = await Promise.all(lists.map(changeOf));
  if (new Set(changes.map((change) => change.providerId)).size < changes.length) {
    throw badUserInput('A provider is named twice: put all changes of one list together.');
  }
  const entries = changes.reduce((sum, change) => sum + change.add.length + change.remove.length, 0);
  if (entries > MOST_ENTRIES) throw badUserInput(`Add and remove at most ${MOST_ENTRIES} entries at once.`);
  return changes;
}

function requireSense(change: ListChange, now: Date): void {
  const named = [...change.add, ...change.remove].map((party) => party.userId ?? party.groupId);
  if (new Set(named).size < named.length) throw badUserInput('A delegate is named twice on one list.');
  if (change.add.some((party) => party.userId === change.providerId)) {
    throw badUserInput('Providers always see their own bills and cannot be their own delegates.');
  }
  if (change.add.some((party) => party.expiresAt && party.expiresAt <= now)) {
    throw badUserInput('`expiresAt` must be in the future.');
  }
}

/** Users and groups by id; a group that somebody deleted just now is left out. */
async function parties(
  context: RequestContext,
  clinicId: string,
  keys: readonly PartyKey[],
): Promise<(User | Group)[]> {
  const rows = await Promise.all(
    keys.map(({ userId, groupId }) =>
      userId === null
        ? context.loaders.groups.load({ clinicId, id: existing(groupId) })
        : context.loaders.users.load({ clinicId, id: userId }),
    ),
  );
  return rows.filter((row) => row !== null);
}
