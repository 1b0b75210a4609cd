import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { SupportUserEntity, UserEntity } from '../directory/entities';

/** A sign-in name and its argon2id hash, for one user of a clinic or one support user. */
@Entity('sign_ins')
@Unique('sign_ins_user_key', ['clinicId', 'userId'])
@Unique('sign_ins_support_user_key', ['supportUserId'])
@ForeignKey(() => UserEntity, ['clinicId', 'userId'], ['clinicId', 'id'], { name: 'sign_ins_user_fkey' })
@ForeignKey(() => SupportUserEntity, ['supportUserId'], ['id'], { name: 'sign_ins_support_user_fkey' })
@Check(
  'sign_ins_one_person_check',
  `(support_user_id IS NULL AND clinic_id IS NOT NULL AND user_id IS NOT NULL)
   OR (support_user_id IS NOT NULL AND clinic_id IS NULL AND user_id IS NULL)`,
)
@Check(
  'sign_ins_email_check',
  "email::text ~ '^[^@[:space:]]+@[^@[:space:]]+$' AND length(email::text) <= 254",
)
export class SignInEntity {
  @PrimaryColumn('citext', { primaryKeyConstraintName: 'sign_ins_pkey' })
  email!: string;

  @Column('uuid', { name: 'clinic_id', nullable: true })
  clinicId!: string | null;

  @Column('uuid', { name: 'user_id', nullable: true })
  userId!: string | null;

  @Column('uuid', { name: 'support_user_id', nullable: true })
  supportUserId!: string | null;

  @Column('text', { name: 'password_hash' })
  passwordHash!: string;
}

/** An account at an issuer elsewhere, and the user of a clinic or the support user whose it is. */
@Entity('external_sign_ins')
@Unique('external_sign_ins_user_key', ['clinicId', 'userId', 'issuer'])
@Unique('external_sign_ins_support_user_key', ['supportUserId', 'issuer'])
@ForeignKey(() => UserEntity, ['clinicId', 'userId'], ['clinicId', 'id'], {
  name: 'external_sign_ins_user_fkey',
})
@ForeignKey(() => SupportUserEntity, ['supportUserId'], ['id'], {
  name: 'external_sign_ins_support_user_fkey',
})
@Check(
  'external_sign_ins_one_person_check',
  `(support_user_id IS NULL AND clinic_id IS NOT NULL AND user_id IS NOT NULL)
   OR (support_user_id IS NOT NULL AND clinic_id IS NULL AND user_id IS NULL)`,
)
@Check('external_sign_ins_issuer_check', "issuer ~ '^https?://[^[:space:]]+$'")
@Check('external_sign_ins_subject_check', "subject ~ '^[!-~]([ -~]{0,253}[!-~])?$'")
export class ExternalSignInEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'external_sign_ins_pkey' })
  issuer!: string;

  /** What the issuer calls the person: `sub`. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'external_sign_ins_pkey' })
  subject!: string;

  @Column('uuid', { name: 'clinic_id', nullable: true })
  clinicId!: string | null;

  @Column('uuid', { name: 'user_id', nullable: true })
  userId!: string | null;

  @Column('uuid', { name: 'support_user_id', nullable: true })
  supportUserId!: string | null;

  @Column('timestamptz', { name: 'linked_at', default: () => 'now()' })
  linkedAt!: Date;
}

/** Failed attempts at a password; the columns are those of rate-limiter-flexible. */
@Entity('attempts')
@Index('attempts_expire_idx', ['expire'])
export class AttemptEntity {
  @PrimaryColumn('varchar', { length: 255, primaryKeyConstraintName: 'attempts_pkey' })
  key!: string;

  @Column('integer', { default: 0 })
  points!: number;

  /** Milliseconds since 1970-01-01 UTC. */
  @Column('bigint', { nullable: true })
  expire!: string | null;
}
