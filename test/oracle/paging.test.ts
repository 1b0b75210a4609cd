import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type NodeType, toGlobalId } from '../../src/global-id';
import { factories } from '../support/factories';
import { startTestServer, type TestServer } from '../support/server';
import { Oracle, type OracleUser } from './oracle';
import { CONNECTION, type Connection, expectSequence, type ReadPage } from './pages';
import { Sessions } from './sessions';

const PAGE_VARIABLES = '$first: Int, $after: String, $last: Int, $before: String';
const PAGE = 'first: $first, after: $after, last: $last, before: $before';

const COLUMNS = {
  SERVICE_DATE: 'service_date',
  NUMBER: 'number',
  STATUS: 'status',
  TOTAL: 'billed - discount',
  OUTSTANDING: 'outstanding',
} as const;
const FIELDS = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];
const ORDERS = FIELDS.flatMap((field) =>
  (['ASC', 'DESC'] as const).map((direction) => ({ field, direction })),
);

interface Filter {
  kind?: string;
  statuses?: string[];
  /** Ids of rows. */
  providerIds?: string[];
  patientIds?: string[];
  payerIds?: string[];
  serviceFrom?: string;
  serviceTo?: string;
}

let server: TestServer;
let sessions: Sessions;
let oracle: Oracle;

beforeAll(async () => {
  server = await startTestServer();
  sessions = new Sessions(server);
  oracle = await Oracle.read(server.db);
});

afterAll(() => server?.close());

/** An account of the demo, and the clinic that it looks at. */
async function viewer(email: string): Promise<{ person: OracleUser; clinicId: string }> {
  const [row] = await server.db.query<{ id: string }>(
    'SELECT coalesce(user_id, support_user_id) AS id FROM sign_ins WHERE email = $1',
    [email],
  );
  const person = oracle.users.find((user) => user.id === row?.id);
  if (person === undefined) throw new Error(`nobody signs in as ${email}`);
  return { person, clinicId: person.clinicId ?? oracle.clinic('Demo clinic').id };
}

/** The global ids of the bills that the viewer must get, in order, by plain SQL. */
async function sequenceOf(
  email: string,
  filter: Filter,
  order: { field: keyof typeof COLUMNS; direction: 'ASC' | 'DESC' },
): Promise<string[]> {
  const { person, clinicId } = await viewer(email);
  const providers = [...new Set(oracle.visible(person, clinicId).map((bill) => bill.providerId))];
  const rows = await server.db.query<{ id: string }>(
    `SELECT id FROM bills
     WHERE clinic_id = $1 AND provider_id = ANY ($2)
       AND ($3::text IS NULL OR kind = $3)
       AND ($4::text[] IS NULL OR status = ANY ($4))
       AND ($5::uuid[] IS NULL OR provider_id = ANY ($5))
       AND ($6::uuid[] IS NULL OR patient_id = ANY ($6))
       AND ($7::uuid[] IS NULL OR payer_id = ANY ($7))
       AND ($8::date IS NULL OR service_date >= $8) AND ($9::date IS NULL OR service_date <= $9)
     ORDER BY ${COLUMNS[order.field]} ${order.direction}, id ${order.direction}`,
    [
      clinicId,
      providers,
      filter.kind ?? null,
      filter.statuses ?? null,
      filter.providerIds ?? null,
      filter.patientIds ?? null,
      filter.payerIds ?? null,
      filter.serviceFrom ?? null,
      filter.serviceTo ?? null,
    ],
  );
  return rows.map((row) => toGlobalId('Bill', clinicId, row.id));
}

/** Reads pages of the viewer's dashboard. */
async function dashboardOf(email: string, filter: Filter | null, orderBy: object | null): Promise<ReadPage> {
  const { person, clinicId } = await viewer(email);
  const ids = (type: NodeType, rows: string[] | undefined) =>
    rows && { ids: rows.map((id) => toGlobalId(type, clinicId, id)) }.ids;
  const given = filter && {
    ...filter,
    providerIds: ids('User', filter.providerIds),
    patientIds: ids('Patient', filter.patientIds),
    payerIds: ids('Payer', filter.payerIds),
  };
  return async (page) => {
    const answer = await sessions.read<{ dashboard: { bills: Connection } }>(
      person,
      `query ($clinic: ID!, ${PAGE_VARIABLES}, $filter: BillFilter, $orderBy: BillOrder) {
         dashboard(clinicId: $clinic) {
           bills(${PAGE}, filter: $filter, orderBy: $orderBy) { totalCount ${CONNECTION} }
         }
       }`,
      { clinic: toGlobalId('Clinic', clinicId, clinicId), filter: given, orderBy, ...page },
    );
    return answer.dashboard.bills;
  };
}

