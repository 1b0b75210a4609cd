import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Args, Ctx, FieldResolver, ID, Info, Int, Query, Resolver, Root } from 'type-graphql';
import { chosenClinic, existing } from '../../arguments';
import type { RequestContext } from '../../context';
import { Clinic, User } from '../../directory/types';
import { badUserInput } from '../../errors';
import { LARGEST_PAGE } from '../../paging';
import { Encounter, Patient, PatientChart, Visit } from '../../records/types';
import { DecimalScalar } from '../../scalars';
import { type BillParent, billConnection, selectionOf, toTotals, totalsOf } from '../list';
import { BillStore } from '../store';
import {
  BillConnection,
  BillFilter,
  BillGrouping,
  BillKind,
  BillListArgs,
  BillSummaryRow,
  BillTotals,
  Dashboard,
  Payer,
} from '../types';
import { currencyOf } from './bill';

const DEFAULT_ROWS = 100;

const dashboardParent = (dashboard: Dashboard): BillParent => ({
  clinicId: dashboard.clinicId,
  kind: null,
  id: null,
});
const visitParent = (visit: Visit): BillParent => ({
  clinicId: existing(visit.clinicId),
  kind: 'visit',
  id: visit.id,
});
const chartParent = (chart: PatientChart): BillParent => ({
  clinicId: chart.clinicId,
  kind: 'patient',
  id: chart.patientId,
});

/** The billing dashboard. */
@Resolver(() => Dashboard)
export class DashboardResolver {
  @Query(() => Dashboard, { nullable: true, description: 'The billing dashboard of a clinic.' })
  async dashboard(
    @Ctx() context: RequestContext,
    @Arg('clinicId', () => ID, { nullable: true, description: 'The clinic; only support has to name one.' })
    clinicId?: string | null,
  ): Promise<Dashboard> {
    return { clinicId: await chosenClinic(context, clinicId) };
  }

  @FieldResolver(() => Clinic, { description: 'Whose dashboard it is.' })
  async clinic(@Root() { clinicId }: Dashboard, @Ctx() context: RequestContext): Promise<Clinic> {
    return existing(await context.loaders.clinics.load({ clinicId, id: clinicId }));
  }

  @FieldResolver(() => BillConnection, {
    description: 'The bills that the viewer may see, newest service first.',
  })
  async bills(
    @Root() dashboard: Dashboard,
    @Args(() => BillListArgs) args: BillListArgs,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<BillConnection> {
    return billConnection(context, dashboardParent(dashboard), args, info);
  }

  @FieldResolver(() => BillTotals, { description: 'The sums over the bills that the viewer may see.' })
  async totals(
    @Root() dashboard: Dashboard,
    @Ctx() context: RequestContext,
    @Arg('filter', () => BillFilter, { nullable: true, description: 'Which bills; without it, all.' })
    filter?: BillFilter | null,
  ): Promise<BillTotals> {
    return totalsOf(context, dashboardParent(dashboard), selectionOf(dashboard.clinicId, filter));
  }

  @FieldResolver(() => [BillSummaryRow], {
    description:
      'The sums over the bills that the viewer may see, group by group: the largest billed first, months newest first.',
  })
  async summary(
    @Root() { clinicId }: Dashboard,
    @Ctx() context: RequestContext,
    @Arg('groupBy', () => BillGrouping, { description: 'What there is one row for.' })
    groupBy: keyof typeof BillGrouping,
    @Arg('filter', () => BillFilter, { nullable: true, description: 'Which bills; without it, all.' })
    filter: BillFilter | null | undefined,
    @Arg('first', () => Int, {
      defaultValue: DEFAULT_ROWS,
      description: `At most how many groups, 0 to ${LARGEST_PAGE}.`,
    })
    first: number,
  ): Promise<BillSummaryRow[]> {
    if (first < 0 || first > LARGEST_PAGE)
      throw badUserInput(`\`first\` must be between 0 and ${LARGEST_PAGE}.`);
    const store = new BillStore(context.statements);
    const selection = selectionOf(clinicId, filter);
    const rows = await store.summary(context.signedInViewer, clinicId, selection, groupBy, first);
    context.audit.viewed('summary', {
      clinicId,
      bills: rows.reduce((bills, row) => bills + row.count, 0),
      providerIds: rows.flatMap((row) => row.providerIds),
    });
    return rows.map((row) => {
      const totals = toTotals(context, clinicId, row);
      const keyIf = (grouping: keyof typeof BillGrouping): string | null =>
        groupBy === grouping ? row.key : null;
      return {
        clinicId,
        providers: totals.providers,
        totals,
        providerId: keyIf('PROVIDER'),
        patientId: keyIf('PATIENT'),
        payerId: keyIf('PAYER'),
        kind: keyIf('KIND') as BillSummaryRow['kind'],
        status: keyIf('STATUS') as BillSummaryRow['status'],
        month: keyIf('MONTH'),
      };
    });
  }
}

/** What the rows of a summary are about. */
@Resolver(() => BillSummaryRow)
export class BillSummaryRowResolver {
  @FieldResolver(() => User, { nullable: true, description: 'The provider, when grouped by PROVIDER.' })
  async provider(@Root() row: BillSummaryRow, @Ctx() context: RequestContext): Promise<User | null> {
    return row.providerId === null
      ? null
      : context.loaders.users.load({ clinicId: row.clinicId, id: row.providerId });
  }

