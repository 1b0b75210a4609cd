import type { Practice } from './catalogue';

/** A user of a demo clinic. The key names them within their clinic and makes their id. */
export interface Person {
  key: string;
  name: string;
  /** Left out: nobody can sign in as this user. */
  email?: string;
  /** What the start banner says about the sign-in; left out for sign-ins that it does not list. */
  who?: string;
  inactive?: boolean;
  permissions?: readonly ('EDIT_OTHER_USERS' | 'BILLING_DELEGATION_SETTINGS')[];
  /** For a provider: what they do and the number their bills begin with. */
  practice?: Practice;
  billingNumber?: string;
}

/** A group and the keys of its members. */
export interface Group {
  name: string;
  members: readonly string[];
}

/** One entry of a provider's delegation list: a user by key or a group by name. */
export interface Delegation {
  provider: string;
  user?: string;
  group?: string;
  expiresAt?: string;
}

/** Everything about a demo clinic that is written by hand; the rest is made from the seed. */
export interface ClinicPlan {
  name: string;
  currency: string;
  segregationLaunchesAt: string | null;
  seed: number;
  patients: number;
  visits: number;
  /** The public plan first, then the other insurers. */
  payers: readonly [publicPlan: string, ...others: string[]];
  people: readonly Person[];
  groups: readonly Group[];
  delegations: readonly Delegation[];
}
