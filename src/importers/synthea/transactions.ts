import { Decimal } from 'decimal.js';
import { ImportError } from '../error';
import type { ImportRow } from '../writer';
import type { ClaimNumbers } from './claims';
import { MONEY_LIMIT } from './encounters';
import type { CsvRow } from './row';
import { readRows, type Session } from './session';
import { Stage } from './staging';

const FILE = 'claims_transactions.csv';
const REFERENCES = [1, 2, 3, 4].map((index) => `DIAGNOSISREF${index}` as const);

const TRANSACTIONS = {
  required: [
    ...(['ID', 'CLAIMID', 'TYPE', 'AMOUNT', 'PAYMENTS', 'FROMDATE', 'PROCEDURECODE', 'UNITS'] as const),
    ...(['UNITAMOUNT', 'NOTES'] as const),
  ],
  optional: ['METHOD', 'ADJUSTMENTS', ...REFERENCES],
} as const;

type TransactionRow = CsvRow<(typeof TRANSACTIONS.required)[number] | (typeof TRANSACTIONS.optional)[number]>;

/** What the tables hold: 12 digits, 3 of them after the point, and 14 with 4. */
const UNITS_LIMIT = 1e9;
const UNIT_PRICE_LIMIT = 1e10;

/**
 * Reads the charges, payments and adjustments into the temporary table. Transfers only say who owes what part of the
 * same money, so they are left out, and so are payments of nothing.
 * Answers false when the folder has no such file.
 */
export async function stageTransactions(session: Session, claims: ClaimNumbers): Promise<boolean> {
  const { client, folder, tally } = session;
  if (!folder.sizes.has(FILE)) return false;
  const stage = new Stage(client, 'staged_lines', (rows) => reportRepeated(session, rows));
  for await (const row of readRows(session, FILE, TRANSACTIONS)) {
    const claim = row.reference('CLAIMID', claims, 'claims.csv');
    const type = row.required('TYPE').toUpperCase();
    if (type === 'CHARGE') {
      tally.add('bill items', { read: 1 });
      await stage.add(chargeOf(row, claim));
    } else if (type === 'PAYMENT') {
      tally.add('payments', { read: 1 });
      const amount = row.decimal('PAYMENTS', MONEY_LIMIT, row.decimal('AMOUNT', MONEY_LIMIT, '0'));
      if (roundsToNothing(amount)) tally.skip(FILE, 'payments of zero');
      else await stage.add({ ...lineOf(row, claim, type, amount), ...receiptOf(row) });
    } else if (type === 'ADJUSTMENT') {
      tally.skip(FILE, 'adjustments, which become the discount of their bill');
      const amount = row.decimal('ADJUSTMENTS', MONEY_LIMIT, row.decimal('AMOUNT', MONEY_LIMIT, '0'));
      await stage.add(lineOf(row, claim, type, amount));
    } else if (type === 'TRANSFERIN' || type === 'TRANSFEROUT') {
      tally.skip(FILE, 'transfers between payers and patient, which move no money');
    } else {
      throw row.error(`TYPE "${type}" is none of CHARGE, PAYMENT, ADJUSTMENT, TRANSFERIN and TRANSFEROUT`);
    }
  }
  await stage.flush();
  return true;
}

/** A staged row with all its columns; those that only charges or only payments have are null. */
function lineOf(row: TransactionRow, claim: number, type: string, amount: string): ImportRow {
  return {
    source_id: row.required('ID'),
    line: row.line,
    claim,
    type,
    amount,
    code: null,
    description: null,
    diagnosis_refs: null,
    units: null,
    unit_price: null,
    received_on: null,
    method: null,
  };
}

function chargeOf(row: TransactionRow, claim: number): ImportRow {
  const amount = row.decimal('AMOUNT', MONEY_LIMIT, '0');
  const units = row.decimal('UNITS', UNITS_LIMIT, '1');
  // Where no unit price is given, it is what makes the amount.
  const each = Number(units) === 0 ? amount : new Decimal(amount).div(units).toFixed(4);
  return {
    ...lineOf(row, claim, 'CHARGE', amount),
    code: row.required('PROCEDURECODE'),
    description: row.text('NOTES') || null,
    diagnosis_refs: REFERENCES.flatMap((column) => referenceOf(row, column)),
    units,
    unit_price: row.decimal('UNITAMOUNT', UNIT_PRICE_LIMIT, each),
  };
}

/** Which of the claim's eight diagnoses the charge is for. */
function referenceOf(row: TransactionRow, column: (typeof REFERENCES)[number]): number[] {
  const text = row.text(column);
  if (text === '') return [];
  if (!/^[1-8]$/.test(text)) throw row.error(`${column} "${text}" is not a number from 1 to 8`);
  return [Number(text)];
}

function receiptOf(row: TransactionRow): ImportRow {
  // Null: the day is not said; the bill's service date stands in for it.
  return {
    received_on: row.optionalMoment('FROMDATE')?.date ?? null,
    method: row.text('METHOD') || null,
  };
}

/** As the tables round it, to cents; they hold no payment of zero. */
const roundsToNothing = (amount: string): boolean => new Decimal(amount).toDecimalPlaces(2).isZero();

async function reportRepeated(session: Session, rows: readonly ImportRow[]): Promise<never> {
  const staged = await session.client.query<{ source_id: string; line: number }>(
    'SELECT source_id, line FROM staged_lines WHERE source_id = ANY ($1)',
    [rows.map((row) => row.source_id)],
  );
  const lines = new Map(staged.rows.map((row) => [row.source_id, row.line]));
  for (const row of rows) {
    const first = lines.get(String(row.source_id));
    if (first !== row.line) {
      throw new ImportError(`ID "${row.source_id}" is in line ${first} too`, {
        file: FILE,
        line: Number(row.line),
      });
    }
  }
  throw new Error('no repeated row found');
}
