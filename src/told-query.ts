import pg from 'pg';
import type { Told } from './sql';

/** What the driver's query does on the wire. Its types leave this out; a test holds it to what is used here. */
interface WireQuery extends pg.Submittable {
  prepare(connection: WireConnection): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: WireConnection): void;
}

interface WireConnection {
  parse(options: { name: string; text: string }): void;
  bind(options: { statement: string; values: readonly string[] }): void;
  execute(options: { portal: string; rows: number }): void;
}

interface QueryConfig {
  /** Without one, the statement is not kept prepared. */
  readonly name?: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

type Callback = (error: Error | null, result: pg.QueryResult) => void;

const DriverQuery = pg.Query as unknown as new (
  config: QueryConfig & { readonly queryMode: 'extended' },
  values: undefined,
  callback: Callback,
) => WireQuery;

/** Tells the database for whom the rest of the transaction reads bills, and no longer than that. */
const TELL = {
  name: 'tell-viewer',
  text: 'SELECT tell_viewer($1::uuid, $2::uuid, $3::timestamptz, $4::text)',
};

const wordsOf = (told: Told): string[] => [told.viewer, told.clinic, told.now, told.action];

/**
 * A statement that tells the database for whom it is run, in one round trip: the telling and the statement are sent
 * together, and PostgreSQL takes what it gets before the next Sync message for one transaction
 * (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING). The settings end with it, so a
 * pooled connection never carries a viewer over.
 */
class ToldQuery extends DriverQuery {
  private telling = true;

  constructor(
    private readonly config: QueryConfig,
    private readonly told: Told,
    callback: Callback,
  ) {
    // A statement without name and values would be sent in the simple protocol, and nothing can be put before it there.
    super({ ...config, queryMode: 'extended' }, undefined, callback);
  }

  override prepare(connection: WireConnection): void {
    const statement = this.config.name === undefined ? '' : TELL.name;
    if (statement === '') connection.parse({ name: statement, text: TELL.text });
    connection.bind({ statement, values: wordsOf(this.told) });
    connection.execute({ portal: '', rows: 0 });
    super.prepare(connection);
  }

  override handleDataRow(message: unknown): void {
    if (!this.telling) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, connection: WireConnection): void {
    if (this.telling) this.telling = false;
    else super.handleCommandComplete(message, connection);
  }
}

/** The connections on which the telling is prepared. */
const prepared = new WeakSet<object>();

/** Runs a statement with values for the viewer of `told`, on a connection that is not in a transaction. */
export async function queryAsTold<Row extends pg.QueryResultRow>(
  client: pg.ClientBase,
  config: QueryConfig,
  told: Told,
): Promise<pg.QueryResult<Row>> {
  if (config.name !== undefined && !prepared.has(client)) {
    await client.query({ ...TELL, values: wordsOf(told) });
    prepared.add(client);
  }
  return new Promise((resolve, reject) => {
    client.query(
      new ToldQuery(config, told, (error, result) => {
        if (error) reject(error);
        else resolve(result as pg.QueryResult<Row>);
      }),
    );
  });
}
