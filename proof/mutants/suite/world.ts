import { id, remember } from './kit';

/**
 * The fixed world of the cases. Clinic A launched at LAUNCH, clinic B has no date, clinic H has a history. Users and
 * groups of one name have one id in every clinic, so that whatever forgets to ask for the clinic answers wrongly.
 */

/** When segregation launches in clinic A, the microsecond before, and one after. */
export const LAUNCH = '2026-03-01 12:00:00.000000+00';
export const BEFORE_LAUNCH = '2026-03-01 11:59:59.999999+00';

/** The instant of most cases, and its neighbours: delegations end at these. */
export const NOW = '2026-06-01 12:00:00.000000+00';
export const JUST_BEFORE = '2026-06-01 11:59:59.999999+00';
export const JUST_AFTER = '2026-06-01 12:00:00.000001+00';

/** The instants of the changes in clinic H, and the microseconds before. */
export const FIRST = '2026-05-10 10:00:00.000000+00';
export const BEFORE_FIRST = '2026-05-10 09:59:59.999999+00';
export const SECOND = '2026-05-20 10:00:00.000000+00';
export const BEFORE_SECOND = '2026-05-20 09:59:59.999999+00';

const BOTH = ['EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS'] as const;
const LONG_AGO = '2026-01-01 00:00:00+00';
const PAST = '2026-04-01 00:00:00+00';
const FUTURE = '2027-01-01 00:00:00+00';

interface ClinicRows {
  readonly launchesAt: string | null;
  readonly providers: readonly string[];
  readonly users: readonly string[];
  readonly inactive?: readonly string[];
  readonly permissions?: Readonly<Record<string, readonly string[]>>;
  /** Groups and their members. */
  readonly groups?: Readonly<Record<string, readonly string[]>>;
  /** Provider, user or @group, and until when. */
  readonly delegations: readonly (readonly [string, string, (string | null)?])[];
}

const CLINICS: Readonly<Record<string, ClinicRows>> = {
  A: {
    launchesAt: LAUNCH,
    providers: ['ann', 'ben', 'cyn'],
    users: ['del', 'exp', 'soon', 'gus', 'hex', 'hey', 'off', 'adm', 'edi', 'set', 'str'],
    inactive: ['cyn', 'off'],
    permissions: { adm: BOTH, off: BOTH, edi: [BOTH[0]], set: [BOTH[1]] },
    groups: { g1: ['gus', 'off'], g2: ['hex'], g3: ['hey'], g4: ['str'] },
    delegations: [
      ['ann', 'del'],
      ['cyn', 'del'],
      ['ann', 'exp', NOW],
      ['ann', 'soon', JUST_AFTER],
      ['ann', 'off'],
      ['ann', '@g1'],
      ['ben', '@g2', NOW],
      ['ben', '@g3', JUST_AFTER],
    ],
  },
  B: {
    launchesAt: null,
    providers: ['ann', 'bob'],
    users: ['off', 'edi', 'set', 'str', 'del'],
    inactive: ['del'],
    permissions: { edi: [BOTH[1]], set: [BOTH[0]] },
    groups: { g1: [], g5: ['str'] },
    delegations: [
      ['ann', 'str'],
      ['ann', '@g5'],
      ['bob', '@g1'],
    ],
  },
  H: {
    launchesAt: '2020-01-01 00:00:00+00',
    providers: ['hal', 'ida'],
    users: [
      ...[
        'keep',
        'kept',
        'rem',
        'add',
        'chg',
        'chx',
        'twi',
        'tie',
        'eit',
        'oth',
        'dea',
        'rea',
        'born',
        'mix',
      ],
      ...['mem', 'was', 'new', 'ex', 'late', 'dd', 'gone', 'lone'],
    ],
    inactive: ['dea', 'mix'],
    groups: { 'Now name': ['mem', 'new', 'lone'], gC: ['late'], gD: ['dd'], gE: ['lone'] },
    delegations: [
      ...['keep', 'kept', 'add', 'chg', 'dea', 'rea', 'born', 'mix', 'eit'].map(
        (user) => ['hal', user] as const,
      ),
      ['hal', 'chx', PAST],
      ['ida', 'keep'],
      ['hal', '@Now name'],
      ['hal', '@gC'],
      ['hal', '@gD'],
    ],
  },
  K: {
    launchesAt: '2020-01-01 00:00:00+00',
    providers: ['hal', 'kim'],
    users: ['kay', 'keep', 'mem', 'rem'],
    inactive: [],
    groups: { 'Now name': ['kay'], gK: ['mem', 'kay'] },
    delegations: [
      ['hal', 'kay'],
      ['hal', '@gK'],
    ],
  },
};

