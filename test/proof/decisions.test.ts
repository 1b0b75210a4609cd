import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { PARTS } from '../../proof/mutants/suite';
import { type Kit, openKit } from '../../proof/mutants/suite/kit';
import { writeWorld } from '../../proof/mutants/suite/world';
import { createTestDatabase, type TestDatabase } from '../support/database';

// The same cases must fail for every mutant of the code that decides: npm run proof:mutants.
let db: TestDatabase;
let kit: Kit;

beforeAll(async () => {
  db = await createTestDatabase();
  await writeWorld((text, values) => db.query(text, values));
  kit = openKit({ owner: db.url, api: db.apiUrl });
});
afterAll(async () => {
  await kit?.close();
  await db?.drop();
});

describe.each(Object.entries(PARTS))('%s', (_part, cases) => {
  test.each(cases.map((one) => [one.name, one] as const))('%s', (_name, one) => one.run(kit));
});
