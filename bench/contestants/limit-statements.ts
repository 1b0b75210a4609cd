import { DEFAULT_PAGE } from './shared/schema';
import { isPermitted, NEWEST_BILLS, PERMITTED } from './shared/sql';

/**
 * The limit's statements: one a work, each answering one text, the finished JSON. $1 is the clinic, $2 the viewer.
 * They put the text together themselves, which takes PostgreSQL a quarter less time than its JSON functions.
 */

/**
 * SQL: a text, of which what stands in the template is JSON as it is, and what is put into it SQL. Every column that is
 * put in is NOT NULL: a null would make the whole text null.
 */
function json(literals: TemplateStringsArray, ...expressions: readonly string[]): string {
  const parts = literals.flatMap((literal, place) => {
    const expression = expressions[place];
    return [...(literal === '' ? [] : [`'${literal}'`]), ...(expression === undefined ? [] : [expression])];
  });
  return `(${parts.join(' || ')})`;
}

/** SQL: a text as JSON, quoted and escaped. What PostgreSQL or a check writes needs only quotes: dates, decimals, names of enums. */
const text = (expression: string): string => `to_json(${expression})::text`;

/** SQL: the global id of a row of the clinic; the number is that of the type, in hexadecimal (see src/global-id.ts). */
const globalId = (typeNumber: string, id: string): string =>
  `translate(encode('\\x${typeNumber}'::bytea || uuid_send($1::uuid) || uuid_send(${id}), 'base64'), '+/', '-_')`;

/** SQL: the aggregate of these texts as the members of a JSON list. */
const list = (member: string, order: string, filter = ''): string =>
  `'[' || coalesce(string_agg(${member}, ',' ORDER BY ${order})${filter}, '') || ']'`;

const BILL_ID = globalId('08', 'b.id');
const VISIT_ID = globalId('05', 'v.id');
const TOTAL = '(b.billed - b.discount)';
const NEWEST_FIRST = 'b.service_date DESC, b.id DESC';

/** SQL: what hangs on the bill b, as a JSON list. */
const parts = (table: string, part: string): string =>
  `(SELECT ${list(part, 'part.line')} FROM ${table} part WHERE part.clinic_id = $1 AND part.bill_id = b.id)`;

const PEOPLE = `JOIN patients p ON p.clinic_id = $1 AND p.id = b.patient_id
  JOIN users u ON u.clinic_id = $1 AND u.id = b.provider_id`;

const ITEM = json`{"serviceCode":${text('part.service_code')},"amount":"${'part.amount'}"}`;

const PAGE_BILL = json`{"id":"${BILL_ID}","number":${text('b.number')},"status":"${'b.status'}","serviceDate":"${'b.service_date'}","total":"${TOTAL}","outstanding":"${'b.outstanding'}","patient":{"name":${text('p.name')}},"provider":{"name":${text('u.name')}},"items":${parts('bill_items', ITEM)}}`;

const SHORT_BILL = json`{"id":"${BILL_ID}","number":${text('b.number')},"total":"${TOTAL}"}`;

/** SQL: the bills of one kind, of a source that numbers those of each kind by their place. */
const ofKind = (kind: string, first: number): string =>
  list(SHORT_BILL, 'b.place', ` FILTER (WHERE b.kind = '${kind}' AND b.place <= ${first})`);

const PLACED = `b.id, b.kind, b.number, b.billed, b.discount, b.outstanding,
  row_number() OVER (PARTITION BY b.kind ORDER BY ${NEWEST_FIRST}) AS place`;

const CHART_PAGE = 20;

const FULL_ITEM = json`{"line":${'part.line'},"serviceCode":${text('part.service_code')},"units":"${'part.units'}","unitPrice":"${'part.unit_price'}","amount":"${'part.amount'}"}`;
const PAYMENT = json`{"kind":"${'part.kind'}","amount":"${'part.amount'}","receivedOn":"${'part.received_on'}"}`;

const FULL_BILL = json`{"id":"${BILL_ID}","number":${text('b.number')},"kind":"${'b.kind'}","status":"${'b.status'}","serviceDate":"${'b.service_date'}","billed":"${'b.billed'}","discount":"${'b.discount'}","total":"${TOTAL}","paid":"${'b.paid'}","refunded":"${'b.refunded'}","outstanding":"${'b.outstanding'}","patient":{"name":${text('p.name')}},"provider":{"name":${text('u.name')}},"items":${parts('bill_items', FULL_ITEM)},"payments":${parts('payments', PAYMENT)}}`;

const STARTED_AT = `to_char(v.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const VISIT = json`{"id":"${VISIT_ID}","startedAt":"${STARTED_AT}","insuredBills":{"nodes":${'bills.insured'}},"privateBills":{"nodes":${'bills.private'}}}`;

const OUTSTANDING = 'coalesce(sum(b.outstanding), 0.00)';
const CHART = json`{"outstanding":"${OUTSTANDING}","insuredBills":{"nodes":${ofKind('INSURED', CHART_PAGE)}},"privateBills":{"nodes":${ofKind('PRIVATE', CHART_PAGE)}}}`;

const TOTALS = json`{"count":${'count(*)'},"billed":"${'coalesce(sum(b.billed), 0.00)'}","outstanding":"${OUTSTANDING}"}`;

export const STATEMENTS = {
  /** $3: how many. */
  page: `WITH ${NEWEST_BILLS}
    SELECT ${json`{"data":{"dashboard":{"bills":{"nodes":${list(PAGE_BILL, NEWEST_FIRST)}}}}}`} AS answer
    FROM winners JOIN bills b ON b.clinic_id = $1 AND b.id = winners.id ${PEOPLE}`,

  totals: `WITH ${PERMITTED}
    SELECT ${json`{"data":{"dashboard":{"totals":${TOTALS}}}}`} AS answer FROM bills b WHERE ${isPermitted('b')}`,

  /** $3: the patient. */
  chart: `WITH ${PERMITTED}
    SELECT ${json`{"data":{"patientChart":${`coalesce((
      SELECT chart.chart FROM patients p CROSS JOIN LATERAL (
        SELECT ${CHART} AS chart FROM (
          SELECT ${PLACED} FROM bills b WHERE b.patient_id = p.id AND ${isPermitted('b')}) b) chart
      WHERE p.clinic_id = $1 AND p.id = $3), 'null')`}}}`} AS answer`,

  visits: `WITH ${PERMITTED}
    SELECT ${json`{"data":{"visits":{"nodes":${list(VISIT, 'v.started_at DESC, v.id DESC')}}}}`} AS answer
    FROM (SELECT v.id, v.started_at FROM visits v WHERE v.clinic_id = $1
          ORDER BY v.started_at DESC, v.id DESC LIMIT 50) v
    CROSS JOIN LATERAL (
      SELECT ${ofKind('INSURED', DEFAULT_PAGE)} AS insured, ${ofKind('PRIVATE', DEFAULT_PAGE)} AS private
      FROM (SELECT ${PLACED} FROM bills b WHERE b.visit_id = v.id AND ${isPermitted('b')}) b) bills`,

  /** $3: the bill. */
  bill: `WITH ${PERMITTED}
    SELECT ${json`{"data":{"bill":${`coalesce((
      SELECT ${FULL_BILL} FROM bills b ${PEOPLE} WHERE b.id = $3 AND ${isPermitted('b')}), 'null')`}}}`} AS answer`,
} as const;

export type StatementName = keyof typeof STATEMENTS;
