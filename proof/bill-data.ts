/**
 * Every field of the schema, in exactly one class by where its value comes from. A new field fails the coverage test
 * until it stands here; the path test then asks it in every way there is.
 */

/** A type's fields by class, each class a list of names with spaces between them. */
export interface Classes {
  /** A bill's own data: what only a viewer with a ground may know. */
  readonly bill?: string;
  /** Computed from bills, or from who may see one: counts, sums, pages, explanations. */
  readonly computed?: string;
  /** Says nothing of bills by itself, and leads to what does. */
  readonly leadsTo?: string;
  /** Has nothing to do with bills. */
  readonly other?: string;
}

export const CLASSES = ['bill', 'computed', 'leadsTo', 'other'] as const;

/** A page of something that has nothing to do with bills. */
const PLAIN_PAGE = { other: 'edges nodes pageInfo' };
const PLAIN_EDGE = { other: 'cursor node' };
/** A page of records (encounters, visits, patients), which lead to bills. */
const RECORD_PAGE = { leadsTo: 'edges nodes', other: 'pageInfo' };
const RECORD_EDGE = { leadsTo: 'node', other: 'cursor' };
/** A page whose length and place in the list say how much of billing there is. */
const BILLING_PAGE = { computed: 'pageInfo totalCount', leadsTo: 'edges nodes' };
const BILLING_EDGE = { computed: 'cursor', leadsTo: 'node' };

