import bill from './examples/bill.graphql?raw';
import dashboard from './examples/dashboard.graphql?raw';
import encounter from './examples/encounter.graphql?raw';
import explainAccess from './examples/explain-access.graphql?raw';
import patientChart from './examples/patient-chart.graphql?raw';
import viewer from './examples/viewer.graphql?raw';
import visits from './examples/visits.graphql?raw';

/** An example query: a tab of its own at the first visit, and an entry of the Examples panel. */
export interface Example {
  readonly title: string;
  readonly query: string;
  /** Names of ids that the page fills in for whoever is signed in. */
  readonly ids?: readonly IdName[];
}

/** The ids that an example may need. */
export type IdName = 'billId' | 'userId';

/** One example for each surface, in the order of the tabs. */
export const EXAMPLES: readonly Example[] = [
  { title: 'Dashboard: bills, totals, summary', query: dashboard },
  { title: 'Encounter', query: encounter },
  { title: 'Patient chart', query: patientChart },
  { title: 'Visits', query: visits },
  { title: 'Bill by id', query: bill, ids: ['billId'] },
  { title: 'Explain access to a bill', query: explainAccess, ids: ['billId', 'userId'] },
  { title: 'Who am I', query: viewer },
];

/** The variables of an example as text, blank where an id is not known yet; undefined when it needs none. */
export function variablesOf(
  example: Example,
  known: Partial<Record<IdName, string>> = {},
): string | undefined {
  if (example.ids === undefined) {
    return undefined;
  }
  return JSON.stringify(Object.fromEntries(example.ids.map((id) => [id, known[id] ?? ''])), null, 2);
}