/** Pages such that a walk takes a few, the last of them not full. */
const sizeFor = (total: number): number => Math.min(500, Math.max(1, Math.ceil(total / 3.5)));

describe('the bills of the dashboard', () => {
  // Support names a clinic; the first four see all, two and one provider's bills, the fifth none, the last sees all of
  // a clinic that has not launched.
  const viewers = [
    'support@demo.example',
    'analyst@demo.example',
    'clerk@demo.example',
    'delegate@demo.example',
    'stranger@demo.example',
    'staff@other.example',
  ];

  /** The day from which on the viewer has at most 600 bills: enough for some pages of every order. */
  async function recent(email: string): Promise<Filter> {
    const { person, clinicId } = await viewer(email);
    const days = oracle
      .visible(person, clinicId)
      .map((bill) => bill.serviceDate)
      .sort();
    return { serviceFrom: days.at(-600) ?? days[0] ?? '2000-01-01' };
  }

  test.each(viewers)(
    'come in every order, without a repeat or a gap, to %s',
    async (email) => {
      const filter = await recent(email);
      for (const order of ORDERS) {
        const sequence = await sequenceOf(email, filter, order);
        expect(sequence.length > 0).toBe(email !== 'stranger@demo.example');
        await expectSequence(
          await dashboardOf(email, filter, order),
          sequence,
          sizeFor(sequence.length),
          true,
        );
      }
    },
    120_000,
  );

  test('come whole to who sees thousands', async () => {
    const order = { field: 'NUMBER', direction: 'ASC' } as const;
    const sequence = await sequenceOf('analyst@demo.example', {}, order);
    expect(sequence.length).toBeGreaterThan(5_000);
    await expectSequence(await dashboardOf('analyst@demo.example', null, order), sequence, 500, true);
  });

  test('come newest first when nothing is said, and by DESC when only the field is', async () => {
    const newest = await sequenceOf(
      'delegate@demo.example',
      {},
      { field: 'SERVICE_DATE', direction: 'DESC' },
    );
    const size = sizeFor(newest.length);
    await expectSequence(await dashboardOf('delegate@demo.example', null, null), newest, size, true);
    await expectSequence(await dashboardOf('delegate@demo.example', {}, null), newest, size, true);
    const largest = await sequenceOf('delegate@demo.example', {}, { field: 'TOTAL', direction: 'DESC' });
    const byTotal = await dashboardOf('delegate@demo.example', {}, { field: 'TOTAL' });
    await expectSequence(byTotal, largest, size, true);
  });

  describe('of a filter', () => {
    const EMAIL = 'clerk@demo.example';
    /** Filters of whatever the clerk's bills are about, and of what they are not. */
    async function filters(): Promise<Record<string, Filter>> {
      const { person, clinicId } = await viewer(EMAIL);
      const bills = oracle.visible(person, clinicId);
      const some = (key: 'providerId' | 'patientId' | 'payerId', count: number): string[] =>
        [...new Set(bills.map((bill) => bill[key]).filter((id) => id !== null))].slice(0, count);
      const dates = bills.map((bill) => bill.serviceDate).sort();
      const middle = dates[Math.floor(dates.length / 2)] ?? '';
      const hidden = oracle.bills.find((bill) => bill.clinicId === clinicId && !bills.includes(bill));
      return {
        kind: { kind: 'PRIVATE' },
        'one status': { statuses: ['SUBMITTED'] },
        'several statuses, of both kinds, one twice': { statuses: ['PAID', 'DRAFT', 'PAID', 'UNPAID'] },
        provider: { providerIds: some('providerId', 1) },
        'a provider whose bills are hidden': { providerIds: [hidden?.providerId ?? ''] },
        'visible and hidden providers': {
          providerIds: [hidden?.providerId ?? '', ...some('providerId', 2)],
        },
        patients: { patientIds: some('patientId', 40) },
        payers: { payerIds: some('payerId', 2) },
        from: { serviceFrom: middle },
        to: { serviceTo: middle },
        'one day': { serviceFrom: middle, serviceTo: middle },
        'a range that is none': { serviceFrom: '2026-01-02', serviceTo: '2026-01-01' },
        'everything at once': {
          kind: 'INSURED',
          statuses: ['SUBMITTED', 'COMPLETED'],
          providerIds: some('providerId', 1),
          patientIds: some('patientId', 200),
          payerIds: some('payerId', 3),
          serviceFrom: dates[10] ?? '',
          serviceTo: middle,
        },
        'no status': { statuses: [] },
        'no provider': { providerIds: [] },
        'no patient': { patientIds: [] },
        'no payer': { payerIds: [] },
      };
    }

    test('are those that match everything in it', async () => {
      const empty: string[] = [];
      for (const [name, filter] of Object.entries(await filters())) {
        for (const order of [
          { field: 'SERVICE_DATE', direction: 'DESC' },
          { field: 'STATUS', direction: 'ASC' },
          { field: 'OUTSTANDING', direction: 'DESC' },
        ] as const) {
          const sequence = await sequenceOf(EMAIL, filter, order);
          if (sequence.length === 0) empty.push(name);
          const read = await dashboardOf(EMAIL, filter, order);
          await expectSequence(read, sequence, sizeFor(sequence.length), true);
        }
      }
      // Each other filter found something, or the comparison would say little.
      expect([...new Set(empty)]).toEqual([
        'a provider whose bills are hidden',
        'a range that is none',
        'no status',
        'no provider',
        'no patient',
        'no payer',
      ]);
    });
  });

  test('come one by one, through runs of equal values', async () => {
    const filter = { serviceFrom: '2026-06-01', kind: 'INSURED' };
    for (const field of ['STATUS', 'OUTSTANDING'] as const) {
      const order = { field, direction: 'ASC' } as const;
      const sequence = (await sequenceOf('delegate@demo.example', filter, order)).slice();
      expect(sequence.length).toBeGreaterThan(20);
      await expectSequence(await dashboardOf('delegate@demo.example', filter, order), sequence, 1, true);
    }
  });
});

