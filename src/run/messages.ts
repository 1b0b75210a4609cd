import type { Registry } from 'prom-client';

/** The metrics of a process, as prom-client hands them over. */
export type MetricsOfProcess = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/** What the first process tells a worker. */
export type ToWorker =
  | { readonly type: 'start'; readonly url: string; readonly signingKey: string }
  /** Takes no more requests, but goes on listening. */
  | { readonly type: 'stop' }
  /** Connections that had come were handed out: it may end when it has nothing to do. */
  | { readonly type: 'end' }
  /** Asks for its metrics. */
  | { readonly type: 'metrics' };

/** What a worker tells the first process. */
export type ToFirst =
  | { readonly type: 'listening'; readonly address: string }
  | { readonly type: 'metrics'; readonly metrics: MetricsOfProcess };

/** Whether a message is one of ours; libraries may send theirs over the same channel. */
export function isMessage<Type extends string>(
  message: unknown,
  ...types: Type[]
): message is { readonly type: Type } {
  const type = (message as { type?: unknown } | null)?.type;
  return typeof type === 'string' && (types as string[]).includes(type);
}
