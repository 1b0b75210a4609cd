import type { Session } from './session';

/**
 * Turns the staged claims into bills, with their items and payments. A bill that an earlier import wrote is left as
 * it is, lines included, even if its claim has changed since: somebody may have worked on it.
 */
export async function writeBills(session: Session, hasTransactions: boolean): Promise<void> {
  const { client, clinic, tally, progress, signal } = session;
  const step = (done: number): void => {
    signal?.throwIfAborted();
    progress({ phase: 'bills', done, total: 4 });
  };
  step(0);
  await client.query('ANALYZE staged_claims, staged_lines');
  const known = await client.query(
    'DELETE FROM staged_claims c USING bills b WHERE b.clinic_id = $1 AND b.id = c.bill_id',
    [clinic.id],
  );
  step(1);
  const bills = await client.query(insertBills(hasTransactions), [clinic.id]);
  tally.add('bills', { written: bills.rowCount ?? 0, alreadyThere: known.rowCount ?? 0 });
  step(2);
  const items = await client.query(INSERT_ITEMS, [clinic.id]);
  step(3);
  const payments = await client.query(INSERT_PAYMENTS, [clinic.id]);
  await countLines(session, items.rowCount ?? 0, payments.rowCount ?? 0);
  if (!hasTransactions) {
    tally.notes.push(
      'There is no claims_transactions.csv, so bills have no items and no payments: a bill is billed at its ' +
        "encounter's BASE_ENCOUNTER_COST, and a closed one is paid except for what its claim says is outstanding.",
    );
  }
  step(4);
}

/**
 * The money of a bill: from its staged lines, or without any such file from what claim and encounter state.
 * An adjustment takes off at most what was billed.
 */
const MONEY_FROM_LINES = `
  SELECT c.*, coalesce(s.billed, 0) AS billed, least(coalesce(s.adjusted, 0), coalesce(s.billed, 0)) AS discount,
    coalesce(s.paid, 0) AS paid
  FROM staged_claims c LEFT JOIN (
    SELECT claim,
      sum(amount) FILTER (WHERE type = 'CHARGE') AS billed,
      sum(amount) FILTER (WHERE type = 'ADJUSTMENT') AS adjusted,
      sum(amount) FILTER (WHERE type = 'PAYMENT') AS paid
    FROM staged_lines GROUP BY claim
  ) s ON s.claim = c.no`;
const MONEY_AS_STATED = `
  SELECT c.*, c.stated_billed AS billed, 0.00 AS discount,
    CASE WHEN c.state = 'CLOSED' THEN greatest(c.stated_billed - c.stated_outstanding, 0) ELSE 0 END AS paid
  FROM staged_claims c`;

/**
 * A bill's status, from the state of its claim (NEW, OPEN, CLOSED) and what is still owed:
 * - insured: READY_TO_SUBMIT when new, SUBMITTED while open, COMPLETED when closed with nothing owed, and
 *   ATTENTION_REQUIRED when closed although something is;
 * - private: PAID when nothing is owed (for a bill of zero only once it is closed), WRITTEN_OFF when closed although
 *   something is, else PARTIALLY_PAID or UNPAID.
 */
const STATUS = `
  CASE
    WHEN kind = 'INSURED' AND state = 'NEW' THEN 'READY_TO_SUBMIT'
    WHEN kind = 'INSURED' AND state = 'OPEN' THEN 'SUBMITTED'
    WHEN kind = 'INSURED' AND owed <= 0 THEN 'COMPLETED'
    WHEN kind = 'INSURED' THEN 'ATTENTION_REQUIRED'
    WHEN owed <= 0 AND (billed > 0 OR paid > 0 OR state = 'CLOSED') THEN 'PAID'
    WHEN state = 'CLOSED' THEN 'WRITTEN_OFF'
    WHEN paid > 0 THEN 'PARTIALLY_PAID'
    ELSE 'UNPAID'
  END`;

