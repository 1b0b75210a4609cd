/** What is asked of the contestants. */
export const WORK_NAMES = [
  'page-50',
  'page-500',
  'totals',
  'chart',
  'visits',
  'bill',
  'save',
  'explain',
] as const;

export type WorkName = (typeof WORK_NAMES)[number];

/** One operation with what it takes. */
export interface Ask {
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

export interface Work extends Ask {
  readonly name: WorkName;
  readonly title: string;
  /** Also the operation's name in the text, and sent beside it, so that a contestant need not read the text. */
  readonly operationName: string;
  /** Where not every request is the same: what one of the connections asks, one after the other, again and again. */
  readonly turns?: (connection: number) => readonly Ask[];
  /** Asked once after measuring, to leave the data as they were. */
  readonly finish?: readonly Ask[];
  /** Who asks, where it is not one of the viewers: an account. */
  readonly email?: string;
  /** What the figures count, and how many of them a request is. Without it, requests. */
  readonly counts?: { readonly what: string; readonly perRequest: number };
}

const PAGE = `query Page($first: Int) {
  dashboard {
    bills(first: $first) {
      nodes {
        id number status serviceDate total outstanding
        patient { name }
        provider { name }
        items { serviceCode amount }
      }
    }
  }
}`;

/** The text of each work, the same for every contestant. */
export const QUERIES = {
  'page-50': PAGE,
  'page-500': PAGE,
  totals: 'query Totals { dashboard { totals { count billed outstanding } } }',
  chart: `query Chart($id: ID!) {
  patientChart(patientId: $id) {
    outstanding
    insuredBills(first: 20) { nodes { id number total } }
    privateBills(first: 20) { nodes { id number total } }
  }
}`,
  visits: `query Visits {
  visits(first: 50) {
    nodes {
      id startedAt
      insuredBills { nodes { id number total } }
      privateBills { nodes { id number total } }
    }
  }
}`,
  bill: `query Bill($id: ID!) {
  bill(id: $id) {
    id number kind status serviceDate billed discount total paid refunded outstanding
    patient { name }
    provider { name }
    items { line serviceCode units unitPrice amount }
    payments { kind amount receivedOn }
  }
}`,
} as const satisfies Partial<Record<WorkName, string>>;
