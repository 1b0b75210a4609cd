import { isCalendarDate } from '../../paging';
import type { BillOrderField } from '../types';

const matches =
  (pattern: RegExp) =>
  (value: string): boolean =>
    pattern.test(value);
const isAmount = matches(/^-?\d{1,14}(\.\d{1,4})?$/);

/** How bills can be sorted: the SQL expression over `bills b`, its type, and what a cursor's value looks like. */
export const ORDER_KEYS: Readonly<
  Record<keyof typeof BillOrderField, { key: string; type: string; isValue: (value: string) => boolean }>
> = {
  SERVICE_DATE: { key: 'b.service_date', type: 'date', isValue: isCalendarDate },
  NUMBER: { key: 'b.number', type: 'text', isValue: (value) => value.length <= 300 },
  STATUS: { key: 'b.status', type: 'text', isValue: matches(/^[A-Z_]{1,40}$/) },
  TOTAL: { key: '(b.billed - b.discount)', type: 'numeric', isValue: isAmount },
  OUTSTANDING: { key: 'b.outstanding', type: 'numeric', isValue: isAmount },
};
