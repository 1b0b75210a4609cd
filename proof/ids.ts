import { type NodeType, toGlobalId } from '../src/global-id';

/** The id by which the API knows a row: for arguments, and for what comes back. */
export const idOf = (
  type: NodeType,
  row: { readonly clinicId: string | null; readonly id: string },
): string => toGlobalId(type, row.clinicId, row.id);

/** The id of a clinic. */
export const clinicIdOf = (id: string): string => toGlobalId('Clinic', id, id);
