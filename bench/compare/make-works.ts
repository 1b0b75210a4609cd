import type pg from 'pg';
import { toGlobalId } from '../../src/global-id';
import { DEFAULT_LIMITS } from '../../src/http/limits';
import { mainClinic, PASSWORD, PROVIDER_EMAIL, viewerEmail } from '../lib/data';
import { type Ask, QUERIES, type Work } from '../works';

/** The viewer who asks, unless a contestant or a work names another. */
export const USUAL_VIEWER = 20;
/** How many explanations the work is about. */
export const DECISIONS = 10_000;

/** Reads the ids that the works are about; the same for the same data. Raises where the data are not the benchmark's. */
export async function makeWorks(owner: pg.Client, connections: number): Promise<Work[]> {
  const { clinicId } = mainClinic();
  const ids = async (text: string, ...values: unknown[]): Promise<string[]> => {
    const { rows } = await owner.query<{ id: string }>(text, [clinicId, ...values]);
    return rows.map(({ id }) => id);
  };
  const one = async (what: string, text: string, ...values: unknown[]): Promise<string> => {
    const [id] = await ids(text, ...values);
    if (id === undefined) throw new Error(`the data have no ${what}: remove .bench and run again`);
    return id;
  };
  const visible = `SELECT d.provider_id FROM delegations d JOIN sign_ins s ON s.clinic_id = d.clinic_id
    AND s.user_id = d.delegate_user_id WHERE s.clinic_id = $1 AND s.email = $2`;
  const viewer = viewerEmail(USUAL_VIEWER);
  const patient = await one(
    'patient with visible bills',
    `SELECT patient_id AS id FROM bills WHERE clinic_id = $1 AND provider_id IN (${visible})
     GROUP BY patient_id ORDER BY count(*) DESC, patient_id LIMIT 1`,
    viewer,
  );
  const bill = await one(
    'visible bill with payments',
    `SELECT b.id FROM bills b WHERE clinic_id = $1 AND provider_id IN (${visible})
       AND EXISTS (SELECT FROM payments p WHERE p.clinic_id = b.clinic_id AND p.bill_id = b.id)
     ORDER BY service_date DESC, id DESC LIMIT 1`,
    viewer,
  );
  const provider = await one(
    'provider who signs in',
    'SELECT user_id AS id FROM sign_ins WHERE clinic_id = $1 AND email = $2',
    PROVIDER_EMAIL,
  );
  // Nobody who asks, and nobody who is on the list: it shall be the same list afterwards.
  const strangers = await ids(
    `SELECT u.id FROM users u WHERE u.clinic_id = $1 AND u.active AND u.id <> $2
       AND NOT EXISTS (SELECT FROM sign_ins s WHERE s.clinic_id = u.clinic_id AND s.user_id = u.id)
       AND NOT EXISTS (SELECT FROM delegations d WHERE d.clinic_id = u.clinic_id AND d.provider_id = $2
         AND d.delegate_user_id = u.id)
     ORDER BY u.id LIMIT $3`,
    provider,
    connections,
  );
  const users = await ids('SELECT id FROM users WHERE clinic_id = $1 ORDER BY id LIMIT 500');
  const bills = await ids(
    'SELECT id FROM bills WHERE clinic_id = $1 AND provider_id = $2 ORDER BY id LIMIT 500',
    provider,
  );
  const global = (type: 'Bill' | 'Patient' | 'User', id = ''): string => toGlobalId(type, clinicId, id);

  return [
    {
      name: 'page-50',
      title: 'dashboard, first 50 bills with patient, provider and items',
      operationName: 'Page',
      query: QUERIES['page-50'],
      variables: { first: 50 },
    },
    {
      name: 'page-500',
      title: 'dashboard, first 500 bills with patient, provider and items',
      operationName: 'Page',
      query: QUERIES['page-500'],
      variables: { first: 500 },
    },
    {
      name: 'totals',
      title: 'dashboard, totals over every visible bill',
      operationName: 'Totals',
      query: QUERIES.totals,
      variables: {},
    },
    {
      name: 'chart',
      title: 'patient chart, the patient with most visible bills',
      operationName: 'Chart',
      query: QUERIES.chart,
      variables: { id: global('Patient', patient) },
    },
    {
      name: 'visits',
      title: 'visits, 50 with the bills of both kinds',
      operationName: 'Visits',
      query: QUERIES.visits,
      variables: {},
    },
    {
      name: 'bill',
      title: 'one bill with items and payments',
      operationName: 'Bill',
      query: QUERIES.bill,
      variables: { id: global('Bill', bill) },
    },
    saveWork(
      global('User', provider),
      strangers.map((id) => global('User', id)),
    ),
    explainWork(
      bills.map((id) => global('Bill', id)),
      users.map((id) => global('User', id)),
    ),
  ];
}

const SAVE = (field: string, input: string): string =>
  `mutation Save($input: ${input}!) { ${field}(input: $input) { list { version } } }`;

/** Every connection puts a user of its own on one list and takes it off again. */
function saveWork(providerId: string, userIds: readonly string[]): Work {
  const asks = (userId: string): [add: Ask, remove: Ask] => {
    const variables = { input: { providerId, userId, password: PASSWORD } };
    return [
      { query: SAVE('addUserDelegate', 'AddUserDelegateInput'), variables },
      { query: SAVE('removeUserDelegate', 'RemoveUserDelegateInput'), variables },
    ];
  };
  const turns = (connection: number): readonly Ask[] => asks(userIds[connection % userIds.length] ?? '');
  return {
    name: 'save',
    title: 'a delegation saved (its argon2 password check dominates, one at a time for one account)',
    operationName: 'Save',
    email: PROVIDER_EMAIL,
    ...(turns(0)[0] as Ask),
    turns,
    finish: userIds.map((userId) => asks(userId)[1]),
  };
}

/** A provider asks why users may see bills of theirs: as many a request as may have an alias, never the same pair twice. */
function explainWork(billIds: readonly string[], userIds: readonly string[]): Work {
  const perRequest = DEFAULT_LIMITS.aliases;
  const pairs = Array.from({ length: DECISIONS }, (_, index) => ({
    billId: billIds[index % billIds.length],
    userId: userIds[(index + Math.floor(index / billIds.length)) % userIds.length],
  }));
  const places = Array.from({ length: perRequest }, (_, place) => place);
  const query = `query Explain(${places.map((place) => `$b${place}: ID!, $u${place}: ID!`).join(', ')}) {
  ${places
    .map(
      (place) =>
        `e${place}: explainBillAccess(billId: $b${place}, userId: $u${place}) { visible grounds { ground } }`,
    )
    .join('\n  ')}
}`;
  const asks = Array.from({ length: Math.floor(DECISIONS / perRequest) }, (_, request) => ({
    query,
    variables: Object.fromEntries(
      places.flatMap((place) => {
        const pair = pairs[request * perRequest + place];
        return [
          [`b${place}`, pair?.billId],
          [`u${place}`, pair?.userId],
        ];
      }),
    ),
  }));
  return {
    name: 'explain',
    title: `explainBillAccess, ${perRequest} decisions a request (figures are per decision, p50 and p99 per request)`,
    operationName: 'Explain',
    email: PROVIDER_EMAIL,
    ...(asks[0] as Ask),
    // Each connection begins elsewhere.
    turns: (connection) => {
      const from = (connection * 37) % asks.length;
      return [...asks.slice(from), ...asks.slice(0, from)];
    },
    counts: { what: 'decisions', perRequest },
  };
}
