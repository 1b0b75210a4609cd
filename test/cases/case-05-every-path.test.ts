import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { unguardedSchema } from '../../src/schema';
import { factories, type MadeUser } from '../support/factories';
import { startTestServer, type TestServer } from '../support/server';
import { type ArgumentOf, nameOf, operationOf, pathsToBilling, STYLES, valuesIn } from './paths';

const schema = unguardedSchema();

/** A clinic in which everything that a path goes through leads to a bill of the owner. */
async function makeWorld(server: TestServer) {
  const make = factories(server.db);
  const clinic = await make.clinic();
  const clinicId = clinic.id;
  // Also an administrator, so that there is somebody for whom every path shows something.
  const permissions = ['EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS'] as const;
  const owner = await make.provider({ clinicId, permissions });
  const stranger = await make.user({ clinicId });
  const group = await make.group({ clinicId, members: [stranger.id] });
  const patient = await make.patient({ clinicId });
  const visit = await make.visit({ clinicId, patientId: patient.id });
  const encounter = await make.encounter({ clinicId, providerId: owner.id, visit });
  const payer = await make.payer({ clinicId });
  const items = [
    {
      serviceCode: 'SECRET-code',
      description: 'SECRET words',
      diagnosisCodes: ['SECRET-d'],
      unitPrice: '77.31',
    },
  ];
  const given = { clinicId, providerId: owner.id, encounter, items, note: 'SECRET note' };
  const insured = await make.bill({ ...given, payerId: payer.id, number: 'SECRET-1' });
  const payments = [{ amount: '13.57', method: 'SECRET-card' }];
  await make.bill({ ...given, kind: 'PRIVATE', number: 'SECRET-2', status: 'PARTIALLY_PAID', payments });
  const ids: Readonly<Record<string, string>> = {
    Clinic: clinic.globalId,
    User: owner.globalId,
    Group: group.globalId,
    Patient: patient.globalId,
    Visit: visit.globalId,
    Encounter: encounter.globalId,
    Payer: payer.globalId,
    Bill: insured.globalId,
  };
  return { owner, stranger, ids };
}

/** What the fields on the way are given. */
const argumentsWith =
  (ids: Readonly<Record<string, string>>, stranger: MadeUser): ArgumentOf =>
  (field, argument, of) => {
    switch (`${field}.${argument}`) {
      case 'node.id':
        return JSON.stringify(ids[of]);
      case 'bill.id':
      case 'explainBillAccess.billId':
      case 'whoCanSeeBill.billId':
        return JSON.stringify(ids.Bill);
      case 'encounter.id':
        return JSON.stringify(ids.Encounter);
      case 'patientChart.patientId':
        return JSON.stringify(ids.Patient);
      case 'explainBillAccess.userId':
        return JSON.stringify(stranger.globalId);
      case 'summary.groupBy':
        return 'PROVIDER';
      default:
        // Short pages: the world is small, and what an operation may ask for is limited.
        return argument === 'first' ? '2' : undefined;
    }
  };

/** What may be in the answer for X: nothing is there, and nothing adds up to nothing, in the clinic's currency. */
const NOTHING = new Set<unknown>([null, 0, '0.00', 'CAD']);
const BATCH = 20;

/** What X is told where a query is about something by itself: a bill that is not there, the launch. */
const REFUSED: Readonly<Record<string, string>> = {
  explainBillAccess: 'NOT_FOUND',
  whoCanSeeBill: 'NOT_FOUND',
  launchReadiness: 'FORBIDDEN',
};

/** Where the owner sees nothing either: that X has no ground, and that nobody loses by a launch that is past. */
const SHOWS_NOTHING = new Set(['explainBillAccess', 'launchReadiness']);

let server: TestServer;
let world: Awaited<ReturnType<typeof makeWorld>>;

beforeAll(async () => {
  server = await startTestServer();
  world = await makeWorld(server);
});

afterAll(() => server.close());

// Reported at AstrumU/graphql-authz#58 (rules skipped through interfaces, unions and fragments); the second part of
// case 4, maticzav/graphql-shield#1340: no field gives X anything of billing.
it.each(STYLES)('case 4, case 5: no path gives a stranger anything of billing, %s', async (style) => {
  // The long ways once, the ordinary ones in every style.
  const longest = style === 'plain' ? 8 : 6;
  const paths = pathsToBilling(schema, argumentsWith(world.ids, world.stranger), longest);
  // So that a mistake in the walk does not pass for a wall.
  expect(paths.map(nameOf)).toEqual(
    expect.arrayContaining([
      'bill',
      'node as Bill',
      'dashboard > bills > edges > node',
      'dashboard > bills > totalCount',
      'dashboard > totals',
      'dashboard > summary',
      'encounter > bills > nodes',
      'patientChart > insuredBills > nodes',
      'patientChart > privateBills > totals',
      'patientChart > outstanding',
      'visits > nodes > insuredBills > nodes',
      'visits > edges > node > privateBills > nodes',
      'node as Patient > chart > privateBills > nodes',
      'encounter > visit > privateBills > nodes',
      'explainBillAccess',
    ]),
  );
  for (let start = 0; start < paths.length; start += BATCH) {
    const batch = paths.slice(start, start + BATCH);
    const text = operationOf(schema, batch, style);
    const theirs = await server.ask<Record<string, unknown>>(world.owner.email, text);
    const xs = await server.ask<Record<string, unknown>>(world.stranger.email, text);
    expect(theirs.errors).toBeUndefined();
    expect(xs.text).not.toMatch(/SECRET|77\.31|13\.57|63\.74|154\.62|SUBMITTED|PARTIALLY/);
    for (const [index, path] of batch.entries()) {
      const name = nameOf(path);
      // The same path shows the owner something, so there was something to hide.
      const shown = valuesIn(theirs.data[`p${index}`]).filter((value) => !NOTHING.has(value));
      if (shown.length === 0 && !SHOWS_NOTHING.has(name)) throw new Error(`${name} shows the owner nothing`);
      const leaked = valuesIn(xs.data[`p${index}`]).filter((value) => !NOTHING.has(value));
      expect([name, leaked]).toEqual([name, []]);
    }
    // The lists are empty for X, they do not fail: only what is asked for by name is refused.
    const refused = batch.flatMap(([root], index) => {
      const code = REFUSED[root?.field ?? ''];
      return code === undefined ? [] : [[`p${index}`, code]];
    });
    const told = (xs.errors ?? []).map(({ path, extensions }) => [String(path?.[0]), extensions.code]);
    expect(told.sort()).toEqual(refused.sort());
  }
});
