/** A permission that a user of a clinic can hold. */
export const PERMISSIONS = ['EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS'] as const;

export type Permission = (typeof PERMISSIONS)[number];

/**
 * Who asks: the active account behind a request, read from the database when the request began. Every read of bills
 * takes one.
 */
export interface Viewer {
  readonly userId: string;
  /** The clinic that the viewer works at; null for support, who work at none. */
  readonly clinicId: string | null;
  readonly permissions: ReadonlySet<Permission>;
  /**
   * The instant at which the whole request is decided, by the database's clock and in its own notation
   * (microseconds, UTC), so that server processes with clocks apart decide alike.
   */
  readonly now: string;
}

/**
 * Whether what belongs to that clinic may be shown to the viewer at all: their own clinic's, for support any clinic's.
 * What belongs to no clinic is support's own people, whom everybody may know by name.
 */
export const reachesClinic = (viewer: Viewer, clinicId: string | null): boolean =>
  viewer.clinicId === null || clinicId === null || viewer.clinicId === clinicId;
