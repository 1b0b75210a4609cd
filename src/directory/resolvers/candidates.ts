import { Arg, Args, Ctx, ID, Query, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context';
import { providerOf } from '../../delegation/providers';
import { PageArgs, pageWindow, toPage } from '../../paging';
import { listedAmong } from '../candidate-store';
import { type DelegateCandidate, DelegateCandidateConnection, withNodes } from '../connections';
import { findNames, hitCursor, requireSearchOrder } from '../name-search';
import { searchArgument } from '../search-argument';

/** The search for delegates. */
@Resolver()
export class CandidateResolver {
  @Query(() => DelegateCandidateConnection, {
    nullable: true,
    description:
      "Active users and groups of the provider's clinic that can be put on the provider's list, found by any part of their name, in any case, with or without accents. Names that begin with the search come first, then those of which a word does. Who is listed already, and the provider, are marked.",
  })
  async delegateCandidates(
    @Arg('providerId', () => ID, { description: 'The provider: the id of a user who bills.' })
    providerId: string,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: RequestContext,
    @Arg('search', () => String, {
      nullable: true,
      description: 'Part of a name; without it, everybody, by name.',
    })
    search?: string | null,
  ): Promise<DelegateCandidateConnection> {
    const text = searchArgument(search);
    const window = pageWindow(page);
    requireSearchOrder(window, text);
    const provider = await providerOf(context, providerId);
    await context.decisions.require('READ_DELEGATION_LIST', provider);

    const { clinicId } = provider;
    const question = { clinicId, search: text, within: 'candidates' as const };
    const hits = await findNames(context.statements, question, window);
    const found = toPage(hits, window, (hit) => hitCursor(text, hit));
    const candidates = await withNodes<(typeof hits)[number], DelegateCandidate>(found, async (rows) => {
      const ids = rows.map((row) => row.id);
      const listed = await listedAmong(context.statements, provider, ids);
      const { users, groups } = context.loaders;
      return Promise.all(
        rows.map(async ({ kind, id }) => {
          const delegate = await (kind === 'User'
            ? users.load({ clinicId, id })
            : groups.load({ clinicId, id }));
          return (
            delegate && { ...provider, delegate, listed: listed.has(id), self: id === provider.providerId }
          );
        }),
      );
    });
    return { ...provider, ...candidates };
  }
}
