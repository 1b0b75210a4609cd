import type { FieldNode, GraphQLResolveInfo } from 'graphql';
import { knownGrantsOf } from '../access/grant-known';
import { idsIn } from '../arguments';
import type { RequestContext } from '../context';
import { type Selected, selectedBelow, selectedOfNodes } from '../look-ahead';
import { pageWindow, requireOrder, toCursor, toPage } from '../paging';
import type { PageQuestion } from './loaders';
import type { TotalsRow } from './store';
import { ORDER_KEYS } from './store/order';
import type { BillList } from './store/page';
import type { BillSelection, ParentKind } from './store/selection';
import { type Writing, writingOf } from './store/written';
import type { BillConnection, BillFilter, BillKind, BillListArgs, BillTotals } from './types';

/** What a list of bills hangs on. */
export interface BillParent {
  readonly clinicId: string;
  readonly kind: ParentKind | null;
  readonly id: string | null;
}

/** Where a list of bills is shown, by what it hangs on. */
const SURFACES = { clinic: 'dashboard', encounter: 'encounter', visit: 'visit', patient: 'chart' } as const;

/** A filter in the store's words. Raises BAD_USER_INPUT for ids of another type. */
export function selectionOf(
  clinicId: string,
  filter: BillFilter | null | undefined,
  onlyKind?: keyof typeof BillKind | null,
): BillSelection {
  const ids = (type: 'User' | 'Patient' | 'Payer', given: string[] | null | undefined, argument: string) =>
    given ? idsIn(clinicId, type, given, argument) : undefined;
  const selection = {
    kind: filter?.kind ?? undefined,
    kindToo: onlyKind ?? undefined,
    statuses: filter?.statuses ?? undefined,
    providerIds: ids('User', filter?.providerIds, 'providerIds'),
    patientIds: ids('Patient', filter?.patientIds, 'patientIds'),
    payerIds: ids('Payer', filter?.payerIds, 'payerIds'),
    serviceFrom: filter?.serviceFrom ?? undefined,
    serviceTo: filter?.serviceTo ?? undefined,
  };
  return Object.fromEntries(Object.entries(selection).filter(([, value]) => value !== undefined));
}

/**
 * How PostgreSQL is to write bills for a selection. Null where it is not to: there is no selection, or something in it
 * cannot be written, or is behind a rule that does not tell at once whether it grants.
 */
export const writingFor = (selection: Selected | undefined): Writing | null =>
  selection === undefined || knownGrantsOf(selection) === null ? null : writingOf(selection);

/** A page of a parent's bills that the viewer may see; lists of the same question are read together. */
export async function billConnection(
  context: RequestContext,
  parent: BillParent,
  args: BillListArgs,
  info: Pick<GraphQLResolveInfo, 'fieldNodes'>,
  /** For lists that hang on something: both of its kinds are then read in one. */
  onlyKind: keyof typeof BillKind | null = null,
): Promise<BillConnection> {
  const question = questionOf(context, parent, args, info);
  const { list, window } = question;
  const rows = await context.loaders.billPages.load({ question, parentId: parent.id, onlyKind });
  const page = toPage(rows, window, (bill) =>
    toCursor({ order: list.orderBy.field, value: bill.orderKey, id: bill.id }),
  );
  context.audit.viewed(SURFACES[parent.kind ?? 'clinic'], {
    clinicId: parent.clinicId,
    parentId: parent.id,
    bills: page.nodes,
  });
  // Summed only when asked for, over everything visible, whatever the page.
  return Object.assign(page, {
    clinicId: parent.clinicId,
    readTotals: () => totalsOf(context, parent, selectionOf(parent.clinicId, args.filter, onlyKind)),
  });
}

const asked = new WeakMap<RequestContext, Map<readonly FieldNode[], PageQuestion>>();

/**
 * What is asked for by a field that answers a page of bills. Made once for a field of an operation, however many parents
 * it hangs on (the visits of a page): its arguments are the same for all of them. Raises BAD_USER_INPUT.
 */
function questionOf(
  context: RequestContext,
  parent: BillParent,
  args: BillListArgs,
  info: Pick<GraphQLResolveInfo, 'fieldNodes'>,
): PageQuestion {
  const ofRequest = asked.get(context) ?? new Map<readonly FieldNode[], PageQuestion>();
  asked.set(context, ofRequest);
  const known = ofRequest.get(info.fieldNodes);
  if (known?.list.clinicId === parent.clinicId && known.list.parent === parent.kind) return known;
  const window = pageWindow(args);
  const field = args.orderBy?.field ?? 'SERVICE_DATE';
  requireOrder(window, field, ORDER_KEYS[field].isValue);
  const list: BillList = {
    clinicId: parent.clinicId,
    parent: parent.kind,
    selection: selectionOf(parent.clinicId, args.filter),
    orderBy: { field, descending: (args.orderBy?.direction ?? 'DESC') === 'DESC' },
  };
  const selected = selectedBelow(info);
  const writing = writingFor(selected && selectedOfNodes(selected));
  const question = { list, window, writing, text: JSON.stringify([list, window, writing?.form]) };
  ofRequest.set(info.fieldNodes, question);
  return question;
}

/** The sums over a parent's bills that the viewer may see. */
export async function totalsOf(
  context: RequestContext,
  parent: BillParent,
  selection: BillSelection,
): Promise<BillTotals> {
  const list = { clinicId: parent.clinicId, parent: parent.kind, selection, orderBy: NO_ORDER };
  const [row] = await context.loaders.billTotals.load({ list, parentId: parent.id });
  context.audit.viewed('totals', {
    clinicId: parent.clinicId,
    parentId: parent.id,
    bills: row?.count ?? 0,
    providerIds: row?.providerIds ?? [],
  });
  return toTotals(context, parent.clinicId, row ?? NOTHING);
}

const NO_ORDER = { field: 'SERVICE_DATE', descending: true } as const;

const NOTHING: TotalsRow = {
  parentId: null,
  providerIds: [],
  grounds: [],
  count: 0,
  billed: '0.00',
  discount: '0.00',
  paid: '0.00',
  refunded: '0.00',
  outstanding: '0.00',
};

/** Sums with whose bills went into them, for the rule that guards them; it finds the grounds known. */
export function toTotals(
  { decisions }: Pick<RequestContext, 'decisions'>,
  clinicId: string,
  { providerIds, grounds, ...row }: TotalsRow,
): BillTotals {
  const providers = providerIds.map((providerId) => ({ clinicId, providerId }));
  for (const [index, provider] of providers.entries()) decisions.learn(provider, grounds[index] ?? null);
  return { ...row, clinicId, providers };
}
