import { type Bill, billOf, type Encounter, type Instant, type User, type Visit, type World } from '../world';

/** The kinds of viewer that every path is walked as. */
export const KINDS = [
  'owner',
  'user delegate',
  'group delegate',
  'stranger',
  'support',
  'administrator',
  'foreigner',
] as const;

export type Kind = (typeof KINDS)[number];

/** A fixed world: two providers and their bills on the same patients, so that every list mixes what some may not see. */
export interface PathWorld {
  readonly world: World;
  readonly clinicId: string;
  readonly viewers: Readonly<Record<Kind, User>>;
  /** Patients, visits and encounters that paths begin at, with bills of both providers. */
  readonly patientId: string;
  readonly visit: Visit;
  readonly encounter: Encounter;
  /** A bill of the owner, one of the other provider, and one of another clinic. */
  readonly bills: { readonly owners: Bill; readonly others: Bill; readonly foreign: Bill };
}

/** Makes the world, with new ids. `launchesAt`: when the clinic's segregation launches. */
export function makePathWorld(launchesAt: Instant | null): PathWorld {
  const id = (): string => crypto.randomUUID();
  const clinicId = id();
  const foreignId = id();
  const user = (name: string, given: Partial<User> = {}): User => ({
    ...{ id: id(), clinicId, name, provider: false, administrator: false, active: true },
    ...given,
  });
  const owner = user('Owner', { provider: true });
  const other = user('Other provider', { provider: true });
  const viewers = {
    owner,
    'user delegate': user('User delegate'),
    'group delegate': user('Group delegate'),
    stranger: user('Stranger'),
    support: user('Support', { clinicId: null }),
    administrator: user('Administrator', { administrator: true }),
    foreigner: user('Foreigner', { clinicId: foreignId, provider: true }),
  };
  const group = {
    ...{ id: id(), clinicId, name: 'Group' },
    members: new Set([viewers['group delegate'].id]),
  };
  const entry = (userId: string | null, groupId: string | null) => ({
    ...{ clinicId, providerId: owner.id, userId, groupId, expiresAt: null },
  });
  const patients = [clinicId, clinicId, foreignId].map((clinic) => ({ id: id(), clinicId: clinic }));
  const visits = patients.map((patient) => ({
    ...{ id: id(), clinicId: patient.clinicId, patientId: patient.id },
  }));
  const encounterOf = (index: number, provider: User, alone = false): Encounter => ({
    ...{ id: id(), clinicId: patients[index]?.clinicId ?? '', patientId: patients[index]?.id ?? '' },
    ...{ providerId: provider.id, visitId: alone ? null : (visits[index]?.id ?? null) },
  });
  const shared = encounterOf(0, owner);
  const others = encounterOf(1, other);
  const alone = encounterOf(0, other, true);
  const payerId = id();
  let made = 0;
  const bill = (
    provider: User,
    encounter: Encounter | null,
    kind: Bill['kind'],
    given: Partial<Parameters<typeof billOf>[0]> = {},
  ): Bill => {
    made += 1;
    return billOf({
      ...{ id: id(), clinicId: provider.clinicId ?? '', kind, number: `PATH-${made}` },
      status: kind === 'INSURED' ? 'SUBMITTED' : 'PARTIALLY_PAID',
      serviceDate: `2026-03-${String(10 + made).padStart(2, '0')}`,
      ...{ providerId: provider.id, patientId: encounter?.patientId ?? patients[0]?.id ?? '' },
      ...{ encounterId: encounter?.id ?? null, visitId: encounter?.visitId ?? null },
      payerId: kind === 'INSURED' && provider.clinicId === clinicId ? payerId : null,
      // Powers of two in cents: no sum of some bills is the sum of others.
      ...{ items: [2n ** BigInt(made), 100_000n], discount: 1n },
      payments: kind === 'PRIVATE' ? [{ kind: 'PAYMENT', amount: 2n ** BigInt(made) }] : [],
      ...given,
    });
  };
  const bills = [
    bill(owner, shared, 'INSURED'),
    bill(other, shared, 'INSURED'),
    bill(owner, shared, 'PRIVATE'),
    bill(other, shared, 'PRIVATE'),
    bill(owner, null, 'PRIVATE', { visitId: visits[0]?.id ?? null }),
    bill(other, others, 'INSURED'),
    bill(other, others, 'PRIVATE', { status: 'REFUNDED' }),
    bill(other, alone, 'INSURED'),
    bill(viewers.foreigner, { ...encounterOf(2, viewers.foreigner), id: '' }, 'PRIVATE', {
      encounterId: null,
    }),
  ] as const;
  return {
    world: {
      clinics: [
        { id: clinicId, name: `Clinic ${clinicId}`, launchesAt },
        { id: foreignId, name: `Clinic ${foreignId}`, launchesAt },
      ],
      users: [...Object.values(viewers), other],
      groups: [group],
      entries: [entry(viewers['user delegate'].id, null), entry(null, group.id)],
      ...{ patients, visits, encounters: [shared, others, alone], bills: [...bills] },
    },
    ...{ clinicId, viewers, encounter: shared },
    patientId: shared.patientId,
    visit: visits[0] as Visit,
    bills: { owners: bills[0], others: bills[1], foreign: bills[8] },
  };
}
