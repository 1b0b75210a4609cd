import { Writable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { runLink } from '../../src/identity/link-cli';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { type Factories, factories, type MadeUser } from '../support/factories';

const ISSUER = 'https://issuer.example';
const AUTH = {
  issuer: ISSUER,
  audience: 'billing',
  algorithms: ['RS256'],
  clockSkewSeconds: 30,
  freshSeconds: 300,
} as const;

let db: TestDatabase;
let make: Factories;
let user: MadeUser;
let other: MadeUser;

beforeAll(async () => {
  db = await createTestDatabase();
  make = factories(db);
});
beforeEach(async () => {
  await db.query('DELETE FROM external_sign_ins');
  user = await make.user();
  other = await make.user();
});
afterAll(() => db?.drop());

/** Runs the command, and answers its exit code and what it said. */
async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const into = (where: 'out' | 'err') =>
    new Writable({
      write: (chunk, _encoding, done) => {
        said[where] += String(chunk);
        done();
      },
    });
  const code = await runLink(args, {
    settings: { migrationDatabaseUrl: db.url, dataDir: '.data', auth: AUTH },
    stdout: into('out'),
    stderr: into('err'),
    openEmbedded: () => Promise.reject(new Error('not the embedded database')),
  });
  return { code, ...said };
}

const links = () =>
  db.query<{ issuer: string; subject: string; who: string }>(
    'SELECT issuer, subject, coalesce(user_id, support_user_id) AS who FROM external_sign_ins ORDER BY subject',
  );
const passwords = async (who: MadeUser): Promise<number> =>
  (await db.query('SELECT FROM sign_ins WHERE user_id = $1', [who.id])).length;

describe('npm run link-account', () => {
  test('links a user by the address that they sign in with, in any case', async () => {
    const done = await run('--subject', 'nurse-7', '--email', user.email.toUpperCase());
    expect(done).toEqual({
      code: 0,
      out: expect.stringMatching(new RegExp(`^Linked to ${user.name}, Clinic`)),
      err: '',
    });
    expect(await links()).toEqual([{ issuer: ISSUER, subject: 'nurse-7', who: user.id }]);
    expect(await passwords(user)).toBe(1);
  });

  test('links a user by the id that the API shows, at another issuer than the configured', async () => {
    const done = await run('--subject', 'x', '--user', user.globalId, '--issuer', 'https://second.example/');
    expect(done.code).toBe(0);
    expect(await links()).toEqual([{ issuer: 'https://second.example/', subject: 'x', who: user.id }]);
  });

  test('links a support user', async () => {
    const support = await make.supportUser();
    expect((await run('--subject', 's', '--user', support.globalId)).out).toMatch(/, support\.$/m);
    expect((await run('--subject', 's', '--email', support.email)).code).toBe(0);
    expect(await links()).toEqual([{ issuer: ISSUER, subject: 's', who: support.id }]);
  });

  test('takes the password away where it is told to, and only that user’s', async () => {
    expect((await run('--subject', 'x', '--email', user.email, '--remove-password')).code).toBe(0);
    expect([await passwords(user), await passwords(other)]).toEqual([0, 1]);
  });

  test('twice is no error', async () => {
    for (const _time of [1, 2]) expect((await run('--subject', 'x', '--user', user.globalId)).code).toBe(0);
    expect(await links()).toHaveLength(1);
  });

  test('takes a link away', async () => {
    await run('--subject', 'x', '--user', user.globalId);
    expect((await run('--subject', 'x', '--unlink')).code).toBe(0);
    expect(await links()).toEqual([]);
    expect(await run('--subject', 'x', '--unlink')).toMatchObject({
      code: 1,
      err: 'This subject is linked to nobody at this issuer.\n',
    });
  });

  test('never moves a link: neither a subject to another user nor a user to another subject', async () => {
    await run('--subject', 'x', '--user', user.globalId);
    const before = await links();
    const taken = await run('--subject', 'x', '--user', other.globalId, '--remove-password');
    expect(taken).toMatchObject({ code: 1, err: expect.stringContaining('somebody else already') });
    const second = await run('--subject', 'y', '--user', user.globalId);
    expect(second).toMatchObject({ code: 1, err: expect.stringContaining('has another account') });
    expect(await links()).toEqual(before);
    expect(await passwords(other)).toBe(1);
  });

  test.each([
    ['nobody', ['--subject', 'x']],
    ['two', ['--subject', 'x', '--email', 'a@b.example', '--user', 'x']],
    ['no subject', ['--email', 'a@b.example']],
    ['an empty subject', ['--subject', '', '--email', 'a@b.example']],
    ['a subject that none can be', ['--subject', 'é', '--email', 'a@b.example']],
    ['an id of something else', ['--subject', 'x', '--user', 'AQ']],
    ['an issuer without TLS', ['--subject', 'x', '--email', 'a@b.example', '--issuer', 'http://b.example']],
    ['whom to unlink', ['--subject', 'x', '--unlink', '--email', 'a@b.example']],
    ['an option that is none', ['--subjekt', 'x']],
  ])('naming %s is misuse, and shows how', async (_what, args) => {
    const refused = await run(...args);
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('Usage: npm run link-account') });
    expect(await links()).toEqual([]);
  });

  test('of somebody who is not there is refused', async () => {
    for (const person of [
      ['--email', 'nobody@test.example'],
      ['--user', user.globalId.replace(/.{4}$/, 'AAAA')],
    ]) {
      expect(await run('--subject', 'x', ...person)).toMatchObject({
        code: 1,
        err: 'Nobody here has that address or id.\n',
      });
    }
  });
});

describe('the table', () => {
  test('takes one user or support user for each account, of one clinic', async () => {
    const insert = (values: unknown[]) =>
      db
        .query(
          'INSERT INTO external_sign_ins (issuer, subject, clinic_id, user_id, support_user_id) VALUES ($1, $2, $3, $4, $5)',
          values,
        )
        .then(
          () => 'taken',
          (error: { constraint?: string }) => error.constraint,
        );
    const support = await make.supportUser();
    expect([
      await insert([ISSUER, 'a', user.clinicId, user.id, support.id]),
      await insert([ISSUER, 'a', null, null, null]),
      await insert([ISSUER, 'a', null, user.id, null]),
      await insert([ISSUER, 'a', other.clinicId, user.id, null]),
      await insert([ISSUER, '', user.clinicId, user.id, null]),
      await insert(['issuer', 'a', user.clinicId, user.id, null]),
      await insert([ISSUER, 'a', user.clinicId, user.id, null]),
      await insert([ISSUER, 'a', other.clinicId, other.id, null]),
    ]).toEqual([
      'external_sign_ins_one_person_check',
      'external_sign_ins_one_person_check',
      'external_sign_ins_one_person_check',
      'external_sign_ins_user_fkey',
      'external_sign_ins_subject_check',
      'external_sign_ins_issuer_check',
      'taken',
      'external_sign_ins_pkey',
    ]);
  });
});
