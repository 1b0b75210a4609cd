import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { existing, reachedRef } from '../../arguments';
import type { RequestContext } from '../../context';
import { badUserInput, notFound } from '../../errors';
import { scheduleLaunch } from '../schedule';
import { ScheduleSegregationLaunchInput, ScheduleSegregationLaunchPayload } from '../types';

/** Planning the launch. */
@Resolver()
export class ScheduleLaunchResolver {
  @Mutation(() => ScheduleSegregationLaunchPayload, {
    nullable: true,
    description:
      'Sets, moves or clears when billing segregation launches at a clinic. By support only; FORBIDDEN for others. It takes effect by the clock, and then for good: CONFLICT once launched.',
  })
  async scheduleSegregationLaunch(
    @Arg('input', () => ScheduleSegregationLaunchInput, { description: 'Which clinic, and when.' })
    input: ScheduleSegregationLaunchInput,
    @Ctx() context: RequestContext,
  ): Promise<ScheduleSegregationLaunchPayload> {
    const clinic = reachedRef(context, 'Clinic', input.clinicId);
    if (clinic === null || (await context.loaders.clinics.load(clinic)) === null) throw notFound();
    context.decisions.requireInClinic('SCHEDULE_LAUNCH', clinic.clinicId);
    if (input.at === undefined)
      throw badUserInput('Give `at`: an instant in the future, or null for "not planned".');
    await scheduleLaunch(context.statements, context.signedInViewer, clinic.clinicId, input.at);
    context.forget();
    return { clinic: existing(await context.loaders.clinics.load(clinic)) };
  }
}
