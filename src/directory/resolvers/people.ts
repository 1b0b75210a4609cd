import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import { chosenClinic, existing } from '../../arguments';
import type { RequestContext } from '../../context';
import { PageArgs, pageWindow, requireOrder, toCursor, toPage } from '../../paging';
import { GroupConnection, UserConnection, withNodes } from '../connections';
import { findNames, hitCursor, type NameQuestion, requireSearchOrder } from '../name-search';
import { searchArgument } from '../search-argument';
import { Group, User } from '../types';

const CLINIC = { nullable: true, description: 'The clinic; only support has to name one.' } as const;
const SEARCH = {
  nullable: true,
  description:
    'Any part of the name, in any case, with or without accents. Names that begin with it come first, then those of which a word does.',
} as const;

/** Whose names to find: everybody's, or those of the active or of the deactivated users. */
const withinOf = (active: boolean | null | undefined): NameQuestion['within'] => {
  if (active === null || active === undefined) return 'users';
  return active ? 'activeUsers' : 'inactiveUsers';
};

/** Finds a page of names and loads what they stand for. */
async function foundPage<Node>(
  context: RequestContext,
  args: PageArgs,
  question: NameQuestion,
  load: (id: string) => Promise<Node | null>,
) {
  const window = pageWindow(args);
  requireSearchOrder(window, question.search);
  const hits = await findNames(context.statements, question, window);
  const page = toPage(hits, window, (hit) => hitCursor(question.search, hit));
  return withNodes(page, (rows) => Promise.all(rows.map((hit) => load(hit.id))));
}

/** The users and groups of a clinic, which every user of the clinic may know. */
@Resolver()
export class PeopleResolver {
  @Query(() => UserConnection, { nullable: true, description: "The clinic's users, by name." })
  async users(
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: RequestContext,
    @Arg('clinicId', () => ID, CLINIC) clinicId?: string | null,
    @Arg('search', () => String, SEARCH) search?: string | null,
    @Arg('active', () => Boolean, {
      nullable: true,
      description: 'True: only active users. False: only deactivated ones.',
    })
    active?: boolean | null,
  ): Promise<UserConnection> {
    const text = searchArgument(search);
    const clinic = await chosenClinic(context, clinicId);
    const question = { clinicId: clinic, search: text, within: withinOf(active) };
    return foundPage(context, page, question, (id) => context.loaders.users.load({ clinicId: clinic, id }));
  }

  @Query(() => GroupConnection, { nullable: true, description: "The clinic's groups, by name." })
  async groups(
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: RequestContext,
    @Arg('clinicId', () => ID, CLINIC) clinicId?: string | null,
    @Arg('search', () => String, SEARCH) search?: string | null,
  ): Promise<GroupConnection> {
    const text = searchArgument(search);
    const clinic = await chosenClinic(context, clinicId);
    const question = { clinicId: clinic, search: text, within: 'groups' as const };
    return foundPage(context, page, question, (id) => context.loaders.groups.load({ clinicId: clinic, id }));
  }
}

/** Who is in a group. */
@Resolver(() => Group)
export class GroupMembersResolver {
  @FieldResolver(() => UserConnection, {
    description:
      'The members by name. A deactivated member stays one, with `active` false, and sees nothing until reactivated.',
  })
  async members(
    @Root() group: Group,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: RequestContext,
  ): Promise<UserConnection> {
    const clinicId = existing(group.clinicId);
    const window = pageWindow(page);
    requireOrder(window, 'NAME', () => true);
    const rows = await context.loaders.groupMembers.load({ clinicId, groupId: group.id, window });
    return withNodes(
      toPage(rows, window, (row) => toCursor({ order: 'NAME', value: row.orderKey, id: row.id })),
      (found) => Promise.all(found.map(({ id }) => context.loaders.users.load({ clinicId, id }))),
    );
  }
}

/** Which groups a user is in. */
@Resolver(() => User)
export class UserGroupsResolver {
  @FieldResolver(() => [Group], { description: 'The groups that the user is a member of, by name.' })
  async groups(@Root() user: User, @Ctx() context: RequestContext): Promise<Group[]> {
    const rows = user.clinicId === null ? [] : await context.loaders.groupsOfUser.load(user);
    const groups = await Promise.all(
      rows.map((row) => context.loaders.groups.load({ clinicId: row.clinicId, id: row.groupId })),
    );
    // One that was deleted since the membership was read is gone, and so is the membership.
    return groups.flatMap((group) => group ?? []);
  }
}
