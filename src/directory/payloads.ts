import { Field, ID, ObjectType } from 'type-graphql';
import { Group, User } from './types';

const CHANGED_GROUP = { description: 'The group after the change.' } as const;
const CHANGED_USER = { description: 'The user after the change.' } as const;

/** See `createGroup`. */
@ObjectType({ description: 'What `createGroup` made.' })
export class CreateGroupPayload {
  @Field(() => Group, { description: 'The new group, without members.' })
  group!: Group;
}

/** See `renameGroup`. */
@ObjectType({ description: 'What `renameGroup` changed.' })
export class RenameGroupPayload {
  @Field(() => Group, CHANGED_GROUP)
  group!: Group;
}

/** See `deleteGroup`. */
@ObjectType({ description: 'What `deleteGroup` deleted.' })
export class DeleteGroupPayload {
  @Field(() => ID, { description: 'The id that the group had.' })
  groupId!: string;

  @Field(() => [User], {
    description:
      'The providers whose delegation lists the group was on, by name: of those, the ones whose lists the viewer may read.',
  })
  removedFrom!: User[];
}

/** See `addGroupMembers`. */
@ObjectType({ description: 'What `addGroupMembers` changed.' })
export class AddGroupMembersPayload {
  @Field(() => Group, CHANGED_GROUP)
  group!: Group;

  @Field(() => [User], { description: 'The new members, by name. Who was one already is not among them.' })
  added!: User[];
}

/** See `removeGroupMembers`. */
@ObjectType({ description: 'What `removeGroupMembers` changed.' })
export class RemoveGroupMembersPayload {
  @Field(() => Group, CHANGED_GROUP)
  group!: Group;

  @Field(() => [User], { description: 'Who left the group, by name. Who was no member is not among them.' })
  removed!: User[];
}

/** See `deactivateUser`. */
@ObjectType({ description: 'What `deactivateUser` changed.' })
export class DeactivateUserPayload {
  @Field(() => User, CHANGED_USER)
  user!: User;

  @Field(() => Boolean, { description: 'False where the user was deactivated already.' })
  changed!: boolean;
}

/** See `reactivateUser`. */
@ObjectType({ description: 'What `reactivateUser` changed.' })
export class ReactivateUserPayload {
  @Field(() => User, CHANGED_USER)
  user!: User;

  @Field(() => Boolean, { description: 'False where the user was active already.' })
  changed!: boolean;
}
