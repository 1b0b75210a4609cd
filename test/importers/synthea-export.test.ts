import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ImportSummary } from '../../src/importers/synthea';
import { createTestDatabase } from '../support/database';
import { cents, importInto, readPlain, rowsOf } from './synthea-support';

const EXPORT = path.resolve(__dirname, '../../../shared/data/synthea');

/** A real export of the generator, beside the repository where there is one; its licence keeps it out of ours. */
const describeExport = existsSync(path.join(EXPORT, 'claims.csv')) ? describe : describe.skip;

describeExport('an export of the Synthea generator', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let summary: ImportSummary;

  beforeAll(async () => {
    database = await createTestDatabase();
    summary = await importInto(database.url, { folder: EXPORT });
  });
  afterAll(async () => {
    await database?.drop();
  });

  test('arrives whole', async () => {
    const [counts] = await rowsOf(
      database.url,
      `SELECT (SELECT count(*)::int FROM providers) AS providers, (SELECT count(*)::int FROM patients) AS patients,
        (SELECT count(*)::int FROM encounters) AS encounters, (SELECT count(*)::int FROM visits) AS visits,
        (SELECT count(*)::int FROM payers) AS payers, count(*)::int AS bills,
        count(*) FILTER (WHERE kind = 'INSURED')::int AS insured,
        count(*) FILTER (WHERE kind = 'PRIVATE')::int AS private FROM bills`,
    );
    expect(counts).toEqual({
      providers: 166,
      patients: 27,
      encounters: 604,
      visits: 604,
      payers: 9,
      bills: 1267,
      insured: 1051,
      private: 216,
    });
  });

  test('every bill has the money, provider, patient and day that a plain reading of the files gives', async () => {
    const [claims, transactions, providers, patients] = await Promise.all([
      readPlain(EXPORT, 'claims.csv'),
      readPlain(EXPORT, 'claims_transactions.csv'),
      readPlain(EXPORT, 'providers.csv'),
      readPlain(EXPORT, 'patients.csv'),
    ]);
    const money = new Map<string, { billed: number; paid: number; items: number; payments: number }>();
    for (const row of transactions) {
      const sum = money.get(row.CLAIMID ?? '') ?? { billed: 0, paid: 0, items: 0, payments: 0 };
      money.set(row.CLAIMID ?? '', sum);
      if (row.TYPE === 'CHARGE') {
        sum.billed += cents(row.AMOUNT ?? '');
        sum.items += 1;
      } else if (row.TYPE === 'PAYMENT') {
        sum.paid += cents(row.PAYMENTS ?? '');
        sum.payments += cents(row.PAYMENTS ?? '') > 0 ? 1 : 0;
      }
    }
    const providerNames = new Map(providers.map((row) => [row.Id, row.NAME]));
    const patientNames = new Map(
      patients.map((row) => [row.Id, [row.PREFIX, row.FIRST, row.LAST].filter(Boolean).join(' ')]),
    );
    const expected = claims.map((claim) => {
      const sum = money.get(claim.Id ?? '') ?? { billed: 0, paid: 0, items: 0, payments: 0 };
      return [
        providerNames.get(claim.PROVIDERID ?? ''),
        patientNames.get(claim.PATIENTID ?? ''),
        claim.SERVICEDATE?.slice(0, 10),
        claim.PRIMARYPATIENTINSURANCEID === '0' ? 'PRIVATE' : 'INSURED',
        sum.billed,
        sum.paid,
        sum.billed - sum.paid,
        sum.items,
        sum.payments,
      ].join(' | ');
    });
    const bills = await rowsOf(
      database.url,
      `SELECT u.name, t.name AS patient, b.service_date::text, b.kind, (b.billed * 100)::int AS billed,
        (b.paid * 100)::int AS paid, (b.outstanding * 100)::int AS outstanding,
        (SELECT count(*)::int FROM bill_items i WHERE i.bill_id = b.id) AS items,
        (SELECT count(*)::int FROM payments p WHERE p.bill_id = b.id) AS payments
       FROM bills b JOIN users u ON u.id = b.provider_id JOIN patients t ON t.id = b.patient_id`,
    );
    const found = bills.map((bill) => Object.values(bill).join(' | '));
    expect(found.sort()).toEqual(expected.sort());
  });

  test('numbers go up by one for each provider, oldest bill first', async () => {
    const wrong = await rowsOf(
      database.url,
      `SELECT number FROM (
        SELECT b.number, p.billing_number || '-' || lpad((row_number() OVER (
          PARTITION BY b.provider_id ORDER BY b.service_date, b.number))::text, 6, '0') AS should
        FROM bills b JOIN providers p ON p.user_id = b.provider_id
      ) numbered WHERE number <> should`,
    );
    expect(wrong).toEqual([]);
  });

  test('has lists of every shape, and sign-ins that show the rule at work', async () => {
    const [shapes] = await rowsOf(
      database.url,
      `SELECT bool_or(users > 0 AND groups = 0) AS by_user, bool_or(users = 0 AND groups > 0) AS by_group,
        bool_or(users > 0 AND groups > 0) AS by_both, bool_or(users + groups = 0) AS blank, bool_or(expired) AS expired,
        bool_or(deactivated) AS deactivated, bool_or(empty) AS empty_group
       FROM (
        SELECT p.user_id, count(d.delegate_user_id) AS users, count(d.delegate_group_id) AS groups,
          coalesce(bool_or(d.expires_at < now()), false) AS expired, coalesce(bool_or(NOT u.active), false) AS deactivated,
          coalesce(bool_or(d.delegate_group_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM group_members m WHERE m.group_id = d.delegate_group_id)), false) AS empty
        FROM providers p LEFT JOIN delegations d ON d.provider_id = p.user_id
        LEFT JOIN users u ON u.id = d.delegate_user_id
        WHERE EXISTS (SELECT FROM bills b WHERE b.provider_id = p.user_id) GROUP BY p.user_id
       ) lists`,
    );
    expect(Object.values(shapes ?? {})).toEqual(Array(7).fill(true));
    const { provider, delegate, stranger, administrator } = summary.signIns;
    for (const one of [provider, delegate]) {
      expect(one?.bills).toBeGreaterThan(0);
      expect(one?.bills).toBeLessThan(1267);
    }
    expect([stranger?.bills, administrator?.bills]).toEqual([0, 0]);
  });
});
