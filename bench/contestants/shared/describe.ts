import path from 'node:path';

/** The compiled file of a contestant's server, which lies beside its description. */
export const entryOf = (file: string): string => path.resolve(__dirname, '..', `${file}.js`);

/** What the contestants other than ours have in common: less work than ours, to their advantage. */
export const TRUSTING = { asOwner: true, signsIn: false } as const;

/** The works that everybody can do whose schema was written for them. */
export const READING = ['page-50', 'page-500', 'totals', 'chart', 'visits', 'bill'] as const;
