import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { connectionTypes } from '../paging';
import { DateTimeScalar } from '../scalars';

/** What can be in the history; the names are those of the database's triggers. */
export const HISTORY_ACTIONS = {
  USER_DELEGATE_ADDED: 'A user was put on a delegation list.',
  USER_DELEGATE_CHANGED: 'The end of a user on a delegation list was moved.',
  USER_DELEGATE_REMOVED: 'A user was taken off a delegation list.',
  GROUP_DELEGATE_ADDED: 'A group was put on a delegation list.',
  GROUP_DELEGATE_CHANGED: 'The end of a group on a delegation list was moved.',
  GROUP_DELEGATE_REMOVED: 'A group was taken off a delegation list.',
  GROUP_CREATED: 'A group was created.',
  GROUP_RENAMED: 'A group was renamed.',
  GROUP_DELETED: 'A group was deleted; its members and its places on lists went with it.',
  GROUP_MEMBER_ADDED: 'A user became a member of a group.',
  GROUP_MEMBER_REMOVED: 'A user ceased to be a member of a group.',
  USER_DEACTIVATED: 'A user was deactivated.',
  USER_REACTIVATED: 'A user was reactivated.',
  SEGREGATION_LAUNCH_SET: 'The launch of billing segregation was set, moved or cleared.',
} as const;

export type HistoryActionName = keyof typeof HISTORY_ACTIONS;

const names = Object.keys(HISTORY_ACTIONS) as HistoryActionName[];
export const HistoryAction = Object.fromEntries(names.map((name) => [name, name])) as {
  [Name in HistoryActionName]: Name;
};
registerEnumType(HistoryAction, {
  name: 'HistoryAction',
  description: 'What was done.',
  valuesConfig: Object.fromEntries(
    names.map((name) => [name, { description: HISTORY_ACTIONS[name] }]),
  ) as Record<HistoryActionName, { description: string }>,
});

/** What an entry changed, before or after. */
@ObjectType({
  description: 'What was changed, as it was before or after. Only what the action is about is set.',
})
export class HistoryState {
  clinicId!: string;
  entryProviderId!: string | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'The end of an entry of a list; null: without end.',
  })
  expiresAt?: Date | null;

  @Field(() => String, { nullable: true, description: 'The name of a group.' })
  name?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether a user was active.' })
  active?: boolean | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When billing segregation was to launch; null: not planned.',
  })
  launchesAt?: Date | null;
}

/** One change. */
@ObjectType({ description: 'One change of what decides who sees bills. Never changed or deleted.' })
export class HistoryEntry {
  clinicId!: string;
  id!: string;
  orderKey!: string;
  entryProviderId!: string | null;
  actorUserId!: string | null;
  actorSupportUserId!: string | null;
  userId!: string | null;
  groupId!: string | null;

  @Field(() => DateTimeScalar, { description: 'When.' })
  at!: Date;

  @Field(() => HistoryAction, { description: 'What was done.' })
  action!: HistoryActionName;

  @Field(() => String, {
    nullable: true,
    description: 'The name of the group it was done to, the last one if it is deleted.',
  })
  groupName!: string | null;

  @Field(() => HistoryState, {
    nullable: true,
    description: 'What was changed, as it was before. Null: there was nothing.',
  })
  before!: HistoryState | null;

  @Field(() => HistoryState, {
    nullable: true,
    description: 'What was changed, as it was after. Null: there is nothing.',
  })
  after!: HistoryState | null;
}

const entries = connectionTypes('HistoryEntry', HistoryEntry, 'entries');

/** A page of the history. */
@ObjectType({ description: 'A page of the history, newest first.' })
export class HistoryConnection extends entries.ConnectionBase {}

/** Which entries. */
@InputType({ description: 'Which entries: those that match everything given.' })
export class HistoryFilter {
  @Field(() => [HistoryAction], { nullable: true, description: 'Only these actions.' })
  actions?: HistoryActionName[] | null;

  @Field(() => ID, { nullable: true, description: 'Only what this user did.' })
  actorId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Only what was done to this user.' })
  userId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Only what was done to this group.' })
  groupId?: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Only from this instant on.' })
  from?: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Only before this instant.' })
  to?: Date | null;
}
