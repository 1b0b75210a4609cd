import { v5 } from 'uuid';

/** Of this importer alone: it keeps its ids apart from those of anything else that derives ids from names. */
const NAMESPACE = '8c1f4a52-6a0f-4c0e-9f55-6d8f0b7f3c21';

/** What an id stands for; the same source id may serve as several kinds (an encounter and its visit). */
export type Kind =
  | 'bill'
  | 'delegation'
  | 'encounter'
  | 'group'
  | 'patient'
  | 'payer'
  | 'provider'
  | 'staff'
  | 'visit';

/** The id that a row of the files has in a clinic: the same at every import, another in every clinic. */
export const idOf = (clinicId: string, kind: Kind, sourceId: string): string =>
  v5(`${clinicId}:${kind}:${sourceId}`, NAMESPACE);

/** The id of a clinic that an import creates. */
export const clinicIdOf = (name: string): string => v5(`clinic:${name.toLowerCase()}`, NAMESPACE);
