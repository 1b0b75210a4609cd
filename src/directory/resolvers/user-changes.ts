import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { existing } from '../../arguments';
import type { RequestContext } from '../../context';
import { badUserInput } from '../../errors';
import { changeable } from '../change-arguments';
import { change } from '../changes';
import { DeactivateUserInput, ReactivateUserInput } from '../inputs';
import { DeactivateUserPayload, ReactivateUserPayload } from '../payloads';
import { setActive } from '../user-changes';

/** Deactivates and reactivates users, by whoever may edit other users. */
@Resolver()
export class UserChangeResolver {
  @Mutation(() => DeactivateUserPayload, {
    nullable: true,
    description:
      'Deactivates a user: sessions end, bills are no longer seen. Memberships and entries on delegation lists stay. Needs EDIT_OTHER_USERS; nobody can deactivate themselves.',
  })
  async deactivateUser(
    @Arg('input', () => DeactivateUserInput, { description: 'The user.' }) input: DeactivateUserInput,
    @Ctx() context: RequestContext,
  ): Promise<DeactivateUserPayload> {
    const ref = changeable(context, 'User', input.userId);
    if (ref.id === context.signedInViewer.userId) {
      throw badUserInput('You cannot deactivate yourself. Ask another user who may edit users.');
    }
    const changed = await change(context, (transaction) => setActive(transaction, ref, false));
    return { user: existing(await context.loaders.users.load(ref)), changed };
  }

  @Mutation(() => ReactivateUserPayload, {
    nullable: true,
    description:
      'Makes a user active again: memberships and entries on delegation lists that are still there count again. Needs EDIT_OTHER_USERS.',
  })
  async reactivateUser(
    @Arg('input', () => ReactivateUserInput, { description: 'The user.' }) input: ReactivateUserInput,
    @Ctx() context: RequestContext,
  ): Promise<ReactivateUserPayload> {
    const ref = changeable(context, 'User', input.userId);
    const changed = await change(context, (transaction) => setActive(transaction, ref, true));
    return { user: existing(await context.loaders.users.load(ref)), changed };
  }
}
