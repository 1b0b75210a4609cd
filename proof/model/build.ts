import {
  type Bill,
  billOf,
  type Clinic,
  type Encounter,
  type Entry,
  type Group,
  type Instant,
  type Patient,
  type Payment,
  type User,
  type Visit,
  type World,
} from '../world';
import type { BillPlan, ClinicPlan, Moment, Plan } from './plan';

const HOUR = 3_600_000_000n;
const DAY = 24n * HOUR;

const STATUSES = {
  INSURED: ['DRAFT', 'READY_TO_SUBMIT', 'SUBMITTED', 'ATTENTION_REQUIRED', 'COMPLETED'],
  PRIVATE: ['UNPAID', 'PARTIALLY_PAID', 'PAID', 'REFUNDED', 'WRITTEN_OFF'],
} as const;

/** The one at that place, counted round; undefined where there is none. */
export const at = <Item>(items: readonly Item[], place: number): Item | undefined =>
  items.length === 0 ? undefined : items[place % items.length];

/** The instant of a moment, where the clock begins at `start`. */
export function instantOf(moment: Moment, start: Instant): Instant | null {
  switch (moment) {
    case 'NEVER':
      return null;
    case 'PAST':
      return start - 3n * DAY;
    case 'SOON':
      return start + HOUR;
    case 'LATER':
      return start + 2n * HOUR;
  }
}

/** Makes the world of a plan, with new ids for everything, so that worlds can share a database. */
export function buildWorld(plan: Plan, start: Instant): World {
  const known = new Map<string, string>();
  const clinics = plan.clinics.map((clinic, index) =>
    buildClinic(clinic, start, (what) => {
      const key = plan.twins ? what : `${index} ${what}`;
      const id = known.get(key) ?? crypto.randomUUID();
      known.set(key, id);
      return id;
    }),
  );
  const support: User = {
    ...{ id: crypto.randomUUID(), clinicId: null, name: 'Support' },
    ...{ provider: false, administrator: false, active: plan.supportActive },
  };
  const all = <Key extends Exclude<keyof World, 'clinics'>>(key: Key) =>
    clinics.flatMap((clinic) => clinic[key] as World[Key][number][]) as World[Key];
  return {
    clinics: clinics.flatMap((clinic) => clinic.clinics),
    users: [...all('users'), support],
    groups: all('groups'),
    entries: all('entries'),
    patients: all('patients'),
    visits: all('visits'),
    encounters: all('encounters'),
    bills: all('bills'),
  };
}

/** The id of something of a clinic, by what it is and its place: in a world of twins the same in every clinic. */
type Ids = (what: string) => string;

function buildClinic(plan: ClinicPlan, start: Instant, idFor: Ids): World {
  const clinicId = crypto.randomUUID();
  const clinic: Clinic = {
    id: clinicId,
    name: `Clinic ${clinicId}`,
    launchesAt: instantOf(plan.launch, start),
  };
  const administrator: User = {
    ...{ id: idFor('administrator'), clinicId, name: 'Administrator' },
    ...{ provider: false, administrator: true, active: true },
  };
  const staff = plan.users.map(
    ({ provider, active }, index): User => ({
      ...{ id: idFor(`user ${index}`), clinicId, name: `User ${index}`, administrator: false, active },
      provider: provider || index === 0,
    }),
  );
  const users = [administrator, ...staff];
  const providers = users.filter((user) => user.provider);
  const groups = plan.groups.map(
    (members, index): Group => ({
      ...{ id: idFor(`group ${index}`), clinicId, name: `Group ${index}` },
      members: new Set(members.flatMap((member) => at(users, member)?.id ?? [])),
    }),
  );
  const entries: Entry[] = [];
  for (const { provider, ofGroup, delegate, expires } of plan.entries) {
    const owner = at(providers, provider);
    const party = ofGroup ? at(groups, delegate) : at(users, delegate);
    if (owner === undefined || party === undefined || party.id === owner.id) continue;
    const entry: Entry = {
      ...{ clinicId, providerId: owner.id, expiresAt: instantOf(expires, start) },
      ...{ userId: ofGroup ? null : party.id, groupId: ofGroup ? party.id : null },
    };
    if (!entries.some((other) => sameDelegate(other, entry))) entries.push(entry);
  }
  const patients = Array.from(
    { length: plan.patients },
    (_, index): Patient => ({ id: idFor(`patient ${index}`), clinicId }),
  );
  const visits = patients.map(
    ({ id }, index): Visit => ({ id: idFor(`visit ${index}`), clinicId, patientId: id }),
  );
  const owner = providers[0]?.id ?? '';
  const encounters = visits.flatMap(({ id, patientId }, index): Encounter[] =>
    [id, null].map((visitId, place) => ({
      ...{ id: idFor(`encounter ${index} ${place}`), clinicId, patientId, providerId: owner, visitId },
    })),
  );
  const payerId = idFor('payer');
  const bills = plan.bills.map((bill, index) =>
    buildBill(bill, index, {
      id: idFor(`bill ${index}`),
      clinicId,
      providers,
      patients,
      visits,
      encounters,
      payerId,
    }),
  );
  return { clinics: [clinic], users, groups, entries, patients, visits, encounters, bills };
}

/** Whether two entries name the same delegate of the same provider: a list holds each once. */
export const sameDelegate = (one: Omit<Entry, 'expiresAt'>, other: Omit<Entry, 'expiresAt'>): boolean =>
  one.clinicId === other.clinicId &&
  one.providerId === other.providerId &&
  one.userId === other.userId &&
  one.groupId === other.groupId;

interface Surroundings {
  readonly id: string;
  readonly clinicId: string;
  readonly providers: readonly User[];
  readonly patients: readonly Patient[];
  readonly visits: readonly Visit[];
  readonly encounters: readonly Encounter[];
  readonly payerId: string;
}

function buildBill(plan: BillPlan, index: number, around: Surroundings): Bill {
  const kind = plan.private ? 'PRIVATE' : 'INSURED';
  const patient = at(around.patients, plan.patient)?.id ?? '';
  const visit = around.visits.find(({ patientId }) => patientId === patient);
  const [encounter, lone] = around.encounters.filter(({ patientId }) => patientId === patient);
  const items = plan.items.map(BigInt);
  const billed = items.reduce((sum, amount) => sum + amount, 0n);
  const share = (of: bigint, percent: number): bigint => (of * BigInt(percent)) / 100n;
  const paid = share(billed, plan.paid);
  const payments = [
    { kind: 'PAYMENT', amount: paid },
    { kind: 'REFUND', amount: share(paid, plan.refunded) },
  ] satisfies Payment[];
  return billOf({
    ...{ id: around.id, clinicId: around.clinicId, kind, number: `N-${index}` },
    status: STATUSES[kind][plan.status] ?? STATUSES[kind][0],
    serviceDate: `2026-03-0${plan.day + 1}`,
    providerId: at(around.providers, plan.provider)?.id ?? '',
    patientId: patient,
    encounterId:
      { NOWHERE: null, VISIT: null, ENCOUNTER: encounter?.id, LONE_ENCOUNTER: lone?.id }[plan.place] ?? null,
    visitId: plan.place === 'VISIT' || plan.place === 'ENCOUNTER' ? (visit?.id ?? null) : null,
    payerId: plan.private ? null : around.payerId,
    items,
    discount: share(billed, plan.discount),
    payments: payments.filter(({ amount }) => amount > 0n),
  });
}
