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

/** A clinic: the tenant. `segregationLaunchesAt` null: not planned; future: planned; past: launched for good. */
@Entity('clinics')
@Unique('clinics_name_key', ['name'])
@Check('clinics_name_check', 'length(btrim(name::text)) BETWEEN 1 AND 200')
@Check('clinics_currency_check', "currency ~ '^[A-Z]{3}$'")
export class ClinicEntity {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'clinics_pkey' })
  id!: string;

  @Column('citext')
  name!: string;

  /** ISO 4217; every amount of the clinic is in it. */
  @Column('text')
  currency!: string;

  @Column('timestamptz', { name: 'segregation_launches_at', nullable: true })
  segregationLaunchesAt!: Date | null;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}

/** A person of a clinic. Whoever also has a row in `providers` bills; everyone else is staff. */
@Entity('users')
@Index('users_search_idx', { synchronize: false })
@Index('users_search_order_idx', { synchronize: false })
@ForeignKey(() => ClinicEntity, ['clinicId'], ['id'], { name: 'users_clinic_fkey' })
@Check('users_name_check', 'length(btrim(name)) BETWEEN 1 AND 200')
export class UserEntity {
  @PrimaryColumn('uuid', { name: 'clinic_id', primaryKeyConstraintName: 'users_pkey' })
  clinicId!: string;

  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'users_pkey' })
  id!: string;

  @Column('text')
  name!: string;

  @Column('boolean', { default: true })
  active!: boolean;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}

/** TELUS support: of no clinic, sees the bills of every clinic. */
@Entity('support_users')
@Check('support_users_name_check', 'length(btrim(name)) BETWEEN 1 AND 200')
export class SupportUserEntity {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'support_users_pkey' })
  id!: string;

  @Column('text')
  name!: string;

  @Column('boolean', { default: true })
  active!: boolean;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}

/** What makes a user a provider: the number they bill under, and the version of their delegation list. */
@Entity('providers')
@Unique('providers_billing_number_key', ['clinicId', 'billingNumber'])
@ForeignKey(() => UserEntity, ['clinicId', 'userId'], ['clinicId', 'id'], { name: 'providers_user_fkey' })
export class ProviderEntity {
  @PrimaryColumn('uuid', { name: 'clinic_id', primaryKeyConstraintName: 'providers_pkey' })
  clinicId!: string;

  @PrimaryColumn('uuid', { name: 'user_id', primaryKeyConstraintName: 'providers_pkey' })
  userId!: string;

  @Column('text', { name: 'billing_number' })
  billingNumber!: string;

  @Column('text', { nullable: true })
  specialty!: string | null;

  @Column('integer', { name: 'list_version', default: 0 })
  listVersion!: number;
}

/** A permission that a user of a clinic holds. */
@Entity('user_permissions')
@ForeignKey(() => UserEntity, ['clinicId', 'userId'], ['clinicId', 'id'], {
  name: 'user_permissions_user_fkey',
})
@Check(
  'user_permissions_permission_check',
  "permission IN ('EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS')",
)
export class UserPermissionEntity {
  @PrimaryColumn('uuid', { name: 'clinic_id', primaryKeyConstraintName: 'user_permissions_pkey' })
  clinicId!: string;

  @PrimaryColumn('uuid', { name: 'user_id', primaryKeyConstraintName: 'user_permissions_pkey' })
  userId!: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'user_permissions_pkey' })
  permission!: string;
}

/** A named set of a clinic's users. */
@Entity('groups')
@Index('groups_search_idx', { synchronize: false })
@Index('groups_search_order_idx', { synchronize: false })
@Unique('groups_name_key', ['clinicId', 'name'])
@ForeignKey(() => ClinicEntity, ['clinicId'], ['id'], { name: 'groups_clinic_fkey' })
@Check('groups_name_check', 'length(btrim(name::text)) BETWEEN 1 AND 200')
export class GroupEntity {
  @PrimaryColumn('uuid', { name: 'clinic_id', primaryKeyConstraintName: 'groups_pkey' })
  clinicId!: string;

  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'groups_pkey' })
  id!: string;

  @Column('citext')
  name!: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}

/** A user's membership in a group. */
@Entity('group_members')
@Index('group_members_user_idx', ['clinicId', 'userId', 'groupId'])
@ForeignKey(() => GroupEntity, ['clinicId', 'groupId'], ['clinicId', 'id'], {
  name: 'group_members_group_fkey',
  onDelete: 'CASCADE',
})
@ForeignKey(() => UserEntity, ['clinicId', 'userId'], ['clinicId', 'id'], { name: 'group_members_user_fkey' })
@ForeignKey(() => UserEntity, ['clinicId', 'addedBy'], ['clinicId', 'id'], {
  name: 'group_members_added_by_fkey',
})
export class GroupMemberEntity {
  @PrimaryColumn('uuid', { name: 'clinic_id', primaryKeyConstraintName: 'group_members_pkey' })
  clinicId!: string;

  @PrimaryColumn('uuid', { name: 'group_id', primaryKeyConstraintName: 'group_members_pkey' })
  groupId!: string;

  @PrimaryColumn('uuid', { name: 'user_id', primaryKeyConstraintName: 'group_members_pkey' })
  userId!: string;

  @Column('uuid', { name: 'added_by', nullable: true })
  addedBy!: string | null;

  @Column('timestamptz', { name: 'added_at', default: () => 'now()' })
  addedAt!: Date;
}
