import { AMOUNTS, type Bill, type Instant, type User, type World, written } from './world';

/**
 * The rule of who may see which bill, written apart from the product: plain TypeScript over a plain world, sharing no
 * code with src. The proof compares what the API answers with what this says.
 */

export type Ground = 'SUPPORT' | 'NOT_SEGREGATED' | 'OWNER' | 'USER_DELEGATE' | 'GROUP_DELEGATE';

/** Every ground that a user has, at an instant, to see the bills of a provider. */
export function groundsOf(
  world: World,
  viewer: User,
  provider: { readonly clinicId: string; readonly id: string },
  now: Instant,
): Ground[] {
  if (!viewer.active) return [];
  if (viewer.clinicId === null) return ['SUPPORT'];
  if (viewer.clinicId !== provider.clinicId) return [];
  const found = new Set<Ground>();
  const clinic = world.clinics.find(({ id }) => id === provider.clinicId);
  if (clinic === undefined) return [];
  if (clinic.launchesAt === null || now < clinic.launchesAt) found.add('NOT_SEGREGATED');
  if (viewer.id === provider.id) found.add('OWNER');
  for (const entry of world.entries) {
    if (entry.clinicId !== provider.clinicId || entry.providerId !== provider.id) continue;
    if (entry.expiresAt !== null && now >= entry.expiresAt) continue;
    if (entry.userId === viewer.id) found.add('USER_DELEGATE');
    const group = world.groups.find(
      ({ id, clinicId }) => id === entry.groupId && clinicId === entry.clinicId,
    );
    if (group?.members.has(viewer.id)) found.add('GROUP_DELEGATE');
  }
  return [...found].sort();
}

/** Whether the viewer may see the bill at that instant. */
export const sees = (world: World, viewer: User, bill: Bill, now: Instant): boolean =>
  groundsOf(world, viewer, { clinicId: bill.clinicId, id: bill.providerId }, now).length > 0;

/** Those of the bills that the viewer may see at that instant, in the order of the API's lists: newest service first. */
export function visible(world: World, viewer: User, bills: readonly Bill[], now: Instant): Bill[] {
  const answers = new Map<string, boolean>();
  const seen = (bill: Bill): boolean => {
    const provider = `${bill.clinicId} ${bill.providerId}`;
    const known = answers.get(provider) ?? sees(world, viewer, bill, now);
    answers.set(provider, known);
    return known;
  };
  return newestFirst(bills.filter(seen));
}

/** Newest service first; the id settles ties, as the API promises. */
export function newestFirst(bills: readonly Bill[]): Bill[] {
  const key = (bill: Bill): string => `${bill.serviceDate} ${bill.id}`;
  return [...bills].sort((one, other) => (key(one) < key(other) ? 1 : -1));
}

/** Sums as the API writes them, with the number of bills. */
export type Sums = Readonly<Record<(typeof AMOUNTS)[number], string>> & { readonly count: number };

/** The sums over bills. */
export function sumsOf(bills: readonly Bill[]): Sums {
  const sums = AMOUNTS.map((amount) => [
    amount,
    written(bills.reduce((total, bill) => total + bill[amount], 0n)),
  ]);
  return { count: bills.length, ...Object.fromEntries(sums) } as Sums;
}

/** The bills by the value that `keyOf` answers for each. */
export function grouped<Key>(bills: readonly Bill[], keyOf: (bill: Bill) => Key): Map<Key, Bill[]> {
  const groups = new Map<Key, Bill[]>();
  for (const bill of bills) {
    const key = keyOf(bill);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [bill]);
    else group.push(bill);
  }
  return groups;
}
