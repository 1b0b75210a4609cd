import type { Logger } from 'pino';

/** Where bills, or what is computed from them, were shown. */
export type Surface = 'dashboard' | 'encounter' | 'chart' | 'visit' | 'bill' | 'node' | 'totals' | 'summary';

/** A bill that was shown: whose it is and whom it is about. */
interface ShownBill {
  readonly providerId: string;
  readonly patientId: string;
}

/** What was shown of bills in one place. Ids only: no clinical value and no money. */
export interface View {
  readonly clinicId: string;
  /** What the list hangs on: an encounter, a visit, a patient; of one bill, the bill; none for a clinic as a whole. */
  readonly parentId?: string | null;
  /** The bills, or how many where only sums over them were shown. */
  readonly bills: readonly ShownBill[] | number;
  /** Whose bills went into sums. */
  readonly providerIds?: readonly string[];
}

/** The view of one bill. */
export const viewOfBill = (bill: ShownBill & { readonly clinicId: string; readonly id: string }): View => ({
  clinicId: bill.clinicId,
  parentId: bill.id,
  bills: [bill],
});

class Views {
  readonly parents = new Set<string>();
  readonly providers = new Set<string>();
  readonly patients = new Set<string>();
  bills = 0;

  add({ parentId, bills, providerIds = [] }: View): void {
    if (typeof parentId === 'string') this.parents.add(parentId);
    for (const id of providerIds) this.providers.add(id);
    if (typeof bills === 'number') {
      this.bills += bills;
      return;
    }
    this.bills += bills.length;
    for (const bill of bills) {
      this.providers.add(bill.providerId);
      this.patients.add(bill.patientId);
    }
  }
}

/** What one request showed of bills, gathered to one line for each surface and clinic when it is written. */
export class Audit {
  private readonly views: { readonly surface: Surface; readonly view: View }[] = [];

  /** Notes that bills were shown; none shown is noted too, since that they were asked for matters. */
  viewed(surface: Surface, view: View): void {
    this.views.push({ surface, view });
  }

  private gathered() {
    const seen = new Map<string, { surface: Surface; clinicId: string; views: Views }>();
    for (const { surface, view } of this.views) {
      const key = `${surface} ${view.clinicId}`;
      const known = seen.get(key) ?? { surface, clinicId: view.clinicId, views: new Views() };
      known.views.add(view);
      seen.set(key, known);
    }
    return seen.values();
  }

  /** Writes the lines; each carries `audit: true`. */
  write(log: Logger, viewerId: string | null): void {
    for (const { surface, clinicId, views } of this.gathered()) {
      log.info(
        {
          audit: true,
          viewer: viewerId,
          surface,
          clinic: clinicId,
          parents: [...views.parents],
          providers: [...views.providers],
          patients: [...views.patients],
          bills: views.bills,
        },
        'bills viewed',
      );
    }
  }
}
