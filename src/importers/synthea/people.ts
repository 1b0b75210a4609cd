import { createHash } from 'node:crypto';
import { idOf } from './ids';
import { finish, readRows, type Session } from './session';

/** The ids that the rows of a file got, by the ids that they have in the file. */
export type Ids = ReadonlyMap<string, string>;

const PROVIDERS = { required: ['Id', 'NAME'], optional: ['SPECIALITY', 'SPECIALTY'] } as const;

/** Reads the providers: users who bill, each with a sign-in and a billing number of the importer's making. */
export async function importProviders(session: Session, passwordHash: string): Promise<Ids> {
  const { client, clinic, tally, writer } = session;
  const found = new Map<string, { id: string; name: string; specialty: string | null }>();
  for await (const row of readRows(session, 'providers.csv', PROVIDERS)) {
    tally.add('providers', { read: 1 });
    const sourceId = row.required('Id');
    // Synthea's append mode writes all its providers again at every run.
    if (found.has(sourceId)) {
      tally.skip('providers.csv', 'the same provider again');
      continue;
    }
    found.set(sourceId, {
      id: idOf(clinic.id, 'provider', sourceId),
      name: row.name('NAME'),
      specialty: row.text('SPECIALITY') || row.text('SPECIALTY') || null,
    });
  }
  const numbers = await billingNumbers(session, new Map([...found].map(([key, { id }]) => [key, id])));
  const signedUp = await client.query<{ user_id: string }>(
    'SELECT user_id FROM sign_ins WHERE clinic_id = $1',
    [clinic.id],
  );
  const haveSignIn = new Set(signedUp.rows.map((row) => row.user_id));
  for (const [sourceId, { id, name, specialty }] of found) {
    const number = numbers.get(sourceId) ?? null;
    await writer.add('users', { clinic_id: clinic.id, id, name, active: true });
    await writer.add('providers', {
      clinic_id: clinic.id,
      user_id: id,
      billing_number: number,
      specialty,
    });
    if (!haveSignIn.has(id)) {
      await writer.add('sign_ins', {
        email: `provider.${number}@${clinic.domain}`,
        clinic_id: clinic.id,
        user_id: id,
        password_hash: passwordHash,
      });
    }
  }
  await finish(session, 'providers');
  return new Map([...found].map(([sourceId, { id }]) => [sourceId, id]));
}

/**
 * A billing number of six digits for each provider, by source id: the one that they have already, else one that
 * follows from the seed and the source id, the next free one where two would meet.
 */
async function billingNumbers(
  { client, clinic, seed }: Session,
  providers: Ids,
): Promise<Map<string, string>> {
  const existing = await client.query<{ user_id: string; billing_number: string }>(
    'SELECT user_id, billing_number FROM providers WHERE clinic_id = $1',
    [clinic.id],
  );
  const byId = new Map(existing.rows.map((row) => [row.user_id, row.billing_number]));
  const taken = new Set(byId.values());
  const numbers = new Map<string, string>();
  for (const sourceId of [...providers.keys()].sort()) {
    let number = byId.get(providers.get(sourceId) ?? '');
    if (number === undefined) {
      const digest = createHash('sha256').update(`${seed} billing number ${sourceId}`).digest();
      let free = digest.readUInt32BE(0) % 900_000;
      while (taken.has(String(100_000 + free))) free = (free + 1) % 900_000;
      number = String(100_000 + free);
      taken.add(number);
    }
    numbers.set(sourceId, number);
  }
  return numbers;
}

const PATIENTS = { required: ['Id', 'BIRTHDATE', 'FIRST', 'LAST'], optional: ['PREFIX'] } as const;

/** Reads the patients: names as the files spell them, and dates of birth. */
export async function importPatients(session: Session): Promise<Ids> {
  const { clinic, tally, writer } = session;
  const ids = new Map<string, string>();
  for await (const row of readRows(session, 'patients.csv', PATIENTS)) {
    tally.add('patients', { read: 1 });
    const sourceId = row.required('Id');
    if (ids.has(sourceId)) throw row.error(`Id "${sourceId}" is in an earlier row too`);
    const id = idOf(clinic.id, 'patient', sourceId);
    ids.set(sourceId, id);
    const name = [row.text('PREFIX'), row.text('FIRST'), row.text('LAST')]
      .filter((part) => part !== '')
      .join(' ');
    if (name === '') throw row.error('FIRST and LAST are empty');
    if (name.length > 200) throw row.error('the name is longer than 200 characters');
    await writer.add('patients', {
      clinic_id: clinic.id,
      id,
      name,
      birth_date: row.moment('BIRTHDATE').date,
    });
  }
  await finish(session, 'patients');
  return ids;
}

const PAYERS = { required: ['Id', 'NAME'], optional: [] } as const;

/** The name of the payer that stands for nobody: the patient pays. */
const NO_INSURANCE = 'NO_INSURANCE';

/** Reads the payers. The one that stands for "no insurance" is known, but null: it becomes no payer. */
export async function importPayers(session: Session): Promise<ReadonlyMap<string, string | null>> {
  const { clinic, tally, writer } = session;
  const ids = new Map<string, string | null>();
  for await (const row of readRows(session, 'payers.csv', PAYERS)) {
    tally.add('payers', { read: 1 });
    const sourceId = row.required('Id');
    if (ids.has(sourceId)) {
      tally.skip('payers.csv', 'the same payer again');
      continue;
    }
    const name = row.name('NAME');
    if (name.toUpperCase() === NO_INSURANCE) {
      ids.set(sourceId, null);
      tally.skip('payers.csv', `${NO_INSURANCE} is no payer: the patient pays`);
      continue;
    }
    const id = idOf(clinic.id, 'payer', sourceId);
    ids.set(sourceId, id);
    await writer.add('payers', { clinic_id: clinic.id, id, name });
  }
  await finish(session, 'payers');
  return ids;
}

const ORGANIZATIONS = { required: ['Id'], optional: [] } as const;

/** Counts the organizations: the folder becomes one clinic and they are its sites, for which there is no table. */
export async function countOrganizations(session: Session): Promise<void> {
  if (!session.folder.sizes.has('organizations.csv')) return;
  for await (const _row of readRows(session, 'organizations.csv', ORGANIZATIONS)) {
    session.tally.add('organizations', { read: 1 });
    session.tally.skip('organizations.csv', 'sites of the one clinic, which keeps no list of sites');
  }
}
