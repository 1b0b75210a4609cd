import { idOf } from './ids';
import type { Ids } from './people';
import { finish, readRows, type Session } from './session';

/** What claims need to know of their encounter. */
export interface EncounterRef {
  readonly id: string;
  readonly visitId: string;
  /** The id that its patient got. */
  readonly patientId: string;
  /** What the encounter itself cost, for when there are no charges to add up. */
  readonly baseCost: string;
}

/** Costs stay below this, as the tables hold them (14 digits, 2 of them after the point). */
export const MONEY_LIMIT = 1e12;

const ENCOUNTERS = {
  required: ['Id', 'START', 'PATIENT', 'PROVIDER'],
  optional: ['STOP', 'DESCRIPTION', 'REASONDESCRIPTION', 'BASE_ENCOUNTER_COST'],
} as const;

/** Reads the encounters. Each gets a visit of its own, because Synthea knows no visits. */
export async function importEncounters(
  session: Session,
  people: { providers: Ids; patients: Ids },
): Promise<ReadonlyMap<string, EncounterRef>> {
  const { clinic, tally, writer } = session;
  const encounters = new Map<string, EncounterRef>();
  let endless = 0;
  for await (const row of readRows(session, 'encounters.csv', ENCOUNTERS)) {
    tally.add('encounters', { read: 1 });
    const sourceId = row.required('Id');
    if (encounters.has(sourceId)) throw row.error(`Id "${sourceId}" is in an earlier row too`);
    const patientId = row.reference('PATIENT', people.patients, 'patients.csv');
    const providerId = row.reference('PROVIDER', people.providers, 'providers.csv');
    const start = row.moment('START').instant;
    const stop = row.optionalMoment('STOP')?.instant ?? null;
    const backwards = stop !== null && stop < start;
    if (backwards) endless += 1;
    const description = row.text('DESCRIPTION') || null;
    const id = idOf(clinic.id, 'encounter', sourceId);
    const visitId = idOf(clinic.id, 'visit', sourceId);
    encounters.set(sourceId, {
      id,
      visitId,
      patientId,
      baseCost: row.decimal('BASE_ENCOUNTER_COST', MONEY_LIMIT, '0'),
    });
    await writer.add('visits', {
      clinic_id: clinic.id,
      id: visitId,
      patient_id: patientId,
      started_at: start,
      reason: row.text('REASONDESCRIPTION') || description,
    });
    await writer.add('encounters', {
      clinic_id: clinic.id,
      id,
      patient_id: patientId,
      provider_id: providerId,
      visit_id: visitId,
      started_at: start,
      ended_at: backwards ? null : stop,
      reason: description,
    });
  }
  await finish(session, 'encounters', 'visits');
  if (endless > 0) {
    tally.notes.push(`Encounters that stop before they start, which have no end here: ${endless}.`);
  }
  return encounters;
}
