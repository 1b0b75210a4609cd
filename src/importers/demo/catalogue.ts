/** A service that a provider bills. Codes and prices are in the manner of a Canadian fee schedule, but made up. */
export interface Service {
  code: string;
  description: string;
  /** Decimal text, in the clinic's currency. */
  unitPrice: string;
  /** The numbers of units that occur, decimal text; one unit when left out. */
  units?: readonly string[];
}

/** What a kind of provider does: why patients come, what is found (ICD-10 codes) and what is billed. */
export interface Practice {
  specialty: string;
  /** Of 100 claims, how many go to the public plan. */
  publicPercent: number;
  /** Left out: patients of any age. */
  childrenOnly?: boolean;
  reasons: readonly string[];
  diagnoses: readonly string[];
  /** Services that an insurer pays, at least five. */
  insured: readonly Service[];
  /** Services that the patient or a third party pays, at least five. */
  private: readonly Service[];
}

const QUARTER_HOURS = ['1', '2', '3', '4'];

/** Private services that every physician offers. */
const PAPERWORK: readonly Service[] = [
  { code: 'P010', description: 'Sick note', unitPrice: '20.00' },
  { code: 'P011', description: 'School or camp form', unitPrice: '35.00' },
  { code: 'P012', description: "Driver's medical examination", unitPrice: '125.00' },
  { code: 'P013', description: 'Copy of records, per page', unitPrice: '0.3350', units: ['7', '18', '45'] },
  {
    code: 'P014',
    description: 'Insurance report, per hour',
    unitPrice: '275.00',
    units: ['0.5', '0.75', '1.5'],
  },
  { code: 'P015', description: 'Missed appointment', unitPrice: '40.00' },
];

export const FAMILY_MEDICINE: Practice = {
  specialty: 'Family medicine',
  publicPercent: 88,
  reasons: [
    'Cough and fever',
    'Blood pressure review',
    'Diabetes follow-up',
    'Annual visit',
    'Back pain',
    'Vaccination',
  ],
  diagnoses: ['J06.9', 'I10', 'E11.9', 'M54.5', 'F41.1', 'Z00.0', 'E78.5', 'N39.0', 'K21.9'],
  insured: [
    { code: 'A001A', description: 'Minor assessment', unitPrice: '23.75' },
    { code: 'A007A', description: 'Intermediate assessment', unitPrice: '37.95' },
    { code: 'A003A', description: 'General assessment', unitPrice: '87.35' },
    {
      code: 'K005A',
      description: 'Mental health care, per half hour',
      unitPrice: '70.10',
      units: ['1', '2'],
    },
    { code: 'G372A', description: 'Injection with visit', unitPrice: '3.89', units: ['1', '2'] },
    { code: 'G590A', description: 'Influenza vaccine', unitPrice: '5.65' },
    { code: 'E542A', description: 'Tray fee', unitPrice: '11.55' },
  ],
  private: [...PAPERWORK, { code: 'P020', description: 'Travel vaccine consultation', unitPrice: '65.00' }],
};

export const PAEDIATRICS: Practice = {
  specialty: 'Paediatrics',
  publicPercent: 88,
  childrenOnly: true,
  reasons: ['Well baby visit', 'Ear pain', 'Asthma follow-up', 'Rash', 'School difficulties'],
  diagnoses: ['H66.9', 'J45.9', 'Z00.1', 'L20.9', 'F90.0', 'J21.9'],
  insured: [
    { code: 'A265A', description: 'Paediatric consultation', unitPrice: '178.30' },
    { code: 'A261A', description: 'Paediatric minor assessment', unitPrice: '26.15' },
    { code: 'K267A', description: 'Well child visit', unitPrice: '44.70' },
    { code: 'G538A', description: 'Immunization', unitPrice: '5.40', units: ['1', '2', '3'] },
    {
      code: 'K122A',
      description: 'Developmental counselling, per quarter',
      unitPrice: '42.80',
      units: QUARTER_HOURS,
    },
  ],
  private: PAPERWORK,
};

