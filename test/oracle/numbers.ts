import { toGlobalId } from '../../src/global-id';
import { grouped, type OracleBill, type OracleUser, SUMS, sumsOf, type WrittenSums } from './oracle';
import type { Sessions } from './sessions';
import { ALIASES, chunks, type Walk } from './ways';

const GROUPINGS = ['PROVIDER', 'PATIENT', 'PAYER', 'KIND', 'STATUS', 'MONTH'] as const;

interface SummaryRow {
  readonly key: string | null;
  readonly totals: WrittenSums;
}

/** What is counted and summed for somebody: the dashboard's numbers, and what is outstanding in each chart. */
export interface Numbers {
  readonly totalCount: number;
  readonly totals: WrittenSums;
  readonly listTotals: WrittenSums;
  readonly summary: Readonly<Record<string, readonly SummaryRow[]>>;
  readonly charts: readonly {
    readonly both: string;
    readonly insured: string;
    readonly private: string;
    readonly insuredTotals: WrittenSums;
    readonly privateCount: number;
  }[];
}

const TOTALS = `{ count ${SUMS.join(' ')} }`;

/** Asks for every number. */
export async function numbers(sessions: Sessions, person: OracleUser, clinic: Walk): Promise<Numbers> {
  const groups = GROUPINGS.map(
    (grouping) =>
      `${grouping}: summary(groupBy: ${grouping}, first: 500) {
         provider { id } patient { id } payer { id } kind status month totals ${TOTALS} }`,
  );
  type Row = { kind: string; status: string; month: string; totals: WrittenSums } & Record<
    'provider' | 'patient' | 'payer',
    { id: string } | null
  >;
  const answer = await sessions.read<{
    dashboard: {
      bills: { totalCount: number; totals: WrittenSums };
      totals: WrittenSums;
    } & Record<(typeof GROUPINGS)[number], Row[]>;
  }>(
    person,
    `query ($clinic: ID!) {
       dashboard(clinicId: $clinic) {
         bills(first: 0) { totalCount totals ${TOTALS} }
         totals ${TOTALS}
         ${groups.join('\n')}
       }
     }`,
    { clinic: toGlobalId('Clinic', clinic.clinicId, clinic.clinicId) },
  );
  const board = answer.dashboard;
  const keyOf = (grouping: (typeof GROUPINGS)[number], row: Row): string | null => {
    const name = grouping.toLowerCase() as Lowercase<typeof grouping>;
    const key = row[name];
    return typeof key === 'object' ? (key?.id ?? null) : key;
  };
  const charts: Numbers['charts'][number][] = [];
  for (const some of chunks(clinic.patientIds, ALIASES)) {
    const fields = some.map(
      (id, at) => `c${at}: patientChart(patientId: "${toGlobalId('Patient', clinic.clinicId, id)}") {
        both: outstanding insured: outstanding(kind: INSURED) private: outstanding(kind: PRIVATE)
        insuredBills(first: 1) { totals ${TOTALS} } privateBills(first: 0) { totalCount } }`,
    );
    const page = await sessions.read<
      Record<
        string,
        {
          both: string;
          insured: string;
          private: string;
          insuredBills: { totals: WrittenSums };
          privateBills: { totalCount: number };
        }
      >
    >(person, `{ ${fields.join(' ')} }`);
    for (const { insuredBills, privateBills, ...outstanding } of Object.values(page)) {
      charts.push({
        ...outstanding,
        insuredTotals: insuredBills.totals,
        privateCount: privateBills.totalCount,
      });
    }
  }
  return {
    totalCount: board.bills.totalCount,
    totals: board.totals,
    listTotals: board.bills.totals,
    summary: Object.fromEntries(
      GROUPINGS.map((grouping) => [
        grouping,
        board[grouping].map((row) => ({ key: keyOf(grouping, row), totals: row.totals })),
      ]),
    ),
    charts,
  };
}

/** The numbers that must come out for these visible bills of one clinic. */
export function expectedNumbers(visible: readonly OracleBill[], clinic: Walk): Numbers {
  const totals = sumsOf(visible);
  const KEYS: Readonly<
    Record<
      (typeof GROUPINGS)[number],
      { keyOf: (bill: OracleBill) => string | null; type: 'User' | 'Patient' | 'Payer' | null }
    >
  > = {
    PROVIDER: { keyOf: (bill) => bill.providerId, type: 'User' },
    PATIENT: { keyOf: (bill) => bill.patientId, type: 'Patient' },
    PAYER: { keyOf: (bill) => bill.payerId, type: 'Payer' },
    KIND: { keyOf: (bill) => bill.kind, type: null },
    STATUS: { keyOf: (bill) => bill.status, type: null },
    MONTH: { keyOf: (bill) => bill.serviceDate.slice(0, 7), type: null },
  };
  const summaryBy = (grouping: (typeof GROUPINGS)[number]): SummaryRow[] => {
    const { keyOf, type } = KEYS[grouping];
    const rows = [...grouped(visible, keyOf)].map(([key, bills]) => ({
      key,
      billed: bills.reduce((sum, bill) => sum + bill.billed, 0n),
      totals: sumsOf(bills),
    }));
    const byKey = (one: string | null, other: string | null): number =>
      one === other ? 0 : one === null ? 1 : other === null || one < other ? -1 : 1;
    rows.sort((one, other) =>
      grouping === 'MONTH'
        ? byKey(other.key, one.key)
        : one.billed === other.billed
          ? byKey(one.key, other.key)
          : Number(other.billed - one.billed),
    );
    return rows.map(({ key, totals: sums }) => ({
      key: key === null || type === null ? key : toGlobalId(type, clinic.clinicId, key),
      totals: sums,
    }));
  };
  const byPatient = grouped(visible, (bill) => bill.patientId);
  return {
    totalCount: visible.length,
    totals,
    listTotals: totals,
    summary: Object.fromEntries(GROUPINGS.map((grouping) => [grouping, summaryBy(grouping).slice(0, 500)])),
    charts: clinic.patientIds.map((id) => {
      const all = byPatient.get(id) ?? [];
      const insured = all.filter((bill) => bill.kind === 'INSURED');
      const invoices = all.filter((bill) => bill.kind === 'PRIVATE');
      return {
        both: sumsOf(all).outstanding,
        insured: sumsOf(insured).outstanding,
        private: sumsOf(invoices).outstanding,
        insuredTotals: sumsOf(insured),
        privateCount: invoices.length,
      };
    }),
  };
}
