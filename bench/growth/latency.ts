import http from 'node:http';
import { headersOf } from '../lib/load';
import type { MeasuredServer } from '../lib/server';

/** How long requests took over one connection, one after the other, in milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly requests: number;
}

/** The page that is asked for: everything that the dashboard shows of a bill. */
const PAGE = `query Page($first: Int, $after: String) {
  dashboard {
    bills(first: $first, after: $after) {
      nodes {
        id number status serviceDate total outstanding
        patient { name }
        provider { name }
        items { serviceCode amount }
      }
    }
  }
}`;

export const PAGE_SIZE = 50;

/** Asks one server for pages over one connection, in the name of one viewer. */
export class PageClient {
  private readonly agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  private readonly body: string;

  constructor(
    private readonly server: MeasuredServer,
    private readonly token: string,
    after: string | null,
  ) {
    this.body = JSON.stringify({
      query: PAGE,
      variables: { first: PAGE_SIZE, after },
      operationName: 'Page',
    });
  }

  /** How many bills the page has. Raises when the answer is not a page. */
  async count(): Promise<number> {
    const text = await this.ask();
    const { data } = JSON.parse(text) as { data?: { dashboard?: { bills?: { nodes?: unknown[] } } } | null };
    const nodes = data?.dashboard?.bills?.nodes;
    if (nodes === undefined) throw new Error(`The server did not answer with a page: ${text.slice(0, 300)}`);
    return nodes.length;
  }

  /** Asks for so many seconds, and at the least ten times. Raises when the server refuses, or ends. */
  async measure(seconds: number): Promise<Latency> {
    const times: number[] = [];
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end || times.length < 10) {
      this.server.died.throwIfAborted();
      const begin = performance.now();
      await this.ask();
      times.push(performance.now() - begin);
    }
    times.sort((a, b) => a - b);
    const at = (part: number): number => times[Math.ceil(part * times.length) - 1] ?? Number.NaN;
    return { p50: at(0.5), p99: at(0.99), requests: times.length };
  }

  close(): void {
    this.agent.destroy();
  }

  private ask(): Promise<string> {
    return new Promise((resolve, reject) => {
      const request = http.request(
        `${this.server.url}/graphql`,
        {
          method: 'POST',
          agent: this.agent,
          headers: { ...headersOf(this.token), 'content-length': Buffer.byteLength(this.body) },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (part: string) => {
            text += part;
          });
          response.once('error', reject);
          response.once('end', () => {
            if (response.statusCode === 200 && !text.includes('"errors"')) resolve(text);
            else reject(new Error(`The server answered ${response.statusCode}: ${text.slice(0, 300)}`));
          });
        },
      );
      request.once('error', reject);
      request.end(this.body);
    });
  }
}
