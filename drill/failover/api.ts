import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { freePorts, type Running, start, until } from './processes';
import { DrillError } from './say';
import type { World } from './world';

/** How long a client of the drill waits for an answer, in milliseconds: longer than the server takes to give one. */
const PATIENCE = 30_000;

/** What came back: data, and the codes of all errors in it. */
export interface Answer<Data> {
  readonly data: Partial<Data> | null;
  readonly codes: readonly string[];
}

/** The server as it is run, in a process of its own. */
export class ApiProcess {
  private readonly tokens = new Map<string, string>();

  private constructor(
    readonly name: string,
    readonly url: string,
    private readonly running: Running,
  ) {}

  /** Starts it on the database that HAProxy leads to. Raises DrillError with the end of its log. */
  static async start(
    name: string,
    world: World,
    folder: string,
    signingKey: string,
    signal: AbortSignal,
  ): Promise<ApiProcess> {
    const [port = 0] = await freePorts(1);
    const log = path.join(folder, `${name}.log`);
    const running = start({
      name,
      command: process.execPath,
      args: ['--enable-source-maps', path.resolve(__dirname, '../../src/main.js')],
      log,
      env: {
        NODE_ENV: 'production',
        DATABASE_URL: world.serverUrl,
        MIGRATION_DATABASE_URL: world.ownerUrl,
        SIGNING_KEY: signingKey,
        TOKEN_MINUTES: '1440',
        PORT: String(port),
        LOG_LEVEL: 'warn',
        AUDIT_LOG: 'false',
        REQUESTS_PER_MINUTE: '0',
      },
    });
    const api = new ApiProcess(name, `http://127.0.0.1:${port}`, running);
    try {
      await until(
        `${name} answers`,
        30,
        async () => {
          if (running.ended()) throw new DrillError('it has ended');
          return (await fetch(`${api.url}/healthz`, { signal: AbortSignal.timeout(1_000) })).ok;
        },
        signal,
      );
    } catch (error) {
      await running.stop(2_000);
      signal.throwIfAborted();
      const text = await readFile(log, 'utf8').catch(() => '');
      throw new DrillError(`${String(error)} Its log ends with:\n${text.slice(-2_000)}`);
    }
    return api;
  }

  /** Whether the process is still there: no outage of the database may end it. */
  alive(): boolean {
    return !this.running.ended();
  }

  stop(): Promise<void> {
    return this.running.stop();
  }

  async signIn(email: string, password: string): Promise<void> {
    const query =
      'mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password) { token } }';
    const answer = await this.send<{ signIn: { token: string } }>({}, query, { email, password });
    const token = answer.data?.signIn?.token;
    if (token === undefined) throw new DrillError(`${email} cannot sign in: ${answer.codes.join(', ')}`);
    this.tokens.set(email, token);
  }

  /** Takes over the sign-ins of another process: a token is good at each. */
  share(other: ApiProcess): void {
    for (const [email, token] of other.tokens) this.tokens.set(email, token);
  }

  ask<Data>(email: string, query: string, variables: Record<string, unknown> = {}): Promise<Answer<Data>> {
    return this.send({ authorization: `Bearer ${this.tokens.get(email) ?? ''}` }, query, variables);
  }

  /** What is no answer of GraphQL is told as a code of its own, which is none of the contract. */
  private async send<Data>(
    headers: Record<string, string>,
    query: string,
    variables: Record<string, unknown>,
  ): Promise<Answer<Data>> {
    try {
      const response = await fetch(`${this.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query, variables }),
        signal: AbortSignal.timeout(PATIENCE),
      });
      const body = (await response.json()) as {
        data?: Partial<Data> | null;
        errors?: { extensions?: { code?: string } }[];
      };
      return {
        data: body.data ?? null,
        codes: (body.errors ?? []).map((error) => error.extensions?.code ?? 'NO CODE'),
      };
    } catch {
      return { data: null, codes: ['NO ANSWER'] };
    }
  }
}

/** A key that signs tokens, for all processes of one drill. */
export const newSigningKey = (): string => randomBytes(48).toString('base64');
