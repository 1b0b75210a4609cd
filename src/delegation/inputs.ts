import { Field, ID, InputType, Int } from 'type-graphql';
import { DateTimeScalar } from '../scalars';

const PASSWORD = {
  nullable: true,
  description:
    "The acting user's own password, which confirms the change. Left out by who signed in elsewhere: there, a sign-in moments ago confirms it. Missing or wrong: PASSWORD_REQUIRED, and nothing is changed.",
} as const;

const EXPIRES_AT = {
  nullable: true,
  description:
    'The entry gives access before this instant, which must be in the future. Null: without end. Left out: without end for a new entry, and no change for one that is there.',
} as const;

const PROVIDER = { description: 'The provider whose list it is: the id of a user who bills.' } as const;

const EXPECTED_VERSION = {
  nullable: true,
  description:
    'The `version` of the list that the change was made on. If the list has changed since: CONFLICT, and nothing is changed.',
} as const;

/** What every single change of a list has: whose list, on which version, and the password that confirms it. */
@InputType()
abstract class ListChangeInput {
  @Field(() => ID, PROVIDER)
  providerId!: string;

  @Field(() => Int, EXPECTED_VERSION)
  expectedVersion?: number | null;

  @Field(() => String, PASSWORD)
  password?: string | null;
}

/** See `addUserDelegate`. */
@InputType({ description: 'A user to put on a delegation list.' })
export class AddUserDelegateInput extends ListChangeInput {
  @Field(() => ID, { description: 'The user: active, of the same clinic, not the provider.' })
  userId!: string;

  @Field(() => DateTimeScalar, EXPIRES_AT)
  expiresAt?: Date | null;
}

/** See `removeUserDelegate`. */
@InputType({ description: 'A user to take off a delegation list.' })
export class RemoveUserDelegateInput extends ListChangeInput {
  @Field(() => ID, { description: 'The user, active or not.' })
  userId!: string;
}

/** See `addGroupDelegate`. */
@InputType({ description: 'A group to put on a delegation list.' })
export class AddGroupDelegateInput extends ListChangeInput {
  @Field(() => ID, { description: 'The group, of the same clinic.' })
  groupId!: string;

  @Field(() => DateTimeScalar, EXPIRES_AT)
  expiresAt?: Date | null;
}

/** See `removeGroupDelegate`. */
@InputType({ description: 'A group to take off a delegation list.' })
export class RemoveGroupDelegateInput extends ListChangeInput {
  @Field(() => ID, { description: 'The group.' })
  groupId!: string;
}

/** A user and an end. */
@InputType({ description: 'A user to put on a list.' })
export class UserDelegateInput {
  @Field(() => ID, { description: 'The user: active, of the same clinic, not the provider.' })
  userId!: string;

  @Field(() => DateTimeScalar, EXPIRES_AT)
  expiresAt?: Date | null;
}

/** A group and an end. */
@InputType({ description: 'A group to put on a list.' })
export class GroupDelegateInput {
  @Field(() => ID, { description: 'The group, of the same clinic.' })
  groupId!: string;

  @Field(() => DateTimeScalar, EXPIRES_AT)
  expiresAt?: Date | null;
}

/** What to change on one list. */
@InputType({ description: 'What to change on one list. Nobody may be both added and removed.' })
export class DelegationListInput {
  @Field(() => ID, PROVIDER)
  providerId!: string;

  @Field(() => Int, EXPECTED_VERSION)
  expectedVersion?: number | null;

  @Field(() => [UserDelegateInput], { defaultValue: [], description: 'Users to add.' })
  addUsers!: UserDelegateInput[];

  @Field(() => [GroupDelegateInput], { defaultValue: [], description: 'Groups to add.' })
  addGroups!: GroupDelegateInput[];

  @Field(() => [ID], { defaultValue: [], description: 'Users to remove.' })
  removeUserIds!: string[];

  @Field(() => [ID], { defaultValue: [], description: 'Groups to remove.' })
  removeGroupIds!: string[];
}

/** See `saveBillingDelegates`. */
@InputType({ description: 'Changes of one or many lists, saved together or not at all.' })
export class SaveBillingDelegatesInput {
  @Field(() => [DelegationListInput], {
    description: 'What to change, list by list; each provider once, at most 1,000.',
  })
  lists!: DelegationListInput[];

  @Field(() => String, PASSWORD)
  password?: string | null;
}
