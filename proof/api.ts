import { Agent, request } from 'node:http';
import { withClient } from '../src/embedded-database';
import { Tokens } from '../src/identity/tokens';
import { createTestDatabase, type TestDatabase, testCluster } from '../test/support/database';
import { SIGNING_KEY, startTestServer, type TestServer } from '../test/support/server';
import { type Instant, timestamp } from './world';

/** What a GraphQL server answers. */
export interface Reply {
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions: { readonly code: string };
  }[];
}

/** Somebody who asks: a user of a clinic, or (clinicId null) a support user. */
export interface Asker {
  readonly id: string;
  readonly clinicId: string | null;
}

/** The served API over HTTP, on a database of the proof's own, with a clock that the proof can set. */
export interface Api {
  readonly db: TestDatabase;
  ask(who: Asker, query: string, variables?: Readonly<Record<string, string>>): Promise<Reply>;
  /** Sets the database's clock as the API reads it, to the microsecond; null: the real one. */
  setClock(at: Instant | null): Promise<void>;
  close(): Promise<void>;
}

/**
 * The API decides everything at its database's clock, `clock_timestamp()`. In the proof's database another function of
 * that name is found first, on the server's connections alone; so "at the very instant" can be asked over HTTP.
 */
async function makeClock(db: TestDatabase): Promise<void> {
  const cluster = testCluster();
  await db.query('CREATE SCHEMA proof_clock');
  await db.query('CREATE TABLE proof_clock.told (at timestamptz)');
  await db.query('INSERT INTO proof_clock.told VALUES (NULL)');
  await db.query(`CREATE FUNCTION proof_clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
    'SELECT coalesce(told.at, pg_catalog.clock_timestamp()) FROM proof_clock.told'`);
  await db.query('GRANT USAGE ON SCHEMA proof_clock TO PUBLIC');
  await db.query('GRANT SELECT ON proof_clock.told TO PUBLIC');
  const { username } = new URL(cluster.serverUrl);
  await withClient(cluster.adminUrl, (client) =>
    client.query(
      `ALTER ROLE ${username} IN DATABASE ${db.name} SET search_path = proof_clock, pg_catalog, public`,
    ),
  );
}

/** Starts the API for a proof. `close` drops its database. */
export async function startApi(): Promise<Api> {
  const db = await createTestDatabase();
  await makeClock(db);
  const server = await startTestServer({ db, poolSize: 8, statementTimeoutMs: 60_000 });
  const tokens = new Tokens(SIGNING_KEY, 24 * 60);
  const known = new WeakMap<Asker, Promise<{ token: string }>>();
  const agent = new Agent({ keepAlive: true });
  const address = new URL('/graphql', server.url);
  return {
    db,
    ask: async (who, query, variables = {}) => {
      const issued = known.get(who) ?? tokens.issue({ userId: who.id, clinicId: who.clinicId });
      known.set(who, issued);
      const { token } = await issued;
      // The log is of no use here, and long.
      server.logged.length = 0;
      return send(address, agent, token, JSON.stringify({ query, variables }));
    },
    setClock: async (at) => {
      await db.query('UPDATE proof_clock.told SET at = $1::timestamptz', [
        at === null ? null : timestamp(at),
      ]);
    },
    close: async () => {
      agent.destroy();
      await close(server);
    },
  };
}

async function close(server: TestServer): Promise<void> {
  await server.close();
  await server.db.drop();
}

function send(address: URL, agent: Agent, token: string, body: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      address,
      {
        agent,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          authorization: `Bearer ${token}`,
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.once('error', reject);
        response.once('end', () => {
          try {
            resolve(JSON.parse(text) as Reply);
          } catch {
            reject(new Error(`the server answered ${response.statusCode}: ${text.slice(0, 300)}`));
          }
        });
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
