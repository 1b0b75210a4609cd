import type { TableRows, Value } from './copy';
import { type ClinicPlan, mix, nameOf, over } from './data-people';

const DAYS = 1_096;
/** How far about a bill lies from where its date would put it. */
const JITTER = 30;
const BILLS_PER_VISIT = 5;
const PAYERS = 8;
const SERVICES = ['A001', 'A003', 'A007', 'A195', 'E430', 'G010', 'G365', 'K005', 'K013', 'Z101'];
const DIAGNOSES = ['{401}', '{250,401}', '{460}', '{}', '{724}'];

const CALENDAR = Array.from({ length: DAYS + JITTER }, (_, day) =>
  new Date(Date.UTC(2023, 0, 1 + day)).toISOString().slice(0, 10),
);

/** Records and bills: the large tables, made row by row so that nothing is held in memory. */
export function billTables(plans: readonly ClinicPlan[]): TableRows[] {
  const table = (
    name: string,
    columns: readonly string[],
    rowsOf: (plan: ClinicPlan) => Iterable<readonly Value[]>,
  ): TableRows => ({ table: name, columns, rows: over(plans, rowsOf) });
  return [
    table('patients', ['clinic_id', 'id', 'name', 'birth_date'], patients),
    table('payers', ['clinic_id', 'id', 'name'], payers),
    table('visits', ['clinic_id', 'id', 'patient_id', 'started_at', 'reason'], visits),
    table(
      'encounters',
      ['clinic_id', 'id', 'patient_id', 'provider_id', 'visit_id', 'started_at', 'ended_at', 'reason'],
      encounters,
    ),
    table('bills', BILL_COLUMNS, bills),
    table(
      'bill_items',
      [
        'clinic_id',
        'bill_id',
        'provider_id',
        'line',
        'service_code',
        'diagnosis_codes',
        'units',
        'unit_price',
        'amount',
      ],
      items,
    ),
    table(
      'payments',
      ['clinic_id', 'bill_id', 'provider_id', 'line', 'kind', 'amount', 'received_on', 'method'],
      payments,
    ),
  ];
}

/** What is the same for all bills of a visit. */
class VisitPlan {
  readonly patient: number;
  readonly day: number;
  /** How many of its bills belong to the first of its two encounters. */
  readonly split: number;

  constructor(
    plan: ClinicPlan,
    readonly number: number,
  ) {
    this.patient = mix(number, 2) % plan.size.patients;
    this.day = Math.floor((number * (DAYS - JITTER)) / visitsOf(plan)) + (mix(number, 3) % JITTER);
    this.split = 1 + (mix(number, 4) % (BILLS_PER_VISIT - 1));
  }
}

/** The encounter that a bill of a visit belongs to. */
const encounterOf = (visit: VisitPlan, bill: number): number =>
  2 * visit.number + (bill % BILLS_PER_VISIT < visit.split ? 0 : 1);

const visitsOf = (plan: ClinicPlan): number => Math.ceil(plan.size.bills / BILLS_PER_VISIT);

/** The first providers have somewhat more of them than the last. */
const providerOf = (plan: ClinicPlan, encounter: number): number =>
  Math.floor(plan.size.providers * (mix(encounter, 5) / 2 ** 32) ** 1.25);

/** The ids of the providers, which come up again and again: made once. */
const providerIdsOf = (plan: ClinicPlan): string[] =>
  Array.from({ length: plan.size.providers }, (_, provider) => plan.idOf('user', provider));