const SUPPORT = { sup: true, out: false };

/** Clinic, at, action, provider, user, group, before, after: as the triggers of the database would have written. */
type HistoryRow = readonly [
  string,
  string,
  string,
  string | null,
  string | null,
  string | null,
  unknown,
  unknown,
];

const listed = (
  clinic: string,
  at: string,
  provider: string,
  verb: 'ADDED' | 'CHANGED' | 'REMOVED',
  who: string,
  before: string | null,
  after: string | null,
): HistoryRow => {
  const group = who.startsWith('@') ? who.slice(1) : null;
  return [
    ...([
      clinic,
      at,
      `${group ? 'GROUP' : 'USER'}_DELEGATE_${verb}`,
      provider,
      group ? null : who,
      group,
    ] as const),
    verb === 'ADDED' ? null : { expiresAt: before },
    verb === 'REMOVED' ? null : { expiresAt: after },
  ];
};
const member = (
  clinic: string,
  at: string,
  verb: 'ADDED' | 'REMOVED',
  group: string,
  user: string,
): HistoryRow => [...([clinic, at, `GROUP_MEMBER_${verb}`, null, user, group, null, null] as const)];
const group = (
  clinic: string,
  at: string,
  verb: string,
  name: string,
  was: string | null,
  is: string | null,
): HistoryRow => [
  ...([clinic, at, `GROUP_${verb}`, null, null, name] as const),
  was === null ? null : { name: was },
  is === null ? null : { name: is },
];
const activity = (clinic: string, at: string, user: string, was: boolean | null, is: boolean): HistoryRow => [
  ...([clinic, at, is ? 'USER_REACTIVATED' : 'USER_DEACTIVATED', null, user, null] as const),
  was === null ? null : { active: was },
  { active: is },
];

const MIDDLE = '2026-05-15 10:00:00.000000+00';

/** In the order in which it was written: of two at one instant, the first happened first. */
const HISTORY: readonly HistoryRow[] = [
  listed('H', FIRST, 'hal', 'REMOVED', 'rem', null, null),
  listed('H', FIRST, 'hal', 'ADDED', 'add', null, null),
  listed('H', FIRST, 'hal', 'CHANGED', 'chg', PAST, null),
  listed('H', FIRST, 'hal', 'CHANGED', 'chx', FUTURE, PAST),
  listed('H', FIRST, 'hal', 'REMOVED', 'twi', null, null),
  listed('H', MIDDLE, 'hal', 'ADDED', 'twi', null, null),
  listed('H', SECOND, 'hal', 'REMOVED', 'twi', null, null),
  // Added and removed at one instant, and removed and added.
  listed('H', FIRST, 'hal', 'ADDED', 'tie', null, null),
  listed('H', FIRST, 'hal', 'REMOVED', 'tie', null, null),
  listed('H', FIRST, 'hal', 'REMOVED', 'eit', null, null),
  listed('H', FIRST, 'hal', 'ADDED', 'eit', null, null),
  // Another provider's list.
  listed('H', FIRST, 'ida', 'REMOVED', 'oth', null, null),
  listed('H', FIRST, 'ida', 'ADDED', 'kept', null, null),
  activity('H', FIRST, 'dea', true, false),
  activity('H', FIRST, 'rea', false, true),
  // Put in as deactivated, a moment after the row itself.
  activity('H', '2026-05-10 10:00:00.000002+00', 'born', null, false),
  activity('H', SECOND, 'born', false, true),
  member('H', FIRST, 'ADDED', 'g0', 'mix'),
  activity('H', SECOND, 'mix', true, false),
  group('H', FIRST, 'RENAMED', 'Now name', 'Old name', 'Now name'),
  member('H', FIRST, 'REMOVED', 'Now name', 'was'),
  member('H', FIRST, 'ADDED', 'Now name', 'new'),
  listed('H', SECOND, 'hal', 'REMOVED', '@gB', null, null),
  member('H', SECOND, 'REMOVED', 'gB', 'ex'),
  member('H', SECOND, 'REMOVED', 'gB', 'lone'),
  group('H', SECOND, 'DELETED', 'gB', 'Gone', null),
  group('H', FIRST, 'CREATED', 'gC', null, 'gC'),
  member('H', FIRST, 'ADDED', 'gC', 'late'),
  listed('H', FIRST, 'hal', 'ADDED', '@gC', null, null),
  listed('H', FIRST, 'hal', 'CHANGED', '@gD', PAST, null),
  group('H', SECOND, 'RENAMED', 'gC', 'First gC', 'gC'),
  // The same names at another clinic.
  listed('K', FIRST, 'hal', 'REMOVED', 'keep', null, null),
  listed('K', FIRST, 'hal', 'ADDED', 'keep', null, null),
  listed('K', FIRST, 'hal', 'REMOVED', 'gone', null, null),
  member('K', FIRST, 'ADDED', 'Now name', 'mem'),
  activity('K', FIRST, 'keep', false, true),
  group('K', FIRST, 'DELETED', 'gK', 'gK', null),
  member('K', FIRST, 'REMOVED', 'gD', 'keep'),
];

