import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { Database } from '../database';
import { toGlobalId } from '../global-id';
import { Tokens } from '../identity/tokens';
import { createLogger } from '../logging';
import { MigrationError, misfit } from '../migrations-fit';
import { buildGuardedSchema } from '../schema';
import { createServer } from '../server';

/** Somebody who reads, and the clinic whose dashboard they ask for. */
export interface Reader {
  readonly userId: string;
  /** Null: support. */
  readonly homeClinicId: string | null;
  readonly clinicId: string;
}

/** The first page of the dashboard, as a reader sees it. */
const FIRST_PAGE = `query FirstPage($clinicId: ID) {
  viewer { user { id name } }
  dashboard(clinicId: $clinicId) {
    clinic { name segregationLaunchesAt }
    bills(first: 50) {
      totalCount
      totals { count billed outstanding }
      edges { cursor node { id number status serviceDate total provider { name } patient { name } items { amount } } }
    }
  }
}`;

/** Some clinics, and some people of each: providers and staff, and a support user. */
export async function chooseReaders(client: pg.ClientBase): Promise<Reader[]> {
  const { rows } = await client.query<Reader>(`
    WITH chosen AS (SELECT id FROM clinics ORDER BY id LIMIT 3)
    SELECT person.id AS "userId", chosen.id AS "homeClinicId", chosen.id AS "clinicId" FROM chosen
    CROSS JOIN LATERAL (
      (SELECT u.id FROM users u JOIN providers p ON p.clinic_id = u.clinic_id AND p.user_id = u.id
       WHERE u.clinic_id = chosen.id AND u.active ORDER BY u.id LIMIT 3)
      UNION ALL
      (SELECT u.id FROM users u WHERE u.clinic_id = chosen.id AND u.active AND NOT EXISTS (
         SELECT FROM providers p WHERE p.clinic_id = u.clinic_id AND p.user_id = u.id) ORDER BY u.id LIMIT 4)) person
    UNION ALL
    SELECT s.id, NULL, chosen.id FROM chosen
    CROSS JOIN LATERAL (SELECT id FROM support_users WHERE active ORDER BY id LIMIT 1) s`);
  return rows;
}

/** An API on a database, for this rehearsal alone. */
export interface Api {
  readonly address: string;
  /** What the reader is answered, as it came over the wire. */
  firstPage(reader: Reader): Promise<string>;
  /** Sends an operation as a reader. */
  ask(reader: Reader, query: string, variables: Record<string, unknown>): Promise<string>;
  close(): Promise<void>;
}

/** A key for the tokens of one rehearsal; nobody else's tokens are valid with it. */
export const newSigningKey = (): string => randomBytes(48).toString('base64');

/**
 * Starts an API on a database, on a free port of this machine alone. Raises MigrationError where the database is not of
 * this version.
 */
export async function startApi(url: string, signingKey: string): Promise<Api> {
  const database = await Database.open({
    url,
    poolSize: 4,
    statementTimeoutMs: 60_000,
    onPoolError: () => undefined,
  });
  try {
    const reason = await misfit(database);
    if (reason !== null) throw new MigrationError(reason);
    const app = await createServer({
      schema: buildGuardedSchema(),
      database,
      log: createLogger('silent'),
      signingKey,
      tokenMinutes: 60,
      trustProxy: false,
      graphiqlFolder: null,
      auditLog: false,
      limits: { requestTimeoutMs: 60_000, requestsPerMinute: 0 },
    });
    const address = await app.listen({ host: '127.0.0.1', port: 0 });
    const tokens = new Tokens(signingKey, 60);
    const ask: Api['ask'] = async (reader, query, variables) => {
      const { token } = await tokens.issue({ userId: reader.userId, clinicId: reader.homeClinicId });
      const response = await fetch(`${address}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query, variables }),
      });
      return response.text();
    };
    return {
      address,
      ask,
      firstPage: (reader) =>
        ask(reader, FIRST_PAGE, {
          clinicId:
            reader.homeClinicId === null ? toGlobalId('Clinic', reader.clinicId, reader.clinicId) : null,
        }),
      close: async () => {
        await app.close();
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}
