import type { Logger } from 'pino';

/** Where bills, or what is computed from them, were shown. */
export type Surface = 'dashboard' | 'encounter' | 'chart' | 'visit' | 'bill' | 'node' | 'totals' | 'summary';

/** What was shown of bills in one place. Ids only: no clinical value and no money. */
export interface View {
  readonly clinicId: string;
  /** What the list hangs on: an encounter, a visit, a patient; of one bill, the bill; none for a clinic as a whole. */
  readonly parentId?: string | null;
  readonly bills: number;
  readonly providerIds?: Iterable<string>;
  readonly patientIds?: Iterable<string>;
}

/** The view of one bill. */
export const viewOfBill = (bill: {
  readonly clinicId: string;
  readonly id: string;
  readonly providerId: string;
  readonly patientId: string;
}): View => ({
  clinicId: bill.clinicId,
  parentId: bill.id,
  bills: 1,
  providerIds: [bill.providerId],
  patientIds: [bill.patientId],
});

class Views {
  readonly parents = new Set<string>();
  readonly providers = new Set<string>();
  readonly patients = new Set<string>();
  bills = 0;

  add(view: View): void {
    this.bills += view.bills;
    if (typeof view.parentId === 'string') this.parents.add(view.parentId);
    for (const id of view.providerIds ?? []) this.providers.add(id);
    for (const id of view.patientIds ?? []) this.patients.add(id);
  }
}

/** What one request showed of bills, gathered to one line for each surface and clinic. */
export class Audit {
  private readonly seen = new Map<string, { surface: Surface; clinicId: string; views: Views }>();

  /** Notes that bills were shown; none shown is noted too, since that they were asked for matters. */
  viewed(surface: Surface, view: View): void {
    const key = `${surface} ${view.clinicId}`;
    const known = this.seen.get(key) ?? { surface, clinicId: view.clinicId, views: new Views() };
    known.views.add(view);
    this.seen.set(key, known);
  }

  /** Writes the lines; each carries `audit: true`. */
  write(log: Logger, viewerId: string | null): void {
    for (const { surface, clinicId, views } of this.seen.values()) {
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
