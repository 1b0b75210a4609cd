import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { verifyPassword } from '../../src/identity/password';
import { ImportError } from '../../src/importers/synthea';
import { createTestDatabase } from '../support/database';
import {
  fingerprint,
  importInto,
  type Row,
  rowsOf,
  type Sample,
  sampleId,
  withClient,
  withSample,
} from './synthea-support';

type TestDatabase = Awaited<ReturnType<typeof createTestDatabase>>;

const BILLS = `
  SELECT right(b.number, 7) AS number, u.name AS provider, p.specialty, b.kind, b.status,
    b.service_date::text AS date, y.name AS payer, t.name AS patient, e.reason AS encounter, b.billed::text,
    b.discount::text, b.paid::text, b.refunded::text, b.outstanding::text
  FROM bills b
  JOIN users u ON (u.clinic_id, u.id) = (b.clinic_id, b.provider_id)
  JOIN providers p ON (p.clinic_id, p.user_id) = (b.clinic_id, b.provider_id)
  JOIN patients t ON (t.clinic_id, t.id) = (b.clinic_id, b.patient_id)
  LEFT JOIN payers y ON (y.clinic_id, y.id) = (b.clinic_id, b.payer_id)
  LEFT JOIN encounters e ON (e.clinic_id, e.id) = (b.clinic_id, b.encounter_id)
  ORDER BY p.specialty NULLS LAST, b.number`;

