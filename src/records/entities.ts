import {
  Check,
  Column,
  Entity,
  ForeignKey,
  Index,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  Unique,
} from 'typeorm';
import { ClinicEntity, ProviderEntity } from '../directory/entities';

/** A patient of a clinic. */
@Entity('patients')
@Index('patients_name_idx', ['clinicId', 'name', 'id'])
@ForeignKey(() => ClinicEntity, ['clinicId'], ['id'], { name: 'patients_clinic_fkey' })
@Check('patients_name_check', 'length(btrim(name)) BETWEEN 1 AND 200')
export class PatientEntity {
  @PrimaryColumn('uuid', { name: 'clinic_id', primaryKeyConstraintName: 'patients_pkey' })
  clinicId!: string;

  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'patients_pkey' })
  id!: string;

  @Column('text')
  name!: string;

  /** A calendar date, YYYY-MM-DD. */
  @Column('date', { name: 'birth_date' })
  birthDate!: string;
}

/** A patient's visit to the clinic: one or more encounters. */
@Entity('visits')
@Unique('visits_patient_key', ['clinicId', 'id', 'patientId'])
@Index('visits_started_idx', { synchronize: false })
@Index('visits_chart_idx', { synchronize: false })
@ForeignKey(() => PatientEntity, ['clinicId', 'patientId'], ['clinicId', 'id'], {
  name: 'visits_patient_fkey',
})
export class VisitEntity {
  @PrimaryColumn('uuid', { name: 'clinic_id', primaryKeyConstraintName: 'visits_pkey' })
  clinicId!: string;

  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'visits_pkey' })
  id!: string;

  @Column('uuid', { name: 'patient_id' })
  patientId!: string;

  @Column('timestamptz', { name: 'started_at' })
  startedAt!: Date;

  @Column('text', { nullable: true })
  reason!: string | null;
}

/** One provider's part of a visit. */
@Entity('encounters')
@Unique('encounters_patient_key', ['clinicId', 'id', 'patientId'])
@Index('encounters_chart_idx', { synchronize: false })
@Index('encounters_visit_idx', ['clinicId', 'visitId'])
@ForeignKey(() => PatientEntity, ['clinicId', 'patientId'], ['clinicId', 'id'], {
  name: 'encounters_patient_fkey',
})
@ForeignKey(() => ProviderEntity, ['clinicId', 'providerId'], ['clinicId', 'userId'], {
  name: 'encounters_provider_fkey',
})
@ForeignKey(() => VisitEntity, ['clinicId', 'visitId', 'patientId'], ['clinicId', 'id', 'patientId'], {
  name: 'encounters_visit_fkey',
})
@Check('encounters_period_check', 'ended_at >= started_at')
export class EncounterEntity {
  @PrimaryColumn('uuid', { name: 'clinic_id', primaryKeyConstraintName: 'encounters_pkey' })
  clinicId!: string;

  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'encounters_pkey' })
  id!: string;

  @Column('uuid', { name: 'patient_id' })
  patientId!: string;

  @Column('uuid', { name: 'provider_id' })
  providerId!: string;

  @Column('uuid', { name: 'visit_id', nullable: true })
  visitId!: string | null;

  @Column('timestamptz', { name: 'started_at' })
  startedAt!: Date;

  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt!: Date | null;

  @Column('text', { nullable: true })
  reason!: string | null;
}
