import { createUnionType, Field, Int, ObjectType } from 'type-graphql';
import type { ProviderRef } from '../access/loader';
import type { RelationRow } from '../access/relations';
import { DateTimeScalar } from '../scalars';

/** One entry of a list, as the store reads it; exactly one of the two delegates is there. */
export interface DelegationEntryRow extends ProviderRef {
  readonly delegateUserId: string | null;
  readonly delegateGroupId: string | null;
  /** The delegate's name. */
  readonly name: string;
  readonly addedBy: string | null;
  readonly addedAt: Date;
  readonly expiresAt: Date | null;
  /** Whether the entry gives anybody access at the instant of the request. */
  readonly givesAccess: boolean;
  /** Of a user: whether the account is active. Of a group: whether it has an active member. */
  readonly active: boolean;
  readonly memberCount: number | null;
}

/** What every entry of a delegation list has, whoever the delegate is. */
@ObjectType()
abstract class Delegate {
  row!: DelegationEntryRow;
  clinicId!: string;
  providerId!: string;

  @Field(() => DateTimeScalar, { description: 'When the entry was added.' })
  addedAt!: Date;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'The entry gives access before this instant. Null: without end.',
  })
  expiresAt!: Date | null;
}

/** A user on a delegation list. */
@ObjectType({ description: 'A user on a delegation list.' })
export class UserDelegate extends Delegate {
  @Field(() => Boolean, {
    description:
      'Whether the user is active. A deactivated user stays on the list, without access, until removed by hand.',
  })
  active!: boolean;

  @Field(() => Boolean, {
    description: 'Whether the entry gives access now: false for a deactivated user, and once expired.',
  })
  givesAccess!: boolean;
}

/** A group on a delegation list. */
@ObjectType({ description: 'A group on a delegation list.' })
export class GroupDelegate extends Delegate {
  @Field(() => Int, { description: 'How many active users are in the group.' })
  memberCount!: number;

  @Field(() => Boolean, {
    description:
      'Whether the entry gives access now: false for a group without active users, and once expired.',
  })
  givesAccess!: boolean;
}

/** An entry of a delegation list. */
export const DelegationEntry = createUnionType({
  name: 'DelegationEntry',
  description: 'An entry of a delegation list.',
  types: () => [UserDelegate, GroupDelegate] as const,
  // Only groups have members.
  resolveType: (value) => ('memberCount' in value ? 'GroupDelegate' : 'UserDelegate'),
});

/** A provider's delegation list. */
@ObjectType({
  description: "A provider's delegation list: who may see this provider's bills. Blank: only the provider.",
})
export class DelegationList {
  clinicId!: string;
  providerId!: string;

  @Field(() => Int, {
    description:
      'Rises with every change of the list. Give it as `expectedVersion` to notice a change by others.',
  })
  version!: number;

  @Field(() => [DelegationEntry], { description: 'Every entry, users before groups, by name.' })
  entries!: (UserDelegate | GroupDelegate)[];
}

/** A provider whose bills the viewer sees. */
@ObjectType({ description: 'A provider whose bills the viewer may see, and why.' })
export class ProviderAccess {
  clinicId!: string;
  providerId!: string;
  aboutUserId!: string;
  held!: readonly RelationRow[];
}

/** What a save changed on one list. */
@ObjectType({
  description: 'What a save changed on one list. What was there already, or was not there, is not among it.',
})
export class DelegationChange {
  clinicId!: string;
  providerId!: string;
  addedParties!: PartyKey[];
  changedParties!: PartyKey[];
  removedParties!: PartyKey[];
}

/** A user or a group, by id. */
export interface PartyKey {
  readonly userId: string | null;
  readonly groupId: string | null;
}

/** The list after a change. */
@ObjectType({ description: 'The list after the change, and what changed.' })
export class DelegationPayload {
  @Field(() => DelegationList, { description: 'The list after the change.' })
  list!: DelegationList;

  @Field(() => DelegationChange, { description: 'What changed.' })
  change!: DelegationChange;
}

/** The lists after a save. */
@ObjectType({ description: 'The lists after the save, and what changed on each.' })
export class SaveBillingDelegatesPayload {
  @Field(() => [DelegationPayload], { description: 'The saved lists, in the order of the input.' })
  saved!: DelegationPayload[];
}