export const FIELDS: Readonly<Record<string, Classes>> = {
  Query: {
    leadsTo:
      'bill dashboard encounter explainBillAccess launchReadiness node patientChart patients visits whoCanSeeBill',
    other: 'viewer clinics billingDelegation delegationHistory clinicHistory users groups delegateCandidates',
  },
  Mutation: {
    other: `signIn scheduleSegregationLaunch addUserDelegate removeUserDelegate addGroupDelegate removeGroupDelegate
      saveBillingDelegates createGroup renameGroup deleteGroup addGroupMembers removeGroupMembers deactivateUser
      reactivateUser`,
  },

  Bill: {
    bill: `id kind number status serviceDate provider patient encounter visit payer items payments currency billed
      discount total paid refunded outstanding note`,
  },
  BillItem: { bill: 'line serviceCode description diagnosisCodes units unitPrice amount' },
  Payment: { bill: 'kind amount receivedOn method' },
  BillConnection: { computed: 'pageInfo totalCount totals', leadsTo: 'edges nodes' },
  BillEdge: BILLING_EDGE,
  BillTotals: { computed: 'count billed discount paid refunded outstanding', other: 'currency' },
  BillSummaryRow: { computed: 'provider patient payer kind status month totals' },
  BillAccessExplanation: { computed: 'visible grounds', other: 'user' },
  BillViewerConnection: BILLING_PAGE,
  BillViewerEdge: BILLING_EDGE,
  BillViewer: { computed: 'user grounds' },
  // Read off the delegation lists: how somebody stands to a provider, whether the provider has a bill or none.
  BillAccessGround: { other: 'ground groups groupNames' },
  ProviderAccess: { other: 'provider grounds' },
  ProviderAccessConnection: PLAIN_PAGE,
  ProviderAccessEdge: PLAIN_EDGE,

  LaunchReadiness: { leadsTo: 'blankLists losses', other: 'clinic entriesWithoutAccess' },
  // Which providers are there depends on lists alone; how many bills they have does not.
  BlankListConnection: { leadsTo: 'edges nodes', other: 'pageInfo totalCount' },
  BlankListEdge: RECORD_EDGE,
  BlankList: { computed: 'billCount', other: 'provider' },
  LaunchLossConnection: BILLING_PAGE,
  LaunchLossEdge: BILLING_EDGE,
  LaunchLoss: { computed: 'provider billCount userCount users' },
  EntryWithoutAccessConnection: { other: 'edges nodes pageInfo totalCount' },
  EntryWithoutAccessEdge: PLAIN_EDGE,
  EntryWithoutAccess: { other: 'provider delegate reason expiresAt' },

  Dashboard: { computed: 'totals summary', leadsTo: 'bills', other: 'clinic' },
  PatientChart: {
    computed: 'outstanding',
    leadsTo: 'insuredBills privateBills patient encounters visits',
    other: 'currency',
  },
  Encounter: { leadsTo: 'bills patient visit', other: 'id provider startedAt endedAt reason' },
  EncounterConnection: RECORD_PAGE,
  EncounterEdge: RECORD_EDGE,
  Visit: { leadsTo: 'insuredBills privateBills patient encounters', other: 'id startedAt reason' },
  VisitConnection: RECORD_PAGE,
  VisitEdge: RECORD_EDGE,
  Patient: { leadsTo: 'chart', other: 'id name birthDate' },
  PatientConnection: RECORD_PAGE,
  PatientEdge: RECORD_EDGE,

  Clinic: { other: 'id name currency segregationLaunchesAt segregationLaunched' },
  ClinicConnection: PLAIN_PAGE,
  ClinicEdge: PLAIN_EDGE,
  User: { other: 'id name kind active billingNumber specialty billingDelegation groups' },
  UserConnection: PLAIN_PAGE,
  UserEdge: PLAIN_EDGE,
  Group: { other: 'id name memberCount members' },
  GroupConnection: PLAIN_PAGE,
  GroupEdge: PLAIN_EDGE,
  Payer: { other: 'id name' },
  Viewer: { other: 'user email clinic permissions groups billingAccess' },
  SignInPayload: { other: 'token expiresAt name' },
  PageInfo: { other: 'hasNextPage hasPreviousPage startCursor endCursor' },

  DelegationList: { other: 'provider version entries' },
  UserDelegate: { other: 'user active addedBy addedAt expiresAt givesAccess' },
  GroupDelegate: { other: 'group memberCount addedBy addedAt expiresAt givesAccess' },
  DelegationChange: { other: 'provider added changed removed' },
  DelegationPayload: { other: 'list change' },
  SaveBillingDelegatesPayload: { other: 'saved' },
  DelegateCandidate: { other: 'delegate listed self' },
  DelegateCandidateConnection: PLAIN_PAGE,
  DelegateCandidateEdge: PLAIN_EDGE,
  HistoryEntry: { other: 'at action actor provider user group groupName before after' },
  HistoryState: { other: 'expiresAt name active launchesAt' },
  HistoryConnection: PLAIN_PAGE,
  HistoryEntryEdge: PLAIN_EDGE,
  ScheduleSegregationLaunchPayload: { other: 'clinic' },
  CreateGroupPayload: { other: 'group' },
  RenameGroupPayload: { other: 'group' },
  DeleteGroupPayload: { other: 'groupId removedFrom' },
  AddGroupMembersPayload: { other: 'group added' },
  RemoveGroupMembersPayload: { other: 'group removed' },
  DeactivateUserPayload: { other: 'user changed' },
  ReactivateUserPayload: { other: 'user changed' },
};

/** The shield rules that decide by a bill, or by a provider's bills as a whole. */
export const BILL_RULES: readonly string[] = [
  'viewsBill',
  'viewsEveryBillBehind',
  'explainsBill',
  'tellsWhoSeesBills',
  'readsLaunchReadiness',
];

/** Fields of bills, or computed from them, under another shield rule: what guards them instead. */
export const GUARDED_OTHERWISE: Readonly<Record<string, string>> = {
  'BillConnection.pageInfo': 'made of the bills of the page, each of which is guarded',
  'BillConnection.totalCount': 'the resolver confirms whose bills were counted before it answers',
  'BillConnection.totals': 'every field of BillTotals is guarded',
  'BillEdge.cursor': 'made of the bill beside it, which is guarded; it takes no part in any decision',
  'BillViewerEdge.cursor': 'made of the viewer beside it, who is guarded',
  'LaunchLossEdge.cursor': 'made of the loss beside it, which is guarded',
  'Dashboard.totals': 'every field of BillTotals is guarded',
  'Dashboard.summary': 'every field of BillSummaryRow is guarded',
  'PatientChart.outstanding': 'the resolver confirms whose bills were summed before it answers',
};
