import { GraphQLScalarType } from 'graphql';
import { fromGlobalId, type NodeType, toGlobalId } from '../../../src/global-id';
import type { BillRow, Reader, VisitRow } from './reader';

/** The part of our API that the comparison asks for, with the same names and types. */
export const typeDefs = `
  scalar Date
  scalar DateTime
  scalar Decimal
  enum BillKind { INSURED PRIVATE }
  enum BillStatus {
    ATTENTION_REQUIRED COMPLETED DRAFT PAID PARTIALLY_PAID READY_TO_SUBMIT REFUNDED SUBMITTED UNPAID WRITTEN_OFF
  }
  enum PaymentKind { PAYMENT REFUND }
  type Query {
    dashboard: Dashboard
    patientChart(patientId: ID!): PatientChart
    visits(first: Int): VisitConnection
    bill(id: ID!): Bill
  }
  type Dashboard {
    bills(first: Int): BillConnection!
    totals: BillTotals!
  }
  type BillConnection { nodes: [Bill!]! }
  type Bill {
    id: ID!
    number: String!
    kind: BillKind!
    status: BillStatus!
    serviceDate: Date!
    billed: Decimal!
    discount: Decimal!
    total: Decimal!
    paid: Decimal!
    refunded: Decimal!
    outstanding: Decimal!
    patient: Patient!
    provider: User!
    items: [BillItem!]!
    payments: [Payment!]!
  }
  type BillItem { line: Int! serviceCode: String! units: Decimal! unitPrice: Decimal! amount: Decimal! }
  type Payment { kind: PaymentKind! amount: Decimal! receivedOn: Date! }
  type BillTotals { count: Int! billed: Decimal! outstanding: Decimal! }
  type Patient { name: String! }
  type User { name: String! }
  type VisitConnection { nodes: [Visit!]! }
  type Visit {
    id: ID!
    startedAt: DateTime!
    insuredBills(first: Int): BillConnection!
    privateBills(first: Int): BillConnection!
  }
  type PatientChart {
    outstanding: Decimal!
    insuredBills(first: Int): BillConnection!
    privateBills(first: Int): BillConnection!
  }
`;

/** What a page has where nobody says how long it is. */
export const DEFAULT_PAGE = 50;

/** Text goes through as it was read. */
const text = (name: string): GraphQLScalarType => new GraphQLScalarType({ name, serialize: String });

export const scalars = {
  Date: text('Date'),
  Decimal: text('Decimal'),
  DateTime: new GraphQLScalarType({
    name: 'DateTime',
    serialize: (instant) => (instant as Date).toISOString(),
  }),
};

/** The id of a row that a global id of this clinic names; null for any other. */
export function idOf(type: NodeType, clinicId: string, globalId: string): string | null {
  const ref = fromGlobalId(globalId);
  return ref?.type === type && ref.clinicId === clinicId ? ref.id : null;
}

/** What a request carries. */
export interface Context {
  readonly reader: Reader;
}

interface First {
  readonly first?: number | null;
}

interface Chart {
  readonly patientId: string;
}

const ofKind =
  <Parent>(
    statement: 'billsOfVisits' | 'billsOfPatients',
    kind: BillRow['kind'],
    id: (parent: Parent) => string,
  ) =>
  async (parent: Parent, { first }: First, { reader }: Context) => ({
    nodes: (await reader.billsOf(statement, first ?? DEFAULT_PAGE, id(parent))).filter(
      (bill) => bill.kind === kind,
    ),
  });

const visitId = (visit: VisitRow): string => visit.id;
const patientId = (chart: Chart): string => chart.patientId;

/** Resolvers over rows, written by hand: what is on the row needs none, what hangs on it is loaded in batches. */
export const resolvers = {
  ...scalars,
  Query: {
    dashboard: () => ({}),
    patientChart: async (_: unknown, args: Chart, { reader }: Context): Promise<Chart | null> => {
      const id = idOf('Patient', reader.clinicId, args.patientId);
      return id !== null && (await reader.patients.load(id)) !== null ? { patientId: id } : null;
    },
    visits: async (_: unknown, { first }: First, { reader }: Context) => ({
      nodes: await reader.visits(first ?? DEFAULT_PAGE),
    }),
    bill: async (_: unknown, args: { readonly id: string }, { reader }: Context) => {
      const id = idOf('Bill', reader.clinicId, args.id);
      return id === null ? null : reader.bill(id);
    },
  },
  Dashboard: {
    bills: async (_: unknown, { first }: First, { reader }: Context) => ({
      nodes: await reader.newestBills(first ?? DEFAULT_PAGE),
    }),
    totals: (_: unknown, _args: unknown, { reader }: Context) => reader.totals(),
  },
  Bill: {
    id: (bill: BillRow, _: unknown, { reader }: Context) => toGlobalId('Bill', reader.clinicId, bill.id),
    patient: (bill: BillRow, _: unknown, { reader }: Context) => reader.patients.load(bill.patientId),
    provider: (bill: BillRow, _: unknown, { reader }: Context) => reader.users.load(bill.providerId),
    items: (bill: BillRow, _: unknown, { reader }: Context) => reader.items.load(bill.id),
    payments: (bill: BillRow, _: unknown, { reader }: Context) => reader.payments.load(bill.id),
  },
  Visit: {
    id: (visit: VisitRow, _: unknown, { reader }: Context) => toGlobalId('Visit', reader.clinicId, visit.id),
    insuredBills: ofKind('billsOfVisits', 'INSURED', visitId),
    privateBills: ofKind('billsOfVisits', 'PRIVATE', visitId),
  },
  PatientChart: {
    outstanding: async (chart: Chart, _: unknown, { reader }: Context) =>
      (await reader.totals(chart.patientId)).outstanding,
    insuredBills: ofKind('billsOfPatients', 'INSURED', patientId),
    privateBills: ofKind('billsOfPatients', 'PRIVATE', patientId),
  },
};
