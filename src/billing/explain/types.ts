import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { GROUNDS, type Ground } from '../../access/policy';

export const GroundEnum = Object.fromEntries(GROUNDS.map((ground) => [ground, ground]));
registerEnumType(GroundEnum, {
  name: 'Ground',
  description: 'Why somebody may see a bill. One is enough.',
  valuesConfig: {
    SUPPORT: { description: 'They are support.' },
    NOT_SEGREGATED: { description: 'They work at the clinic, and its billing segregation has not launched.' },
    OWNER: { description: 'It is their own bill.' },
    USER_DELEGATE: { description: "They are on the provider's delegation list." },
    GROUP_DELEGATE: {
      description: "A group that they are a member of is on the provider's delegation list.",
    },
  },
});

/** One ground that holds. */
@ObjectType({ description: 'A ground that holds.' })
export class BillAccessGround {
  clinicId!: string;
  providerId!: string;
  aboutUserId!: string;
  groupIds!: string[];
  /** Of the groups, by name, where they are known already; else the groups of today are asked. */
  names?: readonly string[];

  @Field(() => GroundEnum, { description: 'The ground.' })
  ground!: Ground;
}

/** Why somebody sees a bill, or does not. */
@ObjectType({ description: 'Why somebody may see a bill, or that they may not.' })
export class BillAccessExplanation {
  clinicId!: string;
  providerId!: string;
  aboutUserId!: string;
  aboutClinicId!: string | null;

  @Field(() => Boolean, { description: 'Whether they may see the bill now: whether any ground holds.' })
  visible!: boolean;

  @Field(() => [BillAccessGround], {
    description: 'Every ground that holds; empty: they may not see the bill.',
  })
  grounds!: BillAccessGround[];
}