describe('a folder with every quirk', () => {
  let database: TestDatabase;
  const rows = (sql: string, values: unknown[] = []): Promise<Row[]> => rowsOf(database.url, sql, values);

  beforeAll(async () => {
    database = await createTestDatabase();
    await importInto(database.url);
  });
  afterAll(async () => {
    await database?.drop();
  });

  test('makes one bill of each claim, with its kind, status and money', async () => {
    const bills = await rows(BILLS);
    const brief = bills.map((bill) =>
      [
        bill.number,
        bill.kind,
        bill.status,
        bill.date,
        bill.billed,
        bill.discount,
        bill.paid,
        bill.outstanding,
      ].join(' '),
    );
    expect(brief).toEqual([
      // The cardiologist has the same name as the general practitioner and is another person.
      '-000001 INSURED SUBMITTED 2018-12-31 0.00 0.00 0.00 0.00', // has no transactions and no encounter
      '-000002 PRIVATE WRITTEN_OFF 2020-02-29 131.05 0.00 0.00 0.00', // after the patient's death
      '-000003 INSURED ATTENTION_REQUIRED 2023-02-14 120.50 0.00 90.50 30.00',
      '-000004 INSURED SUBMITTED 2023-02-15 200.00 0.00 0.00 200.00', // a date without a time
      '-000001 PRIVATE PAID 1934-06-02 10.00 0.00 10.00 0.00',
      '-000002 PRIVATE PAID 2021-03-04 0.00 0.00 0.00 0.00', // comes to zero
      '-000003 PRIVATE PARTIALLY_PAID 2021-03-04 100.00 0.00 40.00 60.00', // its payer is empty
      '-000004 INSURED COMPLETED 2023-02-14 80.74 0.00 80.74 0.00', // its rows are apart
      '-000005 INSURED COMPLETED 2023-02-14 68.40 0.00 75.00 -6.60', // overpaid
      '-000001 PRIVATE UNPAID 2022-01-02 50.00 0.00 0.00 50.00', // NO_INSURANCE; late on 1 January in its own zone
      '-000002 INSURED SUBMITTED 2022-01-02 25.10 0.00 0.00 25.10', // only a secondary payer
      '-000003 INSURED READY_TO_SUBMIT 2022-01-02 80.00 20.00 0.00 60.00', // an adjustment
    ]);
    expect(new Set(bills.slice(0, 9).map((bill) => bill.provider))).toEqual(
      new Set(['Ottoline101 Brindle202']),
    );
    expect(bills[9]).toMatchObject({ provider: "Síle303 O'Dwyer404", payer: null, encounter: 'Urgent care' });
    expect(bills[10]).toMatchObject({ payer: 'Harbour Health', patient: 'Idris555 Penhallow666' });
    expect(bills[0]).toMatchObject({ encounter: null, patient: 'Zoë333 Thackeray444' });
  });

  test('keeps the items in the order of their rows, each diagnosis once', async () => {
    const items = await rows(
      `SELECT i.line, service_code, description, diagnosis_codes, units::text, unit_price::text, amount::text
       FROM bill_items i JOIN bills b ON b.id = i.bill_id WHERE b.billed = 80.74 ORDER BY line`,
    );
    expect(items).toEqual([
      {
        line: 1,
        service_code: '90001',
        description: 'Sore throat visit',
        diagnosis_codes: ['J02.9', 'R50.9'],
        units: '1.000',
        unit_price: '68.4000',
        amount: '68.40',
      },
      {
        line: 2,
        service_code: '90002',
        description: 'Throat culture, "rapid"',
        diagnosis_codes: ['R50.9'],
        units: '2.000',
        unit_price: '6.1700',
        amount: '12.34',
      },
    ]);
  });

  test('keeps payments on their own UTC day, without those of zero', async () => {
    const payments = await rows(
      `SELECT p.kind, p.amount::text, p.received_on::text, p.method FROM payments p ORDER BY received_on, amount`,
    );
    expect(payments.map((payment) => Object.values(payment).join(' '))).toEqual([
      'PAYMENT 10.00 1934-06-02 CASH',
      'PAYMENT 40.00 2021-04-30 CC',
      'PAYMENT 68.40 2023-02-14 ECHECK',
      'PAYMENT 75.00 2023-02-14 COPAY',
      'PAYMENT 90.50 2023-02-14 CHECK', // names no day: that of the service
      'PAYMENT 12.34 2023-04-01 CASH', // late on 31 March in its own zone
    ]);
  });

  test('a bill is the sum of its lines', async () => {
    const off = await rows(`
      SELECT b.number FROM bills b
      WHERE b.billed <> coalesce((SELECT sum(amount) FROM bill_items i WHERE i.bill_id = b.id), 0)
        OR b.paid <> coalesce((SELECT sum(amount) FROM payments p WHERE p.bill_id = b.id), 0)`);
    expect(off).toEqual([]);
  });

  test('gives each encounter a visit, and an end only where it has one', async () => {
    const encounters = await rows(`
      SELECT e.started_at AT TIME ZONE 'UTC' || '' AS started, e.ended_at AT TIME ZONE 'UTC' || '' AS ended,
        e.reason, v.reason AS visit
      FROM encounters e JOIN visits v ON v.id = e.visit_id AND v.started_at = e.started_at ORDER BY e.started_at`);
    expect(encounters).toEqual([
      { started: '1934-06-02 09:00:00', ended: null, reason: 'Newborn check', visit: 'Newborn check' },
      {
        started: '2020-02-29 08:00:00',
        ended: null,
        reason: 'Death certification',
        visit: 'Death certification',
      },
      {
        started: '2021-03-04 00:00:00',
        ended: null,
        reason: 'Check-up, with "notes"',
        visit: 'Check-up, with "notes"',
      },
      {
        started: '2022-01-02 04:30:00',
        ended: '2022-01-02 05:00:00',
        reason: 'Urgent care',
        visit: 'Urgent care',
      },
      {
        started: '2023-02-14 10:15:00',
        ended: '2023-02-14 10:45:00',
        reason: 'Sore throat visit',
        visit: 'Sore throat',
      },
    ]);
  });

  test('takes names as they are and nothing of identity papers', async () => {
    const patients = await rows('SELECT name, birth_date::text AS born FROM patients ORDER BY name');
    expect(patients).toEqual([
      { name: 'Idris555 Penhallow666', born: '2012-07-15' },
      { name: "Mrs. Wren111 O'Malley222", born: '1930-02-28' },
      { name: 'Zoë333 Thackeray444', born: '1951-11-30' },
    ]);
    const dump = await Promise.all(
      ['patients', 'users', 'encounters', 'visits', 'bills', 'bill_items', 'history'].map((table) =>
        rows(`SELECT t::text AS text FROM ${table} t WHERE t::text LIKE '%NEVER-READ%'`),
      ),
    );
    expect(dump.flat()).toEqual([]);
    expect(await rows('SELECT name FROM payers ORDER BY name')).toEqual([
      { name: 'Harbour Health' },
      { name: 'Northwind Mutual' },
    ]);
  });

  test('gives providers numbers of their own and every user a sign-in with the one password', async () => {
    const providers = await rows(
      `SELECT p.billing_number AS number, s.email::text, s.password_hash AS hash FROM providers p
       JOIN sign_ins s ON s.user_id = p.user_id`,
    );
    expect(providers).toHaveLength(4);
    for (const { number, email } of providers) {
      expect(number).toMatch(/^\d{6}$/);
      expect(email).toBe(`provider.${number}@fern-hollow.example`);
    }
    expect(new Set(providers.map((provider) => provider.number)).size).toBe(4);
    await expect(verifyPassword(String(providers[0]?.hash), 'a password for this test')).resolves.toBe(true);
    expect(
      await rows('SELECT FROM users u WHERE NOT EXISTS (SELECT FROM sign_ins s WHERE s.user_id = u.id)'),
    ).toEqual([]);
  });

  test('makes a launched clinic with an administrator, a stranger and lists of several shapes', async () => {
    expect(
      await rows('SELECT name::text, currency, segregation_launches_at < now() AS launched FROM clinics'),
    ).toEqual([{ name: 'Fern Hollow', currency: 'USD', launched: true }]);
    expect(
      await rows(`SELECT s.email::text FROM sign_ins s JOIN user_permissions p ON p.user_id = s.user_id
        GROUP BY s.email HAVING count(*) = 2`),
    ).toEqual([{ email: 'administrator@fern-hollow.example' }]);
    const [shapes] = await rows(`
      SELECT count(*) FILTER (WHERE delegate_group_id IS NOT NULL)::int AS groups,
        count(*) FILTER (WHERE expires_at < now())::int AS expired,
        count(*) FILTER (WHERE NOT u.active)::int AS deactivated,
        (SELECT count(*) FROM providers p WHERE NOT EXISTS (
          SELECT FROM delegations d WHERE d.provider_id = p.user_id))::int AS blank
      FROM delegations d LEFT JOIN users u ON u.id = d.delegate_user_id`);
    expect(shapes).toEqual({ groups: 2, expired: 1, deactivated: 1, blank: 1 });
  });
});

