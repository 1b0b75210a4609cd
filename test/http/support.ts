import { connect } from 'node:net';
import type { Answer, GraphqlError, TestServer } from '../support/server';

export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export interface Received {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly data: Record<string, unknown> | null | undefined;
  readonly errors: GraphqlError[];
}

/** Sends a request as it is; the answer must be JSON. */
export async function send(server: TestServer, sent: Sent): Promise<Received> {
  const response = await fetch(`${server.url}${sent.path ?? '/graphql'}`, {
    method: sent.method ?? 'POST',
    headers: { ...(sent.body === undefined ? {} : { 'content-type': 'application/json' }), ...sent.headers },
    ...(sent.body === undefined ? {} : { body: sent.body }),
  });
  const text = await response.text();
  const body = JSON.parse(text) as { data?: Received['data']; errors?: GraphqlError[] };
  return {
    status: response.status,
    headers: response.headers,
    text,
    data: body.data,
    errors: body.errors ?? [],
  };
}

/** The one error of an answer: its code, its message, and the limit that it names. */
export function refusal(answer: Pick<Answer<unknown>, 'errors'>): {
  code: string;
  limit?: unknown;
  message: string;
} {
  const [error, ...more] = answer.errors ?? [];
  if (error === undefined || more.length > 0)
    throw new Error(`not one error: ${JSON.stringify(answer.errors)}`);
  const { code, limit } = error.extensions;
  return { code, ...(limit === undefined ? {} : { limit }), message: error.message };
}

/** Sends bytes, piece by piece with a pause between, and answers all that comes back until the server hangs up. */
export function sendBytes(server: TestServer, pieces: readonly string[], pauseMs = 0): Promise<string> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(Number(port), hostname);
    let timer: NodeJS.Timeout | undefined;
    const write = (at: number): void => {
      const piece = pieces[at];
      if (piece === undefined || !socket.writable) return;
      socket.write(piece);
      timer = setTimeout(() => write(at + 1), pauseMs);
    };
    socket.on('connect', () => write(0));
    socket.on('data', (data) => {
      received += data.toString();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(received);
    });
  });
}
