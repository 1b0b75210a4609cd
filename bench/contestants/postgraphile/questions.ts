import Decimal from 'decimal.js';
import { fromGlobalId, toGlobalId } from '../../../src/global-id';
import { mainClinic } from '../../lib/data';
import type { Ask, Work } from '../../works';

/**
 * The works in the words of the schema that PostGraphile makes of the tables. It has no total of a bill, which would
 * need a function in the database, so what the total is made of is asked for.
 */
const PEOPLE = 'patient { name } provider { user { name } }';

const PAGE = `query Page($clinic: UUID!, $first: Int!) {
  allBills(first: $first, condition: { clinicId: $clinic }, orderBy: [SERVICE_DATE_DESC, PRIMARY_KEY_DESC]) {
    nodes {
      id number status serviceDate billed discount outstanding
      ${PEOPLE}
      items { serviceCode amount }
    }
  }
}`;

const BILL = `query Bill($clinic: UUID!, $id: UUID!) {
  billByClinicIdAndRowId(clinicId: $clinic, rowId: $id) {
    id number kind status serviceDate billed discount paid refunded outstanding
    ${PEOPLE}
    items { line serviceCode units unitPrice amount }
    payments { kind amount receivedOn }
  }
}`;

/** What to ask for a work. */
export function questionFor({ name, variables }: Work): Ask {
  const clinic = mainClinic().clinicId;
  if (name !== 'bill') return { query: PAGE, variables: { clinic, first: variables.first } };
  return { query: BILL, variables: { clinic, id: fromGlobalId(String(variables.id))?.id } };
}

interface BillAnswer {
  readonly id: string;
  readonly billed: string;
  readonly discount: string;
  readonly provider: { readonly user: unknown };
  readonly [column: string]: unknown;
}

interface Answer {
  readonly errors?: unknown;
  readonly data?: {
    readonly allBills?: { readonly nodes: readonly BillAnswer[] };
    readonly billByClinicIdAndRowId?: BillAnswer | null;
  };
}

/** The answer as our server would have put it, for the comparison. */
export function inOurShape(answer: unknown): unknown {
  const { data, errors } = answer as Answer;
  if (errors !== undefined || data === undefined) return answer;
  if (data.allBills !== undefined) {
    return { data: { dashboard: { bills: { nodes: data.allBills.nodes.map(billInOurShape) } } } };
  }
  const bill = data.billByClinicIdAndRowId;
  return { data: { bill: bill ? billInOurShape(bill) : null } };
}

function billInOurShape(bill: BillAnswer): unknown {
  const [, clinicId = '', id = ''] = JSON.parse(Buffer.from(bill.id, 'base64').toString()) as string[];
  // Of the page's answer, what it did not ask for is left out.
  const columns = (...names: string[]) =>
    Object.fromEntries(names.filter((name) => name in bill).map((name) => [name, bill[name]]));
  return {
    id: toGlobalId('Bill', clinicId, id),
    ...columns('number', 'kind', 'status', 'serviceDate', 'billed', 'discount'),
    total: new Decimal(bill.billed).minus(bill.discount).toFixed(2),
    ...columns('paid', 'refunded', 'outstanding', 'patient'),
    provider: bill.provider.user,
    ...columns('items', 'payments'),
  };
}