describe('a cursor', () => {
  const EMAIL = 'analyst@demo.example';
  const QUERY = `query ($first: Int, $after: String, $last: Int, $before: String, $orderBy: BillOrder) {
    dashboard { bills(${PAGE}, orderBy: $orderBy) { pageInfo { endCursor } } } }`;

  const endCursor = async (field: string): Promise<string> => {
    const answer = await server.ask<{ dashboard: { bills: { pageInfo: { endCursor: string } } } }>(
      EMAIL,
      QUERY,
      {
        first: 3,
        orderBy: { field },
      },
    );
    return answer.data.dashboard.bills.pageInfo.endCursor;
  };
  const codesFor = async (variables: Record<string, unknown>): Promise<(string | undefined)[]> => {
    const answer = await server.ask(EMAIL, QUERY, variables);
    return (answer.errors ?? []).map((error) => error.extensions.code);
  };

  test('of a list in another order is refused', async () => {
    for (const from of FIELDS) {
      const cursor = await endCursor(from);
      for (const field of FIELDS) {
        const expected = from === field ? [] : ['BAD_USER_INPUT'];
        expect(await codesFor({ first: 2, after: cursor, orderBy: { field } })).toEqual(expected);
        expect(await codesFor({ last: 2, before: cursor, orderBy: { field } })).toEqual(expected);
      }
    }
  });

  test('of a list of another thing is refused', async () => {
    const visit = await server.ask<{ visits: { pageInfo: { endCursor: string } } }>(
      EMAIL,
      '{ visits(first: 1) { pageInfo { endCursor } } }',
    );
    expect(await codesFor({ after: visit.data.visits.pageInfo.endCursor })).toEqual(['BAD_USER_INPUT']);
    for (const list of ['visits', 'patients']) {
      const answer = await server.ask(
        EMAIL,
        `query ($after: String) { ${list}(after: $after) { nodes { id } } }`,
        {
          after: await endCursor('TOTAL'),
        },
      );
      expect(answer.errors?.map((error) => error.extensions.code)).toEqual(['BAD_USER_INPUT']);
    }
  });

  const forged = (...parts: unknown[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url');
  const ID = '00000000-0000-4000-8000-000000000000';

  test.each([
    ['empty text', '', 'SERVICE_DATE'],
    ['no cursor at all', 'first page please', 'SERVICE_DATE'],
    ['too few parts', forged('SERVICE_DATE', '2026-01-01'), 'SERVICE_DATE'],
    ['too many parts', forged('SERVICE_DATE', '2026-01-01', ID, 1), 'SERVICE_DATE'],
    ['no id', forged('SERVICE_DATE', '2026-01-01', '------------------------------------'), 'SERVICE_DATE'],
    ['SQL for an id', forged('SERVICE_DATE', '2026-01-01', "' OR 1 = 1 --"), 'SERVICE_DATE'],
    ['no date', forged('SERVICE_DATE', 'yesterday', ID), 'SERVICE_DATE'],
    ['a day that is not in the calendar', forged('SERVICE_DATE', '2026-02-30', ID), 'SERVICE_DATE'],
    ['a year that is none', forged('SERVICE_DATE', '0000-01-01', ID), 'SERVICE_DATE'],
    ['a null character', forged('NUMBER', '\0', ID), 'NUMBER'],
    ['no number', forged('TOTAL', 'NaN', ID), 'TOTAL'],
  ])('that was made up with %s is refused, whatever is in it', async (_what, after, field) => {
    expect(await codesFor({ first: 2, after, orderBy: { field } })).toEqual(['BAD_USER_INPUT']);
  });

  test.each([
    ['visits', forged('STARTED_AT', '2026-13-45 25:61:61+00', ID)],
    ['visits', forged('STARTED_AT', '999999-01-01 00:00:00+00', ID)],
    ['patients', forged('NAME', 'a\0b', ID)],
    ['clinics', forged('NAME', 'a\0b', ID)],
  ])('of %s that was made up is refused, whatever is in it', async (list, after) => {
    const answer = await server.ask(
      EMAIL,
      `query ($after: String) { ${list}(after: $after) { nodes { id } } }`,
      {
        after,
      },
    );
    expect(answer.errors?.map((error) => error.extensions.code)).toEqual(['BAD_USER_INPUT']);
  });

  test.each([[{ first: -1 }], [{ last: -1 }], [{ first: 501 }], [{ last: 501 }], [{ first: 1, last: 1 }]])(
    'or not, %j is refused',
    async (page) => {
      expect(await codesFor(page)).toEqual(['BAD_USER_INPUT']);
    },
  );

  test('or not, a page of 0 tells only whether there is anything', async () => {
    const read = await dashboardOf(EMAIL, {}, null);
    const none = await read({ first: 0 });
    expect(none).toMatchObject({ edges: [], nodes: [] });
    expect(none.pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: null,
      endCursor: null,
    });
    expect(none.totalCount).toBeGreaterThan(0);
  });
});

describe('the other connections', () => {
  let clinicId: string;
  let reader: string;
  let patientId: string;
  /** Ids of rows, newest first; of equal instants the larger id first. */
  let visits: string[];
  let encounters: string[];
  let patients: string[];

  beforeAll(async () => {
    const make = factories(server.db);
    clinicId = (await make.clinic()).id;
    const owner = await make.provider({ clinicId });
    reader = (await make.user({ clinicId })).email;
    for (const name of ['Same name', 'Same name', 'Same name', 'same name', 'Élan', '%', 'Zoë', 'Aa', 'aa']) {
      await make.patient({ clinicId, name });
    }
    patientId = (await make.patient({ clinicId, name: 'Micro Second' })).id;
    // A microsecond apart, and three times the same one: a millisecond would not tell them apart.
    for (const micro of [1, 2, 2, 2, 3, 4, 999, 1000, 1001]) {
      const startedAt = `2026-03-30 14:05:00.${String(micro).padStart(6, '0')}+00`;
      const visit = await make.visit({ clinicId, patientId, startedAt });
      await make.encounter({ clinicId, visit, providerId: owner.id, startedAt });
    }
    const ids = async (table: string, order: string): Promise<string[]> =>
      (
        await server.db.query<{ id: string }>(
          `SELECT id FROM ${table} WHERE clinic_id = $1 ORDER BY ${order}`,
          [clinicId],
        )
      ).map((row) => row.id);
    visits = await ids('visits', 'started_at DESC, id DESC');
    encounters = await ids('encounters', 'started_at DESC, id DESC');
    patients = await ids('patients', 'name, id');
  });

  const sizes = [1, 2, 4, 50];
  const reading =
    (email: string, query: string, pick: (data: Record<string, unknown>) => unknown): ReadPage =>
    async (page) => {
      const answer = await server.ask<Record<string, unknown>>(email, query, { ...page });
      if (answer.errors !== undefined) throw new Error(answer.text);
      return pick(answer.data) as Connection;
    };

  test('visits of a clinic, a microsecond apart, come without a repeat or a gap', async () => {
    const read = reading(
      reader,
      `query (${PAGE_VARIABLES}) { visits(${PAGE}) { ${CONNECTION} } }`,
      (data) => data.visits,
    );
    const sequence = visits.map((id) => toGlobalId('Visit', clinicId, id));
    expect(sequence).toHaveLength(9);
    for (const size of sizes) await expectSequence(read, sequence, size, false);
  });

  test('visits and encounters of a chart likewise', async () => {
    for (const [field, type, rows] of [
      ['visits', 'Visit', visits],
      ['encounters', 'Encounter', encounters],
    ] as const) {
      const id = toGlobalId('Patient', clinicId, patientId);
      const read = reading(
        reader,
        `query (${PAGE_VARIABLES}) { patientChart(patientId: "${id}") { ${field}(${PAGE}) { ${CONNECTION} } } }`,
        (data) => (data.patientChart as Record<string, unknown>)[field],
      );
      const sequence = rows.map((row) => toGlobalId(type, clinicId, row));
      for (const size of sizes) await expectSequence(read, sequence, size, false);
    }
  });

  test('patients, some of one name, likewise', async () => {
    const read = reading(
      reader,
      `query (${PAGE_VARIABLES}) { patients(${PAGE}) { ${CONNECTION} } }`,
      (data) => data.patients,
    );
    const sequence = patients.map((id) => toGlobalId('Patient', clinicId, id));
    expect(sequence).toHaveLength(10);
    for (const size of sizes) await expectSequence(read, sequence, size, false);
  });

  test('clinics, to support, likewise; to others their own', async () => {
    const query = `query (${PAGE_VARIABLES}) { clinics(${PAGE}) { ${CONNECTION} } }`;
    const rows = await server.db.query<{ id: string }>('SELECT id FROM clinics ORDER BY name, id');
    const all = rows.map(({ id }) => toGlobalId('Clinic', id, id));
    const asSupport = reading('support@demo.example', query, (data) => data.clinics);
    for (const size of [1, 2, 50]) await expectSequence(asSupport, all, size, false);
    const own = [toGlobalId('Clinic', clinicId, clinicId)];
    await expectSequence(
      reading(reader, query, (data) => data.clinics),
      own,
      1,
      false,
    );
  });

  test('bills of encounters, charts and visits come page by page, each from its own parent', async () => {
    const { person, clinicId: demo } = await viewer('clerk@demo.example');
    const bills = oracle.visible(person, demo).filter((bill) => bill.kind === 'INSURED');
    const count = (key: 'patientId' | 'encounterId' | 'visitId'): string => {
      const counts = new Map<string, number>();
      for (const bill of bills) counts.set(bill[key] ?? '', (counts.get(bill[key] ?? '') ?? 0) + 1);
      counts.delete('');
      return [...counts].sort((one, other) => other[1] - one[1])[0]?.[0] ?? '';
    };
    for (const [key, type, field] of [
      ['patientId', 'Patient', 'chart { insuredBills'],
      ['encounterId', 'Encounter', 'bills'],
      ['visitId', 'Visit', 'insuredBills'],
    ] as const) {
      const parent = count(key);
      const rows = await server.db.query<{ id: string }>(
        `SELECT id FROM bills WHERE id = ANY ($1) ORDER BY service_date DESC, id DESC`,
        [bills.filter((bill) => bill[key] === parent).map((bill) => bill.id)],
      );
      const sequence = rows.map((row) => toGlobalId('Bill', demo, row.id));
      expect(sequence.length).toBeGreaterThan(0);
      const filter = 'filter: { kind: INSURED }';
      const read = reading(
        'clerk@demo.example',
        `query (${PAGE_VARIABLES}) { node(id: "${toGlobalId(type, demo, parent)}") {
           ... on ${type} { ${field}(${PAGE}, ${filter}) { totalCount ${CONNECTION} } } } ${field.includes('{') ? '}' : ''} }`,
        (data) => {
          const node = data.node as Record<string, Record<string, unknown>>;
          return type === 'Patient' ? node.chart?.insuredBills : node[field];
        },
      );
      for (const size of [1, 2]) await expectSequence(read, sequence, size, true);
    }
  });
});
