import pg from 'pg';
import { unavailable } from './errors';

/** How long PostgreSQL has to take the request to cancel; if it does not, the statement's own timeout ends it. */
const CANCEL_TIMEOUT_MS = 2_000;

/** Cancels statements that nobody waits for any more, over a connection of its own: the pool may be full of them. */
export class StatementCanceller {
  /** @param url the address under which the pool signs in: PostgreSQL lets a role cancel what is its own. */
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

  private async cancel(running: pg.ClientBase): Promise<void> {
    // The driver has it from the server's greeting; its types do not tell.
    const { processID } = running as unknown as { processID: number | null };
    if (processID === null) return;
    const client = new pg.Client({
      connectionString: this.url,
      connectionTimeoutMillis: CANCEL_TIMEOUT_MS,
      query_timeout: CANCEL_TIMEOUT_MS,
      application_name: 'billing-access-delegation cancel',
    });
    try {
      await client.connect();
      await client.query('SELECT pg_cancel_backend($1)', [processID]);
    } finally {
      await client.end();
    }
  }
}
