import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { NodeInterface } from '../node';
import { connectionTypes } from '../paging';
import { DateScalar, DateTimeScalar } from '../scalars';

/** A patient of a clinic. */
@ObjectType({ implements: NodeInterface, description: 'A patient of the clinic.' })
export class Patient extends NodeInterface {
  @Field(() => String, { description: 'The name of the patient.' })
  name!: string;

  @Field(() => DateScalar, { description: 'The day of birth.' })
  birthDate!: string;
}

/** A patient's visit to the clinic. */
@ObjectType({
  implements: NodeInterface,
  description: "A patient's visit to the clinic: one or more encounters.",
})
export class Visit extends NodeInterface {
  patientId!: string;
  orderKey!: string;

  @Field(() => DateTimeScalar, { description: 'When the visit began.' })
  startedAt!: Date;

  @Field(() => String, { nullable: true, description: 'Why the patient came.' })
  reason!: string | null;
}

/** One provider's part of a visit. */
@ObjectType({
  implements: NodeInterface,
  description: "One provider's part of a visit: what was done, by whom.",
})
export class Encounter extends NodeInterface {
  patientId!: string;
  providerId!: string;
  visitId!: string | null;
  orderKey!: string;

  @Field(() => DateTimeScalar, { description: 'When the encounter began.' })
  startedAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it ended; null where nobody noted it.' })
  endedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'What it was about.' })
  reason!: string | null;
}

/** A patient's chart, as far as billing looks into it. */
@ObjectType({
  description: "A patient's chart: encounters and visits, and what of the billing the viewer may see.",
})
export class PatientChart {
  clinicId!: string;
  patientId!: string;
}

const visits = connectionTypes('Visit', Visit, 'visits');
const encounters = connectionTypes('Encounter', Encounter, 'encounters');
const patients = connectionTypes('Patient', Patient, 'patients');

/** A page of visits. */
@ObjectType({ description: 'A page of visits, newest first.' })
export class VisitConnection extends visits.ConnectionBase {}

/** A page of encounters. */
@ObjectType({ description: 'A page of encounters, newest first.' })
export class EncounterConnection extends encounters.ConnectionBase {}

/** A page of patients. */
@ObjectType({ description: 'A page of patients, by name.' })
export class PatientConnection extends patients.ConnectionBase {}

/** Which visits. */
@InputType({ description: 'Which visits: those that match everything given.' })
export class VisitFilter {
  @Field(() => ID, { nullable: true, description: 'Only visits of this patient.' })
  patientId?: string | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'Only visits that began at this instant or later.',
  })
  from?: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Only visits that began before this instant.' })
  to?: Date | null;
}
