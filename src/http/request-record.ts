import type { Logger } from 'pino';

/** What is known of a request when it ends, for its line in the log. No value of the request is in it. */
export class RequestRecord {
  readonly began = performance.now();
  readonly codes = new Set<string>();
  /** The name that the client gave its operation, letters, digits and underscores only. */
  operation: string | null = null;
  type: string | null = null;
  /** Whether its answer is on its way; what fails after that was cancelled. */
  answered = false;
  /** What it was asked for, once it is known. */
  context: RequestFacts | null = null;

  constructor(readonly log: Logger) {}
}

/** What a request's context tells of it. */
export interface RequestFacts {
  readonly viewer: { readonly userId: string } | null;
  readonly statements: { readonly count: number };
  readonly decisions: { readonly defects: number };
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined only for a request whose address could not be read. */
    record: RequestRecord | undefined;
  }
}
