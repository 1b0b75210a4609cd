import { hash } from 'node:crypto';
import { type NodeType, typeNumber } from '../../global-id';
import type { Selected, SelectedField } from '../../look-ahead';
import { writtenAs } from '../../written';

/** How PostgreSQL writes, in JSON, what an operation selects of a bill and of what hangs on it. */
export interface Writing {
  /** Tells it from every other; the same for selections that are written alike. */
  readonly form: string;
  /** SQL: the text of the bill `b`, in a statement with these joins. */
  readonly text: string;
  readonly joins: string;
}

/** A piece of a text: JSON as it is, or an SQL expression of type text. */
type Piece = { readonly json: string } | { readonly sql: string };

/** Gathers which joins a text needs. */
interface Writer {
  readonly joins: Set<keyof typeof JOINS>;
}

/** The pieces of a field's value; null: it is not written, and then nothing of the whole bill is. */
type WriteField = (field: SelectedField, writer: Writer) => readonly Piece[] | null;

/**
 * What hangs on a bill, looked up by its key (LIMIT 1 keeps PostgreSQL from reading whole tables for pages that it takes
 * to be long).
 */
const JOINS = {
  patient: `CROSS JOIN LATERAL (
    SELECT p.name, p.birth_date FROM patients p
    WHERE p.clinic_id = b.clinic_id AND p.id = b.patient_id LIMIT 1) patient`,
  provider: `CROSS JOIN LATERAL (
    SELECT u.name, u.active FROM users u
    WHERE u.clinic_id = b.clinic_id AND u.id = b.provider_id LIMIT 1) provider`,
  billing: `CROSS JOIN LATERAL (
    SELECT p.billing_number, p.specialty FROM providers p
    WHERE p.clinic_id = b.clinic_id AND p.user_id = b.provider_id LIMIT 1) billing`,
  payer: `LEFT JOIN LATERAL (
    SELECT p.name FROM payers p WHERE p.clinic_id = b.clinic_id AND p.id = b.payer_id LIMIT 1) payer ON TRUE`,
} as const;

const leaf =
  (...pieces: readonly Piece[]): WriteField =>
  ({ below }) =>
    below === undefined ? pieces : null;

/** A number or truth value, which is JSON as PostgreSQL writes it. */
const plain = (expression: string): WriteField => leaf({ sql: `(${expression})::text` });

/** What needs quotes and nothing else: dates, decimals, names of enums. */
const quoted = (expression: string): WriteField =>
  leaf({ json: '"' }, { sql: `(${expression})::text` }, { json: '"' });

const jsonOf = (expression: string): string => `to_json(${expression})::text`;

/** Any text, or an array of texts. */
const text = (expression: string): WriteField => leaf({ sql: jsonOf(expression) });

const textOrNull = (expression: string): WriteField =>
  leaf({ sql: `coalesce(${jsonOf(expression)}, 'null')` });

/** The global id of a row of the bill's clinic (src/global-id.ts). Its 33 bytes leave no padding, and no line is broken. */
const globalId = (type: NodeType, id: string): WriteField =>
  leaf(
    { json: '"' },
    {
      sql: `translate(encode('\\x${typeNumber(type)}'::bytea || uuid_send(b.clinic_id) || uuid_send(${id}), 'base64'), '+/', '-_')`,
    },
    { json: '"' },
  );

type Fields = Readonly<Record<string, WriteField>>;

const object =
  (fields: Fields): WriteField =>
  ({ below }, writer) =>
    below === undefined ? null : objectOf(below(), fields, writer);

const joined =
  (join: keyof typeof JOINS, write: WriteField): WriteField =>
  (field, writer) => {
    writer.joins.add(join);
    return write(field, writer);
  };

/** An object that is not there where `id` is null. */
const objectOrNull =
  (id: string, fields: Fields): WriteField =>
  (field, writer) => {
    const pieces = object(fields)(field, writer);
    return pieces && [{ sql: `CASE WHEN ${id} IS NULL THEN 'null' ELSE ${concatenated(pieces)} END` }];
  };

/** The rows of a table that hang on the bill, as `part`, line by line. */
const parts =
  (table: string, fields: Fields): WriteField =>
  ({ below }, writer) => {
    const pieces = below === undefined ? null : objectOf(below(), fields, writer);
    if (pieces === null) return null;
    const list = `(SELECT coalesce(string_agg(${concatenated(pieces)}, ',' ORDER BY part.line), '')
      FROM ${table} part WHERE part.clinic_id = b.clinic_id AND part.bill_id = b.id)`;
    return [{ json: '[' }, { sql: list }, { json: ']' }];
  };