interface BillRow {
  readonly clinic: string;
  readonly name: string;
  readonly provider: string;
  readonly kind: 'INSURED' | 'PRIVATE';
  readonly status: string;
  readonly date: string;
  readonly patient: string;
  readonly payer?: string;
  readonly encounter?: string;
  readonly visit?: string;
  readonly billed: number;
  readonly paid?: number;
}

const BILLS: readonly BillRow[] = [
  {
    clinic: 'A',
    name: 'a1',
    provider: 'ann',
    kind: 'INSURED',
    status: 'SUBMITTED',
    date: '2026-05-01',
    patient: 'p1',
    payer: 'y1',
    encounter: 'e1',
    visit: 'v1',
    billed: 100,
    paid: 30,
  },
  {
    clinic: 'A',
    name: 'a2',
    provider: 'ann',
    kind: 'PRIVATE',
    status: 'UNPAID',
    date: '2026-05-02',
    patient: 'p1',
    visit: 'v1',
    billed: 20,
  },
  {
    clinic: 'A',
    name: 'b1',
    provider: 'ben',
    kind: 'INSURED',
    status: 'DRAFT',
    date: '2026-05-03',
    patient: 'p1',
    payer: 'y2',
    encounter: 'e1',
    visit: 'v1',
    billed: 3,
  },
  {
    clinic: 'A',
    name: 'b2',
    provider: 'ben',
    kind: 'PRIVATE',
    status: 'UNPAID',
    date: '2026-05-04',
    patient: 'p2',
    encounter: 'e2',
    visit: 'v2',
    billed: 5,
  },
  {
    clinic: 'A',
    name: 'c1',
    provider: 'cyn',
    kind: 'PRIVATE',
    status: 'PAID',
    date: '2026-06-05',
    patient: 'p2',
    visit: 'v2',
    billed: 7,
    paid: 7,
  },
  {
    clinic: 'B',
    name: 'a1',
    provider: 'bob',
    kind: 'INSURED',
    status: 'SUBMITTED',
    date: '2026-05-01',
    patient: 'p1',
    payer: 'y1',
    encounter: 'e1',
    visit: 'v1',
    billed: 900,
    paid: 300,
  },
  {
    clinic: 'B',
    name: 'x1',
    provider: 'ann',
    kind: 'INSURED',
    status: 'SUBMITTED',
    date: '2026-05-06',
    patient: 'p1',
    payer: 'y1',
    encounter: 'e1',
    visit: 'v1',
    billed: 800,
  },
];

const RECORDED = ['delegations', 'groups', 'group_members', 'users', 'clinics'];

type Query = (text: string, values?: unknown[]) => Promise<unknown>;

/** Remembers the names of everything in the world. */
function rememberNames(): void {
  const names = Object.entries(CLINICS).flatMap(([clinic, rows]) => [
    ...[clinic, ...rows.providers, ...rows.users, ...Object.keys(rows.groups ?? {})],
  ]);
  const others = ['gB', 'g0', 'v1', 'v2', 'e1', 'e2', 'p1', 'p2', 'y1', 'y2', 'ghost'];
  remember([...names, ...others, ...Object.keys(SUPPORT), ...BILLS.map(({ name }) => name)]);
}
rememberNames();

