import { Tokens } from '../../src/identity/tokens';
import { type Answer, SIGNING_KEY, type TestServer } from '../support/server';

/** A user of a clinic, or (clinicId null) a support user. */
export interface Person {
  readonly id: string;
  readonly clinicId: string | null;
}

/** Asks a test server as anybody, also as those who have no sign-in: with tokens that the test signs itself. */
export class Sessions {
  private readonly tokens = new Tokens(SIGNING_KEY, 60);
  private readonly known = new Map<string, Promise<{ token: string }>>();

  constructor(private readonly server: Pick<TestServer, 'url'>) {}

  /** The answer to an operation, whatever it is. */
  async ask<Data>(
    person: Person,
    query: string,
    variables: Record<string, unknown> = {},
  ): Promise<Answer<Data | null>> {
    const issued =
      this.known.get(person.id) ?? this.tokens.issue({ userId: person.id, clinicId: person.clinicId });
    this.known.set(person.id, issued);
    const response = await fetch(`${this.server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${(await issued).token}` },
      body: JSON.stringify({ query, variables }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, ...JSON.parse(text) };
  }

  /** The data of an operation that must succeed. */
  async read<Data>(person: Person, query: string, variables: Record<string, unknown> = {}): Promise<Data> {
    const answer = await this.ask<Data>(person, query, variables);
    if (answer.errors !== undefined || answer.data == null) {
      throw new Error(`the request failed (${answer.status}): ${answer.text.slice(0, 1000)}`);
    }
    return answer.data;
  }
}
