import type { Json } from './canonical-json';

/** The version of the form; a reader refuses others. */
export const FORMAT = 1;

/** How a field is written in a cell of CSV. */
type CellType = 'text' | 'number' | 'json';

/** Every field that a record can have, in the order of the columns of CSV. */
export const FIELDS = {
  seq: 'number',
  kind: 'text',
  at: 'text',
  action: 'text',
  actorName: 'text',
  providerName: 'text',
  userName: 'text',
  groupName: 'text',
  before: 'json',
  after: 'json',
  viewerName: 'text',
  surface: 'text',
  bills: 'number',
  codes: 'json',
  paths: 'json',
  fields: 'number',
  address: 'text',
  requestId: 'text',
  historyId: 'text',
  actorUserId: 'text',
  actorSupportUserId: 'text',
  providerId: 'text',
  userId: 'text',
  groupId: 'text',
  viewerId: 'text',
  parentIds: 'json',
  providerIds: 'json',
  patientIds: 'json',
  format: 'number',
  clinicId: 'text',
  clinicName: 'text',
  from: 'text',
  to: 'text',
  sources: 'json',
  count: 'number',
  hash: 'text',
} as const satisfies Record<string, CellType>;

export type FieldName = keyof typeof FIELDS;

/**
 * What a record of each kind holds besides `seq`, `kind` and `hash`; a field without a value is null.
 * `export` is the first: what was exported. `history`: a change of what decides access. `access`: bills were shown.
 * `refusal`: a request was refused. `end` is the last: how many records stand between the two.
 */
export const KINDS = {
  export: ['format', 'clinicId', 'clinicName', 'from', 'to', 'sources'],
  history: [
    'historyId',
    'at',
    'action',
    'actorUserId',
    'actorSupportUserId',
    'actorName',
    'providerId',
    'providerName',
    'userId',
    'userName',
    'groupId',
    'groupName',
    'before',
    'after',
  ],
  access: [
    'at',
    'viewerId',
    'viewerName',
    'requestId',
    'surface',
    'bills',
    'parentIds',
    'providerIds',
    'patientIds',
  ],
  refusal: ['at', 'viewerId', 'viewerName', 'requestId', 'address', 'codes', 'paths', 'fields'],
  end: ['count'],
} as const satisfies Record<string, readonly FieldName[]>;

export type Kind = keyof typeof KINDS;

/** A record before it has its place in the chain. */
export type Content = { readonly kind: Kind } & { readonly [Name in FieldName]?: Json };

/** A record in its place: `seq` counts from 0, `hash` is that of the chain up to and with it. */
export type SealedRecord = { readonly [Name in FieldName]?: Json } & {
  readonly kind: Kind;
  readonly seq: number;
  readonly hash: string;
};

export const isKind = (value: unknown): value is Kind =>
  typeof value === 'string' && Object.hasOwn(KINDS, value);
