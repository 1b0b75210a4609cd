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
import { EncounterEntity, PatientEntity, VisitEntity } from '../records/entities';

/** Who pays insured bills: a public or private insurer. */
@Entity('payers')
@ForeignKey(() => ClinicEntity, ['clinicId'], ['id'], { name: 'payers_clinic_fkey' })
@Check('payers_name_check', 'length(btrim(name)) BETWEEN 1 AND 200')
export class PayerEntity {
  @PrimaryColumn('uuid', { name: 'clinic_id', primaryKeyConstraintName: 'payers_pkey' })
  clinicId!: string;

  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'payers_pkey' })
  id!: string;

  @Column('text')
  name!: string;
}

/** A bill. Money: exact decimals in the clinic's currency. */
@Entity('bills')
@Unique('bills_number_key', ['clinicId', 'number'])
@Unique('bills_owner_key', ['clinicId', 'id', 'providerId'])
@Index('bills_provider_idx', { synchronize: false })
@Index('bills_newest_idx', { synchronize: false })
@Index('bills_patient_idx', { synchronize: false })
@Index('bills_encounter_idx', ['clinicId', 'encounterId'])
@Index('bills_visit_idx', ['clinicId', 'visitId'])
@ForeignKey(() => ProviderEntity, ['clinicId', 'providerId'], ['clinicId', 'userId'], {
  name: 'bills_provider_fkey',
})
@ForeignKey(() => PatientEntity, ['clinicId', 'patientId'], ['clinicId', 'id'], {
  name: 'bills_patient_fkey',
})
@ForeignKey(
  () => EncounterEntity,
  ['clinicId', 'encounterId', 'patientId'],
  ['clinicId', 'id', 'patientId'],
  {
    name: 'bills_encounter_fkey',
  },
)
@ForeignKey(() => VisitEntity, ['clinicId', 'visitId', 'patientId'], ['clinicId', 'id', 'patientId'], {
  name: 'bills_visit_fkey',
})
@ForeignKey(() => PayerEntity, ['clinicId', 'payerId'], ['clinicId', 'id'], { name: 'bills_payer_fkey' })
@Check(
  'bills_kind_status_check',
  `(kind = 'INSURED' AND status IN ('DRAFT', 'READY_TO_SUBMIT', 'SUBMITTED', 'ATTENTION_REQUIRED', 'COMPLETED'))
   OR (kind = 'PRIVATE' AND status IN ('UNPAID', 'PARTIALLY_PAID', 'PAID', 'REFUNDED', 'WRITTEN_OFF'))`,
)
@Check('bills_payer_check', "kind = 'PRIVATE' OR payer_id IS NOT NULL")
@Check(
  'bills_amounts_check',
  'billed >= 0 AND discount BETWEEN 0 AND billed AND paid >= 0 AND refunded BETWEEN 0 AND paid',
)
@Check(
  'bills_outstanding_check',
  "outstanding = CASE WHEN status IN ('REFUNDED', 'WRITTEN_OFF') THEN 0 ELSE billed - discount - paid + refunded END",
)
export class BillEntity {
  @PrimaryColumn('uuid', { name: 'clinic_id', primaryKeyConstraintName: 'bills_pkey' })
  clinicId!: string;

  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'bills_pkey' })
  id!: string;

  @Column('text')
  kind!: string;

  @Column('text')
  number!: string;

  @Column('text')
  status!: string;

  /** A calendar date, YYYY-MM-DD. */
  @Column('date', { name: 'service_date' })
  serviceDate!: string;

  @Column('uuid', { name: 'provider_id' })
  providerId!: string;

  @Column('uuid', { name: 'patient_id' })
  patientId!: string;

  @Column('uuid', { name: 'encounter_id', nullable: true })
  encounterId!: string | null;

  @Column('uuid', { name: 'visit_id', nullable: true })
  visitId!: string | null;

  @Column('uuid', { name: 'payer_id', nullable: true })
  payerId!: string | null;

  @Column('numeric', { precision: 14, scale: 2 })
  billed!: string;

  @Column('numeric', { precision: 14, scale: 2, default: 0 })
  discount!: string;

  @Column('numeric', { precision: 14, scale: 2, default: 0 })
  paid!: string;

  @Column('numeric', { precision: 14, scale: 2, default: 0 })
  refunded!: string;

  @Column('numeric', { precision: 14, scale: 2 })
  outstanding!: string;

  @Column('text', { nullable: true })
  note!: string | null;
}

/** One line of a bill. */
@Entity('bill_items')
@ForeignKey(() => BillEntity, ['clinicId', 'billId', 'providerId'], ['clinicId', 'id', 'providerId'], {
  name: 'bill_items_bill_fkey',
  onUpdate: 'CASCADE',
})
@Check('bill_items_amounts_check', 'line > 0 AND units >= 0 AND unit_price >= 0 AND amount >= 0')
export class BillItemEntity {
  @PrimaryColumn('uuid', { name: 'clinic_id', primaryKeyConstraintName: 'bill_items_pkey' })
  clinicId!: string;

  @PrimaryColumn('uuid', { name: 'bill_id', primaryKeyConstraintName: 'bill_items_pkey' })
  billId!: string;

  @PrimaryColumn('integer', { primaryKeyConstraintName: 'bill_items_pkey' })
  line!: number;

  /** The provider of the bill. */
  @Column('uuid', { name: 'provider_id' })
  providerId!: string;

  @Column('text', { name: 'service_code' })
  serviceCode!: string;

  @Column('text', { nullable: true })
  description!: string | null;

  @Column('text', { name: 'diagnosis_codes', array: true, default: () => "'{}'" })
  diagnosisCodes!: string[];

  @Column('numeric', { precision: 12, scale: 3 })
  units!: string;

  @Column('numeric', { name: 'unit_price', precision: 14, scale: 4 })
  unitPrice!: string;

  @Column('numeric', { precision: 14, scale: 2 })
  amount!: string;
}

/** Money received for a bill, or given back. */
@Entity('payments')
@ForeignKey(() => BillEntity, ['clinicId', 'billId', 'providerId'], ['clinicId', 'id', 'providerId'], {
  name: 'payments_bill_fkey',
  onUpdate: 'CASCADE',
})
@Check('payments_kind_check', "kind IN ('PAYMENT', 'REFUND')")
@Check('payments_amount_check', 'line > 0 AND amount > 0')
export class PaymentEntity {
  @PrimaryColumn('uuid', { name: 'clinic_id', primaryKeyConstraintName: 'payments_pkey' })
  clinicId!: string;

  @PrimaryColumn('uuid', { name: 'bill_id', primaryKeyConstraintName: 'payments_pkey' })
  billId!: string;

  @PrimaryColumn('integer', { primaryKeyConstraintName: 'payments_pkey' })
  line!: number;

  /** The provider of the bill. */
  @Column('uuid', { name: 'provider_id' })
  providerId!: string;

  @Column('text')
  kind!: string;

  @Column('numeric', { precision: 14, scale: 2 })
  amount!: string;

  /** A calendar date, YYYY-MM-DD. */
  @Column('date', { name: 'received_on' })
  receivedOn!: string;

  @Column('text', { nullable: true })
  method!: string | null;
}
