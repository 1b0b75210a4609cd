import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { toGlobalId } from '../../src/global-id';
import { demoSignIns } from '../../src/importers/demo';
import { startTestServer, type TestServer } from '../support/server';
import { Comparison } from './comparison';
import { Sessions } from './sessions';

describe('the demo clinics', () => {
  let server: TestServer;
  let comparison: Comparison;

  beforeAll(async () => {
    server = await startTestServer({ statementTimeoutMs: 60_000 });
    comparison = await Comparison.open(server.db, server);
  });

  afterAll(() => server?.close());

  // Demo clinic has launched; Other clinic has not, so that everybody there sees everything.
  test.each(['Demo clinic', 'Other clinic'])(
    'in the %s every sign-in gets the same bills by all six ways as by the oracle',
    async (name) => {
      const { faults, sawSome, sawNone } = await comparison.compareWays(name);
      expect(faults).toEqual([]);
      expect(sawSome).toBeGreaterThan(1);
      expect(sawNone > 0).toBe(name === 'Demo clinic');
    },
    300_000,
  );

  test.each(['Demo clinic', 'Other clinic'])(
    'in the %s every count, sum and summary is over the bills that the viewer may see',
    async (name) => {
      await comparison.compareNumbers(name, (came, expected) => expect(came).toEqual(expected));
    },
    300_000,
  );

  test('the comparison asks as every sign-in of the start banner, support included', () => {
    const asked = new Set(
      ['Demo clinic', 'Other clinic'].flatMap((name) => comparison.viewersOf(name)).map((user) => user.id),
    );
    const inactive = comparison.oracle.users.filter((user) => user.signsIn && !user.active);
    expect(inactive.map((user) => user.name)).toEqual(['Oluwaseun Adéyẹmí']);
    expect(asked.size).toBeGreaterThanOrEqual(demoSignIns.length - inactive.length);
  });

  test('a deactivated user, still on a list and with a token that has not expired, gets nothing by any way', async () => {
    const { oracle } = comparison;
    const user = oracle.users.find((one) => !one.active && one.clinicId === oracle.clinic('Demo clinic').id);
    if (user?.clinicId == null) throw new Error('the demo has no deactivated user');
    const { clinicId } = user;
    // The oracle would show these bills, were the user active.
    const [bill] = oracle.visible({ ...user, active: true }, clinicId);
    if (bill === undefined) throw new Error('the deactivated user is on no list');
    expect(oracle.visible(user, clinicId)).toEqual([]);
    const id = (type: 'Bill' | 'Encounter' | 'Patient', row: string) => toGlobalId(type, clinicId, row);
    const sessions = new Sessions(server);
    const ways = {
      dashboard: '{ dashboard { bills { totalCount } totals { count } } }',
      encounter: `{ encounter(id: "${id('Encounter', bill.encounterId ?? bill.id)}") { bills { totalCount } } }`,
      chart: `{ patientChart(patientId: "${id('Patient', bill.patientId)}") { outstanding } }`,
      visit: '{ visits { nodes { insuredBills { totalCount } } } }',
      bill: `{ bill(id: "${id('Bill', bill.id)}") { number } }`,
      node: `{ node(id: "${id('Bill', bill.id)}") { id } }`,
    };
    for (const [way, query] of Object.entries(ways)) {
      const answer = await sessions.ask(user, query);
      expect({
        way,
        values: Object.values(answer.data ?? {}),
        codes: answer.errors?.map((error) => error.extensions.code),
      }).toEqual({ way, values: [null], codes: ['UNAUTHENTICATED'] });
    }
  });
});
