import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { existing } from '../arguments';
import type { RequestContext } from '../context';
import { DirectoryStore } from '../directory/store';
import { Clinic, Group, User } from '../directory/types';
import { IdentityStore } from './store';
import { SignInPayload, ViewerAccount } from './types';

/** Signing in. */
@Resolver(() => SignInPayload)
export class SignInResolver {
  @Mutation(() => SignInPayload, {
    nullable: true,
    description:
      'Signs in with an e-mail address and a password. UNAUTHENTICATED when they do not fit, RATE_LIMITED after too many failures, FORBIDDEN where people sign in elsewhere only.',
  })
  async signIn(
    @Arg('email', () => String, { description: 'The e-mail address that the account signs in with.' })
    email: string,
    @Arg('password', () => String, { description: 'The password.' }) password: string,
    @Ctx() context: RequestContext,
  ): Promise<SignInPayload> {
    const { session, ...token } = await context.services.signIn.signIn(
      email,
      password,
      context.request.address,
    );
    return { ...token, ...session };
  }

  @FieldResolver(() => String, { description: 'The name of who signed in.' })
  async name(@Root() payload: SignInPayload, @Ctx() context: RequestContext): Promise<string> {
    // The request that signs in has no viewer yet: it shows the new session's own account and no more.
    const [user] = await new DirectoryStore(context.statements).users([
      { clinicId: payload.clinicId, id: payload.userId },
    ]);
    return existing(user).name;
  }
}

/** The account behind a request. */
@Resolver(() => ViewerAccount)
export class ViewerResolver {
  @Query(() => ViewerAccount, { nullable: true, description: 'The account that this request came from.' })
  viewer(@Ctx() context: RequestContext): ViewerAccount {
    const { userId, clinicId, permissions } = context.signedInViewer;
    return { userId, clinicId, permissions: [...permissions] };
  }

  @FieldResolver(() => User, { description: 'The person.' })
  async user(@Root() viewer: ViewerAccount, @Ctx() context: RequestContext): Promise<User> {
    return existing(await context.loaders.users.load({ clinicId: viewer.clinicId, id: viewer.userId }));
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'The e-mail address that the account signs in with; null for one that signs in elsewhere.',
  })
  async email(@Root() viewer: ViewerAccount, @Ctx() context: RequestContext): Promise<string | null> {
    return new IdentityStore(context.statements).emailOf(viewer);
  }

  @FieldResolver(() => Clinic, {
    nullable: true,
    description: 'The clinic of the account; null for support.',
  })
  async clinic(@Root() viewer: ViewerAccount, @Ctx() context: RequestContext): Promise<Clinic | null> {
    if (viewer.clinicId === null) return null;
    return context.loaders.clinics.load({ clinicId: viewer.clinicId, id: viewer.clinicId });
  }

  @FieldResolver(() => [Group], { description: 'The groups that the account is a member of, by name.' })
  async groups(@Root() viewer: ViewerAccount, @Ctx() context: RequestContext): Promise<Group[]> {
    const { clinicId } = viewer;
    if (clinicId === null) return [];
    const rows = await context.loaders.groupsOfUser.load({ clinicId, id: viewer.userId });
    const groups = await Promise.all(
      rows.map((row) => context.loaders.groups.load({ clinicId, id: row.groupId })),
    );
    // One that was deleted since the membership was read is gone, and so is the membership.
    return groups.flatMap((group) => group ?? []);
  }
}
