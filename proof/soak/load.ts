import { Agent, request as httpRequest } from 'node:http';

/** A request of the load, and what its answer must be. */
interface Shot {
  readonly kind: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  /** What is wrong with an answer; null: nothing. */
  readonly wrong: (status: number, body: string) => string | null;
}

export interface SoakOptions {
  /** The server's address, without a path. */
  readonly url: string;
  readonly seconds: number;
  readonly connections: number;
  /** Tokens of people who see something, each asking everything below. */
  readonly tokens: readonly string[];
}

export interface SoakResult {
  /** How many answers of each kind came. */
  readonly answers: Readonly<Record<string, number>>;
  /** The first answers that were wrong, in words, and how many there were. */
  readonly wrong: readonly string[];
  readonly wrongCount: number;
  /** Connections that broke or timed out. */
  readonly broken: number;
}

const GOOD = [
  '{ dashboard { bills(first: 20) { totalCount nodes { number total status provider { name } patient { name } } } totals { count billed } } }',
  '{ visits(first: 5) { nodes { startedAt insuredBills { nodes { number } } privateBills { nodes { number } } } } }',
  '{ dashboard { summary(groupBy: STATUS) { status totals { count outstanding } } } }',
  'query Me { viewer { email } clinics { nodes { name } } }',
];

const JSON_TYPE = { 'content-type': 'application/json' };
const bearer = (token: string) => ({ ...JSON_TYPE, authorization: `Bearer ${token}` });
const deep = `{ dashboard { bills { nodes ${'{ visit { insuredBills { nodes '.repeat(8)}{ id }${' } } }'.repeat(8)} } } }`;

/** A shot that must be refused with this status and code. */
function bad(kind: string, sent: Pick<Shot, 'headers' | 'body'>, status: number, code: string): Shot {
  return {
    kind,
    ...sent,
    wrong: (came, body) => {
      const codes = codesIn(body);
      return came === status && codes.length > 0 && codes.every((one) => one === code)
        ? null
        : `${kind}: ${came} ${codes.join()} instead of ${status} ${code}`;
    },
  };
}

function codesIn(body: string): unknown[] {
  const { errors = [] } = JSON.parse(body) as { errors?: { extensions: { code: unknown } }[] };
  return errors.map((error) => error.extensions.code);
}

/** The four kinds of bad requests, one of each. */
const badOnes = (token: string): Shot[] => [
  bad('malformed', { headers: bearer(token), body: '{"query": "{ viewer' }, 400, 'BAD_USER_INPUT'),
  bad('too deep', { headers: bearer(token), body: JSON.stringify({ query: deep }) }, 400, 'BAD_USER_INPUT'),
  bad(
    'unauthorised',
    { headers: bearer('no.valid.token'), body: JSON.stringify({ query: GOOD[0] }) },
    200,
    'UNAUTHENTICATED',
  ),
  bad(
    'oversized',
    { headers: bearer(token), body: JSON.stringify({ query: `# ${'x'.repeat(600_000)}` }) },
    413,
    'BAD_USER_INPUT',
  ),
];

/** A good request of somebody; its answer is asked for once beforehand, and must stay the same. */
async function good(url: string, token: string, query: string): Promise<Shot> {
  const body = JSON.stringify({ query });
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers: bearer(token), body });
  const expected = await response.text();
  if (response.status !== 200 || codesIn(expected).length > 0)
    throw new Error(`not a good answer: ${expected}`);
  const wrong = (status: number, came: string) =>
    status === 200 && came === expected ? null : `good: ${status} ${came.slice(0, 200)}`;
  return { kind: 'good', headers: bearer(token), body, wrong };
}

/**
 * Sends one request over the agent's connection. Not autocannon: where the server closes a connection, as it does after
 * a body that is too large, autocannon no longer knows which answer is to which request.
 */
function post(agent: Agent, url: string, shot: Shot): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { ...shot.headers, 'content-length': Buffer.byteLength(shot.body) };
    const request = httpRequest(url, { agent, method: 'POST', headers }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (data: string) => {
        body += data;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    });
    request.setTimeout(30_000, () => request.destroy(new Error('no answer within 30 s')));
    request.on('error', reject);
    request.end(shot.body);
  });
}

/**
 * Asks for so many seconds over so many connections at once; one request in ten is bad. Every answer is compared
 * with what it must be.
 */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { url, tokens } = options;
  const goodOnes = await Promise.all(tokens.flatMap((token) => GOOD.map((query) => good(url, token, query))));
  // Nine good ones, then a bad one, so that one in ten is bad, and each kind as often as the others.
  const shots = badOnes(tokens[0] ?? '').flatMap((one, round) => [
    ...Array.from({ length: 9 }, (_, at) => goodOnes[(round * 9 + at) % goodOnes.length] as Shot),
    one,
  ]);
  const answers: Record<string, number> = {};
  const wrong: string[] = [];
  let wrongCount = 0;
  let broken = 0;
  const end = performance.now() + options.seconds * 1000;
  const work = async (connection: number): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    // Each begins elsewhere in the list, so that every kind is there from the beginning.
    for (let at = connection * 7; performance.now() < end; at += 1) {
      const shot = shots[at % shots.length] as Shot;
      try {
        const { status, body } = await post(agent, `${url}/graphql`, shot);
        answers[shot.kind] = (answers[shot.kind] ?? 0) + 1;
        const problem = shot.wrong(status, body);
        if (problem === null) continue;
        wrongCount += 1;
        if (wrong.length < 10) wrong.push(problem);
      } catch (error) {
        broken += 1;
        if (wrong.length < 10) wrong.push(`${shot.kind}: ${String(error)}`);
      }
    }
    agent.destroy();
  };
  await Promise.all(Array.from({ length: options.connections }, (_, connection) => work(connection)));
  return { answers, wrong, wrongCount, broken };
}
