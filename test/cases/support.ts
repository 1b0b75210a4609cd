import { expect } from '@jest/globals';
import type { GraphQLFieldResolver, GraphQLSchema } from 'graphql';
import { isObjectType } from 'graphql';
import { applyMiddleware } from 'graphql-middleware';
import { permissions } from '../../src/access/shield-map';
import type { RequestContext } from '../../src/context';
import { toGlobalId } from '../../src/global-id';
import { DEMO_CLINIC } from '../../src/importers/demo/demo-clinic';
import { clinicId, userId } from '../../src/importers/demo/directory';
import { OTHER_CLINIC } from '../../src/importers/demo/other-clinic';
import { unguardedSchema } from '../../src/schema';
import type { Answer, TestServer } from '../support/server';

/** The sign-ins of the demo, by the letters that cases.md uses where it has some. */
export const A = 'provider.a@demo.example';
export const B = 'provider.b@demo.example';
export const DELEGATE = 'delegate@demo.example';
export const CLERK = 'clerk@demo.example';
export const STRANGER = 'stranger@demo.example';
export const ADMIN = 'admin@demo.example';
export const ANALYST = 'analyst@demo.example';
export const SUPPORT = 'support@demo.example';
export const OTHER_STAFF = 'staff@other.example';

export const DEMO_ID = clinicId(DEMO_CLINIC);
export const OTHER_ID = clinicId(OTHER_CLINIC);

/** The id of a user of the demo clinic, by the key in its cast. */
export const demoUserId = (key: string): string => userId(DEMO_CLINIC, key);
export const demoUser = (key: string): string => toGlobalId('User', DEMO_ID, demoUserId(key));

/** The codes of an answer's errors, in their order. */
export const codesOf = (answer: Pick<Answer<unknown>, 'errors'>): string[] =>
  (answer.errors ?? []).map((error) => error.extensions.code);

interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly statements?: number;
  readonly defect?: boolean;
  readonly codes?: string[];
  readonly err?: { readonly message: string; readonly code?: string };
}

/** The log of a server, parsed. */
export const logOf = (server: TestServer): LogLine[] =>
  server.logged.map((line) => JSON.parse(line) as LogLine);

/** How many SQL statements the operation ran, as its line in the log says. */
export async function statementsOf(server: TestServer, ask: () => Promise<Answer<unknown>>): Promise<number> {
  const before = server.logged.length;
  await ask();
  const lines = logOf(server).slice(before);
  const counts = lines.flatMap((line) => (line.msg === 'request' ? [line.statements ?? -1] : []));
  expect(counts).toHaveLength(1);
  return counts[0] ?? -1;
}

type Resolver = GraphQLFieldResolver<Record<string, unknown>, RequestContext>;

/** The schema as it would be with these resolvers (by `Type.field`) in the place of ours, behind the same shield. */
export function schemaWith(resolvers: Readonly<Record<string, Resolver>>): GraphQLSchema {
  return applyMiddleware(replaceResolvers(unguardedSchema(), resolvers), permissions());
}

/** Puts these resolvers in the place of the schema's own. */
export function replaceResolvers(
  schema: GraphQLSchema,
  resolvers: Readonly<Record<string, Resolver>>,
): GraphQLSchema {
  for (const [name, resolve] of Object.entries(resolvers)) {
    const [typeName = '', fieldName = ''] = name.split('.');
    const type = schema.getType(typeName);
    const field = isObjectType(type) ? type.getFields()[fieldName] : undefined;
    if (field === undefined) throw new Error(`the schema has no field ${name}`);
    field.resolve = resolve;
  }
  return schema;
}

/**
 * Bills read by SQL alone, as rows of our resolvers, whoever asks: what a wrong resolver would hand out. The database
 * is told that the demo's support user asks, or its row-level policies would hold the leak back; see
 * test/access/second-wall.test.ts.
 */
export async function billsWhoeverAsks(
  context: RequestContext,
  condition: string,
  values: readonly unknown[],
): Promise<Record<string, unknown>[]> {
  const { clinicId, now } = context.signedInViewer;
  const [support] = await context.statements.query<{ id: string }>(
    'SELECT id FROM support_users WHERE active LIMIT 1',
    [],
  );
  return context.statements.query<Record<string, unknown>>(
    `SELECT b.clinic_id AS "clinicId", b.id, b.kind, b.number, b.status, b.service_date AS "serviceDate",
       b.provider_id AS "providerId", b.patient_id AS "patientId", b.encounter_id AS "encounterId",
       b.visit_id AS "visitId", b.payer_id AS "payerId", b.billed, b.discount,
       (b.billed - b.discount) AS total, b.paid, b.refunded, b.outstanding, b.note
     FROM bills b WHERE ${condition}`,
    values,
    { viewer: support?.id ?? '', clinic: clinicId ?? '', now, action: 'VIEW_BILL' },
  );
}

/** Where a list of bills hangs: a field, and how to get to its parent. */
export const NO_PAGE = { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null };

/** A connection of these rows, as a resolver would answer it, with sums that say nothing of whose bills they are. */
export const connectionOf = (clinic: string, rows: Record<string, unknown>[]) => ({
  clinicId: clinic,
  nodes: rows,
  edges: rows.map((node) => ({ cursor: 'x', node })),
  pageInfo: NO_PAGE,
});

/** Starts as many of the jobs at a time as said, and answers when all are done. */
export async function inParallel(jobs: readonly (() => Promise<void>)[], atOnce: number): Promise<void> {
  const queue = [...jobs];
  const work = async (): Promise<void> => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) await job();
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
