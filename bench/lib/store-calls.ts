import 'reflect-metadata';
import type { Viewer } from '../../src/access/viewer';
import { BillStore } from '../../src/billing/store';
import { writingOf } from '../../src/billing/store/written';
import type { Position } from '../../src/paging';
import type { Statements } from '../../src/sql';
import { selected } from './selected';

/** What the calls below are about: rows of the main clinic that a viewer sees. */
export interface Samples {
  /** Sees some providers. */
  readonly viewer: Viewer;
  /** Has bills, and may ask who sees them. */
  readonly provider: Viewer;
  readonly administrator: Viewer;
  readonly clinicId: string;
  readonly bills: readonly string[];
  readonly patients: readonly string[];
  readonly visits: readonly string[];
  readonly encounters: readonly string[];
  readonly payers: readonly string[];
  /** A bill of `provider`. */
  readonly own: string;
  /** The place of a bill far down in the list. */
  readonly deep: Position;
}

type Kind = 'encounter' | 'visit' | 'patient' | null;

const list = (clinicId: string, parent: Kind = null) =>
  ({ clinicId, parent, selection: {}, orderBy: { field: 'SERVICE_DATE', descending: true } }) as const;

/** What the benchmark's page selects of each bill. */
const PAGE = selected('Bill', {
  id: null,
  number: null,
  status: null,
  serviceDate: null,
  total: null,
  outstanding: null,
  patient: selected('Patient', { name: null }),
  provider: selected('User', { name: null }),
  items: selected('BillItem', { serviceCode: null, amount: null }),
});

/** Reads a page of 50 of the dashboard with what it shows of each bill, as the server does. */
export function readPage(
  statements: Statements,
  viewer: Viewer,
  clinicId: string,
  after: Position | null,
): Promise<readonly object[]> {
  const window = { limit: 50, backward: false, after, before: null };
  return new BillStore(statements).pages(viewer, list(clinicId), [], window, writingOf(PAGE));
}

/** Calls of the store's methods, by method, each with what it stands for. */
export const CALLS: Readonly<
  Record<string, Readonly<Record<string, (statements: Statements, samples: Samples) => Promise<unknown>>>>
> = {
  pages: {
    'The first page of the dashboard': (statements, { viewer, clinicId }) =>
      readPage(statements, viewer, clinicId, null),
    'A page far down': (statements, { viewer, clinicId, deep }) =>
      readPage(statements, viewer, clinicId, deep),
    'The charts of several patients': ofParents('patient', ({ patients }) => patients),
    'The bills of several visits': ofParents('visit', ({ visits }) => visits),
    'The bills of an encounter': ofParents('encounter', ({ encounters }) => encounters.slice(0, 1)),
  },
  totals: {
    'The totals of the dashboard': (statements, { viewer, clinicId }) =>
      new BillStore(statements).totals(viewer, list(clinicId), []),
    'The totals of several patients': (statements, { viewer, clinicId, patients }) =>
      new BillStore(statements).totals(viewer, list(clinicId, 'patient'), patients),
  },
  summary: {
    'By provider': summary('PROVIDER'),
    'By month': summary('MONTH'),
    'By status': summary('STATUS'),
  },
  bills: {
    'Bills by their ids': (statements, { viewer, clinicId, bills }) =>
      new BillStore(statements).bills(viewer, clinicId, bills),
  },
  items: {
    'The items of a page': (statements, { viewer, clinicId, bills }) =>
      new BillStore(statements).items(viewer, clinicId, bills),
  },
  payments: {
    'The payments of a page': (statements, { viewer, clinicId, bills }) =>
      new BillStore(statements).payments(viewer, clinicId, bills),
  },
  ownerOf: {
    'Whether a provider may ask who sees their bill': (statements, { provider, clinicId, own }) =>
      new BillStore(statements).ownerOf(provider, ['EXPLAIN_BILL_ACCESS'], clinicId, own),
  },
  countsForLaunch: {
    'The bills of each provider, for the administrator': (statements, { administrator, clinicId }) =>
      new BillStore(statements).countsForLaunch(administrator, clinicId),
  },
  payers: {
    'Payers by their ids': (statements, { clinicId, payers }) =>
      new BillStore(statements).payers(payers.map((id) => ({ clinicId, id }))),
  },
};

function ofParents(kind: Exclude<Kind, null>, idsOf: (samples: Samples) => readonly string[]) {
  return (statements: Statements, samples: Samples): Promise<unknown> => {
    const window = { limit: 20, backward: false, after: null, before: null };
    return new BillStore(statements).pages(
      samples.viewer,
      list(samples.clinicId, kind),
      idsOf(samples).map((parentId) => ({ parentId, onlyKind: null })),
      window,
    );
  };
}

function summary(grouping: 'PROVIDER' | 'MONTH' | 'STATUS') {
  return (statements: Statements, { viewer, clinicId }: Samples): Promise<unknown> =>
    new BillStore(statements).summary(viewer, clinicId, {}, grouping, 100);
}
