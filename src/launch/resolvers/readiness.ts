import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import { chosenClinic, existing } from '../../arguments';
import type { RequestContext } from '../../context';
import { UserConnection, withNodes } from '../../directory/connections';
import { DelegateParty } from '../../directory/delegate-party';
import { Clinic, Group, User } from '../../directory/types';
import { PageArgs, pageWindow, requireOrder, toCursor, toPage, type Window } from '../../paging';
import { totalCountOf } from '../../total-count';
import { LaunchStore, type ProviderRow } from '../store';
import {
  BlankList,
  BlankListConnection,
  EntryWithoutAccess,
  EntryWithoutAccessConnection,
  LaunchLoss,
  LaunchLossConnection,
  LaunchReadiness,
} from '../types';

const byName = (page: PageArgs): Window => {
  const window = pageWindow(page);
  requireOrder(window, 'NAME', () => true);
  return window;
};

const nameCursor = (row: { name: string; id: string }): string =>
  toCursor({ order: 'NAME', value: row.name, id: row.id });

/** A page of rows by the provider's name, each as what the schema shows of it. */
async function pageOf<Row extends ProviderRow, Node>(
  rows: readonly Row[],
  window: Window,
  show: (row: Row) => Node,
) {
  return withNodes(toPage(rows, window, nameCursor), async (found) => found.map(show));
}

const storeOf = (context: RequestContext, { clinicId }: LaunchReadiness): LaunchStore =>
  new LaunchStore(context.statements, clinicId, context.signedInViewer.now);

/** What a launch will bring. */
@Resolver(() => LaunchReadiness)
export class LaunchReadinessResolver {
  @Query(() => LaunchReadiness, {
    nullable: true,
    description:
      "What the launch of a clinic's billing segregation will bring, ahead of time: for administrators with both permissions, and for support. FORBIDDEN for others.",
  })
  async launchReadiness(
    @Ctx() context: RequestContext,
    @Arg('clinicId', () => ID, { nullable: true, description: 'The clinic; only support has to name one.' })
    clinicId?: string | null,
  ): Promise<LaunchReadiness> {
    const clinic = await chosenClinic(context, clinicId);
    context.decisions.requireInClinic('READ_LAUNCH_READINESS', clinic);
    return { clinicId: clinic };
  }

  @FieldResolver(() => Clinic, { description: 'The clinic, with the instant of its launch.' })
  async clinic(@Root() { clinicId }: LaunchReadiness, @Ctx() context: RequestContext): Promise<Clinic> {
    return existing(await context.loaders.clinics.load({ clinicId, id: clinicId }));
  }

  @FieldResolver(() => BlankListConnection, {
    description: 'The providers whose list is blank: once launched, only they (and support) see their bills.',
  })
  async blankLists(
    @Root() readiness: LaunchReadiness,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: RequestContext,
  ): Promise<BlankListConnection> {
    const window = byName(page);
    const { clinicId } = readiness;
    const store = storeOf(context, readiness);
    const rows = await store.page(store.blankLists(), window);
    const bills = await context.loaders.launchBillCounts.load(clinicId);
    const found = await pageOf(rows, window, ({ providerId }) => ({
      clinicId,
      providerId,
      billCount: bills.get(providerId) ?? 0,
    }));
    return { ...found, clinicId, readTotal: () => store.count(store.blankLists()) };
  }

  @FieldResolver(() => EntryWithoutAccessConnection, {
    description: 'The entries of all lists that give nobody access.',
  })
  async entriesWithoutAccess(
    @Root() readiness: LaunchReadiness,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: RequestContext,
  ): Promise<EntryWithoutAccessConnection> {
    const window = byName(page);
    const { clinicId } = readiness;
    const store = storeOf(context, readiness);
    const rows = await store.page(store.entriesWithoutAccess(), window);
    const found = await pageOf(rows, window, (row) => ({ ...row, clinicId }));
    return { ...found, clinicId, readTotal: () => store.count(store.entriesWithoutAccess()) };
  }

  @FieldResolver(() => LaunchLossConnection, {
    description:
      'The providers of whose bills active users will lose sight, because they see them now and will have no ground to once launched. Empty once it has launched.',
  })
  async losses(
    @Root() readiness: LaunchReadiness,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: RequestContext,
  ): Promise<LaunchLossConnection> {
    const window = byName(page);
    const { clinicId } = readiness;
    const store = storeOf(context, readiness);
    // Who has no bills has none to lose sight of.
    const bills = await context.loaders.launchBillCounts.load(clinicId);
    const billing = [...bills.keys()];
    const rows = await store.page(store.losses(billing), window);
    const found = await pageOf(rows, window, ({ providerId, userCount }) => ({
      clinicId,
      providerId,
      userCount,
      billCount: bills.get(providerId) ?? 0,
    }));
    return { ...found, clinicId, readTotal: () => store.count(store.losses(billing)) };
  }
}

/** Whose list is blank. */
@Resolver(() => BlankList)
export class BlankListResolver {
  @FieldResolver(() => User, { description: 'The provider.' })
  async provider(@Root() { clinicId, providerId }: BlankList, @Ctx() context: RequestContext): Promise<User> {
    return existing(await context.loaders.users.load({ clinicId, id: providerId }));
  }
}

/** On whose list, and for whom, an entry is. */
@Resolver(() => EntryWithoutAccess)
export class EntryWithoutAccessResolver {
  @FieldResolver(() => User, { description: 'The provider on whose list it is.' })
  async provider(
    @Root() { clinicId, providerId }: EntryWithoutAccess,
    @Ctx() context: RequestContext,
  ): Promise<User> {
    return existing(await context.loaders.users.load({ clinicId, id: providerId }));
  }

  @FieldResolver(() => DelegateParty, {
    nullable: true,
    description: 'The user or the group. Null: a group that was deleted just now.',
  })
  async delegate(
    @Root() { clinicId, delegateUserId, delegateGroupId }: EntryWithoutAccess,
    @Ctx() context: RequestContext,
  ): Promise<User | Group | null> {
    if (delegateUserId !== null) {
      return existing(await context.loaders.users.load({ clinicId, id: delegateUserId }));
    }
    return context.loaders.groups.load({ clinicId, id: existing(delegateGroupId) });
  }
}

/** Of whose bills sight will be lost, and who will. */
@Resolver(() => LaunchLoss)
export class LaunchLossResolver {
  @FieldResolver(() => User, { description: 'The provider.' })
  async provider(
    @Root() { clinicId, providerId }: LaunchLoss,
    @Ctx() context: RequestContext,
  ): Promise<User> {
    return existing(await context.loaders.users.load({ clinicId, id: providerId }));
  }

  @FieldResolver(() => UserConnection, { description: 'The users who will lose sight of them, by name.' })
  async users(
    @Root() { clinicId, providerId }: LaunchLoss,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: RequestContext,
  ): Promise<UserConnection> {
    const window = byName(page);
    const rows = await context.loaders.losingUsers.load({ clinicId, providerId, window });
    return withNodes(toPage(rows, window, nameCursor), (found) =>
      Promise.all(found.map(({ id }) => context.loaders.users.load({ clinicId, id }))),
    );
  }
}

export const readinessTotals = [
  totalCountOf(BlankListConnection, 'blank lists'),
  totalCountOf(EntryWithoutAccessConnection, 'such entries'),
  totalCountOf(LaunchLossConnection, 'such providers'),
] as const;
