/** One error of an answer, as the API sends it. */
export interface AnswerError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: { readonly code?: string };
}

/** What the API answers to one operation. */
export interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly AnswerError[];
}

/** One operation to send. */
export interface Operation {
  readonly query: string;
  readonly variables?: unknown;
  readonly operationName?: string | null;
}

/** The request never got an answer of the API: no connection, or something else answered. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/**
 * Sends one operation to /graphql of this server and gives its answer, errors of the API included.
 * Throws `NoAnswer` when there is no JSON answer to show.
 */
export async function post<Data>(operation: Operation, token: string | null): Promise<Answer<Data>> {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json;q=0.9',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(operation),
    // The bearer token is the only credential; cookies of other software on this host stay out.
    credentials: 'omit',
    cache: 'no-store',
  }).catch(() => {
    throw new NoAnswer('The server cannot be reached. Is it running?');
  });
  const answer: unknown = await response.json().catch(() => null);
  if (typeof answer !== 'object' || answer === null) {
    throw new NoAnswer(`The server answered with HTTP status ${response.status} and no GraphQL answer.`);
  }
  return answer as Answer<Data>;
}

/** The code of the first error of an answer, null when there is none. */
export function firstCode(answer: Answer<unknown>): string | null {
  const error = answer.errors?.[0];
  return error === undefined ? null : (error.extensions?.code ?? 'INTERNAL');
}

/**
 * Whether the API took the sender for somebody not signed in. A refused `signIn` says the same code about the
 * password that was typed, not about the token that was sent, so it does not count.
 */
export function isUnauthenticated(answer: Answer<unknown>): boolean {
  return (answer.errors ?? []).some(
    (error) => error.extensions?.code === 'UNAUTHENTICATED' && error.path?.[0] !== 'signIn',
  );
}
