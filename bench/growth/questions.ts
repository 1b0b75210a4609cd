import type pg from 'pg';
import type { Position } from '../../src/paging';
import { FULL, mainClinic, PROVIDER_EMAIL, SEES, type Size, viewerEmail } from '../lib/data';
import { idOf } from '../lib/data-people';
import { PAGE_SIZE } from './latency';

/** What is varied. Each is a chart, with a line for each `line` of its questions. */
export type Subject = 'bills' | 'depth' | 'group' | 'delegations';

/** One thing to measure: a page as one viewer asks for it. */
export interface Question {
  readonly subject: Subject;
  /** Where on the axis: how many bills, which page, how many members or delegations. */
  readonly x: number;
  /** What else tells it from others of the subject: how many of the providers the viewer sees. */
  readonly sees: number;
  readonly email: string;
  /** Behind which bill the page begins. */
  readonly after: Position | null;
  /** How many bills it must have. */
  readonly rows: number;
}

/** A database with what is to be asked of it. */
export interface Stage {
  readonly size: Size;
  /** Adds what the benchmark's data have not, where it is not there yet, and finds out what to ask. */
  questions(owner: pg.Client): Promise<Question[]>;
}

const VIEWERS = SEES.filter((sees) => sees !== 20);
const DEPTHS = [1, 100, 10_000];
const DEPTH_VIEWERS = [100, 500];
const GROUP_SIZES = [10, 100, 1_000, 10_000];
const DELEGATIONS = [1_000, 10_000, 100_000];
/** How many providers the viewers of the last two subjects see. */
const USUAL = 20;

/** Everything to measure. `base`: with how many bills pages are turned. The smallest number serves for the rest. */
export function stagesOf(bills: readonly number[], base: number): Stage[] {
  const smallest = Math.min(...bills);
  return [
    ...bills.map((count) => ({
      size: { ...FULL, bills: count },
      questions: async (owner: pg.Client) => [
        ...(await byBills(owner, count)),
        ...(count === base ? await byDepth(owner) : []),
      ],
    })),
    { size: { ...FULL, bills: smallest, users: FULL.users + Math.max(...GROUP_SIZES) }, questions: byGroup },
    ...DELEGATIONS.map((delegations) => ({
      size: { ...FULL, bills: smallest, delegations },
      questions: async (owner: pg.Client): Promise<Question[]> => [
        await firstPage(owner, 'delegations', delegations, USUAL, viewerEmail(USUAL)),
      ],
    })),
  ];
}

async function byBills(owner: pg.Client, bills: number): Promise<Question[]> {
  const questions: Question[] = [];
  for (const sees of VIEWERS) questions.push(await firstPage(owner, 'bills', bills, sees, viewerEmail(sees)));
  return questions;
}

/** The viewer's pages at the wanted depths; where the list is shorter, the last full one instead. */
async function byDepth(owner: pg.Client): Promise<Question[]> {
  const questions: Question[] = [];
  for (const sees of DEPTH_VIEWERS) {
    const email = viewerEmail(sees);
    const last = Math.max(1, Math.floor((await visibleBills(owner, email)) / PAGE_SIZE));
    for (const page of new Set(DEPTHS.map((depth) => Math.min(depth, last)))) {
      const after = page === 1 ? null : await positionOf(owner, email, (page - 1) * PAGE_SIZE);
      const rows = Math.min(PAGE_SIZE, await visibleBills(owner, email));
      questions.push({ subject: 'depth', x: page, sees, email, after, rows });
    }
  }
  return questions;
}

/** A group of each size, on the lists of 20 providers, with a viewer in it who sees nothing otherwise. */
async function byGroup(owner: pg.Client): Promise<Question[]> {
  const questions: Question[] = [];
  for (const members of GROUP_SIZES) {
    const email = `in-group-of-${members}@bench.example`;
    await addGroup(owner, members, email);
    questions.push(await firstPage(owner, 'group', members, USUAL, email));
  }
  return questions;
}

async function addGroup(owner: pg.Client, members: number, email: string): Promise<void> {
  const { clinicId } = mainClinic();
  const [user, group] = [idOf('growth user', 0, members), idOf('growth group', 0, members)];
  const run = async (text: string, ...values: unknown[]): Promise<number> =>
    (await owner.query(text, [clinicId, ...values])).rowCount ?? 0;
  await owner.query('BEGIN');
  const added = await run(
    'INSERT INTO users (clinic_id, id, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
    user,
    `Member ${members}`,
  );
  if (added > 0) {
    await run(
      `INSERT INTO sign_ins (email, clinic_id, user_id, password_hash)
       SELECT $3::text, $1::uuid, $2::uuid, password_hash FROM sign_ins WHERE email = $4`,
      ...[user, email, PROVIDER_EMAIL],
    );
    await run('INSERT INTO groups (clinic_id, id, name) VALUES ($1, $2, $3)', group, `Of ${members}`);
    await run(
      `INSERT INTO group_members (clinic_id, group_id, user_id)
       SELECT $1::uuid, $2::uuid, $3::uuid UNION ALL (
         SELECT u.clinic_id, $2::uuid, u.id FROM users u WHERE u.clinic_id = $1 AND u.id <> $3
           AND NOT EXISTS (SELECT FROM sign_ins s WHERE s.clinic_id = u.clinic_id AND s.user_id = u.id)
         ORDER BY u.id LIMIT $4)`,
      ...[group, user, members - 1],
    );
    await run(
      `INSERT INTO delegations (clinic_id, provider_id, delegate_group_id)
       SELECT clinic_id, user_id, $2::uuid FROM providers WHERE clinic_id = $1 ORDER BY user_id LIMIT $3`,
      ...[group, USUAL],
    );
  }
  await owner.query('COMMIT');
  if (added > 0) await owner.query('ANALYZE users, groups, group_members, delegations');
}

async function firstPage(
  owner: pg.Client,
  subject: Subject,
  x: number,
  sees: number,
  email: string,
): Promise<Question> {
  const rows = Math.min(PAGE_SIZE, await visibleBills(owner, email));
  return { subject, x, sees, email, after: null, rows };
}

/** The providers who delegated to an account ($2) of the clinic ($1), told here apart from the server's own rule. */
const PROVIDERS = `SELECT d.provider_id FROM sign_ins s
  JOIN delegations d ON d.clinic_id = s.clinic_id AND (d.delegate_user_id = s.user_id OR d.delegate_group_id IN (
    SELECT m.group_id FROM group_members m WHERE m.clinic_id = s.clinic_id AND m.user_id = s.user_id))
  WHERE s.clinic_id = $1 AND s.email = $2`;

async function visibleBills(owner: pg.Client, email: string): Promise<number> {
  const { rows } = await owner.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM bills b WHERE b.clinic_id = $1 AND b.provider_id IN (${PROVIDERS})`,
    [mainClinic().clinicId, email],
  );
  return rows[0]?.count ?? 0;
}

/** The place of the bill that has so many before it, itself counted. */
async function positionOf(owner: pg.Client, email: string, count: number): Promise<Position> {
  const { rows } = await owner.query<{ value: string; id: string }>(
    `SELECT b.service_date::text AS value, b.id FROM bills b
     WHERE b.clinic_id = $1 AND b.provider_id IN (${PROVIDERS})
     ORDER BY b.service_date DESC, b.id DESC OFFSET $3 - 1 LIMIT 1`,
    [mainClinic().clinicId, email, count],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`${email} sees fewer than ${count} bills.`);
  return { order: 'SERVICE_DATE', ...row };
}