describe('importing again', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await database?.drop();
  });

  test('the same folder changes nothing, whatever the seed, and says so', async () => {
    const first = await importInto(database.url);
    const before = await fingerprint(database.url);
    const second = await importInto(database.url, {
      seed: 99,
      clinic: ' FERN hollow ',
      password: 'another password',
    });
    expect(await fingerprint(database.url)).toEqual(before);
    expect(first.clinic.created).toBe(true);
    expect(second.clinic).toEqual({ ...first.clinic, created: false });
    expect(second.tables.filter((table) => table.written > 0)).toEqual([]);
    expect(second.tables.find((table) => table.table === 'bills')).toMatchObject({
      read: 12,
      alreadyThere: 12,
    });
    expect(second.tables.find((table) => table.table === 'bill items')).toMatchObject({ alreadyThere: 12 });
    expect(second.tables.find((table) => table.table === 'payments')).toMatchObject({ alreadyThere: 6 });
    expect(second.signIns).toEqual(first.signIns);
  });

  test('a longer export adds its bills under numbers that are free, and leaves older bills alone', async () => {
    await importInto(database.url);
    await withSample(async (folder) => {
      // A new claim that is older than the others, and a payment that arrived since on an old one.
      await folder.edit('claims.csv', ([header = '', first = '', ...rest]) => [
        header,
        first.replace(sampleId('c', 1), sampleId('c', 77)).replace('2023-02-14T10:15:00Z', '1999-12-31'),
        first,
        ...rest,
      ]);
      await folder.edit('claims_transactions.csv', (lines) => [
        ...lines,
        (lines[1] ?? '')
          .replace(sampleId('9', 1), sampleId('9', 77))
          .replace(sampleId('c', 1), sampleId('c', 77)),
        (lines[1] ?? '').replace(sampleId('9', 1), sampleId('9', 78)),
      ]);
      const summary = await importInto(database.url, { folder: folder.path });
      expect(summary.tables.find((table) => table.table === 'bills')).toMatchObject({
        written: 1,
        alreadyThere: 12,
      });
    });
    const numbers = await rowsOf(
      database.url,
      `SELECT right(number, 6) AS number, service_date::text AS date, billed::text,
         (SELECT count(*)::int FROM bill_items i WHERE i.bill_id = b.id) AS items
       FROM bills b JOIN providers p ON p.user_id = b.provider_id
       WHERE specialty = 'GENERAL PRACTICE' AND (billed = 80.74 OR service_date = '1999-12-31') ORDER BY number`,
    );
    expect(numbers).toEqual([
      { number: '000004', date: '2023-02-14', billed: '80.74', items: 2 },
      { number: '000006', date: '1999-12-31', billed: '68.40', items: 1 },
    ]);
  });

  test('does not bring back a delegate, a member or an account that somebody took away', async () => {
    await importInto(database.url);
    await withClient(database.url, async (client) => {
      await client.query('DELETE FROM delegations');
      await client.query('DELETE FROM group_members');
      await client.query('DELETE FROM user_permissions');
      await client.query('UPDATE users SET active = false');
    });
    const before = await fingerprint(database.url);
    await importInto(database.url);
    expect(await fingerprint(database.url)).toEqual(before);
  });

  test('two imports at the same time end as one', async () => {
    const [one, other] = await Promise.all([importInto(database.url), importInto(database.url)]);
    const written = (table: string) =>
      [one, other]
        .map((summary) => summary?.tables.find((count) => count.table === table)?.written ?? 0)
        .sort();
    expect(written('bills')).toEqual([0, 12]);
    expect(written('delegations')).toEqual([0, 6]);
  });

  test('two clinics of one folder share nothing, neither ids nor sign-ins', async () => {
    await importInto(database.url, { clinic: 'Fern Hollow' });
    await importInto(database.url, { clinic: 'Fern-Hollow!' });
    const [counts] = await rowsOf(
      database.url,
      `SELECT count(*)::int AS bills, count(DISTINCT id)::int AS ids,
        (SELECT count(DISTINCT split_part(email::text, '@', 2))::int FROM sign_ins) AS domains FROM bills`,
    );
    expect(counts).toEqual({ bills: 24, ids: 24, domains: 2 });
  });

  test('a group that the clinic has already gets no access', async () => {
    await withClient(database.url, async (client) => {
      const clinic = await client.query<{ id: string }>(
        "INSERT INTO clinics (name, currency) VALUES ('Fern Hollow', 'USD') RETURNING id",
      );
      await client.query("INSERT INTO groups (clinic_id, name) VALUES ($1, 'BILLING CLERKS')", [
        clinic.rows[0]?.id,
      ]);
    });
    await importInto(database.url);
    const listed = await rowsOf(
      database.url,
      'SELECT DISTINCT g.name::text FROM delegations d JOIN groups g ON g.id = d.delegate_group_id ORDER BY 1',
    );
    expect(listed).toEqual([
      { name: 'Analysts' },
      { name: expect.stringMatching(/^Billing clerks \(Synthea [0-9a-f]{8}\)$/) },
    ]);
    // The clinic was not launched, and an import into it launches nothing.
    expect(await rowsOf(database.url, 'SELECT segregation_launches_at AS at FROM clinics')).toEqual([
      { at: null },
    ]);
  });

  test('a server that is reading and writing on the same tables is no obstacle', async () => {
    await withClient(database.url, async (server) => {
      await server.query('BEGIN');
      await server.query(
        'LOCK TABLE clinics, users, sign_ins, providers, groups, group_members, delegations, patients, visits, encounters, payers, bills, bill_items, payments, history IN ROW EXCLUSIVE MODE',
      );
      await importInto(database.url);
      await server.query('COMMIT');
    });
    expect(await rowsOf(database.url, 'SELECT count(*)::int AS bills FROM bills')).toEqual([{ bills: 12 }]);
  });
});

