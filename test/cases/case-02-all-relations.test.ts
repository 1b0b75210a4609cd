import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestServer, type TestServer } from '../support/server';
import { A, DEMO_ID, demoUserId } from './support';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(() => server.close());

interface Bill {
  [field: string]: unknown;
  number: string;
}

// Reported at maticzav/graphql-shield#347: hashing an entity that has relations fails, and so access is denied.
it('case 2: a provider reads own bills with all their relations', async () => {
  const { data, errors } = await server.ask<{ dashboard: { bills: { nodes: Bill[] } } }>(
    A,
    `{ dashboard { bills(first: 200) { nodes {
         number kind status serviceDate currency billed discount total paid refunded outstanding note
         provider { name } patient { name birthDate } payer { name }
         encounter { reason provider { name } visit { reason } patient { name } bills { nodes { number provider { name } } } }
         visit { reason encounters { reason } insuredBills { nodes { number } } privateBills { nodes { number } } }
         items { line serviceCode description diagnosisCodes units unitPrice amount }
         payments { kind amount receivedOn method }
       } } } }`,
  );
  expect(errors).toBeUndefined();

  // The same, read from the tables.
  const rows = await server.db.query<{ bill: Bill }>(
    `WITH mine AS (
       SELECT b.*, c.currency FROM bills b JOIN clinics c ON c.id = b.clinic_id
       WHERE b.clinic_id = $1 AND b.provider_id = $2
       ORDER BY b.service_date DESC, b.id DESC LIMIT 200),
     numbers AS (
       SELECT b.encounter_id, b.visit_id, b.kind, b.number, u.name, b.service_date, b.id FROM bills b
       JOIN users u ON u.clinic_id = b.clinic_id AND u.id = b.provider_id
       WHERE b.clinic_id = $1 AND b.provider_id = $2)
     SELECT json_build_object(
       'number', b.number, 'kind', b.kind, 'status', b.status, 'serviceDate', b.service_date,
       'currency', b.currency, 'billed', b.billed::text, 'discount', b.discount::text,
       'total', (b.billed - b.discount)::text, 'paid', b.paid::text, 'refunded', b.refunded::text,
       'outstanding', b.outstanding::text, 'note', b.note,
       'provider', (SELECT json_build_object('name', u.name) FROM users u WHERE u.clinic_id = $1 AND u.id = b.provider_id),
       'patient', (SELECT json_build_object('name', p.name, 'birthDate', p.birth_date) FROM patients p
                   WHERE p.clinic_id = $1 AND p.id = b.patient_id),
       'payer', (SELECT json_build_object('name', p.name) FROM payers p WHERE p.clinic_id = $1 AND p.id = b.payer_id),
       'encounter', (SELECT json_build_object('reason', e.reason,
           'provider', json_build_object('name', u.name), 'visit', CASE WHEN v.id IS NOT NULL THEN json_build_object('reason', v.reason) END,
           'patient', json_build_object('name', p.name),
           'bills', json_build_object('nodes', (
             SELECT json_agg(json_build_object('number', n.number, 'provider', json_build_object('name', n.name))
                             ORDER BY n.service_date DESC, n.id DESC)
             FROM numbers n WHERE n.encounter_id = e.id)))
         FROM encounters e JOIN users u ON u.clinic_id = $1 AND u.id = e.provider_id
         LEFT JOIN visits v ON v.clinic_id = $1 AND v.id = e.visit_id
         JOIN patients p ON p.clinic_id = $1 AND p.id = e.patient_id
         WHERE e.clinic_id = $1 AND e.id = b.encounter_id),
       'visit', (SELECT json_build_object('reason', v.reason,
           'encounters', (SELECT json_agg(json_build_object('reason', e.reason) ORDER BY e.started_at, e.id)
                          FROM encounters e WHERE e.clinic_id = $1 AND e.visit_id = v.id),
           'insuredBills', json_build_object('nodes', (
             SELECT coalesce(json_agg(json_build_object('number', n.number) ORDER BY n.service_date DESC, n.id DESC), '[]')
             FROM numbers n WHERE n.visit_id = v.id AND n.kind = 'INSURED')),
           'privateBills', json_build_object('nodes', (
             SELECT coalesce(json_agg(json_build_object('number', n.number) ORDER BY n.service_date DESC, n.id DESC), '[]')
             FROM numbers n WHERE n.visit_id = v.id AND n.kind = 'PRIVATE')))
         FROM visits v WHERE v.clinic_id = $1 AND v.id = b.visit_id),
       'items', (SELECT json_agg(json_build_object('line', i.line, 'serviceCode', i.service_code,
           'description', i.description, 'diagnosisCodes', i.diagnosis_codes, 'units', i.units::text,
           'unitPrice', i.unit_price::text, 'amount', i.amount::text) ORDER BY i.line)
         FROM bill_items i WHERE i.clinic_id = $1 AND i.bill_id = b.id),
       'payments', (SELECT coalesce(json_agg(json_build_object('kind', p.kind, 'amount', p.amount::text,
           'receivedOn', p.received_on, 'method', p.method) ORDER BY p.line), '[]')
         FROM payments p WHERE p.clinic_id = $1 AND p.bill_id = b.id)
     ) AS bill FROM mine b ORDER BY b.service_date DESC, b.id DESC`,
    [DEMO_ID, demoUserId('provider.a')],
  );
  expect(rows).toHaveLength(200);
  expect(data.dashboard.bills.nodes).toEqual(rows.map((row) => row.bill));
});
