import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { GraphQLSchema } from 'graphql';
import { guard, unguardedSchema } from '../../src/schema';
import { A, DEMO_ID, replaceResolvers } from '../cases/support';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { type Both, startBoth } from './compiled-support';

describe('where resolvers are wrong', () => {
  let db: TestDatabase;
  let broken: Both;
  let token: string;

  beforeAll(async () => {
    db = await createTestDatabase({ demo: true });
    broken = await startBoth({ db, schema: wrongSchema() });
    token = await broken.compiled.tokenOf(A);
  });
  afterAll(async () => {
    await broken?.close();
    await db?.drop();
  });

  it.each([
    'number',
    'kind',
    'status',
    'serviceDate',
    'note',
    'billed',
    'items { line }',
    'payments { kind }',
    'patient { id name }',
    'provider { id name }',
    'encounter { id }',
    'visit { id }',
    'payer { name }',
    'number note kind patient { name }',
    'note encounter { startedAt reason } visit { startedAt }',
  ])('{ %s }: the same errors, in the answer and in the log', async (fields) => {
    const logs = [broken.compiled, broken.standard].map(
      ({ logged }) =>
        () =>
          logged.splice(0),
    );
    for (const take of logs) take();
    const answer = await broken.same(token, {
      query: `{ dashboard { bills(first: 3) { nodes { id ${fields} } } nullable: bills(first: 2) { edges { node { id ${fields} } } } } }`,
    });
    expect(answer).toContain('"code":"INTERNAL"');
    const [compiled = [], standard = []] = logs.map((take) =>
      take()
        .map(failureOf)
        .filter((one) => one !== null),
    );
    expect(new Set(compiled)).toEqual(new Set(standard));
    expect(standard.length).toBeGreaterThan(0);
  });
});

/** What a line of the log says of a failure. */
function failureOf(line: string): string | null {
  const { msg, err, level } = JSON.parse(line) as {
    msg: string;
    level: unknown;
    err?: { type: string; message: string };
  };
  return msg === 'a field failed' ? `${level} ${err?.type} ${err?.message}` : null;
}

/** The schema with resolvers that raise, answer errors, nothing, or what their type cannot be. */
function wrongSchema(): GraphQLSchema {
  const wrong = replaceResolvers(unguardedSchema(), {
    'Bill.number': () => {
      throw new Error('raised at once');
    },
    'Bill.kind': () => 'NO_KIND',
    'Bill.status': () => null,
    'Bill.serviceDate': () => 'no date',
    'Bill.note': () => new Error('given, not raised'),
    'Bill.billed': async () => {
      throw new TypeError('raised later');
    },
    'Bill.items': () => 'no list',
    'Bill.payments': () => [Promise.reject(new Error('raised in a list')), Promise.resolve(null)],
    'Bill.patient': async () => undefined,
    'Bill.provider': async () => Promise.reject(new Error('rejected')),
    'Bill.encounter': async () => ({ clinicId: DEMO_ID, startedAt: 'no instant' }),
    'Encounter.id': () => null,
    'Bill.visit': () => Promise.reject('no error'),
    'Bill.payer': async () => ({ clinicId: DEMO_ID }),
    'Payer.name': () => Symbol('no text'),
  });
  return guard(wrong);
}
