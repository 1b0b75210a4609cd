import { type ClinicRelation, permitsInClinic } from './policy';

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

/** How the viewer stands to a clinic, by the account that was read when the request began. */
export function clinicRelations(viewer: Viewer, clinicId: string): ClinicRelation[] {
  if (viewer.clinicId === null) return ['SUPPORT'];
  if (viewer.clinicId !== clinicId) return [];
  const held: ClinicRelation[] = ['MEMBER'];
  if (viewer.permissions.has('EDIT_OTHER_USERS')) {
    held.push('EDITOR');
    if (viewer.permissions.has('BILLING_DELEGATION_SETTINGS')) held.push('ADMINISTRATOR');
  }
  return held;
}

/**
 * Whether what belongs to that clinic may be shown to the viewer at all, bills aside: their own clinic's, for support
 * any clinic's. What belongs to no clinic is support's own people, whom everybody may know by name.
 */
export const reachesClinic = (viewer: Viewer, clinicId: string | null): boolean =>
  clinicId === null || permitsInClinic('READ_RECORDS', clinicRelations(viewer, clinicId));
