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
import { ClinicEntity, GroupEntity, ProviderEntity, UserEntity } from '../directory/entities';

/** One entry of a provider's delegation list: exactly one of a user or a group. */
@Entity('delegations')
@Unique('delegations_user_key', ['clinicId', 'providerId', 'delegateUserId'])
@Unique('delegations_group_key', ['clinicId', 'providerId', 'delegateGroupId'])
@Index('delegations_by_user_idx', ['clinicId', 'delegateUserId', 'providerId'], {
  where: '(delegate_user_id IS NOT NULL)',
})
@Index('delegations_by_group_idx', ['clinicId', 'delegateGroupId', 'providerId'], {
  where: '(delegate_group_id IS NOT NULL)',
})
@ForeignKey(() => ProviderEntity, ['clinicId', 'providerId'], ['clinicId', 'userId'], {
  name: 'delegations_provider_fkey',
})
@ForeignKey(() => UserEntity, ['clinicId', 'delegateUserId'], ['clinicId', 'id'], {
  name: 'delegations_user_fkey',
})
@ForeignKey(() => GroupEntity, ['clinicId', 'delegateGroupId'], ['clinicId', 'id'], {
  name: 'delegations_group_fkey',
  onDelete: 'CASCADE',
})
@ForeignKey(() => UserEntity, ['clinicId', 'addedBy'], ['clinicId', 'id'], {
  name: 'delegations_added_by_fkey',
})
@Check('delegations_one_delegate_check', 'num_nonnulls(delegate_user_id, delegate_group_id) = 1')
@Check('delegations_not_self_check', 'delegate_user_id <> provider_id')
export class DelegationEntity {
  @PrimaryColumn('uuid', { name: 'clinic_id', primaryKeyConstraintName: 'delegations_pkey' })
  clinicId!: string;

  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'delegations_pkey' })
  id!: string;

  @Column('uuid', { name: 'provider_id' })
  providerId!: string;

  @Column('uuid', { name: 'delegate_user_id', nullable: true })
  delegateUserId!: string | null;

  @Column('uuid', { name: 'delegate_group_id', nullable: true })
  delegateGroupId!: string | null;

  /** The entry gives access before this instant; null: without end. */
  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;

  @Column('uuid', { name: 'added_by', nullable: true })
  addedBy!: string | null;

  @Column('timestamptz', { name: 'added_at', default: () => 'now()' })
  addedAt!: Date;
}

/** One change of what decides access. Written by triggers only, never changed. */
@Entity('history')
@Index('history_at_idx', { synchronize: false })
@Index('history_provider_idx', { synchronize: false })
@ForeignKey(() => ClinicEntity, ['clinicId'], ['id'], { name: 'history_clinic_fkey' })
@ForeignKey(() => UserEntity, ['clinicId', 'actorUserId'], ['clinicId', 'id'], { name: 'history_actor_fkey' })
@Check(
  'history_action_check',
  `action IN ('USER_DELEGATE_ADDED', 'USER_DELEGATE_CHANGED', 'USER_DELEGATE_REMOVED',
  'GROUP_DELEGATE_ADDED', 'GROUP_DELEGATE_CHANGED', 'GROUP_DELEGATE_REMOVED',
  'GROUP_CREATED', 'GROUP_RENAMED', 'GROUP_DELETED', 'GROUP_MEMBER_ADDED', 'GROUP_MEMBER_REMOVED',
  'USER_DEACTIVATED', 'USER_REACTIVATED', 'SEGREGATION_LAUNCH_SET')`,
)
export class HistoryEntity {
  @PrimaryColumn('uuid', { name: 'clinic_id', primaryKeyConstraintName: 'history_pkey' })
  clinicId!: string;

  @PrimaryColumn('bigint', {
    primaryKeyConstraintName: 'history_pkey',
    generated: 'identity',
    generatedIdentity: 'ALWAYS',
  })
  id!: string;

  @Column('timestamptz')
  at!: Date;

  @Column('text')
  action!: string;

  @Column('uuid', { name: 'actor_user_id', nullable: true })
  actorUserId!: string | null;

  @Column('uuid', { name: 'actor_support_user_id', nullable: true })
  actorSupportUserId!: string | null;

  @Column('uuid', { name: 'provider_id', nullable: true })
  providerId!: string | null;

  @Column('uuid', { name: 'group_id', nullable: true })
  groupId!: string | null;

  @Column('uuid', { name: 'user_id', nullable: true })
  userId!: string | null;

  @Column('jsonb', { nullable: true })
  before!: Record<string, unknown> | null;

  @Column('jsonb', { nullable: true })
  after!: Record<string, unknown> | null;
}
