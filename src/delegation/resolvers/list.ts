import { Arg, Args, Ctx, FieldResolver, ID, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { chosenClinic, existing } from '../../arguments';
import { groundsOf } from '../../billing/explain/grounds';
import { BillAccessGround } from '../../billing/explain/types';
import type { RequestContext } from '../../context';
import { Group, User } from '../../directory/types';
import { forbidden } from '../../errors';
import { ViewerAccount } from '../../identity/types';
import { connectionTypes, PageArgs, pageWindow, requireOrder, toCursor, toPage } from '../../paging';
import { providerOf } from '../providers';
import { DelegationStore } from '../store';
import { listOf } from '../to-types';
import { DelegationList, GroupDelegate, ProviderAccess, UserDelegate } from '../types';

const access = connectionTypes('ProviderAccess', ProviderAccess, 'providers');

/** A page of providers. */
@ObjectType({ description: 'A page of the providers whose bills the viewer may see, by name.' })
export class ProviderAccessConnection extends access.ConnectionBase {}

/** Delegation lists. */
@Resolver(() => DelegationList)
export class DelegationListResolver {
  @Query(() => DelegationList, {
    nullable: true,
    description:
      "A provider's delegation list: for the provider, for administrators with both permissions, and for support. FORBIDDEN for others.",
  })
  async billingDelegation(
    @Arg('providerId', () => ID, { description: 'The provider: the id of a user who bills.' })
    providerId: string,
    @Ctx() context: RequestContext,
  ): Promise<DelegationList> {
    const provider = await providerOf(context, providerId);
    await context.decisions.require('READ_DELEGATION_LIST', provider);
    return listOf(context, provider);
  }

  @FieldResolver(() => User, { description: 'Whose list it is.' })
  async provider(@Root() list: DelegationList, @Ctx() context: RequestContext): Promise<User> {
    return existing(await context.loaders.users.load({ clinicId: list.clinicId, id: list.providerId }));
  }
}

/** The list of a user, where there is one that the viewer may read. */
@Resolver(() => User)
export class UserDelegationResolver {
  @FieldResolver(() => DelegationList, {
    nullable: true,
    description:
      'The delegation list of a provider. Null for a user who does not bill, and for viewers who may not read it.',
  })
  async billingDelegation(
    @Root() user: User,
    @Ctx() context: RequestContext,
  ): Promise<DelegationList | null> {
    if (user.kind !== 'PROVIDER' || user.clinicId === null) return null;
    const provider = { clinicId: user.clinicId, providerId: user.id };
    if (!(await context.decisions.mayAll('READ_DELEGATION_LIST', [provider]))) return null;
    return listOf(context, provider);
  }
}

/** Users on lists. */
@Resolver(() => UserDelegate)
export class UserDelegateResolver {
  @FieldResolver(() => User, { description: 'The user.' })
  async user(@Root() { clinicId, row }: UserDelegate, @Ctx() context: RequestContext): Promise<User> {
    return existing(await context.loaders.users.load({ clinicId, id: existing(row.delegateUserId) }));
  }

  @FieldResolver(() => User, { nullable: true, description: 'Who added the entry. Null: an import.' })
  async addedBy(
    @Root() { clinicId, row }: UserDelegate,
    @Ctx() context: RequestContext,
  ): Promise<User | null> {
    return row.addedBy === null ? null : context.loaders.users.load({ clinicId, id: row.addedBy });
  }
}

/** Groups on lists. */
@Resolver(() => GroupDelegate)
export class GroupDelegateResolver {
  @FieldResolver(() => Group, { description: 'The group.' })
  group(@Root() { clinicId, row, memberCount }: GroupDelegate): Group {
    // As the list had it: read anew, it could have been deleted since.
    return { clinicId, id: existing(row.delegateGroupId), name: row.name, memberCount };
  }

  @FieldResolver(() => User, { nullable: true, description: 'Who added the entry. Null: an import.' })
  async addedBy(
    @Root() { clinicId, row }: GroupDelegate,
    @Ctx() context: RequestContext,
  ): Promise<User | null> {
    return row.addedBy === null ? null : context.loaders.users.load({ clinicId, id: row.addedBy });
  }
}

/** The providers whose bills the viewer sees. */
@Resolver(() => ViewerAccount)
export class ViewerAccessResolver {
  @FieldResolver(() => ProviderAccessConnection, {
    description: 'The providers whose bills the viewer may see, by name, each with every ground that holds.',
  })
  async billingAccess(
    @Root() viewer: ViewerAccount,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: RequestContext,
    @Arg('clinicId', () => ID, { nullable: true, description: 'The clinic; only support has to name one.' })
    clinicId?: string | null,
  ): Promise<ProviderAccessConnection> {
    const window = pageWindow(page);
    requireOrder(window, 'NAME', () => true);
    const clinic = await chosenClinic(context, clinicId);
    const rows = await new DelegationStore(context.statements).providerAccess(
      context.signedInViewer,
      clinic,
      window,
    );
    if (viewer.userId !== context.signedInViewer.userId) throw forbidden();
    return toPage(
      rows.map((row) => ({ ...row, aboutUserId: viewer.userId })),
      window,
      (row) => toCursor({ order: 'NAME', value: row.orderKey, id: row.id }),
    );
  }
}

/** A provider and the grounds. */
@Resolver(() => ProviderAccess)
export class ProviderAccessResolver {
  @FieldResolver(() => User, { description: 'The provider.' })
  async provider(@Root() row: ProviderAccess, @Ctx() context: RequestContext): Promise<User> {
    return existing(await context.loaders.users.load({ clinicId: row.clinicId, id: row.providerId }));
  }

  @FieldResolver(() => [BillAccessGround], { description: 'Every ground that holds.' })
  grounds(@Root() { held, ...row }: ProviderAccess): BillAccessGround[] {
    return groundsOf(row, held);
  }
}
