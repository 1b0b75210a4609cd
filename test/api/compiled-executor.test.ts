import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toGlobalId } from '../../src/global-id';
import {
  A,
  ADMIN,
  B,
  CLERK,
  DEMO_ID,
  demoUser,
  inParallel,
  OTHER_STAFF,
  STRANGER,
  SUPPORT,
} from '../cases/support';
import { operations } from '../clients/documents';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { type Both, startBoth } from './compiled-support';

describe('a server that compiles operations answers what graphql-js answers', () => {
  let db: TestDatabase;
  let both: Both;
  const tokens = new Map<string | null, string | null>([[null, null]]);
  const ids: Record<string, string> = {};

  const same = (
    who: string | null,
    query: string,
    variables: Record<string, unknown> = {},
    operationName?: string,
  ) => both.same(tokens.get(who) ?? null, { query, variables, operationName });

  beforeAll(async () => {
    db = await createTestDatabase({ demo: true });
    both = await startBoth({ db });
    for (const who of [A, B, CLERK, STRANGER, ADMIN, SUPPORT, OTHER_STAFF]) {
      tokens.set(who, await both.compiled.tokenOf(who));
    }
    for (const [name, type, table] of [
      ['bill', 'Bill', 'bills'],
      ['encounter', 'Encounter', 'encounters'],
      ['visit', 'Visit', 'visits'],
      ['patient', 'Patient', 'patients'],
      ['group', 'Group', 'groups'],
    ] as const) {
      const [row] = await db.query<{ id: string }>(
        `SELECT id FROM ${table} WHERE clinic_id = $1 ORDER BY id LIMIT 1`,
        [DEMO_ID],
      );
      ids[name] = toGlobalId(type, DEMO_ID, row?.id ?? '');
    }
  });
  afterAll(async () => {
    await both?.close();
    await db?.drop();
  });

  it('every query of docs/operations, as everybody, with the ids it takes and without', async () => {
    for (const { query } of operations()) {
      if (!query.startsWith('query')) continue;
      const given = {
        clinicId: toGlobalId('Clinic', DEMO_ID, DEMO_ID),
        billId: ids.bill,
        userId: demoUser('provider.a'),
        providerId: demoUser('provider.a'),
        patientId: ids.patient,
        encounterId: ids.encounter,
        groupId: ids.group,
        id: query.includes('encounter(') ? ids.encounter : ids.bill,
        first: 10,
      };
      for (const who of tokens.keys()) {
        await same(who, query, given);
        await same(who, query);
      }
    }
  }, 120_000);

  const FIRST = `dashboard { bills(first: 3) { nodes { id kind number status serviceDate note total currency patient { id name birthDate } provider { id name } items { line units amount diagnosisCodes } } pageInfo { hasNextPage endCursor } } }`;

  it.each<[what: string, query: string, variables?: Record<string, unknown>, name?: string]>([
    ['dates, enums, decimals and ids', `{ ${FIRST} }`],
    [
      'the same field twice, merged',
      `{ a: dashboard { clinic { id } bills(first: 1) { nodes { id } } } a: dashboard { clinic { name } bills(first: 1) { nodes { number } totalCount } } }`,
    ],
    [
      '__typename everywhere, aliased too',
      '{ __typename t: __typename dashboard { __typename bills(first: 2) { __typename nodes { x: __typename __typename items { __typename } } } } }',
    ],
    [
      'a name that no plain object can hold',
      '{ dashboard { __proto__: clinic { __proto__: name constructor: id toJSON: name hasOwnProperty: currency } } }',
    ],
    [
      'aliases that look like paths of one another',
      '{ a_b: dashboard { c: clinic { id name } } a: dashboard { b_c: clinic { name } } viewer { b_c: user { id } } }',
    ],
    [
      'an interface, by every kind of fragment',
      'query ($id: ID!) { node(id: $id) { __typename id ... on Bill { number } ...P ... on Node { ... on Encounter { reason } } ... { __typename } } } fragment P on Patient { name birthDate }',
      { id: '$patient' },
    ],
    [
      'an interface, of a bill',
      'query ($id: ID!) { node(id: $id) { __typename ... on Bill { id number patient { id } provider { id } } } }',
      { id: '$bill' },
    ],
    [
      'a union',
      '{ viewer { user { id billingDelegation { version entries { __typename ... on UserDelegate { user { id name } active } ... on GroupDelegate { group { id name } memberCount } } } } } }',
    ],
    [
      '@skip and @include by variables',
      `query ($yes: Boolean!, $no: Boolean! = false) { dashboard @include(if: $yes) { clinic @skip(if: $no) { id @skip(if: $yes) name @include(if: $no) currency } bills(first: 1) @skip(if: $yes) { totalCount } } }`,
      { yes: true },
    ],
    [
      'the same, the other way',
      `query ($yes: Boolean!, $no: Boolean! = false) { dashboard @include(if: $yes) { clinic @skip(if: $no) { id @skip(if: $yes) name @include(if: $no) currency } bills(first: 1) @skip(if: $yes) { totalCount } } viewer { email } }`,
      { yes: false, no: true },
    ],
    [
      'a fragment, left out once and let in once',
      `query ($yes: Boolean!) { dashboard { ...F @skip(if: $yes) ...F @include(if: $yes) clinic { ...C @include(if: $yes) } } a: dashboard { clinic { ...C @skip(if: $yes) __typename } } } fragment F on Dashboard { bills(first: 1) { totalCount } } fragment C on Clinic { id name }`,
      { yes: true },
    ],
    [
      'a condition that is null',
      'query ($maybe: Boolean = true) { dashboard { clinic { id @include(if: $maybe) } } viewer { email } }',
      { maybe: null },
    ],
    [
      'a condition at the root that is null',
      'query ($maybe: Boolean = true) { viewer @include(if: $maybe) { email } }',
      { maybe: null },
    ],
    [
      'arguments by default, by null, by variable and in lists',
      'query ($kind: BillKind, $statuses: [BillStatus!], $first: Int = 2) { dashboard { a: bills(first: $first, filter: { kind: $kind, statuses: $statuses }) { nodes { kind status } } b: bills(filter: null, first: 1, orderBy: { field: SERVICE_DATE, direction: ASC }) { nodes { serviceDate } } } }',
      { kind: 'PRIVATE', statuses: 'PAID' },
    ],
    [
      'an argument that a field refuses',
      '{ dashboard { bills(first: -1) { totalCount } summary(groupBy: MONTH, first: 3) { month } } }',
    ],
    ['a variable that is missing', 'query ($id: ID!) { bill(id: $id) { number } }'],
    [
      'a variable that does not fit',
      'query ($first: Int, $kind: BillKind) { dashboard { bills(first: $first, filter: { kind: $kind }) { totalCount } } }',
      { first: 'many', kind: 'NONE' },
    ],
    [
      'a date that is none',
      'query ($from: Date) { dashboard { bills(filter: { serviceFrom: $from }) { totalCount } } }',
      { from: '2026-02-30' },
    ],
    [
      'an enum and a date in the text that are none',
      '{ dashboard { bills(filter: { serviceFrom: "soon", kind: NONE }) { totalCount } } }',
    ],
    [
      'text that could be code',
      'query ($id: ID = "x") { bill(id: "__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74dprocess.exit(1)") { number } b: bill(id: $id) { number } c: bill(id: "\\"}]);process.exit(1)//") { number } }',
    ],
    [
      'ids of nothing',
      '{ bill(id: "nothing") { number } node(id: "") { id } encounter(id: "x") { id } patientChart(patientId: "y") { outstanding } }',
    ],
    [
      'several operations, one named',
      'query One { viewer { email } } query Two { dashboard { clinic { name } } }',
      {},
      'Two',
    ],
    [
      'several operations, none named',
      'query One { viewer { email } } query Two { dashboard { clinic { name } } }',
    ],
    [
      'several operations, another named',
      'query One { viewer { email } } query Two { dashboard { clinic { name } } }',
      {},
      'Three',
    ],
    ['an empty name', 'query One { viewer { email } }', {}, ''],
    ['a subscription', 'subscription { bills { id } }'],
    ['no operation', 'fragment F on Bill { id }'],
    ['an unknown field', '{ dashboard { nothing } }'],
    ['introspection, which is off', '{ __schema { queryType { name } } }'],
    [
      'readiness, for whom it is',
      '{ launchReadiness { clinic { id } losses(first: 2) { totalCount nodes { provider { name } userCount } } blankLists(first: 2) { nodes { billCount } } } }',
    ],
    [
      'a mutation without a password',
      'mutation ($p: ID!) { addUserDelegate(input: { providerId: $p, userId: $p }) { list { version } } }',
      { p: '$userA' },
    ],
    [
      'a mutation of what does not exist',
      'mutation { renameGroup(input: { groupId: "x", name: "y" }) { group { id } } createGroup(input: { name: "" }) { group { id } } }',
    ],
  ])('%s', async (_what, query, variables = {}, name) => {
    const known: Record<string, string | undefined> = { ...ids, userA: demoUser('provider.a') };
    const given = Object.fromEntries(
      Object.entries(variables).map(([key, value]) => [
        key,
        typeof value === 'string' && value.startsWith('$') ? known[value.slice(1)] : value,
      ]),
    );
    for (const who of tokens.keys()) await same(who, query, given, name);
  });

  it('mutations run one after the other', async () => {
    const query = `mutation ($name: String!) {
      first: createGroup(input: { name: $name }) { group { name memberCount } }
      second: createGroup(input: { name: $name }) { group { name } }
    }`;
    const ask = (server: Both['compiled'], name: string) => server.ask(ADMIN, query, { name });
    for (const [server, name] of [
      [both.standard, 'One after the other'],
      [both.compiled, 'One by one'],
    ] as const) {
      const { data, errors } = await ask(server, name);
      expect(data).toEqual({ first: { group: { name, memberCount: 0 } }, second: null });
      expect(errors).toEqual([
        expect.objectContaining({ path: ['second'], extensions: { code: 'CONFLICT' } }),
      ]);
    }
  });

  it('viewers who send the same operation at the same time see their own answers only', async () => {
    const query = `query Shared($first: Int!) { viewer { email user { id } } dashboard { bills(first: $first) { totalCount totals { billed } nodes { number provider { id } } } } }`;
    const people = [A, B, CLERK, STRANGER];
    const expected = new Map<string, string>();
    for (const who of people) {
      expected.set(who, (await both.standard.ask(who, query, { first: 3 })).text);
    }
    // Or there would be nothing to mix up.
    expect(new Set(expected.values()).size).toBe(people.length);
    const wrong: string[] = [];
    const jobs = Array.from({ length: 200 }, (_, turn) => async () => {
      const who = people[turn % people.length] ?? A;
      const { text } = await both.compiled.ask(who, query, { first: 3 });
      if (text !== expected.get(who)) wrong.push(`${who}: ${text}`);
    });
    await inParallel(jobs, 20);
    expect(wrong).toEqual([]);
  });

  it('introspection, where it is on', async () => {
    const open = await startBoth({ db, graphiql: true });
    try {
      await open.same(null, {
        query:
          '{ __schema { types { name kind fields(includeDeprecated: true) { name args { name defaultValue type { name ofType { name } } } } } } __type(name: "Bill") { name interfaces { name } } }',
      });
    } finally {
      await open.close();
    }
  });
});
