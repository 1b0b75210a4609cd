import { reachesClinic } from './access/viewer';
import type { RequestContext } from './context';
import { badUserInput, notFound } from './errors';
import { fromGlobalId, type NodeRef, type NodeType } from './global-id';

/** A row that another row's foreign key names: it is there. Raises (as INTERNAL) should it not be. */
export function existing<Row>(row: Row | null | undefined): Row {
  if (row === null || row === undefined) throw new Error('a row that a foreign key names was not found');
  return row;
}

/** A row of a clinic that the viewer reaches. */
export interface ReachedRef extends NodeRef {
  readonly clinicId: string;
}

/** What an id names, if it is of that type and of a clinic that the viewer reaches; else null, whatever it is. */
export function reachedRef(context: RequestContext, type: NodeType, id: string): ReachedRef | null {
  const ref = fromGlobalId(id);
  if (ref === null || ref.type !== type || ref.clinicId === null) return null;
  return reachesClinic(context.signedInViewer, ref.clinicId) ? { ...ref, clinicId: ref.clinicId } : null;
}

/**
 * The clinic to show: the viewer's own, or for support the one that the argument names. Raises NOT_FOUND for a clinic
 * that is not there or not the viewer's, BAD_USER_INPUT where support names none.
 */
export async function chosenClinic(
  context: RequestContext,
  clinicId: string | null | undefined,
): Promise<string> {
  const own = context.signedInViewer.clinicId;
  if (clinicId === null || clinicId === undefined) {
    if (own === null)
      throw badUserInput('Support must name a clinic: pass `clinicId`; `clinics` lists them.');
    return own;
  }
  const ref = reachedRef(context, 'Clinic', clinicId);
  if (ref === null || (await context.loaders.clinics.load(ref)) === null) throw notFound();
  return ref.clinicId;
}

/**
 * The rows of one clinic that the ids of a filter name. An id of another clinic matches nothing, as one that does not
 * exist. Raises BAD_USER_INPUT for what is no id of that type.
 */
export function idsIn(clinicId: string, type: NodeType, ids: readonly string[], argument: string): string[] {
  return ids.flatMap((id) => {
    const ref = fromGlobalId(id);
    if (ref === null || ref.type !== type)
      throw badUserInput(`\`${argument}\` takes ids of the type ${type}.`);
    return ref.clinicId === clinicId ? [ref.id] : [];
  });
}