/** Writes the world into a migrated, empty database, as the owner of its tables. */
export async function writeWorld(query: Query): Promise<void> {
  const insert = async (table: string, row: Record<string, unknown>): Promise<void> => {
    const columns = Object.keys(row);
    const places = columns.map((_column, index) => `$${index + 1}`);
    await query(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places.join(', ')})`,
      Object.values(row),
    );
  };
  // The history of the world is told below, with instants of its own.
  for (const table of RECORDED) await query(`ALTER TABLE ${table} DISABLE TRIGGER ${table}_history`);
  for (const [name, active] of Object.entries(SUPPORT))
    await insert('support_users', { id: id(name), name, active });
  for (const [name, rows] of Object.entries(CLINICS)) await writeClinic(insert, name, rows);
  for (const [clinic, at, action, provider, user, of, before, after] of HISTORY) {
    const row = { clinic_id: id(clinic), at, action, before, after };
    const who = { provider_id: provider && id(provider), user_id: user && id(user), group_id: of && id(of) };
    await insert('history', { ...row, ...who });
  }
  for (const clinic of ['A', 'B']) {
    const ofClinic = { clinic_id: id(clinic) };
    for (const patient of ['p1', 'p2']) {
      await insert('patients', {
        ...ofClinic,
        id: id(patient),
        name: `${patient} of ${clinic}`,
        birth_date: '1980-02-29',
      });
    }
    for (const payer of ['y1', 'y2'])
      await insert('payers', { ...ofClinic, id: id(payer), name: `${payer} of ${clinic}` });
    for (const number of ['1', '2']) {
      const started = { started_at: '2026-05-01 08:00:00+00', patient_id: id(`p${number}`) };
      await insert('visits', { ...ofClinic, id: id(`v${number}`), ...started });
      const encounter = { provider_id: id('ann'), visit_id: id(`v${number}`) };
      await insert('encounters', { ...ofClinic, id: id(`e${number}`), ...encounter, ...started });
    }
  }
  for (const bill of BILLS) await writeBill(insert, bill);
  for (const table of RECORDED) await query(`ALTER TABLE ${table} ENABLE TRIGGER ${table}_history`);
}

type Insert = (table: string, row: Record<string, unknown>) => Promise<void>;

async function writeClinic(insert: Insert, name: string, rows: ClinicRows): Promise<void> {
  const clinic = { clinic_id: id(name) };
  await insert('clinics', { id: id(name), name, currency: 'CAD', segregation_launches_at: rows.launchesAt });
  for (const user of [...rows.providers, ...rows.users]) {
    const created = user === 'born' ? FIRST : LONG_AGO;
    const active = !rows.inactive?.includes(user);
    await insert('users', {
      ...clinic,
      id: id(user),
      name: name === 'B' ? `${user} of B` : user,
      active,
      created_at: created,
    });
  }
  for (const provider of rows.providers) {
    await insert('providers', { ...clinic, user_id: id(provider), billing_number: `${provider} of ${name}` });
  }
  for (const [user, permissions] of Object.entries(rows.permissions ?? {})) {
    for (const permission of permissions)
      await insert('user_permissions', { ...clinic, user_id: id(user), permission });
  }
  for (const [group_, members] of Object.entries(rows.groups ?? {})) {
    await insert('groups', { ...clinic, id: id(group_), name: group_ });
    for (const user of members)
      await insert('group_members', { ...clinic, group_id: id(group_), user_id: id(user) });
  }
  for (const [provider, who, expires] of rows.delegations) {
    const delegate = who.startsWith('@')
      ? { delegate_group_id: id(who.slice(1)) }
      : { delegate_user_id: id(who) };
    await insert('delegations', {
      ...clinic,
      provider_id: id(provider),
      ...delegate,
      expires_at: expires ?? null,
    });
  }
}

async function writeBill(insert: Insert, bill: BillRow): Promise<void> {
  const clinic = { clinic_id: id(bill.clinic) };
  const of = { provider_id: id(bill.provider), patient_id: id(bill.patient) };
  const paid = bill.paid ?? 0;
  await insert('bills', {
    ...{ ...clinic, id: id(bill.name), ...of, kind: bill.kind, status: bill.status, number: bill.name },
    ...{ service_date: bill.date, payer_id: bill.payer ? id(bill.payer) : null },
    ...{
      encounter_id: bill.encounter ? id(bill.encounter) : null,
      visit_id: bill.visit ? id(bill.visit) : null,
    },
    ...{ billed: bill.billed, paid, outstanding: bill.billed - paid },
  });
  const part = { ...clinic, bill_id: id(bill.name), line: 1 };
  const code = `${bill.name} of ${bill.clinic}`;
  await insert('bill_items', {
    ...part,
    service_code: code,
    units: 1,
    unit_price: bill.billed,
    amount: bill.billed,
  });
  // One bill has a second line.
  if (bill.name === 'b2') {
    const second = { ...part, line: 2, service_code: code, units: 1, unit_price: 0, amount: 0 };
    await insert('bill_items', second);
  }
  if (paid > 0) await insert('payments', { ...part, kind: 'PAYMENT', amount: paid, received_on: bill.date });
}
