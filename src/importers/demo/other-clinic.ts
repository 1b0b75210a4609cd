import type { ClinicPlan } from './cast';
import { FAMILY_MEDICINE, PHYSIOTHERAPY } from './catalogue';

/** The clinic whose segregation has no launch date: all its users see all its bills, whatever the (blank) lists say. */
export const OTHER_CLINIC: ClinicPlan = {
  name: 'Other clinic',
  currency: 'USD',
  segregationLaunchesAt: null,
  seed: 20_260_930,
  patients: 40,
  visits: 200,
  payers: ['State Health Plan', 'Lakeside Insurance', 'Prairie Benefits'],
  people: [
    {
      key: 'provider',
      name: 'Dr. Inés Castillo',
      email: 'provider@other.example',
      who: 'provider of Other clinic (not launched), sees all its bills',
      practice: FAMILY_MEDICINE,
      // A number that a provider of the other clinic has too: numbers are unique within a clinic only.
      billingNumber: '104213',
    },
    { key: 'provider.two', name: 'Dr. Amara Osei', practice: FAMILY_MEDICINE, billingNumber: '210388' },
    { key: 'provider.three', name: 'Noah Becker, PT', practice: PHYSIOTHERAPY, billingNumber: '223916' },
    {
      key: 'staff',
      name: "Pat O'Brien",
      email: 'staff@other.example',
      who: 'staff of Other clinic (not launched), sees all its bills',
    },
  ],
  groups: [{ name: 'Billing clerks', members: ['staff'] }],
  delegations: [],
};
