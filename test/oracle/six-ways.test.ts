import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { importInto, SAMPLE } from '../importers/synthea-support';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { startTestServer, type TestServer } from '../support/server';
import { Comparison } from './comparison';

const REPOSITORY = path.resolve(__dirname, '../..');
/** A real export of the generator, beside the repository where there is one; else our own small sample. */
const EXPORT = path.resolve(REPOSITORY, '../shared/data/synthea');
const isThere = existsSync(path.join(EXPORT, 'claims.csv'));
const CLINIC = 'Synthea clinic';

describe(`the imported Synthea clinic (${isThere ? 'the real export' : 'our own sample'})`, () => {
  let db: TestDatabase;
  let server: TestServer;
  let comparison: Comparison;

  beforeAll(async () => {
    // Beside the demo's clinics, whose bills its users must not get, and support, who must.
    db = await createTestDatabase({ demo: true });
    await importInto(db.url, { folder: isThere ? EXPORT : SAMPLE, clinic: CLINIC, currency: 'USD' });
    server = await startTestServer({ db, statementTimeoutMs: 60_000 });
    comparison = await Comparison.open(db, server);
  });

  afterAll(async () => {
    await server?.close();
    await db?.drop();
  });

  test('every viewer gets the same bills by all six ways as by the oracle', async () => {
    const { faults, sawSome, sawNone } = await comparison.compareWays(CLINIC);
    expect(faults).toEqual([]);
    expect(sawSome).toBeGreaterThan(1);
    expect(sawNone).toBeGreaterThan(0);
  }, 300_000);

  test('every count, sum and summary is over the bills that the viewer may see', async () => {
    await comparison.compareNumbers(CLINIC, (came, expected) => expect(came).toEqual(expected));
  }, 300_000);
});