const NAMED = (type: NodeType, id: string, name: string): Fields => ({
  id: globalId(type, id),
  name: text(name),
});

const BILL: Fields = {
  id: globalId('Bill', 'b.id'),
  kind: quoted('b.kind'),
  number: text('b.number'),
  status: quoted('b.status'),
  serviceDate: quoted('b.service_date'),
  billed: quoted('b.billed'),
  discount: quoted('b.discount'),
  total: quoted('b.billed - b.discount'),
  paid: quoted('b.paid'),
  refunded: quoted('b.refunded'),
  outstanding: quoted('b.outstanding'),
  note: textOrNull('b.note'),
  // With the table's own clinic it would be looked up for every bill again.
  currency: text(`(SELECT c.currency FROM clinics c WHERE c.id = $1)`),
  patient: joined(
    'patient',
    object({
      ...NAMED('Patient', 'b.patient_id', 'patient.name'),
      birthDate: quoted('patient.birth_date'),
    }),
  ),
  provider: joined(
    'provider',
    object({
      ...NAMED('User', 'b.provider_id', 'provider.name'),
      kind: leaf({ json: '"PROVIDER"' }),
      active: plain('provider.active'),
      billingNumber: joined('billing', textOrNull('billing.billing_number')),
      specialty: joined('billing', textOrNull('billing.specialty')),
    }),
  ),
  payer: joined('payer', objectOrNull('b.payer_id', NAMED('Payer', 'b.payer_id', 'payer.name'))),
  encounter: objectOrNull('b.encounter_id', { id: globalId('Encounter', 'b.encounter_id') }),
  visit: objectOrNull('b.visit_id', { id: globalId('Visit', 'b.visit_id') }),
  items: parts('bill_items', {
    line: plain('part.line'),
    serviceCode: text('part.service_code'),
    description: textOrNull('part.description'),
    diagnosisCodes: text('part.diagnosis_codes'),
    units: quoted('part.units'),
    unitPrice: quoted('part.unit_price'),
    amount: quoted('part.amount'),
  }),
  payments: parts('payments', {
    kind: quoted('part.kind'),
    amount: quoted('part.amount'),
    receivedOn: quoted('part.received_on'),
    method: textOrNull('part.method'),
  }),
};

/** Names of GraphQL, which can stand in JSON and in SQL as they are. */
const NAME = /^[_A-Za-z][_0-9A-Za-z]*$/;

function objectOf({ type, fields }: Selected, write: Fields, writer: Writer): readonly Piece[] | null {
  const pieces: Piece[] = [];
  for (const [place, field] of fields.entries()) {
    const { name } = field.definition;
    const value =
      name === '__typename'
        ? [{ json: `"${type.name}"` }]
        : Object.hasOwn(write, name)
          ? (write[name]?.(field, writer) ?? null)
          : null;
    // An answer has a member of the name __proto__ only where it is made with care; let that be done in one place.
    if (value === null || !NAME.test(field.key) || field.key === '__proto__') return null;
    pieces.push({ json: `${place === 0 ? '' : ','}"${field.key}":` }, ...value);
  }
  return [{ json: '{' }, ...pieces, { json: '}' }];
}

/** SQL: all of it as one text; neighbouring pieces of JSON become one literal. */
function concatenated(pieces: readonly Piece[]): string {
  const terms: string[] = [];
  let json = '';
  const flush = (): void => {
    if (json !== '') terms.push(`'${json}'`);
    json = '';
  };
  for (const piece of pieces) {
    if ('json' in piece) json += piece.json;
    else {
      flush();
      terms.push(piece.sql);
    }
  }
  flush();
  return `(${terms.join(' || ')})`;
}

const known = new WeakMap<Selected, Writing | null>();

/**
 * How to write what is selected of a bill. Null where something of it cannot be written: what is not here (a patient's
 * chart, the groups of a provider, instants, anything with arguments) is read and answered field by field.
 */
export function writingOf(selection: Selected): Writing | null {
  let writing = known.get(selection);
  if (writing === undefined) {
    writing = make(selection);
    known.set(selection, writing);
  }
  return writing;
}

function make(selection: Selected): Writing | null {
  const writer: Writer = { joins: new Set() };
  const pieces = objectOf(selection, BILL, writer);
  if (pieces === null) return null;
  const text = concatenated(pieces);
  const form = hash('sha256', text);
  writtenAs(selection, form);
  return { form, text, joins: [...writer.joins].map((join) => JOINS[join]).join(' ') };
}