/**
 * Bill numbers go on where the provider's highest one stops, in the order of service date and source id, so that an
 * import that is run again or continued never takes a number twice.
 */
function insertBills(hasTransactions: boolean): string {
  return `
    WITH money AS (${hasTransactions ? MONEY_FROM_LINES : MONEY_AS_STATED}),
    owing AS (SELECT *, billed - discount - paid AS owed FROM money),
    decided AS (SELECT *, ${STATUS} AS status FROM owing),
    last_numbers AS (
      SELECT p.user_id AS provider_id, p.billing_number, coalesce((
        SELECT max(substring(b.number FROM '-([0-9]{1,15})$')::bigint) FROM bills b
        WHERE b.clinic_id = p.clinic_id AND b.provider_id = p.user_id AND b.number LIKE p.billing_number || '-%'
      ), 0) AS last
      FROM providers p WHERE p.clinic_id = $1 AND p.user_id IN (SELECT provider_id FROM staged_claims)
    ),
    numbered AS (
      SELECT d.*, l.billing_number, l.last + row_number() OVER (
        PARTITION BY d.provider_id ORDER BY d.service_date, d.source_id COLLATE "C"
      ) AS place
      FROM decided d JOIN last_numbers l USING (provider_id)
    )
    INSERT INTO bills (clinic_id, id, kind, number, status, service_date, provider_id, patient_id, encounter_id,
      visit_id, payer_id, billed, discount, paid, outstanding)
    SELECT $1, bill_id, kind, billing_number || '-' || lpad(place::text, greatest(6, length(place::text)), '0'),
      status, service_date, provider_id, patient_id, encounter_id, visit_id, payer_id, billed, discount, paid,
      CASE status WHEN 'WRITTEN_OFF' THEN 0 ELSE owed END
    FROM numbered ORDER BY no`;
}

/** Items in the order of their rows. A diagnosis that a charge names twice is kept once; a blank one is left out. */
const INSERT_ITEMS = `
  INSERT INTO bill_items (clinic_id, bill_id, provider_id, line, service_code, description, diagnosis_codes, units, unit_price, amount)
  SELECT $1, c.bill_id, c.provider_id, row_number() OVER (PARTITION BY l.claim ORDER BY l.line), l.code, l.description,
    ARRAY(
      SELECT c.diagnoses[r.ref] FROM unnest(l.diagnosis_refs) WITH ORDINALITY AS r (ref, place)
      WHERE c.diagnoses[r.ref] <> '' GROUP BY 1 ORDER BY min(r.place)
    ),
    l.units, l.unit_price, l.amount
  FROM staged_lines l JOIN staged_claims c ON c.no = l.claim
  WHERE l.type = 'CHARGE' ORDER BY l.claim, l.line`;

const INSERT_PAYMENTS = `
  INSERT INTO payments (clinic_id, bill_id, provider_id, line, kind, amount, received_on, method)
  SELECT $1, c.bill_id, c.provider_id, row_number() OVER (PARTITION BY l.claim ORDER BY l.line), 'PAYMENT', l.amount,
    coalesce(l.received_on, c.service_date), l.method
  FROM staged_lines l JOIN staged_claims c ON c.no = l.claim
  WHERE l.type = 'PAYMENT' ORDER BY l.claim, l.line`;

/** Lines whose claim is no longer staged belong to bills that were there already. */
async function countLines({ client, tally }: Session, items: number, payments: number): Promise<void> {
  const staged = await client.query<{ charges: number; payments: number }>(`
    SELECT (count(*) FILTER (WHERE type = 'CHARGE'))::int AS charges,
      (count(*) FILTER (WHERE type = 'PAYMENT'))::int AS payments
    FROM staged_lines`);
  const counted = staged.rows[0] ?? { charges: 0, payments: 0 };
  tally.add('bill items', { written: items, alreadyThere: counted.charges - items });
  tally.add('payments', { written: payments, alreadyThere: counted.payments - payments });
}
