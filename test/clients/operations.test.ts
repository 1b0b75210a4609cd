import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Kind, specifiedRules, validate } from 'graphql';
import { toGlobalId } from '../../src/global-id';
import { DEFAULT_LIMITS } from '../../src/http/limits';
import { A, ADMIN, DELEGATE, demoUser, demoUserId, OTHER_ID, SUPPORT } from '../cases/support';
import { DEMO_PASSWORD } from '../support/database';
import { startTestServer, type TestServer } from '../support/server';
import { committedSchema, type OperationFile, operationFiles, operations } from './documents';

const schema = committedSchema();

describe.each(operationFiles().map((file) => [file.name, file] as const))('%s', (_name, file) => {
  it('says at its top what it is for', () => {
    expect(file.text).toMatch(/^# [A-Z]/);
  });

  it('fits the schema, uses every fragment and names every operation', () => {
    expect(validate(schema, file.document, specifiedRules).map(String)).toEqual([]);
    expect(namesOf(file).filter((name) => name === undefined)).toEqual([]);
  });
});

/** The names of the operations and fragments of a file. */
const namesOf = ({ document }: OperationFile): (string | undefined)[] =>
  document.definitions.map((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION || definition.kind === Kind.FRAGMENT_DEFINITION
      ? definition.name?.value
      : undefined,
  );

it('names are unique over all files, as code generators and Relay want them', () => {
  const names = operationFiles().flatMap(namesOf);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

describe('against a running demo server, within the limits that a server has by default', () => {
  let server: TestServer;
  let ids: { bill: string; patient: string; encounter: string };
  let madeGroup = '';

  beforeAll(async () => {
    server = await startTestServer({ limits: DEFAULT_LIMITS });
    const [bill] = await server.db.query<Record<'clinic' | 'id' | 'patient' | 'encounter', string>>(
      `SELECT clinic_id AS clinic, id, patient_id AS patient, encounter_id AS encounter FROM bills
       WHERE provider_id = $1 AND encounter_id IS NOT NULL ORDER BY number LIMIT 1`,
      [demoUserId('provider.a')],
    );
    if (bill === undefined) throw new Error('provider A has no bill made in an encounter');
    ids = {
      bill: toGlobalId('Bill', bill.clinic, bill.id),
      patient: toGlobalId('Patient', bill.clinic, bill.patient),
      encounter: toGlobalId('Encounter', bill.clinic, bill.encounter),
    };
  });
  afterAll(() => server?.close());

  const password = DEMO_PASSWORD;
  const list = (): { providerId: string; password: string } => ({
    providerId: demoUser('provider.a'),
    password,
  });
  const group = (): { groupId: string } => ({ groupId: madeGroup });

  /** As whom each operation is tried, and with which variables; in this order, since some build on others. */
  const tries: Record<string, readonly [who: string | null, variables: () => Record<string, unknown>]> = {
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
    GroupMembers: [ADMIN, () => ({ id: madeGroup })],
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

  it('every operation is tried', () => {
    expect(
      operations()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(Object.keys(tries).sort());
  });

  it.each(Object.keys(tries))('%s is answered without errors', async (name) => {
    const [who, variables] = tries[name] ?? [null, () => ({})];
    const { query } = operations().find((one) => one.name === name) ?? { query: '' };
    const answer = await server.ask<Record<string, unknown>>(who, query, variables());
    expect(answer.errors ?? []).toEqual([]);
    const root = Object.values(answer.data);
    expect(root).toHaveLength(1);
    expect(root).not.toContain(null);
    if (name === 'CreateGroup') {
      madeGroup = (answer.data.createGroup as { group: { id: string } }).group.id;
    }
  });
});
