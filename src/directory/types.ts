import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { PERMISSIONS } from '../access/viewer';
import { NodeInterface } from '../node';
import { DateTimeScalar } from '../scalars';

/** What a user is; see the word list in the README. */
export const UserKind = { PROVIDER: 'PROVIDER', STAFF: 'STAFF', SUPPORT: 'SUPPORT' } as const;
registerEnumType(UserKind, {
  name: 'UserKind',
  description: 'What a user is.',
  valuesConfig: {
    PROVIDER: { description: 'Bills; decides who else sees these bills.' },
    STAFF: {
      description:
        'Works at the clinic and does not bill: a medical office assistant, a billing clerk, a manager.',
    },
    SUPPORT: { description: 'TELUS support: works at no clinic and sees the bills of every clinic.' },
  },
});

export const PermissionEnum = Object.fromEntries(PERMISSIONS.map((name) => [name, name]));
registerEnumType(PermissionEnum, {
  name: 'Permission',
  description:
    'What a user may do beyond their own account. With both, a user manages the delegation lists of others.',
  valuesConfig: {
    EDIT_OTHER_USERS: { description: 'Change other users, and groups and their members.' },
    BILLING_DELEGATION_SETTINGS: {
      description: 'Together with EDIT_OTHER_USERS: change the delegation lists of other providers.',
    },
  },
});

/** A clinic: the tenant. */
@ObjectType({
  implements: NodeInterface,
  description: 'A clinic. Nothing of one clinic is visible in another.',
})
export class Clinic extends NodeInterface {
  @Field(() => String, { description: 'The name of the clinic.' })
  name!: string;

  @Field(() => String, {
    description: 'The currency of every amount of the clinic, ISO 4217, for example CAD.',
  })
  currency!: string;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      'When billing segregation launches, or launched. Null: not planned, every user sees every bill of the clinic.',
  })
  segregationLaunchesAt!: Date | null;

  @Field(() => Boolean, {
    description:
      'Whether billing segregation holds at the instant of this request. Once it does, it does for good.',
  })
  segregationLaunched!: boolean;
}

/** A person who signs in. */
@ObjectType({ implements: NodeInterface, description: 'A person who signs in.' })
export class User extends NodeInterface {
  @Field(() => String, { description: 'The name of the person.' })
  name!: string;

  @Field(() => UserKind, { description: 'Whether they bill, work as staff or are support.' })
  kind!: keyof typeof UserKind;

  @Field(() => Boolean, { description: 'False once deactivated: they can neither sign in nor see anything.' })
  active!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'The number that a provider bills under. Null for others.',
  })
  billingNumber!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The specialty of a provider, as the clinic wrote it.',
  })
  specialty!: string | null;
}

/** A named set of a clinic's users. */
@ObjectType({ implements: NodeInterface, description: "A named set of a clinic's users." })
export class Group extends NodeInterface {
  @Field(() => String, { description: 'The name of the group, unique in its clinic.' })
  name!: string;

  @Field(() => Int, { description: 'How many active users are in the group.' })
  memberCount!: number;
}
