import 'reflect-metadata';
import type { GraphQLObjectType, GraphQLSchema } from 'graphql';
import { applyMiddleware } from 'graphql-middleware';
import { buildSchemaSync } from 'type-graphql';
import { guardedWithKnownGrants } from './access/grant-known';
import { permissions } from './access/shield-map';
import { BillAccessGroundResolver, ExplainResolver } from './billing/explain/resolver';
import { BillResolver } from './billing/resolvers/bill';
import {
  BillConnectionResolver,
  BillSummaryRowResolver,
  BillTotalsResolver,
  DashboardResolver,
  EncounterBillsResolver,
  PatientChartBillsResolver,
  VisitBillsResolver,
} from './billing/resolvers/surfaces';
import { BillViewerTotalResolver, WhoCanSeeResolver } from './billing/who-can-see/resolver';
import { rememberResolvers } from './built-resolvers';
import { DelegationChangePartiesResolver, DelegationChangeResolver } from './delegation/resolvers/changes';
import { HistoryResolver } from './delegation/resolvers/history';
import {
  DelegationListResolver,
  GroupDelegateResolver,
  ProviderAccessResolver,
  UserDelegateResolver,
  UserDelegationResolver,
  ViewerAccessResolver,
} from './delegation/resolvers/list';
import { DirectoryResolver } from './directory/resolver';
import { CandidateResolver } from './directory/resolvers/candidates';
import { GroupChangeResolver } from './directory/resolvers/group-changes';
import { GroupMembersResolver, PeopleResolver, UserGroupsResolver } from './directory/resolvers/people';
import { UserChangeResolver } from './directory/resolvers/user-changes';
import { SignInResolver, ViewerResolver } from './identity/resolver';
import {
  BlankListResolver,
  EntryWithoutAccessResolver,
  LaunchLossResolver,
  LaunchReadinessResolver,
  readinessTotals,
} from './launch/resolvers/readiness';
import { ScheduleLaunchResolver } from './launch/resolvers/schedule';
import { NodeIdResolver } from './node';
import {
  EncounterResolver,
  PatientChartResolver,
  PatientResolver,
  RecordResolver,
  VisitResolver,
} from './records/resolver';

/** The schema without its guards: for printing and comparing, and for tests that show what the guards are for. */
export function unguardedSchema(): GraphQLSchema {
  const schema = buildSchemaSync({
    resolvers: [
      NodeIdResolver,
      DirectoryResolver,
      PeopleResolver,
      GroupMembersResolver,
      UserGroupsResolver,
      CandidateResolver,
      GroupChangeResolver,
      UserChangeResolver,
      SignInResolver,
      ViewerResolver,
      RecordResolver,
      EncounterResolver,
      VisitResolver,
      PatientResolver,
      PatientChartResolver,
      BillResolver,
      DashboardResolver,
      BillSummaryRowResolver,
      BillTotalsResolver,
      BillConnectionResolver,
      EncounterBillsResolver,
      VisitBillsResolver,
      PatientChartBillsResolver,
      ExplainResolver,
      BillAccessGroundResolver,
      WhoCanSeeResolver,
      BillViewerTotalResolver,
      ScheduleLaunchResolver,
      LaunchReadinessResolver,
      BlankListResolver,
      EntryWithoutAccessResolver,
      LaunchLossResolver,
      ...readinessTotals,
      DelegationListResolver,
      UserDelegationResolver,
      UserDelegateResolver,
      GroupDelegateResolver,
      ViewerAccessResolver,
      ProviderAccessResolver,
      DelegationChangeResolver,
      DelegationChangePartiesResolver,
      HistoryResolver,
    ],
    // Inputs are checked where they are used: the library's validation errors carry the whole input, passwords too.
    validate: false,
  });
  // type-graphql has no way to describe these two.
  describe(schema.getQueryType(), 'What can be asked. Everything but a sign-in needs a token.');
  describe(schema.getMutationType(), 'What can be changed. A request may carry one password.');
  rememberResolvers(schema);
  return schema;
}

function describe(type: GraphQLObjectType | null | undefined, description: string): void {
  if (type) type.description = description;
}

/** The schema that is served: every field behind its shield rule. */
export function buildGuardedSchema(): GraphQLSchema {
  return guard(unguardedSchema());
}

/** Puts the shield before every field of a schema. */
export const guard = (schema: GraphQLSchema): GraphQLSchema =>
  guardedWithKnownGrants(schema, (plain) => applyMiddleware(plain, permissions()));
