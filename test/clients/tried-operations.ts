import { toGlobalId } from '../../src/global-id';
import { A, ADMIN, DELEGATE, demoUser, demoUserId, OTHER_ID, SUPPORT } from '../cases/support';
import { DEMO_PASSWORD } from '../support/database';
import type { Answer, TestServer } from '../support/server';
import { operation } from './documents';

/** As whom an operation of docs/operations is tried on the demo, and with which variables. */
type Try = readonly [who: string | null, variables: () => Record<string, unknown>];

/** Tries the operations of docs/operations on a demo server, by name. */
export interface TriedOperations {
  /** The ids of a bill of provider A, its patient and its encounter, for the API. */
  readonly ids: { readonly bill: string; readonly patient: string; readonly encounter: string };
  tryOut(name: string): Promise<Answer<Record<string, unknown>>>;
}

/** Makes the tries ready for a server with the demo. */
export async function triedOperations(server: TestServer): Promise<TriedOperations> {
  const [bill] = await server.db.query<Record<'clinic' | 'id' | 'patient' | 'encounter', string>>(
    `SELECT clinic_id AS clinic, id, patient_id AS patient, encounter_id AS encounter FROM bills
     WHERE provider_id = $1 AND encounter_id IS NOT NULL ORDER BY number LIMIT 1`,
    [demoUserId('provider.a')],
  );
  if (bill === undefined) throw new Error('provider A has no bill made in an encounter');
  const ids = {
    bill: toGlobalId('Bill', bill.clinic, bill.id),
    patient: toGlobalId('Patient', bill.clinic, bill.patient),
    encounter: toGlobalId('Encounter', bill.clinic, bill.encounter),
  };
  let madeGroup = '';
  const tries = triesOf(ids, () => ({ groupId: madeGroup }));
  return {
    ids,
    tryOut: async (name) => {
      const [who, variables] = tries[name] ?? [null, () => ({})];
      const answer = await server.ask<Record<string, unknown>>(who, operation(name), variables());
      if (name === 'CreateGroup') {
        madeGroup = (answer.data.createGroup as { group: { id: string } }).group.id;
      }
      return answer;
    },
  };
}

function triesOf(ids: TriedOperations['ids'], group: () => { groupId: string }): Record<string, Try> {
  const password = DEMO_PASSWORD;
  const list = (): { providerId: string; password: string } => ({
    providerId: demoUser('provider.a'),
    password,
  });
  return {
    SignIn: [null, () => ({ email: A, password })],
    WhoAmI: [DELEGATE, () => ({})],
    DashboardBills: [DELEGATE, () => ({ orderBy: { field: 'TOTAL' }, filter: { kind: 'PRIVATE' } })],
    DashboardSummary: [DELEGATE, () => ({ groupBy: 'MONTH' })],
    DashboardBillDetails: [DELEGATE, () => ({ id: ids.bill })],
    EncounterBills: [DELEGATE, () => ({ id: ids.encounter })],
    PatientChartBills: [DELEGATE, () => ({ patientId: ids.patient })],
    PatientChartEncounters: [DELEGATE, () => ({ patientId: ids.patient })],
    PatientSearch: [DELEGATE, () => ({ search: 'a' })],
    VisitsDashboard: [DELEGATE, () => ({})],
    DelegationListScreen: [A, () => ({ providerId: demoUser('provider.a') })],
    SearchDelegateCandidates: [A, () => ({ providerId: demoUser('provider.a'), search: 'b' })],
    DelegationListOwners: [ADMIN, () => ({ search: 'dr' })],
    CreateGroup: [ADMIN, () => ({ input: { name: 'Operations' } })],
    RenameGroup: [ADMIN, () => ({ input: { ...group(), name: 'Day operations' } })],
    AddGroupMembers: [ADMIN, () => ({ input: { ...group(), userIds: [demoUser('nurse')] } })],
    GroupsScreen: [ADMIN, () => ({})],
    GroupMembers: [ADMIN, () => ({ id: group().groupId })],
    AddUserDelegate: [A, () => ({ input: { ...list(), userId: demoUser('nurse') } })],
    AddGroupDelegate: [A, () => ({ input: { ...list(), ...group() } })],
    RemoveUserDelegate: [A, () => ({ input: { ...list(), userId: demoUser('nurse') } })],
    RemoveGroupDelegate: [A, () => ({ input: { ...list(), ...group() } })],
    SaveBillingDelegates: [
      ADMIN,
      () => ({
        input: {
          password,
          lists: [{ providerId: demoUser('provider.b'), addUsers: [{ userId: demoUser('nurse') }] }],
        },
      }),
    ],
    RemoveGroupMembers: [ADMIN, () => ({ input: { ...group(), userIds: [demoUser('nurse')] } })],
    DeleteGroup: [ADMIN, () => ({ input: group() })],
    DeactivateUser: [ADMIN, () => ({ input: { userId: demoUser('nurse') } })],
    ReactivateUser: [ADMIN, () => ({ input: { userId: demoUser('nurse') } })],
    DelegationHistoryScreen: [A, () => ({ providerId: demoUser('provider.a') })],
    ClinicHistoryScreen: [ADMIN, () => ({ filter: { actions: ['GROUP_CREATED', 'GROUP_DELETED'] } })],
    WhoCanSeeBill: [A, () => ({ billId: ids.bill })],
    ExplainBillAccess: [A, () => ({ billId: ids.bill, userId: demoUser('delegate') })],
    LaunchReadinessScreen: [SUPPORT, () => ({ clinicId: toGlobalId('Clinic', OTHER_ID, OTHER_ID) })],
    LaunchClinics: [SUPPORT, () => ({})],
    ScheduleSegregationLaunch: [
      SUPPORT,
      () => ({ input: { clinicId: toGlobalId('Clinic', OTHER_ID, OTHER_ID), at: '2099-01-01T08:00:00Z' } }),
    ],
  };
}

/** The names of the operations that are tried, in the order in which they must be, since some build on others. */
export const TRIED: readonly string[] = Object.keys(
  triesOf({ bill: '', patient: '', encounter: '' }, () => ({ groupId: '' })),
);
