import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context';
import { forbidden } from '../../errors';
import { changeable, groupName, usersToAdd, usersToRemove } from '../change-arguments';
import { change, groupIn, usersByName } from '../changes';
import { GroupChanges } from '../group-changes';
import {
  AddGroupMembersInput,
  CreateGroupInput,
  DeleteGroupInput,
  RemoveGroupMembersInput,
  RenameGroupInput,
} from '../inputs';
import {
  AddGroupMembersPayload,
  CreateGroupPayload,
  DeleteGroupPayload,
  RemoveGroupMembersPayload,
  RenameGroupPayload,
} from '../payloads';

/** Changes of groups and their members, by whoever may edit other users. */
@Resolver()
export class GroupChangeResolver {
  @Mutation(() => CreateGroupPayload, {
    nullable: true,
    description:
      "Makes a group in the viewer's clinic. Needs EDIT_OTHER_USERS. CONFLICT where there is one of that name.",
  })
  async createGroup(
    @Arg('input', () => CreateGroupInput, { description: 'The new group.' }) input: CreateGroupInput,
    @Ctx() context: RequestContext,
  ): Promise<CreateGroupPayload> {
    const { clinicId } = context.signedInViewer;
    if (clinicId === null) throw forbidden();
    context.decisions.requireInClinic('EDIT_USERS_AND_GROUPS', clinicId);
    const name = groupName(input.name);
    const group = await change(context, async (transaction) => {
      const id = await new GroupChanges(transaction).create(clinicId, name);
      return groupIn(transaction, { clinicId, id });
    });
    return { group };
  }

  @Mutation(() => RenameGroupPayload, {
    nullable: true,
    description: 'Renames a group. Needs EDIT_OTHER_USERS. CONFLICT where there is another one of that name.',
  })
  async renameGroup(
    @Arg('input', () => RenameGroupInput, { description: 'The group and its new name.' })
    input: RenameGroupInput,
    @Ctx() context: RequestContext,
  ): Promise<RenameGroupPayload> {
    const ref = changeable(context, 'Group', input.groupId);
    const name = groupName(input.name);
    const group = await change(context, async (transaction) => {
      await new GroupChanges(transaction).rename(ref, name);
      return groupIn(transaction, ref);
    });
    return { group };
  }

  @Mutation(() => DeleteGroupPayload, {
    nullable: true,
    description:
      'Deletes a group with its memberships and takes it off every delegation list. Needs EDIT_OTHER_USERS.',
  })
  async deleteGroup(
    @Arg('input', () => DeleteGroupInput, { description: 'The group.' }) input: DeleteGroupInput,
    @Ctx() context: RequestContext,
  ): Promise<DeleteGroupPayload> {
    const ref = changeable(context, 'Group', input.groupId);
    const { clinicId } = ref;
    const providerIds = await change(context, (transaction) => new GroupChanges(transaction).delete(ref));
    // Whom a provider delegates to is for those who may read the list; with EDIT_OTHER_USERS alone one may not.
    const readable = await Promise.all(
      providerIds.map((providerId) =>
        context.decisions.mayAll('READ_DELEGATION_LIST', [{ clinicId, providerId }]),
      ),
    );
    const shown = providerIds.filter((_, index) => readable[index]);
    return { groupId: input.groupId, removedFrom: await usersByName(context, clinicId, shown) };
  }

  @Mutation(() => AddGroupMembersPayload, {
    nullable: true,
    description:
      'Adds users to a group. Each sees at once the bills of every provider who lists the group. Needs EDIT_OTHER_USERS.',
  })
  async addGroupMembers(
    @Arg('input', () => AddGroupMembersInput, { description: 'The group and the users.' })
    input: AddGroupMembersInput,
    @Ctx() context: RequestContext,
  ): Promise<AddGroupMembersPayload> {
    const ref = changeable(context, 'Group', input.groupId);
    const userIds = usersToAdd(ref.clinicId, input.userIds);
    const { userId } = context.signedInViewer;
    const { group, added } = await change(context, async (transaction) => {
      const ids = await new GroupChanges(transaction).addMembers(ref, userIds, userId);
      return { group: await groupIn(transaction, ref), added: ids };
    });
    return { group, added: await usersByName(context, ref.clinicId, added) };
  }

  @Mutation(() => RemoveGroupMembersPayload, {
    nullable: true,
    description: 'Takes users out of a group. Needs EDIT_OTHER_USERS.',
  })
  async removeGroupMembers(
    @Arg('input', () => RemoveGroupMembersInput, { description: 'The group and the users.' })
    input: RemoveGroupMembersInput,
    @Ctx() context: RequestContext,
  ): Promise<RemoveGroupMembersPayload> {
    const ref = changeable(context, 'Group', input.groupId);
    const userIds = usersToRemove(ref.clinicId, input.userIds);
    const { group, removed } = await change(context, async (transaction) => {
      const ids = await new GroupChanges(transaction).removeMembers(ref, userIds);
      return { group: await groupIn(transaction, ref), removed: ids };
    });
    return { group, removed: await usersByName(context, ref.clinicId, removed) };
  }
}
