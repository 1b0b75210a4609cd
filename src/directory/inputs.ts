import { Field, ID, InputType } from 'type-graphql';

const GROUP = { description: 'The group.' } as const;
const USER = { description: 'The user.' } as const;
const NAME = {
  description: 'The name, 1 to 200 characters; no other group of the clinic may have it, in any case.',
} as const;

/** See `createGroup`. */
@InputType({ description: "A group to make in the viewer's clinic." })
export class CreateGroupInput {
  @Field(() => String, NAME)
  name!: string;
}

/** See `renameGroup`. */
@InputType({ description: 'A group to rename.' })
export class RenameGroupInput {
  @Field(() => ID, GROUP)
  groupId!: string;

  @Field(() => String, NAME)
  name!: string;
}

/** See `deleteGroup`. */
@InputType({ description: 'A group to delete.' })
export class DeleteGroupInput {
  @Field(() => ID, GROUP)
  groupId!: string;
}

/** See `addGroupMembers`. */
@InputType({ description: 'Users to add to a group.' })
export class AddGroupMembersInput {
  @Field(() => ID, GROUP)
  groupId!: string;

  @Field(() => [ID], { description: 'Active users of the clinic, at most 1,000.' })
  userIds!: string[];
}

/** See `removeGroupMembers`. */
@InputType({ description: 'Users to take out of a group.' })
export class RemoveGroupMembersInput {
  @Field(() => ID, GROUP)
  groupId!: string;

  @Field(() => [ID], { description: 'Users, active or not, at most 1,000.' })
  userIds!: string[];
}

/** See `deactivateUser`. */
@InputType({ description: 'A user to deactivate.' })
export class DeactivateUserInput {
  @Field(() => ID, USER)
  userId!: string;
}

/** See `reactivateUser`. */
@InputType({ description: 'A user to make active again.' })
export class ReactivateUserInput {
  @Field(() => ID, USER)
  userId!: string;
}
