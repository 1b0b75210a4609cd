import { Decimal } from 'decimal.js';
import { type EncounterRef, MONEY_LIMIT } from './encounters';
import { idOf } from './ids';
import type { Ids } from './people';
import type { CsvRow } from './row';
import { readRows, type Session } from './session';
import { Stage } from './staging';

const DIAGNOSES = [1, 2, 3, 4, 5, 6, 7, 8].map((index) => `DIAGNOSIS${index}` as const);
const PRIMARY = 'PRIMARYPATIENTINSURANCEID';
const SECONDARY = 'SECONDARYPATIENTINSURANCEID';

const CLAIMS = {
  required: ['Id', 'PATIENTID', 'PROVIDERID', PRIMARY, 'APPOINTMENTID', 'SERVICEDATE'],
  optional: [
    SECONDARY,
    ...DIAGNOSES,
    ...(['STATUS1', 'STATUS2', 'STATUSP', 'OUTSTANDING1', 'OUTSTANDING2', 'OUTSTANDINGP'] as const),
  ],
} as const;

type ClaimRow = CsvRow<(typeof CLAIMS.required)[number] | (typeof CLAIMS.optional)[number]>;

/** What claims point at. A payer that is null is the one that stands for "no insurance". */
export interface ClaimTargets {
  readonly providers: Ids;
  readonly patients: Ids;
  readonly payers: ReadonlyMap<string, string | null>;
  readonly encounters: ReadonlyMap<string, EncounterRef>;
}

/** The number that each staged claim has in the temporary tables, by the id that it has in the file. */
export type ClaimNumbers = ReadonlyMap<string, number>;

/** Reads the claims into the temporary table, checking everything that they point at. */
export async function stageClaims(session: Session, targets: ClaimTargets): Promise<ClaimNumbers> {
  const numbers = new Map<string, number>();
  const stage = new Stage(session.client, 'staged_claims', () => {
    throw new Error('two claims got one number');
  });
  for await (const row of readRows(session, 'claims.csv', CLAIMS)) {
    session.tally.add('bills', { read: 1 });
    const sourceId = row.required('Id');
    if (numbers.has(sourceId)) throw row.error(`Id "${sourceId}" is in an earlier row too`);
    numbers.set(sourceId, numbers.size);
    const patientId = row.reference('PATIENTID', targets.patients, 'patients.csv');
    const encounter = encounterOf(row, targets.encounters, patientId);
    const payers = payersOf(row, targets.payers);
    await stage.add({
      no: numbers.size - 1,
      source_id: sourceId,
      bill_id: idOf(session.clinic.id, 'bill', sourceId),
      kind: payers.payerId === null ? 'PRIVATE' : 'INSURED',
      state: stateOf(payers.statuses.map((column) => row.text(column))),
      service_date: row.moment('SERVICEDATE').date,
      provider_id: row.reference('PROVIDERID', targets.providers, 'providers.csv'),
      patient_id: patientId,
      encounter_id: encounter?.id ?? null,
      visit_id: encounter?.visitId ?? null,
      payer_id: payers.payerId,
      diagnoses: DIAGNOSES.map((column) => row.text(column)),
      stated_billed: encounter?.baseCost ?? '0',
      stated_outstanding: statedOutstanding(row),
    });
  }
  await stage.flush();
  return numbers;
}

/** The claim's encounter, null when it names none. */
function encounterOf(
  row: ClaimRow,
  encounters: ClaimTargets['encounters'],
  patientId: string,
): EncounterRef | null {
  const key = row.text('APPOINTMENTID');
  if (key === '' || key === '0') return null;
  const encounter = row.reference('APPOINTMENTID', encounters, 'encounters.csv');
  if (encounter.patientId !== patientId) {
    throw row.error(`PATIENTID "${row.text('PATIENTID')}" is not the patient of encounter "${key}"`);
  }
  return encounter;
}

/** The payer of the bill, the primary one first, and the columns that tell how far the claim is with its payers. */
function payersOf(
  row: ClaimRow,
  payers: ClaimTargets['payers'],
): { payerId: string | null; statuses: readonly ('STATUS1' | 'STATUS2' | 'STATUSP')[] } {
  const primary = payerOf(row, PRIMARY, payers);
  const secondary = payerOf(row, SECONDARY, payers);
  if (primary !== null) {
    return { payerId: primary, statuses: secondary === null ? ['STATUS1'] : ['STATUS1', 'STATUS2'] };
  }
  return secondary === null
    ? { payerId: null, statuses: ['STATUSP'] }
    : { payerId: secondary, statuses: ['STATUS2'] };
}

/** No payer is `0` in older exports and empty in newer ones. */
function payerOf(
  row: ClaimRow,
  column: typeof PRIMARY | typeof SECONDARY,
  payers: ClaimTargets['payers'],
): string | null {
  const key = row.text(column);
  return key === '' || key === '0' ? null : row.reference(column, payers, 'payers.csv');
}

/** NEW: no payer has had the claim. CLOSED: every payer has settled it. OPEN: anything between (Synthea's BILLED). */
function stateOf(statuses: readonly string[]): 'NEW' | 'OPEN' | 'CLOSED' {
  if (statuses.every((status) => status === '')) return 'NEW';
  return statuses.every((status) => status.toUpperCase() === 'CLOSED') ? 'CLOSED' : 'OPEN';
}

/** What the claim itself says is outstanding, over all who pay; only used where there are no transactions. */
function statedOutstanding(row: ClaimRow): string {
  const sum = (['OUTSTANDING1', 'OUTSTANDING2', 'OUTSTANDINGP'] as const)
    .map((column) => row.decimal(column, MONEY_LIMIT, '0'))
    .reduce((total, amount) => total.plus(amount), new Decimal(0));
  return sum.toFixed(2);
}
