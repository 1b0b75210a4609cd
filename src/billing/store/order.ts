import type { BillOrderField } from '../types';

/** How bills can be sorted: the SQL expression over `bills b`, its type, and what a cursor's value looks like. */
export const ORDER_KEYS: Readonly<
  Record<keyof typeof BillOrderField, { key: string; type: string; value: RegExp }>
> = {
  SERVICE_DATE: { key: 'b.service_date', type: 'date', value: /^\d{4}-\d{2}-\d{2}$/ },
  NUMBER: { key: 'b.number', type: 'text', value: /^[^\0]{0,300}$/ },
  STATUS: { key: 'b.status', type: 'text', value: /^[A-Z_]{1,40}$/ },
  TOTAL: { key: '(b.billed - b.discount)', type: 'numeric', value: /^-?\d{1,14}(\.\d{1,4})?$/ },
  OUTSTANDING: { key: 'b.outstanding', type: 'numeric', value: /^-?\d{1,14}(\.\d{1,4})?$/ },
};
