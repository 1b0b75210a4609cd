import type { Random } from './random';

/** Patients that are always there, so that a search for an accent, an apostrophe or a hyphen finds someone. */
const ALWAYS = [
  "Zoë O'Neil",
  'Élise Tremblay',
  'Nguyễn Thị Mai',
  "Seán O'Shaughnessy",
  'Anne-Sophie Côté',
  'Łukasz Wójcik',
  'Þóra Jónsdóttir',
  "Aiyana Two-Rivers D'Arcy",
];

const GIVEN = [
  ...[
    'Aisha',
    'Alejandro',
    'Amélie',
    'Anil',
    'Bao',
    'Björn',
    'Chinonso',
    'Chloé',
    'Daniel',
    'Deepa',
    'Ebony',
  ],
  ...['Elena', 'Émile', 'Fatima', 'François', 'Grace', 'Hana', 'Hassan', 'Ibrahim', 'Inês', 'Jack', 'Joël'],
  ...['Kateri', 'Keiko', 'Kwame', 'Leila', 'Liam', 'Lucía', 'Malik', 'Margaret', 'Minh', 'Noémie', 'Nuka'],
  ...['Olena', 'Omar', 'Pádraig', 'Priya', 'Rahul', 'Renée', 'Samuel', 'Siobhán', 'Tariq', 'Thérèse', 'Wen'],
  ...['Xavier', 'Yara', 'Yusuf', 'Zofia'],
];

const FAMILY = [
  ...[
    'Abebe',
    'Ahmed',
    'Beaulieu',
    'Bélanger',
    'Bergström',
    'Campbell',
    'Chen',
    'Cardinal',
    "D'Souza",
    'Dubois',
  ],
  ...[
    'Fernández',
    'Fraser',
    'García',
    'Gill',
    'Hernández',
    'Ivanova',
    'Jean-Baptiste',
    'Kaur',
    'Kim',
    'Kowalski',
  ],
  ...[
    'Lévesque',
    'Li',
    'MacDonald',
    "M'Baye",
    'Müller',
    'Nakamura',
    'Ndiaye',
    "O'Brien",
    'Okafor',
    'Ouellet',
  ],
  ...[
    'Papadopoulos',
    'Patel',
    'Pelletier',
    'Qureshi',
    'Robinson',
    'Roy',
    'Shevchenko',
    'Silva',
    'Smith',
    'Tootoo',
  ],
  ...['Tran', 'van der Berg', 'Whiteduck', 'Wilson', 'Wong', 'Yılmaz', 'Žižek'],
];

/** The names of a clinic's patients. Two patients may share a name, as they do in life. */
export function patientNames(count: number, random: Random): string[] {
  const made = Array.from(
    { length: Math.max(0, count - ALWAYS.length) },
    () => `${random.pick(GIVEN)} ${random.pick(FAMILY)}`,
  );
  return [...ALWAYS, ...made].slice(0, count);
}