describe('a folder that cannot be imported', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(async () => {
    await database?.drop();
  });

  /** Imports a changed sample and answers how it was refused, having checked that nothing was written. */
  async function refusal(change: (folder: Sample) => Promise<void>): Promise<string> {
    return withSample(async (folder) => {
      await change(folder);
      const error = await importInto(database.url, { folder: folder.path }).then(
        () => undefined,
        (raised: unknown) => raised,
      );
      const written = (await fingerprint(database.url)).filter((table) => table.rows !== 0);
      expect(written).toEqual([]);
      expect(error).toBeInstanceOf(ImportError);
      return (error as ImportError).message.replaceAll(folder.path, 'DIR');
    });
  }

  test.each<[string, (folder: Sample) => Promise<void>, string]>([
    [
      'is not Synthea',
      async (folder) => {
        await folder.remove('claims.csv');
        await folder.remove('payers.csv');
      },
      'DIR is not a folder of Synthea CSV files: payers.csv, claims.csv are missing',
    ],
    [
      'lacks a column',
      (folder) => folder.replace('claims.csv', 1, 'PROVIDERID', 'DOCTORID'),
      'claims.csv line 1: the column PROVIDERID is missing',
    ],
    [
      'has a row that is cut off',
      (folder) => folder.edit('encounters.csv', (lines) => lines.with(5, lines[5]?.slice(0, 100) ?? '')),
      'encounters.csv line 6: the row has 4 fields and the header 15. Is the file cut off?',
    ],
    [
      'has a quoted field that is cut off',
      (folder) => folder.edit('claims.csv', (lines) => lines.with(12, lines[12]?.slice(0, 100) ?? '')),
      'claims.csv line 13: a quoted field is never closed. Is the file cut off?',
    ],
    ['has an empty file', (folder) => folder.edit('payers.csv', () => []), 'payers.csv: the file is empty'],
    [
      'names an unknown provider',
      (folder) => folder.replace('claims.csv', 4, sampleId('b', 1), sampleId('b', 8)),
      `claims.csv line 4: PROVIDERID "${sampleId('b', 8)}" is in no row of providers.csv`,
    ],
    [
      'names an unknown patient',
      (folder) => folder.replace('claims.csv', 3, sampleId('a', 1), 'nobody'),
      'claims.csv line 3: PATIENTID "nobody" is in no row of patients.csv',
    ],
    [
      'names an unknown encounter',
      (folder) => folder.replace('claims.csv', 2, sampleId('e', 1), sampleId('e', 8)),
      `claims.csv line 2: APPOINTMENTID "${sampleId('e', 8)}" is in no row of encounters.csv`,
    ],
    [
      'names an unknown payer',
      (folder) => folder.replace('claims.csv', 7, sampleId('d', 2), sampleId('d', 8)),
      `claims.csv line 7: SECONDARYPATIENTINSURANCEID "${sampleId('d', 8)}" is in no row of payers.csv`,
    ],
    [
      'has a claim for a patient who was not at its encounter',
      (folder) => folder.replace('claims.csv', 2, sampleId('a', 1), sampleId('a', 2)),
      `claims.csv line 2: PATIENTID "${sampleId('a', 2)}" is not the patient of encounter "${sampleId('e', 1)}"`,
    ],
    [
      'has an encounter of an unknown patient',
      (folder) => folder.replace('encounters.csv', 3, sampleId('a', 1), ''),
      'encounters.csv line 3: PATIENT is empty',
    ],
    [
      'has a transaction of an unknown claim',
      (folder) => folder.replace('claims_transactions.csv', 4, sampleId('c', 1), sampleId('c', 88)),
      `claims_transactions.csv line 4: CLAIMID "${sampleId('c', 88)}" is in no row of claims.csv`,
    ],
    [
      'has a bad number',
      (folder) => folder.replace('claims_transactions.csv', 2, ',68.40,', ',68;40,'),
      'claims_transactions.csv line 2: AMOUNT "68;40" is not a number below 1000000000000',
    ],
    [
      'has a number that is too large',
      (folder) => folder.replace('claims_transactions.csv', 2, ',68.40,', ',1000000000000,'),
      'claims_transactions.csv line 2: AMOUNT "1000000000000" is not a number below 1000000000000',
    ],
    [
      'has a number below zero',
      (folder) => folder.replace('claims_transactions.csv', 2, ',68.40,', ',-68.40,'),
      'claims_transactions.csv line 2: AMOUNT "-68.40" is below zero',
    ],
    [
      'has a bad date',
      (folder) => folder.replace('claims.csv', 2, '"2023-02-14T10:15:00Z"', '"2023-02-30T10:15:00Z"'),
      'claims.csv line 2: SERVICEDATE "2023-02-30T10:15:00Z" is not a date or time such as 2024-05-31T16:30:00Z',
    ],
    [
      'has a date in another notation',
      (folder) => folder.replace('patients.csv', 4, '2012-07-15', '15/07/2012'),
      'patients.csv line 4: BIRTHDATE "15/07/2012" is not a date or time such as 2024-05-31T16:30:00Z',
    ],
    [
      'has one claim twice',
      (folder) => folder.edit('claims.csv', (lines) => [...lines, lines[1] ?? '']),
      `claims.csv line 14: Id "${sampleId('c', 1)}" is in an earlier row too`,
    ],
    [
      'has one transaction twice',
      (folder) => folder.edit('claims_transactions.csv', (lines) => [...lines, lines[1] ?? '']),
      `claims_transactions.csv line 24: ID "${sampleId('9', 1)}" is in line 2 too`,
    ],
    [
      'has a transaction of a kind that Synthea does not make',
      (folder) => folder.replace('claims_transactions.csv', 2, 'CHARGE', 'GIFT'),
      'claims_transactions.csv line 2: TYPE "GIFT" is none of CHARGE, PAYMENT, ADJUSTMENT, TRANSFERIN and TRANSFEROUT',
    ],
    [
      'points at a ninth diagnosis',
      (folder) => folder.replace('claims_transactions.csv', 2, ',1,2,3,', ',1,9,3,'),
      'claims_transactions.csv line 2: DIAGNOSISREF2 "9" is not a number from 1 to 8',
    ],
  ])('that %s is refused by file and line, with nothing written', async (_what, change, message) => {
    expect(await refusal(change)).toBe(message);
  });

  test('a clinic in another currency, a bad currency and a folder that is not there are refused', async () => {
    const options = [{ currency: 'dollars' }, { clinic: ' ' }, { folder: '/nowhere/at/all' }];
    const messages = await Promise.all(
      options.map((option) => importInto(database.url, option).catch((error: unknown) => String(error))),
    );
    expect(messages).toEqual([
      'ImportError: the currency "dollars" is not a code of three capitals such as CAD',
      'ImportError: the name of the clinic must have 1 to 200 characters',
      'ImportError: /nowhere/at/all is not a folder that can be read',
    ]);
  });

  test('stops when it is told to, with nothing written', async () => {
    const stop = new AbortController();
    const phases: string[] = [];
    const progress = ({ phase }: { phase: string }): void => {
      phases.push(phase);
      if (phase === 'claims_transactions.csv') stop.abort();
    };
    await expect(importInto(database.url, { progress, signal: stop.signal })).rejects.toThrow('aborted');
    expect(new Set(phases)).toEqual(
      new Set([
        ...[
          'organizations.csv',
          'providers.csv',
          'patients.csv',
          'payers.csv',
          'encounters.csv',
          'claims.csv',
        ],
        'claims_transactions.csv',
      ]),
    );
    expect((await fingerprint(database.url)).filter((table) => table.rows !== 0)).toEqual([]);
  });
});

