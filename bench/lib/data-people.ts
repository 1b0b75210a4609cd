import { hash } from 'node:crypto';
import type { TableRows, Value } from './copy';
import type { Size } from './data';

/** The id of a row: the same for the same kind, clinic and number. */
export const idOf = (kind: string, clinic: number, number: number): string =>
  hexOf(kind, clinic, number).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** The same without hyphens, which COPY takes as well. */
export const hexOf = (kind: string, clinic: number, number: number): string =>
  hash('md5', `${kind} ${clinic} ${number}`);

/** A number of 32 bits that looks random and is the same for the same two numbers (the end of MurmurHash3). */
export function mix(number: number, salt: number): number {
  let h = Math.imul(number ^ Math.imul(salt, 0x9e3779b9), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Of so many entries of a list, one is a group. */
const GROUP_ENTRY_EVERY = 3;

/** The size of one clinic: the whole for the first, for each of the others its share of a tenth. */
export function shareOf(size: Size, clinic: number): Size {
  if (clinic === 0) return size;
  const share = (whole: number): number => Math.max(1, Math.floor(whole / 10 / (size.clinics - 1)));
  const providers = share(size.providers);
  const users = Math.max(share(size.users), 2 * providers);
  const groupCount = share(size.groups);
  // A small clinic may not have as many pairs as its share would be.
  const staff = users - providers;
  const entries = Math.min(staff, GROUP_ENTRY_EVERY * groupCount);
  return {
    bills: share(size.bills),
    providers,
    users,
    groups: groupCount,
    memberships: Math.min(share(size.memberships), groupCount * staff),
    delegations: Math.min(share(size.delegations), providers * entries),
    patients: share(size.patients),
    clinics: size.clinics,
  };
}

/** The accounts that the benchmark signs in as. */
export interface Accounts {
  readonly provider: string;
  readonly administrator: string;
  readonly viewers: readonly { readonly sees: number; readonly email: string }[];
}

/**
 * Who is who in a clinic. Users are numbered: providers, then the viewers and the administrator (where there are
 * accounts), then staff, of whom there is one at the least.
 */
export class ClinicPlan {
  readonly clinicId: string;
  readonly staff: readonly number[];

  constructor(
    readonly clinic: number,
    readonly size: Size,
    readonly accounts: Accounts | null,
  ) {
    this.clinicId = hexOf('clinic', clinic, 0);
    const first = size.providers + (accounts === null ? 0 : accounts.viewers.length + 1);
    this.staff = Array.from({ length: Math.max(1, size.users - first) }, (_, index) => first + index);
  }

  get users(): number {
    return (this.staff[0] ?? 0) + this.staff.length;
  }

  idOf(kind: string, number: number): string {
    return hexOf(kind, this.clinic, number);
  }

  /** The number of the user behind a viewer's place in the accounts. */
  viewer(place: number): number {
    return this.size.providers + place;
  }

  get administrator(): number {
    return this.viewer(this.accounts?.viewers.length ?? 0);
  }

  staffAt(number: number): number {
    return this.staff[number % this.staff.length] ?? 0;
  }
}

const FIRST_NAMES = [
  'Ana',
  'Björn',
  'Chloé',
  'Dev',
  'Émile',
  'Fatima',
  'Grace',
  'Hana',
  'Ivan',
  'José',
  'Kim',
];
const LAST_NAMES = [
  'Tremblay',
  'Nguyen',
  'Singh',
  'Roy',
  'Müller',
  'Okafor',
  'Wong',
  'Lévesque',
  'Ali',
  'Smith',
];

/** A name, with the number in it. */
export const nameOf = (number: number): string =>
  `${FIRST_NAMES[number % FIRST_NAMES.length]} ${LAST_NAMES[mix(number, 1) % LAST_NAMES.length]} ${number + 1}`;

const BEFORE = '2022-12-01Z';
/** Everything but records and bills: small tables, whose triggers write the history. */
export function peopleTables(plans: readonly ClinicPlan[], passwordHash: string): TableRows[] {
  const table = (
    name: string,
    columns: readonly string[],
    rowsOf: (plan: ClinicPlan) => Iterable<readonly Value[]>,
  ): TableRows => ({ table: name, columns, rows: over(plans, rowsOf) });
  return [
    table('clinics', ['id', 'name', 'currency', 'segregation_launches_at', 'created_at'], (plan) => [
      [plan.clinicId, plan.clinic === 0 ? 'Main' : `Clinic ${plan.clinic + 1}`, 'CAD', '2023-01-01Z', BEFORE],
    ]),
    table('users', ['clinic_id', 'id', 'name', 'active', 'created_at'], users),
    table('providers', ['clinic_id', 'user_id', 'billing_number'], providers),
    table('sign_ins', ['email', 'clinic_id', 'user_id', 'password_hash'], (plan) =>
      signIns(plan).map(([email, user]) => [email, plan.clinicId, plan.idOf('user', user), passwordHash]),
    ),
    table('user_permissions', ['clinic_id', 'user_id', 'permission'], (plan) =>
      plan.accounts === null
        ? []
        : ['EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS'].map((permission) => [
            plan.clinicId,
            plan.idOf('user', plan.administrator),
            permission,
          ]),
    ),
    table('groups', ['clinic_id', 'id', 'name'], groups),
    table('group_members', ['clinic_id', 'group_id', 'user_id'], members),
    table(
      'delegations',
      ['clinic_id', 'id', 'provider_id', 'delegate_user_id', 'delegate_group_id', 'expires_at', 'added_by'],
      delegations,
    ),
  ];
}

/** The rows of one clinic after the other. */
export function* over<Row>(plans: readonly ClinicPlan[], rowsOf: (plan: ClinicPlan) => Iterable<Row>) {
  for (const plan of plans) yield* rowsOf(plan);
}

function* users(plan: ClinicPlan): Generator<Value[]> {
  for (let user = 0; user < plan.users; user += 1) {
    const active = user < (plan.staff[0] ?? 0) || user % 50 !== 0;
    yield [plan.clinicId, plan.idOf('user', user), nameOf(user), active, BEFORE];
  }
}

function* providers(plan: ClinicPlan): Generator<Value[]> {
  for (let provider = 0; provider < plan.size.providers; provider += 1) {
    yield [plan.clinicId, plan.idOf('user', provider), 100_000 + provider];
  }
}

function signIns(plan: ClinicPlan): [email: string, user: number][] {
  if (plan.accounts === null) return [];
  return [
    [plan.accounts.provider, 0],
    [plan.accounts.administrator, plan.administrator],
    ...plan.accounts.viewers.map(({ email }, place): [string, number] => [email, plan.viewer(place)]),
  ];
}

function* groups(plan: ClinicPlan): Generator<Value[]> {
  for (let group = 0; group < plan.size.groups; group += 1) {
    yield [plan.clinicId, plan.idOf('group', group), `Group ${group + 1}`];
  }
}

function* members(plan: ClinicPlan): Generator<Value[]> {
  const { groups: groupCount, memberships } = plan.size;
  if (memberships > groupCount * plan.staff.length) {
    throw new Error(`${memberships} memberships are more than ${groupCount} groups of all staff have.`);
  }
  for (let number = 0; number < memberships; number += 1) {
    const group = number % groupCount;
    const user = plan.staffAt(group * 37 + Math.floor(number / groupCount));
    yield [plan.clinicId, plan.idOf('group', group), plan.idOf('user', user)];
  }
}

/** The viewers' entries, and as many of staff and groups, spread over the providers, as are missing to the number. */
function* delegations(plan: ClinicPlan): Generator<Value[]> {
  let made = 0;
  const row = (provider: number, user: number | null, group: number | null, expires: string | null) => {
    made += 1;
    const owner = plan.idOf('user', provider);
    return [
      plan.clinicId,
      plan.idOf('delegation', made),
      owner,
      user === null ? null : plan.idOf('user', user),
      group === null ? null : plan.idOf('group', group),
      expires,
      owner,
    ];
  };
  const { providers: count, groups: groupCount, delegations: wanted } = plan.size;
  for (const [place, { sees }] of plan.accounts?.viewers.entries() ?? []) {
    const seen = Math.min(sees, count);
    for (let number = 0; number < seen; number += 1) {
      yield row(Math.floor(((number + 0.5) * count) / seen), plan.viewer(place), null, null);
    }
  }
  const others = Math.max(0, wanted - made);
  const entries = Math.ceil(others / count);
  if (entries / GROUP_ENTRY_EVERY > groupCount || entries > plan.staff.length) {
    throw new Error(
      `${wanted} delegations are too many for ${plan.staff.length} staff, ${groupCount} groups.`,
    );
  }
  for (let number = 0; number < others; number += 1) {
    const provider = number % count;
    const entry = Math.floor(number / count);
    // One in twenty has expired, one in twenty will.
    const expires = entry % 20 === 7 ? '2025-06-30Z' : entry % 20 === 13 ? '2099-12-31Z' : null;
    if (entry % GROUP_ENTRY_EVERY === GROUP_ENTRY_EVERY - 1) {
      yield row(provider, null, (provider * 7 + Math.floor(entry / GROUP_ENTRY_EVERY)) % groupCount, expires);
    } else {
      yield row(provider, plan.staffAt(provider * 11 + entry), null, expires);
    }
  }
}
