import pg from 'pg';
import { unavailable } from './errors';

/** How long PostgreSQL has to take the request to cancel; if it does not, the statement's own timeout ends it. */
const CANCEL_TIMEOUT_MS = 2_000;

/** What the driver has from the server's greeting; its types do not tell. */
interface Greeted {
  readonly processID: number | null;
  readonly secretKey: number | null;
}

/** The driver's connection as it is on the wire. Its types leave this out; a test holds it to what is used here. */
interface WireConnection {
  connect(portOrSocket: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
  on(event: 'connect' | 'sslconnect' | 'end', listener: () => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  readonly stream: { destroy(): void };
}

const Connection = pg.Connection as unknown as new (config: {
  ssl: unknown;
  sslNegotiation: unknown;
}) => WireConnection;

/** Where the driver would connect to, and how; its types leave out the last. */
type Address = pg.Client & { readonly sslNegotiation?: unknown };

/**
 * Cancels statements that nobody waits for any more, over a connection of its own: the pool may be full of them. It is
 * PostgreSQL's own request to cancel, which names the process and its secret: behind an address that leads elsewhere
 * after a failover it meets nobody, where the number alone could be that of another's statement, and PgBouncer passes
 * it on (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS).
 */
export class StatementCanceller {
  /** @param url the address under which the pool signs in. */
  constructor(
    private readonly url: string,
    private readonly onError: (error: unknown) => void,
  ) {}

  /**
   * Runs a statement on a connection that the caller holds. When the signal is aborted, the statement is cancelled in
   * PostgreSQL. Answers, or raises, only once no cancelling is under way any more: it could hit whoever has the
   * connection next. Raises UNAVAILABLE when the signal was aborted before.
   */
  async run<Result>(
    client: pg.ClientBase,
    signal: AbortSignal | undefined,
    statement: () => Promise<Result>,
  ): Promise<Result> {
    if (signal === undefined) return statement();
    if (signal.aborted) throw unavailable(signal.reason);
    let cancelling: Promise<void> | undefined;
    const cancel = (): void => {
      cancelling = this.cancel(client).catch(this.onError);
    };
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await statement();
    } finally {
      signal.removeEventListener('abort', cancel);
      await cancelling;
    }
  }

  /** PostgreSQL hangs up when it has passed the request on. */
  private async cancel(running: pg.ClientBase): Promise<void> {
    const { processID, secretKey } = running as unknown as Greeted;
    if (processID === null || secretKey === null) return;
    const { host, port, ssl, sslNegotiation } = new pg.Client({ connectionString: this.url }) as Address;
    const connection = new Connection({ ssl, sslNegotiation });
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const ask = (): void => connection.cancel(processID, secretKey);
        connection.on('error', reject);
        connection.on('end', resolve);
        connection.on('sslconnect', ask);
        connection.on('connect', () => {
          if (!ssl) ask();
          else if (sslNegotiation !== 'direct') connection.requestSsl();
        });
        timer = setTimeout(
          () => reject(new Error('PostgreSQL did not take the request to cancel a statement')),
          CANCEL_TIMEOUT_MS,
        );
        if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`);
        else connection.connect(port, host);
      });
    } finally {
      clearTimeout(timer);
      connection.stream.destroy();
    }
  }
}