export const DERMATOLOGY: Practice = {
  specialty: 'Dermatology',
  publicPercent: 88,
  reasons: ['Mole check', 'Eczema', 'Acne follow-up', 'Skin biopsy', 'Psoriasis review'],
  diagnoses: ['L20.9', 'L40.0', 'L70.0', 'D22.9', 'C44.9', 'L82.1'],
  insured: [
    { code: 'A025A', description: 'Dermatology consultation', unitPrice: '80.45' },
    { code: 'A023A', description: 'Specific assessment', unitPrice: '48.20' },
    { code: 'Z113A', description: 'Biopsy', unitPrice: '31.15', units: ['1', '2'] },
    { code: 'Z117A', description: 'Cryotherapy, per lesion', unitPrice: '12.65', units: ['1', '3', '5'] },
    { code: 'G470A', description: 'Phototherapy session', unitPrice: '7.85' },
  ],
  private: [
    ...PAPERWORK,
    { code: 'P040', description: 'Cosmetic mole removal', unitPrice: '195.00', units: ['1', '2'] },
  ],
};

export const PSYCHIATRY: Practice = {
  specialty: 'Psychiatry',
  publicPercent: 88,
  reasons: ['Low mood', 'Anxiety follow-up', 'Medication review', 'Sleep problems', 'Assessment for work'],
  diagnoses: ['F32.9', 'F41.1', 'F43.1', 'F31.9', 'F90.0', 'G47.0'],
  insured: [
    { code: 'A195A', description: 'Psychiatric consultation', unitPrice: '221.15' },
    {
      code: 'K197A',
      description: 'Individual psychotherapy, per quarter',
      unitPrice: '46.0250',
      units: QUARTER_HOURS,
    },
    {
      code: 'K198A',
      description: 'Psychiatric care, per quarter',
      unitPrice: '44.7150',
      units: QUARTER_HOURS,
    },
    {
      code: 'K203A',
      description: 'Group psychotherapy, per quarter',
      unitPrice: '9.3350',
      units: ['4', '6'],
    },
    { code: 'K623A', description: 'Certification form', unitPrice: '105.30' },
  ],
  private: PAPERWORK,
};

export const PHYSIOTHERAPY: Practice = {
  specialty: 'Physiotherapy',
  publicPercent: 0,
  reasons: ['Knee pain', 'Shoulder after surgery', 'Neck pain', 'Work injury', 'Ankle sprain'],
  diagnoses: ['M25.5', 'M75.1', 'M54.2', 'S93.4', 'M17.9', 'M54.5'],
  insured: [
    { code: 'PT100', description: 'Initial assessment', unitPrice: '110.00' },
    { code: 'PT110', description: 'Treatment, per quarter', unitPrice: '23.75', units: ['2', '3', '4'] },
    { code: 'PT120', description: 'Exercise programme', unitPrice: '45.00' },
    { code: 'PT130', description: 'Work injury report', unitPrice: '62.50' },
    { code: 'PT140', description: 'Electrotherapy', unitPrice: '18.40' },
  ],
  private: [
    { code: 'PT200', description: 'Private session', unitPrice: '95.00' },
    { code: 'PT210', description: 'Acupuncture', unitPrice: '55.00' },
    { code: 'PT220', description: 'Knee brace, fitted', unitPrice: '84.99' },
    {
      code: 'PT230',
      description: 'Home visit, per kilometre',
      unitPrice: '0.6150',
      units: ['6.4', '12.5', '31.25'],
    },
    { code: 'PT240', description: 'Gait analysis', unitPrice: '130.00' },
  ],
};

/** What staff write on bills, and what they write on a claim that an insurer sent back. */
export const NOTES = [
  'Receipt sent by post at the request of the patient.',
  "Reçu envoyé à l'assureur.",
  'Patient prefers e-mail.',
  'Second form on the same day: not charged.',
];
export const REJECTIONS = [
  'Rejected: version code of the health card out of date.',
  'Rejected: diagnosis does not support the service.',
  'Returned: referral number missing.',
];
