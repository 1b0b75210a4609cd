import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import { existing, reachedRef } from '../../arguments';
import type { RequestContext } from '../../context';
import { User } from '../../directory/types';
import { badUserInput, notFound } from '../../errors';
import { PageArgs, pageWindow, requireOrder, toCursor, toPage } from '../../paging';
import { DateTimeScalar } from '../../scalars';
import { totalCountOf } from '../../total-count';
import { groundsOf } from '../explain/grounds';
import { BillStore } from '../store';
import { BillViewerStore } from './store';
import { BillViewer, BillViewerConnection } from './types';

/** Everybody who may see a bill. */
@Resolver(() => BillViewer)
export class WhoCanSeeResolver {
  @Query(() => BillViewerConnection, {
    nullable: true,
    description: `Everybody who may see a bill, by name, with every ground: active users of the clinic, and support. Asked by the bill's provider, an administrator with both permissions, or support; NOT_FOUND for anything else, whether it exists or not.

With \`at\`, who could see the provider's bills at an instant in the past, told from the history: lists, memberships, groups, deactivations and the launch as they were, by the clock of the database. Of some things there is no history: support users are told as they are today, names of people too, and the bill itself may be younger than the instant. What an import brought counts from the import on.`,
  })
  async whoCanSeeBill(
    @Arg('billId', () => ID, { description: 'The id of a bill.' }) billId: string,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: RequestContext,
    @Arg('at', () => DateTimeScalar, {
      nullable: true,
      description: 'An instant that is not in the future. Without it: now.',
    })
    at?: Date | null,
  ): Promise<BillViewerConnection> {
    const viewer = context.signedInViewer;
    const window = pageWindow(page);
    requireOrder(window, 'NAME', () => true);
    const past = at ?? null;
    if (past !== null && past.getTime() > Date.parse(viewer.now)) {
      throw badUserInput('`at` must not be in the future: nobody knows who will see the bill then.');
    }
    const bill = reachedRef(context, 'Bill', billId);
    const owner =
      bill &&
      (await new BillStore(context.statements).ownerOf(
        viewer,
        ['EXPLAIN_BILL_ACCESS'],
        bill.clinicId,
        bill.id,
      ));
    if (owner === null) throw notFound();

    const store = new BillViewerStore(context.statements);
    const question = { ...owner, now: viewer.now, past };
    const rows = await store.page(question, window);
    const viewers = rows.map(({ clinicId, id, name, held }) => ({
      ...owner,
      aboutClinicId: clinicId,
      aboutUserId: id,
      name,
      grounds: groundsOf({ ...owner, aboutUserId: id }, held),
    }));
    const connection = toPage(viewers, window, (row) =>
      toCursor({ order: 'NAME', value: row.name, id: row.aboutUserId }),
    );
    return { ...connection, ...owner, readTotal: () => store.count(question) };
  }

  @FieldResolver(() => User, { description: 'Who may see the bill, as the account is today.' })
  async user(@Root() row: BillViewer, @Ctx() context: RequestContext): Promise<User> {
    return existing(await context.loaders.users.load({ clinicId: row.aboutClinicId, id: row.aboutUserId }));
  }
}

export const BillViewerTotalResolver = totalCountOf(BillViewerConnection, 'people');
