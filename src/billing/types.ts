import { ArgsType, Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { ProviderRef } from '../access/loader';
import { NodeInterface } from '../node';
import { connectionTypes, PageArgs } from '../paging';
import { DateScalar, DecimalScalar } from '../scalars';
import type { WrittenAs } from '../written';

/** Registers an enum whose values are named like themselves. */
function registered<Name extends string>(
  name: string,
  description: string,
  values: Readonly<Record<Name, string>>,
): Readonly<Record<Name, Name>> {
  const names = Object.keys(values) as Name[];
  const enumObject = Object.fromEntries(names.map((value) => [value, value])) as Record<Name, Name>;
  registerEnumType(enumObject, {
    name,
    description,
    valuesConfig: Object.fromEntries(names.map((value) => [value, { description: values[value] }])) as Record<
      Name,
      { description: string }
    >,
  });
  return enumObject;
}

export const BillKind = registered('BillKind', 'Who is asked to pay.', {
  INSURED: 'A claim to a public or private insurer.',
  PRIVATE: 'An invoice to the patient or a third party.',
});

export const BillStatus = registered(
  'BillStatus',
  'How far a bill is. The first five are those of insured bills, the others those of private ones.',
  {
    DRAFT: 'Insured: not complete yet.',
    READY_TO_SUBMIT: 'Insured: complete, waiting to be sent.',
    SUBMITTED: 'Insured: sent, no answer yet.',
    ATTENTION_REQUIRED: 'Insured: refused or questioned by the insurer; somebody must act.',
    COMPLETED: 'Insured: settled.',
    UNPAID: 'Private: nothing paid yet.',
    PARTIALLY_PAID: 'Private: paid in part.',
    PAID: 'Private: paid in full.',
    REFUNDED: 'Private: given back; nothing is owed.',
    WRITTEN_OFF: 'Private: given up; nothing is owed any more.',
  },
);

export const PaymentKind = registered('PaymentKind', 'Which way the money went.', {
  PAYMENT: 'Received for the bill.',
  REFUND: 'Given back.',
});

export const BillOrderField = registered('BillOrderField', 'What bills can be sorted by.', {
  SERVICE_DATE: 'The day of the service.',
  NUMBER: 'The number, as text.',
  STATUS: 'The status, by its name.',
  TOTAL: 'The total.',
  OUTSTANDING: 'What is still owed.',
});

export const SortDirection = registered('SortDirection', 'Which end of the order comes first.', {
  ASC: 'Smallest, oldest or first in the alphabet first.',
  DESC: 'Largest, newest or last in the alphabet first.',
});

export const BillGrouping = registered('BillGrouping', 'What a summary has one row for.', {
  PROVIDER: 'Each provider.',
  PATIENT: 'Each patient.',
  PAYER: 'Each payer, and one row for bills without.',
  KIND: 'Insured and private.',
  STATUS: 'Each status.',
  MONTH: 'Each calendar month of the service date.',
});

/** A line of a bill. */
@ObjectType({ description: 'A line of a bill. Money is in the currency of the bill.' })
export class BillItem {
  parentKey!: string;
  clinicId!: string;
  providerId!: string;

  @Field(() => Int, { description: 'The number of the line, from 1.' })
  line!: number;

  @Field(() => String, {
    description: 'What was done, in the code of the fee schedule or terminology that the clinic uses.',
  })
  serviceCode!: string;

  @Field(() => String, { nullable: true, description: 'What was done, in words.' })
  description!: string | null;

  @Field(() => [String], { description: 'The diagnoses that it was done for, as codes.' })
  diagnosisCodes!: string[];

  @Field(() => DecimalScalar, { description: 'How many.' })
  units!: string;

  @Field(() => DecimalScalar, { description: 'The price of one.' })
  unitPrice!: string;

  @Field(() => DecimalScalar, { description: 'What the line adds to the bill.' })
  amount!: string;
}

/** Money received for a bill, or given back. */
@ObjectType({ description: 'Money received for a bill, or given back.' })
export class Payment {
  parentKey!: string;
  clinicId!: string;
  providerId!: string;

  @Field(() => PaymentKind, { description: 'Received or given back.' })
  kind!: keyof typeof PaymentKind;

  @Field(() => DecimalScalar, { description: 'How much, above zero, in the currency of the bill.' })
  amount!: string;

  @Field(() => DateScalar, { description: 'The day it was received or given back.' })
  receivedOn!: string;

  @Field(() => String, { nullable: true, description: 'How, for example CASH, CARD or COPAY.' })
  method!: string | null;
}

/** Who pays insured bills. */
@ObjectType({
  implements: NodeInterface,
  description: 'A public or private insurer, or a third party that pays.',
})
export class Payer extends NodeInterface {
  @Field(() => String, { description: 'The name of the payer.' })
  name!: string;
}

/** A bill; only for viewers with a ground. */
@ObjectType({
  implements: NodeInterface,
  description:
    'A bill. It belongs to exactly one provider, and only who has a ground to see it gets it, by whatever way.',
})
export class Bill extends NodeInterface implements ProviderRef {
  declare clinicId: string;
  providerId!: string;
  patientId!: string;
  encounterId!: string | null;
  visitId!: string | null;
  payerId!: string | null;
  orderKey!: string;
  /** What PostgreSQL wrote of it; then nothing but whose it is was read besides. */
  written?: WrittenAs;

  @Field(() => BillKind, { description: 'Insured or private.' })
  kind!: keyof typeof BillKind;

  @Field(() => String, {
    description:
      "The number of the bill: the provider's billing number and a count of that provider's bills.",
  })
  number!: string;

  @Field(() => BillStatus, { description: 'How far it is.' })
  status!: keyof typeof BillStatus;

  @Field(() => DateScalar, { description: 'The day of the service.' })
  serviceDate!: string;

  @Field(() => DecimalScalar, { description: 'The sum of the items.' })
  billed!: string;

  @Field(() => DecimalScalar, { description: 'What was taken off.' })
  discount!: string;

  @Field(() => DecimalScalar, { description: 'What is asked for: billed less discount.' })
  total!: string;

  @Field(() => DecimalScalar, { description: 'The sum of the payments received.' })
  paid!: string;

  @Field(() => DecimalScalar, { description: 'The sum given back.' })
  refunded!: string;

  @Field(() => DecimalScalar, {
    description:
      'What is still owed: total less paid plus refunded; zero once refunded or written off. Below zero: paid too much, a credit.',
  })
  outstanding!: string;

  @Field(() => String, { nullable: true, description: 'A note of the billing staff.' })
  note!: string | null;
}

/** Sums over bills; `providers` are those whose bills went into it. */
@ObjectType({ description: 'Sums over the bills that the viewer may see, and no others.' })
export class BillTotals {
  clinicId!: string;
  providers!: ProviderRef[];

  @Field(() => Int, { description: 'How many bills.' })
  count!: number;

  @Field(() => DecimalScalar, { description: 'The sum of the items.' })
  billed!: string;

  @Field(() => DecimalScalar, { description: 'What was taken off.' })
  discount!: string;

  @Field(() => DecimalScalar, { description: 'What was paid.' })
  paid!: string;

  @Field(() => DecimalScalar, { description: 'What was given back.' })
  refunded!: string;

  @Field(() => DecimalScalar, { description: 'What is still owed; credits are taken off.' })
  outstanding!: string;
}

/** One row of a summary. */
@ObjectType({ description: 'The sums over one group of the bills that the viewer may see.' })
export class BillSummaryRow {
  clinicId!: string;
  providers!: ProviderRef[];
  providerId!: string | null;
  patientId!: string | null;
  payerId!: string | null;

  @Field(() => BillKind, { nullable: true, description: 'The kind, when grouped by KIND.' })
  kind!: keyof typeof BillKind | null;

  @Field(() => BillStatus, { nullable: true, description: 'The status, when grouped by STATUS.' })
  status!: keyof typeof BillStatus | null;

  @Field(() => String, { nullable: true, description: 'The month as YYYY-MM, when grouped by MONTH.' })
  month!: string | null;

  @Field(() => BillTotals, { description: 'The sums of this group.' })
  totals!: BillTotals;
}

/** The billing dashboard of a clinic. */
@ObjectType({ description: 'The billing dashboard of a clinic, over the bills that the viewer may see.' })
export class Dashboard {
  clinicId!: string;
}

const bills = connectionTypes('Bill', Bill, 'bills');

/** A page of bills; `readTotals` reads the sums over the whole list. */
@ObjectType({ description: 'A page of the bills that the viewer may see.' })
export class BillConnection extends bills.ConnectionBase {
  clinicId!: string;
  readTotals!: () => Promise<BillTotals>;
}

/** Which bills. */
@InputType({
  description:
    'Which bills: those that match everything given. What is left out or null does not restrict; an empty list matches nothing.',
})
export class BillFilter {
  @Field(() => BillKind, { nullable: true, description: 'Only this kind.' })
  kind?: keyof typeof BillKind | null;

  @Field(() => [BillStatus], { nullable: true, description: 'Only these statuses.' })
  statuses?: (keyof typeof BillStatus)[] | null;

  @Field(() => [ID], { nullable: true, description: 'Only bills of these providers (ids of users).' })
  providerIds?: string[] | null;

  @Field(() => [ID], { nullable: true, description: 'Only bills of these patients.' })
  patientIds?: string[] | null;

  @Field(() => [ID], { nullable: true, description: 'Only bills to these payers.' })
  payerIds?: string[] | null;

  @Field(() => DateScalar, { nullable: true, description: 'Only services on this day or later.' })
  serviceFrom?: string | null;

  @Field(() => DateScalar, { nullable: true, description: 'Only services on this day or earlier.' })
  serviceTo?: string | null;
}

/** In which order. */
@InputType({
  description: 'How bills are sorted. Ties are settled by id, so that pages never repeat or skip a bill.',
})
export class BillOrder {
  @Field(() => BillOrderField, { description: 'What to sort by.' })
  field!: keyof typeof BillOrderField;

  @Field(() => SortDirection, { defaultValue: 'DESC', description: 'Which end first.' })
  direction!: keyof typeof SortDirection;
}

/** The arguments of a list of bills. */
@ArgsType()
export class BillListArgs extends PageArgs {
  @Field(() => BillFilter, {
    nullable: true,
    description: 'Which bills; without it, all that the viewer may see.',
  })
  filter?: BillFilter | null;

  @Field(() => BillOrder, {
    nullable: true,
    description: 'In which order; without it, newest service first.',
  })
  orderBy?: BillOrder | null;
}
