import fc from 'fast-check';

/**
 * What a random world is made of and what is done to it, in small numbers: places in lists, counted round. So a plan
 * stays meaningful however fast-check shrinks it, and can be read when it is the counterexample.
 */

/** When something ends or begins. The clock starts at `now`; SOON and LATER lie ahead of it. */
export const MOMENTS = ['NEVER', 'PAST', 'SOON', 'LATER'] as const;
export type Moment = (typeof MOMENTS)[number];

/** At which side of a moment the clock is set: a microsecond before it, on it, a microsecond after it. */
export const SIDES = [-1, 0, 1] as const;

export interface BillPlan {
  readonly provider: number;
  readonly patient: number;
  readonly place: 'NOWHERE' | 'VISIT' | 'ENCOUNTER' | 'LONE_ENCOUNTER';
  readonly private: boolean;
  readonly status: number;
  /** Few different days, so that many bills share one. */
  readonly day: number;
  readonly items: readonly number[];
  /** How much of the sum is taken off, paid and given back, in percent. */
  readonly discount: number;
  readonly paid: number;
  readonly refunded: number;
}

export interface ClinicPlan {
  readonly launch: Moment;
  /** Beside the administrator, who is always there and active. The first of them is a provider. */
  readonly users: readonly { readonly provider: boolean; readonly active: boolean }[];
  readonly groups: readonly (readonly number[])[];
  readonly entries: readonly {
    readonly provider: number;
    readonly ofGroup: boolean;
    readonly delegate: number;
    readonly expires: Moment;
  }[];
  readonly patients: number;
  readonly bills: readonly BillPlan[];
}

export type Command =
  | {
      readonly do: 'addDelegate';
      readonly clinic: number;
      readonly provider: number;
      readonly ofGroup: boolean;
      readonly delegate: number;
      readonly expires: Moment;
      /** Done by the provider, or by the administrator. */
      readonly byProvider: boolean;
    }
  | { readonly do: 'removeDelegate'; readonly entry: number; readonly byProvider: boolean }
  | { readonly do: 'join' | 'leave'; readonly group: number; readonly user: number }
  | { readonly do: 'deactivate' | 'reactivate'; readonly user: number }
  | { readonly do: 'expire'; readonly entry: number; readonly side: number }
  | { readonly do: 'launch'; readonly clinic: number; readonly side: number }
  | { readonly do: 'createGroup'; readonly clinic: number }
  | { readonly do: 'deleteGroup'; readonly group: number }
  | { readonly do: 'clock'; readonly to: 'SOON' | 'LATER'; readonly side: number };

export interface Plan {
  /**
   * Whether the clinics' users, groups, patients and bills have the same ids. The tables allow it, so no statement may
   * forget the clinic; with ids that are all different, that would never show.
   */
  readonly twins: boolean;
  readonly clinics: readonly ClinicPlan[];
  readonly supportActive: boolean;
  readonly commands: readonly Command[];
}

/** Records that print as they are written. */
const record = <Of>(model: { [Key in keyof Of]: fc.Arbitrary<Of[Key]> }): fc.Arbitrary<Of> =>
  fc.record<Of>(model, { noNullPrototype: true });

const place = fc.nat(30);
const moment = fc.constantFrom(...MOMENTS);
const side = fc.constantFrom(...SIDES);
const percent = fc.constantFrom(0, 0, 10, 33, 100);

const bill: fc.Arbitrary<BillPlan> = record({
  provider: place,
  patient: place,
  place: fc.constantFrom('NOWHERE', 'VISIT', 'ENCOUNTER', 'LONE_ENCOUNTER'),
  private: fc.boolean(),
  status: fc.nat(4),
  day: fc.nat(3),
  items: fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 3 }),
  discount: percent,
  paid: percent,
  refunded: percent,
});

const clinicWith = (most: { users: number; bills: number }): fc.Arbitrary<ClinicPlan> =>
  record({
    launch: fc.constantFrom<Moment>('PAST', 'PAST', ...MOMENTS),
    users: fc.array(record({ provider: fc.boolean(), active: fc.constantFrom(true, true, true, false) }), {
      minLength: 1,
      maxLength: most.users - 1,
    }),
    groups: fc.array(fc.array(place, { maxLength: 3 }), { maxLength: 2 }),
    entries: fc.array(record({ provider: place, ofGroup: fc.boolean(), delegate: place, expires: moment }), {
      maxLength: 4,
    }),
    patients: fc.integer({ min: 1, max: 3 }),
    // Mostly many, so that lists have pages; sometimes few or none.
    bills: fc.oneof(
      {
        weight: 3,
        arbitrary: fc.array(bill, { minLength: Math.ceil(most.bills / 2), maxLength: most.bills }),
      },
      { weight: 1, arbitrary: fc.array(bill, { maxLength: most.bills }) },
    ),
  });

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 3,
    arbitrary: record({
      do: fc.constant('addDelegate' as const),
      clinic: place,
      provider: place,
      ofGroup: fc.boolean(),
      delegate: place,
      expires: moment,
      byProvider: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: record({
      do: fc.constant('removeDelegate' as const),
      entry: place,
      byProvider: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: record({
      do: fc.constantFrom('join' as const, 'leave' as const),
      group: place,
      user: place,
    }),
  },
  {
    weight: 2,
    arbitrary: record({
      do: fc.constantFrom('deactivate' as const, 'reactivate' as const),
      user: place,
    }),
  },
  { weight: 2, arbitrary: record({ do: fc.constant('expire' as const), entry: place, side }) },
  { weight: 1, arbitrary: record({ do: fc.constant('launch' as const), clinic: place, side }) },
  { weight: 1, arbitrary: record({ do: fc.constant('createGroup' as const), clinic: place }) },
  { weight: 1, arbitrary: record({ do: fc.constant('deleteGroup' as const), group: place }) },
  {
    weight: 2,
    arbitrary: record({
      do: fc.constant('clock' as const),
      to: fc.constantFrom('SOON' as const, 'LATER' as const),
      side,
    }),
  },
);

/** How large the worlds are: how many bills the largest clinic has at most, and how many changes are made at most. */
export interface Size {
  readonly bills: number;
  readonly commands: number;
}

/** Random plans: one to three clinics, the first of which is the largest, and what is done to them. */
export const plansWith = ({ bills, commands }: Size): fc.Arbitrary<Plan> =>
  record({
    clinics: fc
      .tuple(clinicWith({ users: 6, bills }), fc.array(clinicWith({ users: 3, bills: 3 }), { maxLength: 2 }))
      .map(([first, others]) => [first, ...others]),
    twins: fc.boolean(),
    supportActive: fc.constantFrom(true, true, true, false),
    commands: fc.array(command, { maxLength: commands, size: 'max' }),
  });
