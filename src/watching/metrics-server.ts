import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isIPv6 } from 'node:net';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';

export interface MetricsServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** The metrics in Prometheus' text format. */
  readonly read: () => Promise<string>;
  readonly log: Logger;
}

/** The metrics over HTTP, at an address of their own. */
export interface MetricsServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts to answer GET /metrics there, and nothing else. Raises the system's error when the port cannot be had. */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 5_000 }, (request, response) => {
    const answer = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
    };
    if (request.url?.replace(/\?.*$/s, '') !== '/metrics')
      return answer(404, 'The metrics are at /metrics.\n');
    if (request.method !== 'GET') return answer(405, 'The metrics are read by GET.\n');
    options.read().then(
      (text) => answer(200, text, Registry.PROMETHEUS_CONTENT_TYPE),
      (error: unknown) => {
        options.log.error({ err: error }, 'the metrics cannot be read');
        answer(500, 'The metrics cannot be read; the log says why.\n');
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // `exclusive`: in no process of a cluster is this the cluster's port.
    server.listen({ host: options.host, port: options.port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    url: `http://${isIPv6(address) ? `[${address}]` : address}:${port}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
