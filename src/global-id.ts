/** The types that have a global id. The numbers are part of every id ever handed out: never renumber. */
const TYPE_NUMBERS = {
  Clinic: 1,
  User: 2,
  Group: 3,
  Patient: 4,
  Visit: 5,
  Encounter: 6,
  Payer: 7,
  Bill: 8,
} as const;

export type NodeType = keyof typeof TYPE_NUMBERS;

/** The first byte of the ids of a type, in hexadecimal. */
export const typeNumber = (type: NodeType): string => `0${TYPE_NUMBERS[type]}`;

const TYPE_BY_NUMBER = new Map(
  Object.entries(TYPE_NUMBERS).map(([type, number]) => [number, type as NodeType]),
);

/** Stands for "no clinic" in the ids of support users. */
const NO_CLINIC = '00000000-0000-0000-0000-000000000000';

/** What a global id names: a row of a clinic's table. `clinicId` is null for support users. */
export interface NodeRef {
  readonly type: NodeType;
  readonly clinicId: string | null;
  readonly id: string;
}

const hex = (uuid: string): string => uuid.replaceAll('-', '');
const uuid = (bytes: Buffer): string =>
  bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/**
 * The opaque id of a node, unique over all types and clinics
 * (https://relay.dev/graphql/objectidentification.htm). It carries the clinic, so that every look-up by id goes to
 * one clinic's rows; knowing an id gives no access.
 */
export function toGlobalId(type: NodeType, clinicId: string | null, id: string): string {
  return Buffer.from(`${typeNumber(type)}${hex(clinicId ?? NO_CLINIC)}${hex(id)}`, 'hex').toString(
    'base64url',
  );
}

/** Reads a global id; null for anything that this API never made. */
export function fromGlobalId(globalId: string): NodeRef | null {
  if (!/^[A-Za-z0-9_-]{44}$/.test(globalId)) return null;
  const bytes = Buffer.from(globalId, 'base64url');
  const type = TYPE_BY_NUMBER.get(bytes[0] as (typeof TYPE_NUMBERS)[NodeType]);
  if (type === undefined) return null;
  const clinicId = uuid(bytes.subarray(1, 17));
  return { type, clinicId: clinicId === NO_CLINIC ? null : clinicId, id: uuid(bytes.subarray(17)) };
}
