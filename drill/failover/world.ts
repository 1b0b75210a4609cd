import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { withClient } from '../../src/embedded-database';
import { toGlobalId } from '../../src/global-id';
import { hashPassword } from '../../src/identity/password';
import { loadDemo } from '../../src/importers/demo';
import { DEMO_CLINIC } from '../../src/importers/demo/demo-clinic';
import { clinicId as demoClinicId, userId } from '../../src/importers/demo/directory';
import { migrate } from '../../src/migrate';
import type { DrillCluster } from './cluster';

/** What somebody may see on the dashboard. */
export interface Expected {
  readonly count: number;
  readonly billedCents: number;
  readonly outstandingCents: number;
  /** Global ids of the providers whose bills these are. */
  readonly providers: ReadonlySet<string>;
}

/** A viewer whose bills stay the same all the time. */
export interface SteadyViewer {
  readonly email: string;
  readonly expected: Expected;
}

/** One list entry that is put on and taken off: an administrator of its own, a provider, and a viewer of no other bill. */
export interface Pair {
  readonly admin: string;
  readonly viewer: string;
  readonly clinicId: string;
  readonly providerRow: string;
  readonly viewerRow: string;
  readonly providerId: string;
  readonly viewerId: string;
  /** What the viewer sees while on the list; nothing otherwise. */
  readonly granted: Expected;
}

export interface World {
  readonly ownerUrl: string;
  readonly serverUrl: string;
  readonly password: string;
  readonly steady: readonly SteadyViewer[];
  readonly pairs: readonly Pair[];
}

/** Providers whose lists the saves change; nobody of the steady viewers gains or loses by it. */
const LISTS = ['provider.c', 'provider.d', 'provider.e', 'provider.f'];

/** What somebody sees who may see no bill. */
export const NOTHING: Expected = { count: 0, billedCents: 0, outstandingCents: 0, providers: new Set() };

/** Makes the database as README says, with the demo clinic, and works out who sees what: from the demo's plan, in no
 * code of the product. */
export async function makeWorld(cluster: DrillCluster): Promise<World> {
  const [owner, server, password] = [secret(), secret(), secret()];
  await withClient(cluster.url('postgres'), async (client) => {
    await client.query(`CREATE ROLE billing_owner LOGIN CREATEROLE PASSWORD '${owner}'`);
    await client.query('CREATE DATABASE billing OWNER billing_owner');
  });
  const ownerUrl = cluster.url('billing', 'billing_owner', owner);
  await migrate(ownerUrl);
  await withClient(cluster.url('postgres'), (client) =>
    client.query(`CREATE ROLE billing_server LOGIN PASSWORD '${server}' IN ROLE billing_api`),
  );
  return withClient(ownerUrl, async (client) => {
    await loadDemo(client, { password });
    const pairs = await makePairs(client, password);
    return {
      ownerUrl,
      serverUrl: cluster.url('billing', 'billing_server', server),
      password,
      steady: await steadyViewers(client),
      pairs,
    };
  });
}

const secret = (): string => randomBytes(24).toString('hex');
const clinic = demoClinicId(DEMO_CLINIC);
const idOf = (row: string): string => toGlobalId('User', clinic, row);

async function makePairs(client: pg.Client, password: string): Promise<Pair[]> {
  const hash = await hashPassword(password);
  const person = async (key: string, permissions: readonly string[]) => {
    const email = `${key}@drill.example`;
    const { rows } = await client.query<{ id: string }>(
      'INSERT INTO users (clinic_id, name) VALUES ($1, $2) RETURNING id',
      [clinic, `Drill ${key}`],
    );
    const row = rows[0]?.id ?? '';
    await client.query(
      'INSERT INTO sign_ins (email, clinic_id, user_id, password_hash) VALUES ($1, $2, $3, $4)',
      [email, clinic, row, hash],
    );
    for (const permission of permissions) {
      await client.query(
        'INSERT INTO user_permissions (clinic_id, user_id, permission) VALUES ($1, $2, $3)',
        [clinic, row, permission],
      );
    }
    return { email, row };
  };
  const pairs: Pair[] = [];
  for (const [index, key] of LISTS.entries()) {
    const admin = await person(`admin-${index + 1}`, ['EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS']);
    const viewer = await person(`viewer-${index + 1}`, []);
    const providerRow = userId(DEMO_CLINIC, key);
    pairs.push({
      admin: admin.email,
      viewer: viewer.email,
      clinicId: clinic,
      providerRow,
      viewerRow: viewer.row,
      providerId: idOf(providerRow),
      viewerId: idOf(viewer.row),
      granted: await expectedOf(client, [key]),
    });
  }
  return pairs;
}

/** The people of the demo who can sign in, each with what the plan of the demo says that they see. */
async function steadyViewers(client: pg.Client): Promise<SteadyViewer[]> {
  const viewers: SteadyViewer[] = [];
  for (const { key, email, inactive, practice } of DEMO_CLINIC.people) {
    if (email === undefined || inactive) continue;
    const groups = DEMO_CLINIC.groups
      .filter((group) => group.members.includes(key))
      .map((group) => group.name);
    const delegated = DEMO_CLINIC.delegations.filter(
      (one) =>
        (one.user === key || groups.includes(one.group ?? '')) &&
        (one.expiresAt === undefined || Date.parse(one.expiresAt) > Date.now()),
    );
    const own = practice === undefined ? [] : [key];
    viewers.push({
      email,
      expected: await expectedOf(client, [...own, ...delegated.map((one) => one.provider)]),
    });
  }
  return viewers;
}

async function expectedOf(client: pg.Client, providerKeys: readonly string[]): Promise<Expected> {
  if (providerKeys.length === 0) return NOTHING;
  const rows = [...new Set(providerKeys)].map((key) => userId(DEMO_CLINIC, key));
  const { rows: sums } = await client.query<{ count: number; billed: string; outstanding: string }>(
    `SELECT count(*)::int AS count, coalesce(sum(billed), 0)::text AS billed, coalesce(sum(outstanding), 0)::text AS outstanding
     FROM bills WHERE clinic_id = $1 AND provider_id = ANY ($2)`,
    [clinic, rows],
  );
  const [sum] = sums;
  return {
    count: sum?.count ?? 0,
    billedCents: cents(sum?.billed ?? '0'),
    outstandingCents: cents(sum?.outstanding ?? '0'),
    providers: new Set(rows.map(idOf)),
  };
}

/** Decimal text as whole cents. */
export const cents = (decimal: string): number => Math.round(Number(decimal) * 100);
