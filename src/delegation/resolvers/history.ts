import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import { chosenClinic, existing } from '../../arguments';
import type { RequestContext } from '../../context';
import { Group, User } from '../../directory/types';
import { badUserInput } from '../../errors';
import { fromGlobalId, type NodeType } from '../../global-id';
import { isInstant, PageArgs, pageWindow, requireOrder, toCursor, toPage } from '../../paging';
import { type HistorySelection, HistoryStore } from '../history-store';
import { HistoryConnection, HistoryEntry, HistoryFilter } from '../history-types';
import { providerOf } from '../providers';

/** The history of what decides who sees bills. */
@Resolver(() => HistoryEntry)
export class HistoryResolver {
  @Query(() => HistoryConnection, {
    nullable: true,
    description:
      "Every change of a provider's delegation list, newest first: for the provider, for administrators with both permissions, and for support. FORBIDDEN for others.",
  })
  async delegationHistory(
    @Arg('providerId', () => ID, { description: 'The provider: the id of a user who bills.' })
    providerId: string,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: RequestContext,
    @Arg('filter', () => HistoryFilter, { nullable: true, description: 'Which entries; without it, all.' })
    filter?: HistoryFilter | null,
  ): Promise<HistoryConnection> {
    const provider = await providerOf(context, providerId);
    await context.decisions.require('READ_DELEGATION_LIST', provider);
    return historyPage(context, { ...provider, ...selectionOf(filter) }, page);
  }

  @Query(() => HistoryConnection, {
    nullable: true,
    description:
      'Every change of lists, groups, members, the activation of users and the launch date in a clinic, newest first: for administrators with both permissions, and for support. FORBIDDEN for others.',
  })
  async clinicHistory(
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: RequestContext,
    @Arg('clinicId', () => ID, { nullable: true, description: 'The clinic; only support has to name one.' })
    clinicId?: string | null,
    @Arg('filter', () => HistoryFilter, { nullable: true, description: 'Which entries; without it, all.' })
    filter?: HistoryFilter | null,
  ): Promise<HistoryConnection> {
    const clinic = await chosenClinic(context, clinicId);
    context.decisions.requireInClinic('READ_CLINIC_HISTORY', clinic);
    return historyPage(context, { clinicId: clinic, ...selectionOf(filter) }, page);
  }

  @FieldResolver(() => User, {
    nullable: true,
    description: 'Who did it. Null: an import or a database administrator.',
  })
  async actor(@Root() entry: HistoryEntry, @Ctx() context: RequestContext): Promise<User | null> {
    if (entry.actorSupportUserId !== null) return userOf(context, null, entry.actorSupportUserId);
    return userOf(context, entry.clinicId, entry.actorUserId);
  }

  @FieldResolver(() => User, { nullable: true, description: 'The provider whose list it was done to.' })
  async provider(@Root() entry: HistoryEntry, @Ctx() context: RequestContext): Promise<User | null> {
    return userOf(context, entry.clinicId, entry.entryProviderId);
  }

  @FieldResolver(() => User, { nullable: true, description: 'The user it was done to.' })
  async user(@Root() entry: HistoryEntry, @Ctx() context: RequestContext): Promise<User | null> {
    return userOf(context, entry.clinicId, entry.userId);
  }

  @FieldResolver(() => Group, {
    nullable: true,
    description: 'The group it was done to; null once deleted, see `groupName`.',
  })
  async group(
    @Root() { clinicId, groupId }: HistoryEntry,
    @Ctx() context: RequestContext,
  ): Promise<Group | null> {
    return groupId === null ? null : context.loaders.groups.load({ clinicId, id: groupId });
  }
}

async function userOf(
  context: RequestContext,
  clinicId: string | null,
  id: string | null,
): Promise<User | null> {
  return id === null ? null : existing(await context.loaders.users.load({ clinicId, id }));
}

/** A filter by ids of rows. Raises BAD_USER_INPUT for ids of another type. */
function selectionOf(filter: HistoryFilter | null | undefined): Partial<HistorySelection> {
  const rowId = (type: NodeType, id: string | null | undefined, argument: string): string | undefined => {
    if (id === null || id === undefined) return undefined;
    const ref = fromGlobalId(id);
    if (ref === null || ref.type !== type) throw badUserInput(`\`${argument}\` takes the id of a ${type}.`);
    return ref.id;
  };
  return {
    actions: filter?.actions ?? undefined,
    actorId: rowId('User', filter?.actorId, 'actorId'),
    userId: rowId('User', filter?.userId, 'userId'),
    groupId: rowId('Group', filter?.groupId, 'groupId'),
    from: filter?.from ?? undefined,
    to: filter?.to ?? undefined,
  };
}

async function historyPage(
  context: RequestContext,
  selection: HistorySelection,
  page: PageArgs,
): Promise<HistoryConnection> {
  const window = pageWindow(page, /^\d{1,19}$/);
  requireOrder(window, 'AT', isInstant);
  const rows = await new HistoryStore(context.statements).page(selection, window);
  return toPage(rows, window, (row) => toCursor({ order: 'AT', value: row.orderKey, id: row.id }));
}
