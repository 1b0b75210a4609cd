import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import { chosenClinic, existing, idsIn, reachedRef } from '../arguments';
import type { RequestContext } from '../context';
import { searchArgument } from '../directory/search-argument';
import { User } from '../directory/types';
import { isInstant, PageArgs, pageWindow, requireOrder, toCursor, toPage, type Window } from '../paging';
import { RecordStore } from './store';
import {
  Encounter,
  EncounterConnection,
  Patient,
  PatientChart,
  PatientConnection,
  Visit,
  VisitConnection,
  VisitFilter,
} from './types';

const byStart = (window: Window): Window => {
  requireOrder(window, 'STARTED_AT', isInstant);
  return window;
};

const startCursor = (row: { orderKey: string; id: string }): string =>
  toCursor({ order: 'STARTED_AT', value: row.orderKey, id: row.id });

/** Encounters, visits and charts, which every user of the clinic sees. */
@Resolver()
export class RecordResolver {
  @Query(() => Encounter, {
    nullable: true,
    description: 'An encounter, by its id. Null where there is none that the viewer can see.',
  })
  async encounter(
    @Arg('id', () => ID, { description: 'The id of an encounter.' }) id: string,
    @Ctx() context: RequestContext,
  ): Promise<Encounter | null> {
    const ref = reachedRef(context, 'Encounter', id);
    return ref && (await context.loaders.encounters.load(ref));
  }

  @Query(() => PatientChart, {
    nullable: true,
    description: "A patient's chart. Null where there is no such patient that the viewer can see.",
  })
  async patientChart(
    @Arg('patientId', () => ID, { description: 'The id of a patient.' }) patientId: string,
    @Ctx() context: RequestContext,
  ): Promise<PatientChart | null> {
    const ref = reachedRef(context, 'Patient', patientId);
    if (ref === null || (await context.loaders.patients.load(ref)) === null) return null;
    return { clinicId: ref.clinicId, patientId: ref.id };
  }

  @Query(() => VisitConnection, {
    nullable: true,
    description: "The clinic's visits, newest first: the visits dashboard.",
  })
  async visits(
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: RequestContext,
    @Arg('clinicId', () => ID, { nullable: true, description: 'The clinic; only support has to name one.' })
    clinicId?: string | null,
    @Arg('filter', () => VisitFilter, { nullable: true, description: 'Which visits; without it, all.' })
    filter?: VisitFilter | null,
  ): Promise<VisitConnection> {
    const window = byStart(pageWindow(page));
    const clinic = await chosenClinic(context, clinicId);
    const patientId = filter?.patientId ?? null;
    const patientIds = patientId === null ? null : idsIn(clinic, 'Patient', [patientId], 'patientId');
    const rows =
      patientIds?.length === 0
        ? []
        : await new RecordStore(context.statements).visitPage(
            clinic,
            { from: filter?.from ?? null, to: filter?.to ?? null, patientId: patientIds?.[0] ?? null },
            window,
          );
    return toPage(rows, window, startCursor);
  }

  @Query(() => PatientConnection, { nullable: true, description: "The clinic's patients, by name." })
  async patients(
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: RequestContext,
    @Arg('clinicId', () => ID, { nullable: true, description: 'The clinic; only support has to name one.' })
    clinicId?: string | null,
    @Arg('search', () => String, {
      nullable: true,
      description: 'Only patients with this in their name, in any case.',
    })
    search?: string | null,
  ): Promise<PatientConnection> {
    const window = pageWindow(page);
    requireOrder(window, 'NAME', () => true);
    const text = searchArgument(search);
    const clinic = await chosenClinic(context, clinicId);
    const rows = await new RecordStore(context.statements).patientPage(clinic, text, window);
    return toPage(rows, window, (row) => toCursor({ order: 'NAME', value: row.name, id: row.id }));
  }
}

/** What hangs on an encounter. */
@Resolver(() => Encounter)
export class EncounterResolver {
  @FieldResolver(() => Patient, { description: 'The patient.' })
  async patient(@Root() encounter: Encounter, @Ctx() context: RequestContext): Promise<Patient> {
    return existing(
      await context.loaders.patients.load({ clinicId: encounter.clinicId, id: encounter.patientId }),
    );
  }

  @FieldResolver(() => User, { description: 'The provider who saw the patient.' })
  async provider(@Root() encounter: Encounter, @Ctx() context: RequestContext): Promise<User> {
    return existing(
      await context.loaders.users.load({ clinicId: encounter.clinicId, id: encounter.providerId }),
    );
  }

  @FieldResolver(() => Visit, { nullable: true, description: 'The visit that it is part of.' })
  async visit(@Root() encounter: Encounter, @Ctx() context: RequestContext): Promise<Visit | null> {
    if (encounter.visitId === null) return null;
    return context.loaders.visits.load({ clinicId: encounter.clinicId, id: encounter.visitId });
  }
}

/** What hangs on a visit. */
@Resolver(() => Visit)
export class VisitResolver {
  @FieldResolver(() => Patient, { description: 'The patient.' })
  async patient(@Root() visit: Visit, @Ctx() context: RequestContext): Promise<Patient> {
    return existing(await context.loaders.patients.load({ clinicId: visit.clinicId, id: visit.patientId }));
  }

  @FieldResolver(() => [Encounter], { description: 'The encounters of the visit, in their order.' })
  async encounters(@Root() visit: Visit, @Ctx() context: RequestContext): Promise<readonly Encounter[]> {
    return context.loaders.encountersOfVisit.load(visit);
  }
}

/** What hangs on a patient. */
@Resolver(() => Patient)
export class PatientResolver {
  @FieldResolver(() => PatientChart, { description: "The patient's chart." })
  chart(@Root() patient: Patient): PatientChart {
    return { clinicId: existing(patient.clinicId), patientId: patient.id };
  }
}

/** What a chart shows besides bills. */
@Resolver(() => PatientChart)
export class PatientChartResolver {
  @FieldResolver(() => Patient, { description: 'The patient.' })
  async patient(@Root() chart: PatientChart, @Ctx() context: RequestContext): Promise<Patient> {
    return existing(await context.loaders.patients.load({ clinicId: chart.clinicId, id: chart.patientId }));
  }

  @FieldResolver(() => EncounterConnection, { description: "The patient's encounters, newest first." })
  async encounters(
    @Root() chart: PatientChart,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: RequestContext,
  ): Promise<EncounterConnection> {
    const window = byStart(pageWindow(page));
    const rows = await new RecordStore(context.statements).encounterPage(chart.clinicId, chart, window);
    return toPage(rows, window, startCursor);
  }

  @FieldResolver(() => VisitConnection, { description: "The patient's visits, newest first." })
  async visits(
    @Root() chart: PatientChart,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: RequestContext,
  ): Promise<VisitConnection> {
    const window = byStart(pageWindow(page));
    const rows = await new RecordStore(context.statements).visitPage(chart.clinicId, chart, window);
    return toPage(rows, window, startCursor);
  }
}
