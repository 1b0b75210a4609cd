import { User } from '../../directory/types';
import { instanceOf } from '../../instance';
import { Patient } from '../../records/types';
import { Bill, type BillItem } from '../types';

/** What a list can read along with its bills, in the same statement, for who selects it. */
export const ALONG = ['patient', 'provider', 'items'] as const;

export type Along = (typeof ALONG)[number];

interface AlongRow {
  readonly patientName?: string;
  readonly patientBirthDate?: string;
  readonly providerName?: string;
  readonly providerActive?: boolean;
  readonly billingNumber?: string;
  readonly specialty?: string | null;
  readonly itemRows?: ItemRow[] | null;
}

type ItemRow = [
  line: number,
  serviceCode: string,
  description: string | null,
  diagnosisCodes: string[],
  units: string,
  unitPrice: string,
  amount: string,
];

/**
 * SQL to add to a statement over `bills b`: columns and the joins they need. Each row is looked up by its key (LIMIT 1
 * keeps PostgreSQL from reading whole tables for pages that it takes to be long).
 */
const SQL: Readonly<Record<Along, { columns: string; joins: string }>> = {
  patient: {
    columns: 'patient.name AS "patientName", patient.birth_date AS "patientBirthDate"',
    joins: `CROSS JOIN LATERAL (
      SELECT p.name, p.birth_date FROM patients p WHERE p.clinic_id = b.clinic_id AND p.id = b.patient_id LIMIT 1) patient`,
  },
  provider: {
    columns: `provider.name AS "providerName", provider.active AS "providerActive",
      provider.billing_number AS "billingNumber", provider.specialty`,
    joins: `CROSS JOIN LATERAL (
      SELECT u.name, u.active, p.billing_number, p.specialty
      FROM users u JOIN providers p ON p.clinic_id = u.clinic_id AND p.user_id = u.id
      WHERE u.clinic_id = b.clinic_id AND u.id = b.provider_id LIMIT 1) provider`,
  },
  items: {
    // Amounts as text: JSON's numbers would lose decimals on their way through JavaScript.
    columns: `(SELECT json_agg(json_build_array(item.line, item.service_code, item.description, item.diagnosis_codes,
        item.units::text, item.unit_price::text, item.amount::text) ORDER BY item.line)
      FROM bill_items item WHERE item.clinic_id = b.clinic_id AND item.bill_id = b.id) AS "itemRows"`,
    joins: '',
  },
};

/** The columns, each behind a comma, and the joins. */
export function alongSql(along: readonly Along[]): { columns: string; joins: string } {
  return {
    columns: along.map((one) => `, ${SQL[one].columns}`).join(''),
    joins: along.map((one) => SQL[one].joins).join(' '),
  };
}

/** Takes what was read along out of a row and hangs it on its bill. */
export function withAlong(row: Bill & AlongRow, along: readonly Along[]): void {
  const { clinicId } = row;
  const read: { patient?: Patient; provider?: User; items?: BillItem[] } = {};
  if (along.includes('patient')) {
    const { patientName: name = '', patientBirthDate: birthDate = '' } = row;
    read.patient = instanceOf(Patient, { clinicId, id: row.patientId, name, birthDate });
  }
  if (along.includes('provider')) {
    const { providerName: name = '', providerActive: active = false } = row;
    const { billingNumber = null, specialty = null } = row;
    const own = { clinicId, id: row.providerId, name, active, billingNumber, specialty };
    read.provider = instanceOf(User, { ...own, kind: 'PROVIDER' });
  }
  if (along.includes('items')) read.items = (row.itemRows ?? []).map((item) => itemOf(row, item));
  row.along = read;
  instanceOf(Bill, row);
}

function itemOf({ clinicId, providerId, id }: Bill, item: ItemRow): BillItem {
  const [line, serviceCode, description, diagnosisCodes, units, unitPrice, amount] = item;
  const parentKey = `${clinicId}/${id}`;
  return {
    parentKey,
    clinicId,
    providerId,
    line,
    serviceCode,
    description,
    diagnosisCodes,
    units,
    unitPrice,
    amount,
  };
}
