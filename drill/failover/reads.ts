import type { Answer, ApiProcess } from './api';
import type { Tally } from './tally';
import { cents, type Expected } from './world';

interface Dashboard {
  readonly dashboard: {
    readonly bills: {
      readonly totalCount: number;
      readonly nodes: readonly { readonly number: string; readonly provider: { readonly id: string } }[];
    };
    readonly totals: { readonly count: number; readonly billed: string; readonly outstanding: string };
  };
}

const QUERY = `query DrillDashboard {
  dashboard {
    bills(first: 20) { totalCount nodes { number provider { id } } }
    totals { count billed outstanding }
  }
}`;

/** What an answer may show, asked for when it is there. */
export interface Allowed {
  readonly most: Expected;
  /** False where the list was being changed while the answer was made: then a part of it is right too. */
  readonly exactly: boolean;
}

/** What an answer showed, compared with the most that it might. */
type Verdict = 'same' | 'less' | 'more';

/**
 * Asks for a viewer's dashboard and judges the answer. More than is allowed is a leak, whatever else it says; an answer
 * without errors that shows less is wrong.
 */
export async function readDashboard(
  api: ApiProcess,
  viewer: string,
  allowed: () => Allowed,
  tally: Tally,
): Promise<void> {
  const began = performance.now();
  const answer = await api.ask<Dashboard>(viewer, QUERY);
  const { most, exactly } = allowed();
  const verdict = compare(answer, most);
  if (verdict === 'more') tally.leaks.push(`${api.name} showed ${viewer} ${describe(answer)}`);
  const whole = answer.codes.length === 0;
  if (verdict === 'less' && exactly && whole) {
    tally.wrong.push(`${api.name} showed ${viewer} ${describe(answer)}`);
  }
  if (whole) tally.goodAnswer('read', api.name, began);
  // The bills were read before the revoke and the decision after it: refused, as it must be, and no outage.
  else if (!exactly && answer.codes.every((code) => code === 'FORBIDDEN')) tally.refusedMeanwhile += 1;
  else tally.badAnswer('read', api.name, answer.codes);
}

function compare({ data }: Answer<Dashboard>, expected: Expected): Verdict {
  const shown = data?.dashboard;
  // Nothing shows nothing.
  if (shown === undefined || shown === null) return 'less';
  const { bills, totals } = shown;
  // Where an error took a part of the answer, that part is null.
  const [count, billed, outstanding] = [
    totals?.count ?? 0,
    cents(totals?.billed ?? '0'),
    cents(totals?.outstanding ?? '0'),
  ];
  const foreign = (bills?.nodes ?? []).some((bill) => !expected.providers.has(bill.provider.id));
  if (
    foreign ||
    (bills?.totalCount ?? 0) > expected.count ||
    (bills?.nodes.length ?? 0) > expected.count ||
    count > expected.count ||
    billed > expected.billedCents ||
    outstanding > expected.outstandingCents
  ) {
    return 'more';
  }
  const same =
    bills?.totalCount === expected.count &&
    bills.nodes.length === Math.min(20, expected.count) &&
    count === expected.count &&
    billed === expected.billedCents &&
    outstanding === expected.outstandingCents;
  return same ? 'same' : 'less';
}

function describe({ data, codes }: Answer<Dashboard>): string {
  const shown = data?.dashboard;
  if (!shown) return `no dashboard (${codes.join(', ')})`;
  const providers = new Set((shown.bills?.nodes ?? []).map((bill) => bill.provider.id));
  return `${shown.bills?.totalCount} bills, ${shown.totals?.count} in the sums, of ${providers.size} providers on the page`;
}