  @FieldResolver(() => Patient, { nullable: true, description: 'The patient, when grouped by PATIENT.' })
  async patient(@Root() row: BillSummaryRow, @Ctx() context: RequestContext): Promise<Patient | null> {
    return row.patientId === null
      ? null
      : context.loaders.patients.load({ clinicId: row.clinicId, id: row.patientId });
  }

  @FieldResolver(() => Payer, {
    nullable: true,
    description: 'The payer, when grouped by PAYER; null: no payer.',
  })
  async payer(@Root() row: BillSummaryRow, @Ctx() context: RequestContext): Promise<Payer | null> {
    return row.payerId === null
      ? null
      : context.loaders.payers.load({ clinicId: row.clinicId, id: row.payerId });
  }
}

/** The currency of sums. */
@Resolver(() => BillTotals)
export class BillTotalsResolver {
  @FieldResolver(() => String, { description: 'The currency of the sums, ISO 4217.' })
  async currency(@Root() totals: BillTotals, @Ctx() context: RequestContext): Promise<string> {
    return currencyOf(context, totals.clinicId);
  }
}

/** How long a list of bills is. */
@Resolver(() => BillConnection)
export class BillConnectionResolver {
  @FieldResolver(() => BillTotals, {
    description: 'The sums over the whole list, whatever the page: over bills that the viewer may see.',
  })
  async totals(@Root() connection: BillConnection): Promise<BillTotals> {
    return connection.readTotals();
  }

  @FieldResolver(() => Int, {
    description: 'How many bills the whole list has, whatever the page: bills that the viewer may see.',
  })
  async totalCount(@Root() connection: BillConnection, @Ctx() context: RequestContext): Promise<number> {
    const totals = await connection.readTotals();
    await context.decisions.confirm('VIEW_BILL', totals.providers);
    return totals.count;
  }
}

/** The bills of an encounter. */
@Resolver(() => Encounter)
export class EncounterBillsResolver {
  @FieldResolver(() => BillConnection, {
    description: 'The bills made in the encounter that the viewer may see.',
  })
  async bills(
    @Root() encounter: Encounter,
    @Args(() => BillListArgs) args: BillListArgs,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<BillConnection> {
    const parent = { clinicId: existing(encounter.clinicId), kind: 'encounter', id: encounter.id } as const;
    return billConnection(context, parent, args, info);
  }
}

/** The bills of a visit. */
@Resolver(() => Visit)
export class VisitBillsResolver {
  @FieldResolver(() => BillConnection, {
    description: 'The insured bills of the visit that the viewer may see.',
  })
  async insuredBills(
    @Root() visit: Visit,
    @Args(() => BillListArgs) args: BillListArgs,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<BillConnection> {
    return billConnection(context, visitParent(visit), args, info, 'INSURED');
  }

  @FieldResolver(() => BillConnection, {
    description: 'The private bills of the visit that the viewer may see.',
  })
  async privateBills(
    @Root() visit: Visit,
    @Args(() => BillListArgs) args: BillListArgs,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<BillConnection> {
    return billConnection(context, visitParent(visit), args, info, 'PRIVATE');
  }
}

/** The bills in a patient's chart. */
@Resolver(() => PatientChart)
export class PatientChartBillsResolver {
  @FieldResolver(() => BillConnection, {
    description: "The patient's insured bills that the viewer may see.",
  })
  async insuredBills(
    @Root() chart: PatientChart,
    @Args(() => BillListArgs) args: BillListArgs,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<BillConnection> {
    return billConnection(context, chartParent(chart), args, info, 'INSURED');
  }

  @FieldResolver(() => BillConnection, {
    description: "The patient's private bills that the viewer may see.",
  })
  async privateBills(
    @Root() chart: PatientChart,
    @Args(() => BillListArgs) args: BillListArgs,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<BillConnection> {
    return billConnection(context, chartParent(chart), args, info, 'PRIVATE');
  }

  @FieldResolver(() => DecimalScalar, {
    description:
      "What is still owed on the patient's bills that the viewer may see, in the clinic's currency.",
  })
  async outstanding(
    @Root() chart: PatientChart,
    @Ctx() context: RequestContext,
    @Arg('kind', () => BillKind, {
      nullable: true,
      description: 'Only bills of this kind; without it, of both.',
    })
    kind?: keyof typeof BillKind | null,
  ): Promise<string> {
    const totals = await totalsOf(
      context,
      chartParent(chart),
      selectionOf(chart.clinicId, null, kind ?? null),
    );
    await context.decisions.confirm('VIEW_BILL', totals.providers);
    return totals.outstanding;
  }

  @FieldResolver(() => String, { description: 'The currency of what is outstanding, ISO 4217.' })
  async currency(@Root() chart: PatientChart, @Ctx() context: RequestContext): Promise<string> {
    return currencyOf(context, chart.clinicId);
  }
}
