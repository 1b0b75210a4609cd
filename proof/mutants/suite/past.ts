import assert from 'node:assert/strict';
import { tablesAsOf } from '../../../src/access/as-of';
import { everybodysRelationRows } from '../../../src/access/everybody';
import { GROUNDS } from '../../../src/access/policy';
import { Parameters } from '../../../src/sql';
import { type DecisionCase, id, type Kit, nameOf } from './kit';
import { BEFORE_FIRST, BEFORE_SECOND, FIRST, SECOND } from './world';

/** Runs a query over the tables of clinic H as of an instant, with the lists of one provider. */
async function asOf<Row extends object>(
  { owner }: Kit,
  { at, provider = 'hal', clinic = 'H' }: { at: string; provider?: string; clinic?: string },
  text: (instant: { clinic: string; at: string; provider: string }) => string,
): Promise<Row[]> {
  const parameters = new Parameters();
  const instant = {
    clinic: parameters.add(id(clinic), 'uuid'),
    provider: parameters.add(id(provider), 'uuid'),
    at: parameters.add(at, 'timestamptz'),
  };
  return owner.query<Row>(`WITH ${tablesAsOf(instant)} ${text(instant)}`, parameters.values);
}

const lines = (
  rows: readonly object[],
  line: (row: Record<string, string | boolean | null>) => string,
): string =>
  rows
    .map((row) => line(row as Record<string, string | boolean | null>))
    .sort()
    .join(' ');
const name = (value: unknown): string => nameOf(typeof value === 'string' ? value : null);
const sorted = (text: string): string => text.split(' ').sort().join(' ');

/** Everybody who saw the bills of hal, why, and through which group by the name that it had. */
async function seers(kit: Kit, at: string, clinic = 'H'): Promise<string> {
  const rows = await asOf(
    kit,
    { at, clinic },
    (instant) => `SELECT e.name, e.relation, e.group_id, replace(g.name, ' ', '_') AS group_name
      FROM (${everybodysRelationRows({ clinic: instant.clinic, now: instant.at }, GROUNDS)}) e
      LEFT JOIN groups g ON g.clinic_id = e.clinic_id AND g.id = e.group_id WHERE e.provider_id = ${instant.provider}`,
  );
  return lines(
    rows,
    (row) => `${row.name}:${row.relation}${row.group_id === null ? '' : `(${row.group_name})`}`,
  );
}

const users = (ground: string, all: string): string =>
  all
    .split(' ')
    .map((user) => `${user}:${ground}`)
    .join(' ');
const ALWAYS = `hal:OWNER sup:SUPPORT ${users('USER_DELEGATE', 'keep kept eit')}`;
const BEFORE = `${ALWAYS} ${users('USER_DELEGATE', 'rem chx twi dea mix')} ${users('GROUP_DELEGATE(Old_name)', 'mem was lone')} ${users('GROUP_DELEGATE(Gone)', 'ex lone')}`;
const GROUPS_AFTER = `${users('GROUP_DELEGATE(Now_name)', 'mem new lone')} dd:GROUP_DELEGATE(gD)`;
const BETWEEN = `${ALWAYS} ${users('USER_DELEGATE', 'add chg rea mix')} ${GROUPS_AFTER} late:GROUP_DELEGATE(First_gC) ${users('GROUP_DELEGATE(Gone)', 'ex lone')}`;
const AFTER = `${ALWAYS} ${users('USER_DELEGATE', 'add chg rea born')} ${GROUPS_AFTER} late:GROUP_DELEGATE(gC)`;

/** Who saw the bills, as of which instant. A change at the instant itself has happened. */
const SEERS: readonly (readonly [when: string, at: string, who: string])[] = [
  ['a microsecond before the first changes', BEFORE_FIRST, BEFORE],
  ['at the first changes', FIRST, BETWEEN],
  ['a microsecond before the second changes', BEFORE_SECOND, `${BETWEEN} twi:USER_DELEGATE`],
  ['at the second changes', SECOND, AFTER],
];

const tables: readonly (readonly [
  name: string,
  at: string,
  text: string,
  line: (row: Record<string, unknown>) => string,
  wanted: string,
])[] = [
  [
    ...(['the lists of one provider', BEFORE_FIRST] as const),
    'SELECT clinic_id, provider_id, delegate_user_id AS usr, delegate_group_id AS grp, expires_at FROM delegations',
    (row) =>
      `${name(row.clinic_id)}.${name(row.provider_id)}>${row.usr === null ? name(row.grp).replace(' ', '_') : name(row.usr)}${row.expires_at === null ? '' : `@${(row.expires_at as Date).toISOString().slice(0, 10)}`}`,
    [
      ...['keep', 'kept', 'rem', 'twi', 'eit', 'dea', 'rea', 'born', 'mix', 'Now_name', 'gB'],
      ...['chg@2026-04-01', 'chx@2027-01-01', 'gD@2026-04-01'],
    ]
      .map((who) => `H.hal>${who}`)
      .join(' '),
  ],
  [
    ...(['the members of the groups of one clinic', BEFORE_FIRST] as const),
    'SELECT clinic_id, group_id, user_id FROM group_members',
    (row) => `${name(row.clinic_id)}.${name(row.group_id).replace(' ', '_')}>${name(row.user_id)}`,
    'H.Now_name>mem H.Now_name>was H.Now_name>lone H.gD>dd H.gE>lone H.gB>ex H.gB>lone',
  ],
  [
    ...(['the members of the groups of one clinic', SECOND] as const),
    'SELECT clinic_id, group_id, user_id FROM group_members',
    (row) => `${name(row.clinic_id)}.${name(row.group_id).replace(' ', '_')}>${name(row.user_id)}`,
    'H.Now_name>mem H.Now_name>new H.Now_name>lone H.gC>late H.gD>dd H.gE>lone',
  ],
  [
    ...(['the groups of one clinic, by the names of then', BEFORE_FIRST] as const),
    'SELECT clinic_id, id, name FROM groups',
    (row) => `${name(row.clinic_id)}.${name(row.id).replace(' ', '_')}=${String(row.name).replace(' ', '_')}`,
    'H.Now_name=Old_name H.gB=Gone H.gC=gC H.gD=gD H.gE=gE',
  ],
  [
    ...(['the users of one clinic', FIRST] as const),
    'SELECT clinic_id, id, name, active FROM users WHERE NOT active OR id = ANY (ARRAY(SELECT user_id FROM providers))',
    (row) => `${name(row.clinic_id)}.${name(row.id)}=${row.name}:${row.active}`,
    'H.hal=hal:true H.ida=ida:true H.dea=dea:false H.born=born:false',
  ],
  [
    ...(['who was not there yet', BEFORE_FIRST] as const),
    'SELECT count(*)::int AS users, count(*) FILTER (WHERE name = $$born$$)::int AS born FROM users',
    (row) => `${row.users}/${row.born}`,
    '23/0',
  ],
];

export const cases: readonly DecisionCase[] = [
  ...SEERS.map(
    ([when, at, who]): DecisionCase => ({
      name: `who saw the bills, ${when}`,
      run: async (kit) => assert.equal(await seers(kit, at), sorted(who)),
    }),
  ),
  ...tables.map(
    ([what, at, text, line, wanted]): DecisionCase => ({
      name: `${what}, as of ${at}`,
      run: async (kit) => assert.equal(lines(await asOf(kit, { at }, () => text), line), sorted(wanted)),
    }),
  ),
];
