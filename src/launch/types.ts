import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Clinic } from '../directory/types';
import { connectionTypes } from '../paging';
import { DateTimeScalar } from '../scalars';
import type { NoAccessReason } from './store';

/** When segregation is to launch. */
@InputType({ description: "When a clinic's billing segregation is to launch." })
export class ScheduleSegregationLaunchInput {
  @Field(() => ID, { description: 'The clinic.' })
  clinicId!: string;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      'The instant, in the future. Null: not planned. It has to be given, so that nothing is cleared by leaving it out.',
  })
  at?: Date | null;
}

/** The clinic after the change. */
@ObjectType({ description: 'The clinic after the change.' })
export class ScheduleSegregationLaunchPayload {
  @Field(() => Clinic, { description: 'The clinic after the change.' })
  clinic!: Clinic;
}

const Reason: Readonly<Record<NoAccessReason, NoAccessReason>> = {
  DEACTIVATED: 'DEACTIVATED',
  EMPTY_GROUP: 'EMPTY_GROUP',
  EXPIRED: 'EXPIRED',
};
registerEnumType(Reason, {
  name: 'NoAccessReason',
  description: 'Why an entry gives nobody access. Where more than one holds, EXPIRED is not the one told.',
  valuesConfig: {
    DEACTIVATED: { description: 'The user is deactivated.' },
    EMPTY_GROUP: { description: 'The group has no active user.' },
    EXPIRED: { description: 'The entry has ended, or will have when segregation launches.' },
  },
});

/** What a launch will bring. */
@ObjectType({
  description:
    "What the launch of a clinic's billing segregation will bring: told for the instant of the launch where one is planned, else for now.",
})
export class LaunchReadiness {
  clinicId!: string;
}

/** A provider with a blank list. */
@ObjectType({ description: 'A provider whose list is blank: once launched, only they see their bills.' })
export class BlankList {
  clinicId!: string;
  providerId!: string;

  @Field(() => Int, { description: 'How many bills the provider has.' })
  billCount!: number;
}

/** An entry that gives nobody access. */
@ObjectType({ description: "An entry of a provider's list that gives nobody access." })
export class EntryWithoutAccess {
  clinicId!: string;
  providerId!: string;
  delegateUserId!: string | null;
  delegateGroupId!: string | null;

  @Field(() => Reason, { description: 'Why it gives nobody access.' })
  reason!: NoAccessReason;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'The entry gives access before this instant. Null: without end.',
  })
  expiresAt!: Date | null;
}

/** A provider of whose bills users will lose sight. */
@ObjectType({
  description:
    'A provider of whose bills users will lose sight: active users who are no delegates of theirs.',
})
export class LaunchLoss {
  clinicId!: string;
  providerId!: string;

  @Field(() => Int, {
    description: 'How many bills the provider has: each of the users loses sight of them all.',
  })
  billCount!: number;

  @Field(() => Int, { description: 'How many active users will lose sight of them.' })
  userCount!: number;
}

const blank = connectionTypes('BlankList', BlankList, 'blank lists');
const entries = connectionTypes('EntryWithoutAccess', EntryWithoutAccess, 'entries');
const losses = connectionTypes('LaunchLoss', LaunchLoss, 'losses');

/** A page of blank lists. */
@ObjectType({ description: "A page of the providers whose list is blank, by the provider's name." })
export class BlankListConnection extends blank.ConnectionBase {
  clinicId!: string;
  readTotal!: () => Promise<number>;
}

/** A page of entries. */
@ObjectType({ description: "A page of the entries that give nobody access, by the provider's name." })
export class EntryWithoutAccessConnection extends entries.ConnectionBase {
  clinicId!: string;
  readTotal!: () => Promise<number>;
}

/** A page of losses. */
@ObjectType({
  description: "A page of the providers of whose bills users will lose sight, by the provider's name.",
})
export class LaunchLossConnection extends losses.ConnectionBase {
  clinicId!: string;
  readTotal!: () => Promise<number>;
}