describe('a folder without transactions', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(async () => {
    await database?.drop();
  });

  test('is imported with what encounters cost, and the summary says so', async () => {
    await withSample(async (folder) => {
      await folder.remove('claims_transactions.csv');
      await folder.remove('organizations.csv');
      const summary = await importInto(database.url, { folder: folder.path });
      expect(summary.notes.join('\n')).toContain('There is no claims_transactions.csv');
      expect(summary.tables.find((table) => table.table === 'bills')).toMatchObject({
        read: 12,
        written: 12,
      });
    });
    const bills = await rowsOf(
      database.url,
      `SELECT kind, status, billed::text, paid::text, outstanding::text FROM bills ORDER BY number, kind`,
    );
    const brief = bills.map((bill) => Object.values(bill).join(' ')).sort();
    expect(brief).toEqual([
      'INSURED ATTENTION_REQUIRED 68.40 38.40 30.00',
      'INSURED COMPLETED 68.40 68.40 0.00',
      'INSURED COMPLETED 68.40 68.40 0.00',
      'INSURED READY_TO_SUBMIT 131.05 0.00 131.05',
      'INSURED SUBMITTED 0.00 0.00 0.00',
      'INSURED SUBMITTED 131.05 0.00 131.05',
      'INSURED SUBMITTED 68.40 0.00 68.40',
      'PRIVATE PAID 0.00 0.00 0.00',
      'PRIVATE PAID 10.00 10.00 0.00',
      'PRIVATE UNPAID 0.00 0.00 0.00',
      'PRIVATE UNPAID 131.05 0.00 131.05',
      'PRIVATE WRITTEN_OFF 131.05 0.00 0.00',
    ]);
    expect(await rowsOf(database.url, 'SELECT FROM bill_items UNION ALL SELECT FROM payments')).toEqual([]);
  });
});
