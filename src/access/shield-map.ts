import { allow, deny, type IRules, shield } from 'graphql-shield';
import { forbidden } from '../errors';
import {
  explainsBill,
  inReachOfViewer,
  readsDelegationList,
  readsHistory,
  readsLaunchReadiness,
  signedIn,
  tellsWhoSeesBills,
  viewsBill,
  viewsEveryBillBehind,
} from './rules';

/** One rule for several fields, each named. */
const each = <Rule>(rule: Rule, fields: string): Record<string, Rule> =>
  Object.fromEntries(fields.split(' ').map((field) => [field, rule]));

/**
 * What guards what: every object type and every field of the schema by name, and nothing else. A field that is not
 * here is denied, and a test fails until it is. Rules are explained in rules.ts; how to choose one, in the README.
 */
export const shieldMap = {
  // Where a request comes in.
  Query: each(
    signedIn,
    'viewer clinics dashboard encounter patientChart visits patients bill node explainBillAccess whoCanSeeBill launchReadiness billingDelegation delegationHistory clinicHistory users groups delegateCandidates',
  ),
  Mutation: {
    signIn: allow,
    ...each(
      signedIn,
      'scheduleSegregationLaunch addUserDelegate removeUserDelegate addGroupDelegate removeGroupDelegate saveBillingDelegates',
    ),
    ...each(
      signedIn,
      'createGroup renameGroup deleteGroup addGroupMembers removeGroupMembers deactivateUser reactivateUser',
    ),
  },

  // Bills, and everything computed from them.
  Bill: each(
    viewsBill,
    'id kind number status serviceDate provider patient encounter visit payer items payments currency billed discount total paid refunded outstanding note',
  ),
  BillItem: each(viewsBill, 'line serviceCode description diagnosisCodes units unitPrice amount'),
  Payment: each(viewsBill, 'kind amount receivedOn method'),
  BillTotals: each(viewsEveryBillBehind, 'count currency billed discount paid refunded outstanding'),
  BillSummaryRow: each(viewsEveryBillBehind, 'provider patient payer kind status month totals'),
  // Their nodes, counts and sums are guarded above, and by the resolvers that count.
  BillConnection: each(inReachOfViewer, 'edges nodes pageInfo totalCount totals'),
  BillEdge: each(signedIn, 'cursor node'),
  BillAccessExplanation: each(explainsBill, 'user visible grounds'),
  BillAccessGround: each(explainsBill, 'ground groups groupNames'),
  BillViewer: each(tellsWhoSeesBills, 'user grounds'),
  BillViewerConnection: each(tellsWhoSeesBills, 'edges nodes pageInfo totalCount'),
  BillViewerEdge: each(signedIn, 'cursor node'),

  // What a launch will bring, to those who prepare it.
  LaunchReadiness: each(readsLaunchReadiness, 'clinic blankLists entriesWithoutAccess losses'),
  BlankList: each(readsLaunchReadiness, 'provider billCount'),
  BlankListConnection: each(readsLaunchReadiness, 'edges nodes pageInfo totalCount'),
  BlankListEdge: each(signedIn, 'cursor node'),
  EntryWithoutAccess: each(readsLaunchReadiness, 'provider delegate reason expiresAt'),
  EntryWithoutAccessConnection: each(readsLaunchReadiness, 'edges nodes pageInfo totalCount'),
  EntryWithoutAccessEdge: each(signedIn, 'cursor node'),
  LaunchLoss: each(readsLaunchReadiness, 'provider billCount userCount users'),
  LaunchLossConnection: each(readsLaunchReadiness, 'edges nodes pageInfo totalCount'),
  LaunchLossEdge: each(signedIn, 'cursor node'),
  ScheduleSegregationLaunchPayload: each(signedIn, 'clinic'),

  // Delegation lists and the history, to those who may read them.
  DelegationList: each(readsDelegationList, 'provider version entries'),
  UserDelegate: each(readsDelegationList, 'user active addedBy addedAt expiresAt givesAccess'),
  GroupDelegate: each(readsDelegationList, 'group memberCount addedBy addedAt expiresAt givesAccess'),
  DelegationChange: each(readsDelegationList, 'provider added changed removed'),
  DelegationPayload: each(signedIn, 'list change'),
  SaveBillingDelegatesPayload: each(signedIn, 'saved'),
  DelegateCandidateConnection: each(readsDelegationList, 'edges nodes pageInfo'),
  DelegateCandidateEdge: each(signedIn, 'cursor node'),
  DelegateCandidate: each(readsDelegationList, 'delegate listed self'),
  HistoryEntry: each(readsHistory, 'at action actor provider user group groupName before after'),
  HistoryState: each(readsHistory, 'expiresAt name active launchesAt'),
  HistoryConnection: each(signedIn, 'edges nodes pageInfo'),
  HistoryEntryEdge: each(signedIn, 'cursor node'),
  ProviderAccess: each(viewsBill, 'provider grounds'),
  ProviderAccessConnection: each(signedIn, 'edges nodes pageInfo'),
  ProviderAccessEdge: each(signedIn, 'cursor node'),

  // The surfaces and the records: the whole clinic's, but no other's.
  Dashboard: each(inReachOfViewer, 'clinic bills totals summary'),
  Encounter: each(inReachOfViewer, 'id patient provider visit startedAt endedAt reason bills'),
  Visit: each(inReachOfViewer, 'id patient startedAt reason encounters insuredBills privateBills'),
  PatientChart: each(
    inReachOfViewer,
    'patient insuredBills privateBills outstanding currency encounters visits',
  ),
  Patient: each(inReachOfViewer, 'id name birthDate chart'),
  Payer: each(inReachOfViewer, 'id name'),
  Clinic: each(inReachOfViewer, 'id name currency segregationLaunchesAt segregationLaunched'),
  User: each(inReachOfViewer, 'id name kind active billingNumber specialty billingDelegation groups'),
  Group: each(inReachOfViewer, 'id name memberCount members'),

  // What belongs to the viewer alone, or says nothing by itself.
  Viewer: each(signedIn, 'user email clinic permissions groups billingAccess'),
  SignInPayload: each(allow, 'token expiresAt name'),
  VisitConnection: each(signedIn, 'edges nodes pageInfo'),
  VisitEdge: each(signedIn, 'cursor node'),
  EncounterConnection: each(signedIn, 'edges nodes pageInfo'),
  EncounterEdge: each(signedIn, 'cursor node'),
  PatientConnection: each(signedIn, 'edges nodes pageInfo'),
  PatientEdge: each(signedIn, 'cursor node'),
  ClinicConnection: each(signedIn, 'edges nodes pageInfo'),
  ClinicEdge: each(signedIn, 'cursor node'),
  UserConnection: each(signedIn, 'edges nodes pageInfo'),
  UserEdge: each(signedIn, 'cursor node'),
  GroupConnection: each(signedIn, 'edges nodes pageInfo'),
  GroupEdge: each(signedIn, 'cursor node'),
  CreateGroupPayload: each(signedIn, 'group'),
  RenameGroupPayload: each(signedIn, 'group'),
  DeleteGroupPayload: each(signedIn, 'groupId removedFrom'),
  AddGroupMembersPayload: each(signedIn, 'group added'),
  RemoveGroupMembersPayload: each(signedIn, 'group removed'),
  DeactivateUserPayload: each(signedIn, 'user changed'),
  ReactivateUserPayload: each(signedIn, 'user changed'),
  PageInfo: each(signedIn, 'hasNextPage hasPreviousPage startCursor endCursor'),
} satisfies IRules;

/** The rule of a field, as the map has it. */
export function ruleFor(type: string, field: string): object | undefined {
  return (shieldMap as Record<string, Record<string, object>>)[type]?.[field];
}

/** The middleware that enforces the map. Resolvers' own errors pass through: the server masks what must not leave. */
export const permissions = () =>
  shield(shieldMap, { fallbackRule: deny, fallbackError: forbidden(), allowExternalErrors: true });
