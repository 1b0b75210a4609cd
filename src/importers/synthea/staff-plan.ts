import { Random } from '../demo/random';

/** A user who does not bill. `key` is unique in the clinic and is the first part of the sign-in's address. */
export interface StaffMember {
  readonly key: string;
  readonly name: string;
  readonly active: boolean;
  readonly permissions: readonly ('EDIT_OTHER_USERS' | 'BILLING_DELEGATION_SETTINGS')[];
}

export interface StaffGroup {
  readonly key: string;
  readonly name: string;
  /** Keys of staff members. */
  readonly members: readonly string[];
}

/** One entry of a provider's list: a staff member, a colleague or a group. */
export interface PlannedDelegation {
  /** The provider's id. */
  readonly provider: string;
  readonly delegate: { readonly staff: string } | { readonly provider: string } | { readonly group: string };
  /** ISO instant, null: no end. */
  readonly expiresAt: string | null;
}

export interface StaffPlan {
  readonly staff: readonly StaffMember[];
  readonly groups: readonly StaffGroup[];
  readonly delegations: readonly PlannedDelegation[];
}

/** A provider's id and how many bills the folder has for them. */
export interface PlannedProvider {
  readonly id: string;
  readonly bills: number;
}

/** The one with both permissions, and the one who may see nothing: the summary names their sign-ins. */
export const ADMINISTRATOR = 'administrator';
export const STRANGER = 'stranger';

const PAST = '2024-06-30T00:00:00Z';
const FUTURE = '2099-12-31T00:00:00Z';

const GIVEN_NAMES = [
  ...['Amara', 'Benoît', 'Carmen', 'Dana', 'Elias', 'Farah', 'Gordon', 'Helena', 'Imran', 'Jolene', 'Karim'],
  ...['Lena', 'Marcus', 'Nadia', 'Oscar', 'Paloma', 'Quentin', 'Rosa', 'Simone', 'Teodor', 'Uma', 'Wanda'],
];
const FAMILY_NAMES = [
  ...[
    'Adeyemi',
    'Bouchard',
    'Castillo',
    'Dhillon',
    'Eriksen',
    'Fontaine',
    'Gauthier',
    'Hoang',
    'Ito',
    'Joshi',
  ],
  ...[
    'Kowalchuk',
    'Lavoie',
    'Mensah',
    'Novak',
    "O'Neill",
    'Petrov',
    'Quinn',
    'Rahman',
    'Stewart',
    'Tremblay',
  ],
];

const BILLERS = ['biller.1', 'biller.2', 'biller.3'];
const CLERKS = ['clerk.1', 'clerk.2', 'clerk.3', 'clerk.4'];
const ANALYSTS = ['analyst.1', 'analyst.2'];
const FRONT_DESK = ['moa.1', 'moa.2', 'moa.3', 'moa.4', 'moa.5', 'moa.6'];
const DEACTIVATED = 'former.clerk';

const GROUPS: readonly StaffGroup[] = [
  { key: 'clerks', name: 'Billing clerks', members: [...CLERKS, DEACTIVATED] },
  { key: 'analysts', name: 'Analysts', members: ANALYSTS },
  { key: 'front-desk', name: 'Front desk', members: FRONT_DESK },
  { key: 'locums', name: 'Locum cover', members: [] },
];

/**
 * Makes the staff of a clinic and who may see whose bills, from the seed alone: the same seed and providers give the
 * same plan. Every shape of list occurs where there are at least ten providers; the smallest clinics have the first ones.
 */
export function planStaff(seed: number, providers: readonly PlannedProvider[]): StaffPlan {
  const random = new Random(seed);
  const staff = planMembers(random);
  // Those who bill come first, so that the shapes of list are seen on bills.
  const byId = [...providers].sort((one, other) => (one.id < other.id ? -1 : 1));
  const ordered = [
    ...shuffled(
      byId.filter(({ bills }) => bills > 0),
      random,
    ),
    ...shuffled(
      byId.filter(({ bills }) => bills === 0),
      random,
    ),
  ];
  const delegations = ordered.flatMap(({ id }, place) => planList(id, place, ordered, random));
  return { staff, groups: GROUPS, delegations };
}

const shuffled = <Item>(items: readonly Item[], random: Random): Item[] => random.sample(items, items.length);

function planMembers(random: Random): StaffMember[] {
  const given = shuffled(GIVEN_NAMES, random);
  const member = (key: string, permissions: StaffMember['permissions'] = []): StaffMember => ({
    key,
    name: `${given.pop() ?? 'Alex'} ${random.pick(FAMILY_NAMES)}`,
    active: key !== DEACTIVATED,
    permissions,
  });
  return [
    member(ADMINISTRATOR, ['EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS']),
    // Each has one of the two permissions, which is not enough to change another user's list.
    member('manager.1', ['EDIT_OTHER_USERS']),
    member('manager.2', ['BILLING_DELEGATION_SETTINGS']),
    ...[...BILLERS, ...CLERKS, DEACTIVATED, ...ANALYSTS, ...FRONT_DESK, STRANGER].map((key) => member(key)),
  ];
}

/** The list of the provider at this place: its shape goes by the place, its people by the seed. */
function planList(
  provider: string,
  place: number,
  all: readonly PlannedProvider[],
  random: Random,
): PlannedDelegation[] {
  const group = (key: string) => ({ provider, delegate: { group: key }, expiresAt: null });
  const user = (key: string, expiresAt: string | null = null) => ({
    provider,
    delegate: { staff: key },
    expiresAt,
  });
  const biller = random.pick(BILLERS);
  const colleague = random.pick(all).id;
  switch (place % 10) {
    case 0: // By user, beside somebody who was deactivated since.
      return [user(biller), user(DEACTIVATED)];
    case 1: // By group; the user's entry has expired.
      return [group('clerks'), user(biller, PAST)];
    case 2: // By user and by group.
      return [user(biller), group('analysts')];
    case 4:
      return [group('analysts')];
    case 5: // A colleague stands in, in every clinic of more than one provider.
      return colleague === provider
        ? [group('clerks')]
        : [group('clerks'), { provider, delegate: { provider: colleague }, expiresAt: null }];
    case 6: // Nothing but an expired entry: gives nobody access.
      return [user(biller, PAST)];
    case 7: // Has an end that has not come.
      return [user(biller, FUTURE), group('clerks'), group('analysts')];
    case 9: // An empty group and a deactivated user: give nobody access.
      return [group('locums'), user(DEACTIVATED)];
    default: // 3 and 8: a blank list, only the provider sees the bills.
      return [];
  }
}
