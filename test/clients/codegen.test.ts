import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OPERATIONS, ROOT } from './documents';

const run = promisify(execFile);
const TSC = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

/** As a strict front end has it. */
const STRICT = {
  compilerOptions: {
    target: 'es2023',
    lib: ['es2023'],
    module: 'nodenext',
    moduleResolution: 'nodenext',
    types: [],
    noEmit: true,
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noImplicitOverride: true,
    noImplicitReturns: true,
    noUnusedLocals: true,
    isolatedModules: true,
    skipLibCheck: false,
  },
  include: ['*.ts'],
};

/** What a front end would do with the types. Money and dates are text; a list of entries is told apart by its fields. */
const USE = `
import type {
  DashboardBillFragment,
  DashboardBillsQuery,
  DashboardBillsQueryVariables,
  DelegationListScreenQuery,
  SaveBillingDelegatesMutationVariables,
} from './operations';
import type { Bill, QueryBillArgs } from './schema';

export const variables: DashboardBillsQueryVariables = {
  first: 20,
  filter: { kind: 'PRIVATE', statuses: ['UNPAID'], serviceFrom: '2026-01-01' },
  orderBy: { field: 'TOTAL', direction: 'DESC' },
};

export const save: SaveBillingDelegatesMutationVariables = {
  input: {
    password: 'secret',
    lists: [
      { providerId: 'p', addUsers: [{ userId: 'u' }], addGroups: [], removeGroupIds: [], removeUserIds: [] },
    ],
  },
};

export const row = (bill: DashboardBillFragment): string =>
  [bill.number, bill.serviceDate, bill.patient.name, bill.payer?.name ?? bill.patient.name, bill.total].join(' ');

export const rows = (data: DashboardBillsQuery): string[] =>
  data.dashboard?.bills.edges.map(({ node }) => row(node)) ?? [];

export const sizes = (data: DelegationListScreenQuery): number[] =>
  data.billingDelegation?.entries.map((entry) => ('memberCount' in entry ? entry.memberCount : 1)) ?? [];

export const money: Bill['total'] = '77.49';
export const one: QueryBillArgs = { id: 'b' };
`;

/** Mistakes that the types have to find: each line is one. */
const MISTAKES = `
import type { DashboardBillFragment, DashboardBillsQueryVariables, WhoAmIQuery } from './operations';

export const asNumber = (bill: DashboardBillFragment): number => bill.total;
export const notAsked = (bill: DashboardBillFragment): unknown => bill.note;
export const noSuchKind: DashboardBillsQueryVariables = { filter: { kind: 'PUBLIC' } };
export const maybeNull = (data: WhoAmIQuery): string => data.viewer.user.name;
`;

describe('GraphQL Code Generator', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'billing-codegen-'));
    for (const name of ['good', 'bad']) {
      await mkdir(path.join(folder, name));
      await run(process.execPath, [
        path.join(__dirname, 'generate-types.mjs'),
        path.join(ROOT, 'schema.graphql'),
        OPERATIONS,
        path.join(folder, name),
      ]);
      await writeFile(path.join(folder, name, 'tsconfig.json'), JSON.stringify(STRICT));
    }
    await writeFile(path.join(folder, 'good', 'use.ts'), USE);
    await writeFile(path.join(folder, 'bad', 'use.ts'), MISTAKES);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** What the compiler finds wrong in a folder: file, line and code of each error. */
  async function compile(name: string): Promise<string[]> {
    const output = await run(process.execPath, [TSC, '-p', path.join(folder, name)], {
      cwd: folder,
    }).then(
      ({ stdout }) => stdout,
      (error: { stdout?: string }) => error.stdout ?? String(error),
    );
    return output.split('\n').filter((line) => line.trim() !== '');
  }

  it('makes types of the schema and of docs/operations that compile under strict TypeScript, and their use', async () => {
    expect(await compile('good')).toEqual([]);
  });

  it('its types find a wrong use', async () => {
    const found = (await compile('bad')).flatMap((line) => {
      const place = /use\.ts[(:](\d+)/.exec(line)?.[1];
      return place === undefined ? [] : [Number(place)];
    });
    expect(found).toEqual([4, 5, 6, 7]);
  });
});
