import { Arg, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import { loadRelations, type ProviderRef } from '../../access/loader';
import { permits } from '../../access/policy';
import { reachesClinic } from '../../access/viewer';
import { existing, reachedRef } from '../../arguments';
import type { RequestContext } from '../../context';
import { Group, User } from '../../directory/types';
import { notFound } from '../../errors';
import { fromGlobalId } from '../../global-id';
import { BillStore } from '../store';
import { groundsOf } from './grounds';
import { BillAccessExplanation, BillAccessGround } from './types';

/** Which grounds somebody has to see a bill. */
@Resolver(() => BillAccessExplanation)
export class ExplainResolver {
  @Query(() => BillAccessExplanation, {
    nullable: true,
    description:
      "Why a user may see a bill, or that they may not. Asked about anybody of the clinic by the bill's provider, an administrator with both permissions, or support; asked by others about themselves, for a bill that they can see. NOT_FOUND for anything else, whether it exists or not.",
  })
  async explainBillAccess(
    @Arg('billId', () => ID, { description: 'The id of a bill.' }) billId: string,
    @Arg('userId', () => ID, { description: 'The id of the user to explain.' }) userId: string,
    @Ctx() context: RequestContext,
  ): Promise<BillAccessExplanation> {
    const viewer = context.signedInViewer;
    const bill = reachedRef(context, 'Bill', billId);
    const about = fromGlobalId(userId);
    if (bill === null || about === null || about.type !== 'User' || !reachesClinic(viewer, about.clinicId)) {
      throw notFound();
    }
    const aboutSelf = about.id === viewer.userId && about.clinicId === viewer.clinicId;
    const store = new BillStore(context.statements);
    const actions = aboutSelf
      ? (['EXPLAIN_BILL_ACCESS', 'VIEW_BILL'] as const)
      : (['EXPLAIN_BILL_ACCESS'] as const);
    const owner = await store.ownerOf(viewer, actions, bill.clinicId, bill.id);
    // A user of another clinic has nothing to do with this bill; support users have.
    const user =
      about.clinicId === null || about.clinicId === bill.clinicId
        ? await context.loaders.users.load(about)
        : null;
    if (owner === null || user === null) throw notFound();
    return explain(context, owner, { id: user.id, clinicId: user.clinicId });
  }

  @FieldResolver(() => User, { description: 'Whose access is explained.' })
  async user(@Root() explanation: BillAccessExplanation, @Ctx() context: RequestContext): Promise<User> {
    const key = { clinicId: explanation.aboutClinicId, id: explanation.aboutUserId };
    return existing(await context.loaders.users.load(key));
  }
}

/** The groups behind a ground. */
@Resolver(() => BillAccessGround)
export class BillAccessGroundResolver {
  @FieldResolver(() => [Group], {
    description:
      'The groups through which, for GROUP_DELEGATE: members of them are delegates. Empty for other grounds; a group that was deleted since is named in `groupNames` only.',
  })
  async groups(@Root() ground: BillAccessGround, @Ctx() context: RequestContext): Promise<Group[]> {
    return groupsOf(ground, context);
  }

  @FieldResolver(() => [String], {
    description: 'The names of these groups, as they were at the instant that was asked about.',
  })
  async groupNames(
    @Root() ground: BillAccessGround,
    @Ctx() context: RequestContext,
  ): Promise<readonly string[]> {
    return ground.names ?? (await groupsOf(ground, context)).map((group) => group.name);
  }
}

/** The groups of a ground that are there, by name. */
async function groupsOf({ clinicId, groupIds }: BillAccessGround, context: RequestContext): Promise<Group[]> {
  const groups = await Promise.all(groupIds.map((id) => context.loaders.groups.load({ clinicId, id })));
  return groups.filter((group) => group !== null).toSorted((a, b) => a.name.localeCompare(b.name));
}

/** The grounds that a user has with a provider's bills at the request's instant. */
async function explain(
  context: RequestContext,
  owner: ProviderRef,
  about: { id: string; clinicId: string | null },
): Promise<BillAccessExplanation> {
  const who = { userId: about.id, now: context.signedInViewer.now };
  const [held = []] = await loadRelations(context.statements, who, [owner]);
  const subject = { ...owner, aboutUserId: about.id };
  const grounds = groundsOf(subject, held);
  const visible = permits(
    'VIEW_BILL',
    held.map((row) => row.relation),
  );
  return { ...subject, aboutClinicId: about.clinicId, visible, grounds };
}
