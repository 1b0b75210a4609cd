import type { ClinicPlan, Person } from './cast';
import { DERMATOLOGY, FAMILY_MEDICINE, PAEDIATRICS, PHYSIOTHERAPY, PSYCHIATRY } from './catalogue';

const PROVIDERS: readonly Person[] = [
  {
    key: 'provider.a',
    name: 'Dr. Amara Osei',
    email: 'provider.a@demo.example',
    who: 'provider A, sees her own bills',
    practice: FAMILY_MEDICINE,
    billingNumber: '104213',
  },
  {
    key: 'provider.b',
    name: 'Dr. Benoît Lefèvre',
    email: 'provider.b@demo.example',
    who: 'provider B, sees his own bills',
    practice: FAMILY_MEDICINE,
    billingNumber: '118527',
  },
  { key: 'provider.c', name: "Dr. Chiara D'Angelo", practice: FAMILY_MEDICINE, billingNumber: '120964' },
  { key: 'provider.d', name: 'Dr. Dmitri Volkov', practice: PAEDIATRICS, billingNumber: '133080' },
  { key: 'provider.e', name: 'Dr. Élise Gagnon', practice: DERMATOLOGY, billingNumber: '141756' },
  { key: 'provider.f', name: 'Dr. Farah Haddad', practice: PSYCHIATRY, billingNumber: '152398' },
  { key: 'provider.g', name: "Dr. Gwen O'Neil", practice: FAMILY_MEDICINE, billingNumber: '160841' },
  { key: 'provider.h', name: 'Hiroshi Tanaka, PT', practice: PHYSIOTHERAPY, billingNumber: '178215' },
  { key: 'provider.i', name: 'Dr. Ingrid Sørensen', practice: FAMILY_MEDICINE, billingNumber: '186032' },
  { key: 'provider.j', name: 'José Núñez, PT', practice: PHYSIOTHERAPY, billingNumber: '195774' },
];

const STAFF: readonly Person[] = [
  {
    key: 'delegate',
    name: 'Maya Fitzgerald',
    email: 'delegate@demo.example',
    who: "delegate of provider A, sees A's bills",
  },
  {
    key: 'clerk',
    name: 'Tomás Herrera',
    email: 'clerk@demo.example',
    who: 'in the group Billing clerks, sees the bills of A and B',
  },
  {
    key: 'stranger',
    name: 'Sam Whitehorse',
    email: 'stranger@demo.example',
    who: 'delegate of nobody, sees no bill',
  },
  {
    key: 'admin',
    name: 'Nadia Petrov',
    email: 'admin@demo.example',
    who: 'has both permissions, manages lists, sees no bill',
    permissions: ['EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS'],
  },
  {
    key: 'analyst',
    name: 'Wei Zhang',
    email: 'analyst@demo.example',
    who: 'in the group Analysts, sees the bills of every provider',
  },
  {
    key: 'deactivated',
    name: 'Oluwaseun Adéyẹmí',
    email: 'deactivated@demo.example',
    who: "deactivated but still on A's list, cannot sign in",
    inactive: true,
  },
  { key: 'clerk.two', name: 'Zoë Lindqvist' },
  {
    key: 'editor',
    name: "Rosa O'Neil-Tremblay",
    email: 'editor@demo.example',
    permissions: ['EDIT_OTHER_USERS'],
  },
  { key: 'nurse', name: 'Priya Raghunathan' },
  { key: 'secretary', name: 'Élodie St-Amand' },
];

/** The clinic with segregation launched: who sees which bills is told by its lists, and by nothing else. */
export const DEMO_CLINIC: ClinicPlan = {
  name: 'Demo clinic',
  currency: 'CAD',
  segregationLaunchesAt: '2025-01-15T05:00:00Z',
  seed: 20_241_001,
  patients: 320,
  visits: 3_000,
  payers: [
    'Provincial Health Plan',
    "Workers' Compensation Board",
    'Maple Mutual Insurance',
    'Northern Light Benefits',
    'Assurance Saint-Laurent',
  ],
  people: [...PROVIDERS, ...STAFF],
  groups: [
    { name: 'Billing clerks', members: ['clerk', 'clerk.two'] },
    { name: 'Analysts', members: ['analyst'] },
    // No member yet, and a name with a character that LIKE would take for a pattern; so has the next.
    { name: '100% Billing', members: [] },
    { name: 'Front_desk', members: ['nurse', 'secretary'] },
  ],
  delegations: [
    { provider: 'provider.a', user: 'delegate' },
    { provider: 'provider.a', user: 'deactivated' },
    { provider: 'provider.a', group: 'Billing clerks' },
    { provider: 'provider.b', group: 'Billing clerks' },
    ...PROVIDERS.map(({ key }) => ({ provider: key, group: 'Analysts' })),
    // Expired: gives the stranger nothing.
    { provider: 'provider.c', user: 'stranger', expiresAt: '2026-03-31T04:00:00Z' },
    { provider: 'provider.c', user: 'secretary' },
    { provider: 'provider.d', user: 'nurse', expiresAt: '2099-12-31T05:00:00Z' },
    { provider: 'provider.e', group: '100% Billing' },
    { provider: 'provider.g', user: 'provider.i' },
  ],
};
