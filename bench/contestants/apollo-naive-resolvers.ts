import Decimal from 'decimal.js';
import type { BillEntity } from '../../src/billing/entities';
import { toGlobalId } from '../../src/global-id';
import type { NaiveReader } from './apollo-naive-reader';
import { DEFAULT_PAGE, idOf, scalars } from './shared/schema';

export interface NaiveContext {
  readonly reader: NaiveReader;
}

type Resolve<Args = unknown> = (bill: BillEntity, args: Args, context: NaiveContext) => unknown;

const patient: Resolve = (bill, _, { reader }) => reader.patients.load(bill.patientId);
const provider: Resolve = (bill, _, { reader }) => reader.users.load(bill.providerId);
const items: Resolve = (bill, _, { reader }) => reader.items.load(bill.id);
const payments: Resolve = (bill, _, { reader }) => reader.payments.load(bill.id);

/** Resolvers over entities. The visits and the chart are left out: whoever starts with this starts with the dashboard. */
export const resolvers = {
  ...scalars,
  Query: {
    dashboard: () => ({}),
    bill: async (_: unknown, args: { readonly id: string }, { reader }: NaiveContext) => {
      const id = idOf('Bill', reader.clinicId, args.id);
      return id === null ? null : reader.bill(id);
    },
  },
  Dashboard: {
    bills: async (_: unknown, args: { readonly first?: number | null }, { reader }: NaiveContext) => ({
      nodes: await reader.newestBills(args.first ?? DEFAULT_PAGE),
    }),
    totals: (_: unknown, _args: unknown, { reader }: NaiveContext) => reader.totals(),
  },
  Bill: {
    id: (bill: BillEntity) => toGlobalId('Bill', bill.clinicId, bill.id),
    total: (bill: BillEntity) => new Decimal(bill.billed).minus(bill.discount).toFixed(2),
    patient,
    provider,
    items,
    payments,
  },
};
