import { BillEntity, BillItemEntity, PayerEntity, PaymentEntity } from './billing/entities';
import { DelegationEntity, HistoryEntity } from './delegation/entities';
import {
  ClinicEntity,
  GroupEntity,
  GroupMemberEntity,
  ProviderEntity,
  SupportUserEntity,
  UserEntity,
  UserPermissionEntity,
} from './directory/entities';
import { AttemptEntity, ExternalSignInEntity, SignInEntity } from './identity/entities';
import { EncounterEntity, PatientEntity, VisitEntity } from './records/entities';

/** Every table of the product; a test compares them with what the migrations make. */
export const entities = [
  ClinicEntity,
  UserEntity,
  SupportUserEntity,
  ProviderEntity,
  UserPermissionEntity,
  GroupEntity,
  GroupMemberEntity,
  SignInEntity,
  ExternalSignInEntity,
  AttemptEntity,
  DelegationEntity,
  HistoryEntity,
  PatientEntity,
  VisitEntity,
  EncounterEntity,
  PayerEntity,
  BillEntity,
  BillItemEntity,
  PaymentEntity,
];