const dateOf = (day: number): string => CALENDAR[day] ?? '';
const money = (cents: number): string => `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;

function* patients(plan: ClinicPlan): Generator<Value[]> {
  for (let patient = 0; patient < plan.size.patients; patient += 1) {
    const born = new Date(Date.UTC(1940, 0, 1 + (mix(patient, 6) % 29_000))).toISOString().slice(0, 10);
    yield [plan.clinicId, plan.idOf('patient', patient), nameOf(patient), born];
  }
}

function* payers(plan: ClinicPlan): Generator<Value[]> {
  for (let payer = 0; payer < PAYERS; payer += 1) {
    yield [plan.clinicId, plan.idOf('payer', payer), `Payer ${payer + 1}`];
  }
}

const REASONS = ['Check-up', 'Follow-up', 'Cough', null, 'Back pain'];

/** A time of day, as minutes past midnight UTC from 13:00 to 22:59. */
const timeOf = (number: number): string => {
  const minutes = mix(number, 7) % 600;
  return `${13 + Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:00Z`;
};

function* visits(plan: ClinicPlan): Generator<Value[]> {
  for (let number = 0; number < visitsOf(plan); number += 1) {
    const visit = new VisitPlan(plan, number);
    yield [
      plan.clinicId,
      plan.idOf('visit', number),
      plan.idOf('patient', visit.patient),
      `${dateOf(visit.day)} ${timeOf(number)}`,
      REASONS[number % REASONS.length] ?? null,
    ];
  }
}

function* encounters(plan: ClinicPlan): Generator<Value[]> {
  for (let number = 0; number < 2 * visitsOf(plan); number += 1) {
    const visit = new VisitPlan(plan, Math.floor(number / 2));
    yield [
      plan.clinicId,
      plan.idOf('encounter', number),
      plan.idOf('patient', visit.patient),
      plan.idOf('user', providerOf(plan, number)),
      plan.idOf('visit', visit.number),
      `${dateOf(visit.day)} ${timeOf(visit.number)}`,
      null,
      REASONS[number % REASONS.length] ?? null,
    ];
  }
}

const BILL_COLUMNS = [
  'clinic_id',
  'id',
  'kind',
  'number',
  'status',
  'service_date',
  'provider_id',
  'patient_id',
  'encounter_id',
  'visit_id',
  'payer_id',
  'billed',
  'discount',
  'paid',
  'refunded',
  'outstanding',
  'note',
];

function* bills(plan: ClinicPlan): Generator<Value[]> {
  const counts = new Uint32Array(plan.size.providers);
  const providers = providerIdsOf(plan);
  for (let number = 0; number < plan.size.bills; number += 1) {
    const visit = new VisitPlan(plan, Math.floor(number / BILLS_PER_VISIT));
    const encounter = encounterOf(visit, number);
    const provider = providerOf(plan, encounter);
    const count = (counts[provider] ?? 0) + 1;
    counts[provider] = count;
    // One in ten was made without an encounter, as invoices for forms and the like are.
    const alone = mix(number, 8) % 10 === 0;
    const sums = amountsOf(plan, number);
    const { kind, status } = sums;
    yield [
      plan.clinicId,
      plan.idOf('bill', number),
      kind,
      `${100_000 + provider}-${count}`,
      status,
      dateOf(visit.day),
      providers[provider] ?? null,
      plan.idOf('patient', visit.patient),
      alone ? null : plan.idOf('encounter', encounter),
      alone ? null : plan.idOf('visit', visit.number),
      kind === 'INSURED' ? plan.idOf('payer', mix(number, 9) % PAYERS) : null,
      money(sums.billed),
      money(sums.discount),
      money(sums.paid),
      money(sums.refunded),
      money(sums.outstanding),
      number % 20 === 0 ? 'See referral' : null,
    ];
  }
}

/** The items of a bill, in cents each. */
function itemsOf(plan: ClinicPlan, number: number): { units: number; price: number }[] {
  const count = plan.size.bills > 2_000_000 ? 1 : 1 + (mix(number, 10) % 3);
  return Array.from({ length: count }, (_, line) => {
    const random = mix(3 * number + line, 11);
    return { units: random % 8 === 0 ? 2 : 1, price: 1_500 + (random % 20_011) };
  });
}

const INSURED = ['COMPLETED', 'COMPLETED', 'COMPLETED', 'SUBMITTED', 'SUBMITTED', 'READY_TO_SUBMIT', 'DRAFT'];
const PRIVATE = ['PAID', 'PAID', 'UNPAID', 'PARTIALLY_PAID', 'REFUNDED', 'WRITTEN_OFF'];

/** Kind, status and sums of a bill, in cents. */
function amountsOf(plan: ClinicPlan, number: number) {
  const random = mix(number, 12);
  const insured = random % 10 < 7;
  const list = insured ? INSURED : PRIVATE;
  const rare = insured && random % 97 === 0;
  const status = rare ? 'ATTENTION_REQUIRED' : (list[(random >>> 8) % list.length] ?? '');
  const billed = itemsOf(plan, number).reduce((sum, { units, price }) => sum + units * price, 0);
  const discount = !insured && (random >>> 16) % 10 === 0 ? Math.floor(billed / 10) : 0;
  const total = billed - discount;
  const settled = status === 'COMPLETED' || status === 'PAID' || status === 'REFUNDED';
  const paid = settled ? total : status === 'PARTIALLY_PAID' ? Math.floor(total / 3) : 0;
  const refunded = status === 'REFUNDED' ? paid : 0;
  const owesNothing = status === 'REFUNDED' || status === 'WRITTEN_OFF';
  const outstanding = owesNothing ? 0 : total - paid + refunded;
  return { kind: insured ? 'INSURED' : 'PRIVATE', status, billed, discount, paid, refunded, outstanding };
}

function* items(plan: ClinicPlan): Generator<Value[]> {
  const providers = providerIdsOf(plan);
  for (let number = 0; number < plan.size.bills; number += 1) {
    const visit = new VisitPlan(plan, Math.floor(number / BILLS_PER_VISIT));
    const provider = providers[providerOf(plan, encounterOf(visit, number))] ?? null;
    const bill = plan.idOf('bill', number);
    for (const [index, { units, price }] of itemsOf(plan, number).entries()) {
      yield [
        plan.clinicId,
        bill,
        provider,
        index + 1,
        SERVICES[(number + 3 * index) % SERVICES.length] ?? '',
        DIAGNOSES[number % DIAGNOSES.length] ?? '{}',
        units,
        money(price),
        money(units * price),
      ];
    }
  }
}

function* payments(plan: ClinicPlan): Generator<Value[]> {
  const providers = providerIdsOf(plan);
  for (let number = 0; number < plan.size.bills; number += 1) {
    const { kind, paid, refunded } = amountsOf(plan, number);
    if (paid === 0) continue;
    const visit = new VisitPlan(plan, Math.floor(number / BILLS_PER_VISIT));
    const provider = providers[providerOf(plan, encounterOf(visit, number))] ?? null;
    const { day } = visit;
    const method = kind === 'INSURED' ? 'INSURER' : 'CARD';
    const bill = plan.idOf('bill', number);
    yield [plan.clinicId, bill, provider, 1, 'PAYMENT', money(paid), dateOf(day + 14), method];
    if (refunded > 0) {
      yield [plan.clinicId, bill, provider, 2, 'REFUND', money(refunded), dateOf(day + 21), method];
    }
  }
}
