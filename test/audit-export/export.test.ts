import { appendFile, stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  A,
  ADMIN,
  DELEGATE,
  DEMO_ID,
  demoUser,
  demoUserId,
  OTHER_ID,
  OTHER_STAFF,
  STRANGER,
} from '../cases/support';
import { createTestDatabase, DEMO_PASSWORD } from '../support/database';
import { factories } from '../support/factories';
import { startTestServer, type TestServer } from '../support/server';
import { exportAudit, Folder, recordsOf, verifyAudit } from './support';

let server: TestServer;
let folder: Folder;

beforeAll(async () => {
  folder = await Folder.make();
  server = await startTestServer({ auditLog: true });
  const list = { providerId: demoUser('provider.a'), password: DEMO_PASSWORD };
  const save = async (mutation: string, input: Record<string, unknown>): Promise<void> => {
    const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
    const answer = await server.ask(
      A,
      `mutation ($i: ${type}!) { ${mutation}(input: $i) { list { version } } }`,
      {
        i: { ...list, ...input },
      },
    );
    expect(answer.errors ?? []).toEqual([]);
  };
  await save('addUserDelegate', { userId: demoUser('nurse'), expiresAt: '2099-01-01T00:00:00-05:00' });
  await save('removeUserDelegate', { userId: demoUser('nurse') });
  await server.ask(DELEGATE, '{ dashboard { bills(first: 2) { nodes { total } } } }');
  await server.ask(OTHER_STAFF, '{ dashboard { bills(first: 2) { nodes { total } } } }');
  await server.ask(STRANGER, `{ billingDelegation(providerId: "${demoUser('provider.a')}") { version } }`);
  await server.ask(null, '{ viewer { email } }');
});
afterAll(async () => {
  await server?.close();
  await folder?.remove();
});

/** Exports to a file of this name and answers the head hash that the command told. */
async function exported(name: string, ...args: string[]): Promise<string> {
  const told = await exportAudit(server.db, ['--clinic', 'Demo clinic', '--out', folder.file(name), ...args]);
  expect(told).toMatchObject({ code: 0, err: '' });
  return /^Head hash: ([0-9a-f]{64})$/m.exec(told.out)?.[1] ?? '';
}

describe('an export of the history', () => {
  it('holds every entry of the clinic, oldest first, with its exact instants, and is intact', async () => {
    const head = await exported('all.ndjson');
    const records = recordsOf(await folder.read('all.ndjson'));
    expect(records[0]).toMatchObject({
      seq: 0,
      kind: 'export',
      clinicId: DEMO_ID,
      clinicName: 'Demo clinic',
      from: null,
      to: null,
      sources: ['history'],
    });
    const rows = await server.db.query<{ id: string; at: string; action: string }>(
      `SELECT id::text AS id, replace((at AT TIME ZONE 'UTC')::text, ' ', 'T') AS at, action FROM history
       WHERE clinic_id = $1 ORDER BY history.at, history.id`,
      [DEMO_ID],
    );
    expect(rows.length).toBeGreaterThan(20);
    // PostgreSQL's own text leaves zeros at the end out.
    const text = (at: unknown): string => String(at).replace(/\.?0*Z$/, '');
    expect(records.slice(1, -1).map(({ historyId, at, action }) => [historyId, text(at), action])).toEqual(
      rows.map(({ id, at, action }) => [id, at, action]),
    );
    expect(rows.some(({ at }) => /\.\d{5,6}$/.test(at))).toBe(true);
    expect(records.at(-1)).toEqual({ seq: rows.length + 1, kind: 'end', count: rows.length, hash: head });
    const verified = await verifyAudit(folder.file('all.ndjson'), '--head', head);
    expect(verified).toEqual({
      code: 0,
      err: '',
      out: expect.stringContaining(`Intact: ${rows.length} records`),
    });
  });

  it('names who did it, to whom, and what was before and after, in UTC', async () => {
    const records = recordsOf(await folder.read('all.ndjson'));
    const last = records.filter(
      ({ userId, providerId }) => userId === demoUserId('nurse') && providerId === demoUserId('provider.a'),
    );
    expect(last.map(({ action }) => action)).toEqual(['USER_DELEGATE_ADDED', 'USER_DELEGATE_REMOVED']);
    expect(last[0]).toMatchObject({
      actorUserId: demoUserId('provider.a'),
      actorSupportUserId: null,
      actorName: 'Dr. Amara Osei',
      providerName: 'Dr. Amara Osei',
      userName: 'Priya Raghunathan',
      groupId: null,
      before: null,
      after: { expiresAt: '2099-01-01T05:00:00.000000Z' },
    });
  });

  it('has the same records and the same hashes as CSV, for one of the two proves the other', async () => {
    const head = await exported('all.csv', '--format', 'csv');
    expect(head).toBe(recordsOf(await folder.read('all.ndjson')).at(-1)?.hash);
    expect(await verifyAudit(folder.file('all.csv'), '--head', head)).toMatchObject({ code: 0, err: '' });
  });

  it('is for its owner alone to read', async () => {
    expect((await stat(folder.file('all.ndjson'))).mode & 0o777).toBe(0o600);
  });

  it('holds what is from one instant on and before another', async () => {
    const all = recordsOf(await folder.read('all.ndjson')).slice(1, -1);
    const [from, to] = [String(all.at(-2)?.at), String(all.at(-1)?.at)];
    await exported('part.ndjson', '--from', from, '--to', to);
    const part = recordsOf(await folder.read('part.ndjson'));
    expect(part.slice(1, -1).map(({ historyId }) => historyId)).toEqual([all.at(-2)?.historyId]);
    expect(part[0]).toMatchObject({ from, to });
    await exported('none.ndjson', '--from', '2001-01-01', '--to', '2001-02-01');
    const none = recordsOf(await folder.read('none.ndjson'));
    expect(none).toHaveLength(2);
    expect(none[0]).toMatchObject({ from: '2001-01-01T00:00:00.000000Z', to: '2001-02-01T00:00:00.000000Z' });
    expect((await verifyAudit(folder.file('none.ndjson'))).out).toContain('Intact: 0 records of Demo clinic');
  });

  it('takes the clinic by its id, and nothing of another one', async () => {
    const out = folder.file('other.ndjson');
    expect(await exportAudit(server.db, ['--clinic', OTHER_ID, '--out', out])).toMatchObject({ code: 0 });
    const other = recordsOf(await folder.read('other.ndjson'));
    const count = async (clinic: string): Promise<number> =>
      Number(
        (
          await server.db.query<{ n: string }>('SELECT count(*) AS n FROM history WHERE clinic_id = $1', [
            clinic,
          ])
        )[0]?.n,
      );
    expect(other[0]).toMatchObject({ clinicName: 'Other clinic' });
    expect(other).toHaveLength((await count(OTHER_ID)) + 2);
    const users = await server.db.query<{ id: string }>('SELECT id FROM users WHERE clinic_id = $1', [
      DEMO_ID,
    ]);
    const text = await folder.read('other.ndjson');
    expect(users.filter(({ id }) => text.includes(id))).toEqual([]);
  });

  it('comes in pieces, whatever its length', async () => {
    const db = await createTestDatabase();
    try {
      const clinic = await factories(db).clinic({ name: 'Large' });
      await db.query(
        "INSERT INTO groups (clinic_id, name) SELECT $1, 'Group ' || n FROM generate_series(1, 2500) n",
        [clinic.id],
      );
      const out = folder.file('large.csv');
      expect((await exportAudit(db, ['--clinic', 'LARGE', '--out', out, '--format', 'csv'])).out).toMatch(
        /^Wrote 2501 records of Large /,
      );
      expect((await verifyAudit(out)).out).toContain('Intact: 2501 records (2501 history)');
    } finally {
      await db.drop();
    }
  });
});

describe('an export with the access log', () => {
  it('holds what the log says of this clinic: bills shown, and what its users were refused', async () => {
    const lines = [
      '  API       http://127.0.0.1:4000/graphql',
      ...server.logged.map((line) => line.trimEnd()),
    ];
    const log = await folder.write('server.log', `${lines.join('\n')}\n`);
    const out = folder.file('access.ndjson');
    const told = await exportAudit(server.db, ['--clinic', DEMO_ID, '--out', out, '--access-log', log]);
    expect(told).toMatchObject({ code: 0, err: 'Left out: 1 line of the log that is no JSON.\n' });
    const records = recordsOf(await folder.read('access.ndjson'));
    expect(records[0]).toMatchObject({ sources: ['history', 'access log'] });
    const ofLog = records.filter(({ kind }) => kind === 'access' || kind === 'refusal');
    expect(ofLog).toEqual([
      expect.objectContaining({
        kind: 'access',
        at: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}000Z$/),
        viewerId: demoUserId('delegate'),
        viewerName: 'Maya Fitzgerald',
        requestId: expect.any(String),
        surface: 'dashboard',
        bills: 2,
        providerIds: [demoUserId('provider.a')],
      }),
      expect.objectContaining({
        kind: 'refusal',
        viewerId: demoUserId('stranger'),
        viewerName: 'Sam Whitehorse',
        codes: ['FORBIDDEN'],
        paths: ['billingDelegation'],
        fields: 1,
      }),
    ]);
    expect((await verifyAudit(out)).out).toMatch(/^Intact: \d+ records \(\d+ history, 1 access, 1 refusal\)/);
    // Outside the instants, nothing of the log.
    const before = folder.file('before.ndjson');
    const to = ['--to', '2001-01-01', '--access-log', log];
    expect((await exportAudit(server.db, ['--clinic', DEMO_ID, '--out', before, ...to])).out).toMatch(
      /^Wrote 0 /,
    );
  });

  it('tells of a line that was cut off, and refuses one that is none of ours', async () => {
    const log = await folder.write('cut.log', '{"level":"info","audit":true,"viewer":"x');
    const args = ['--clinic', DEMO_ID, '--access-log', log];
    const told = await exportAudit(server.db, [...args, '--out', folder.file('cut.ndjson')]);
    expect(told).toMatchObject({ code: 0, err: expect.stringContaining(`cut off: ${log} line 1.`) });
    await appendFile(
      log,
      `"}\n{"audit":true,"time":"2026-01-01T00:00:00Z","surface":"bill","clinic":"${DEMO_ID}"}\n`,
    );
    const refused = await exportAudit(server.db, [...args, '--out', folder.file('refused.ndjson')]);
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringContaining(`${log} line 1 has "audit": true`),
    });
    await expect(stat(folder.file('refused.ndjson'))).rejects.toThrow('ENOENT');
  });
});

describe('the command', () => {
  it.each([
    [[], 'Name the clinic'],
    [['--clinic', 'Demo clinic'], 'Name the file to write'],
    [['--clinic', 'Demo clinic', '--out', 'x', '--format', 'xlsx'], '--format takes ndjson or csv'],
    [['--clinic', 'Demo clinic', '--out', 'x', '--colour', 'red'], "Unknown option '--colour'"],
  ])('misused as %j, it says why, shows its usage and exits with 2', async (args, why) => {
    const { code, out, err } = await exportAudit(server.db, args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(why);
    expect(err).toContain('Usage: npm run audit:export');
  });

  it.each([
    [
      ['--clinic', 'Nowhere'],
      'There is no clinic with the name or id "Nowhere". There is: "Demo clinic", "Other clinic".',
    ],
    [['--clinic', 'Demo clinic', '--from', 'yesterday'], '--from takes a date'],
    [['--clinic', 'Demo clinic', '--from', '2026-03-01T00:00:00'], 'an instant with its zone'],
    [['--clinic', 'Demo clinic', '--to', '2026-02-30'], '--to: there is no 2026-02-30.'],
    [['--clinic', 'Demo clinic', '--from', '2026-03-01', '--to', '2026-03-01'], 'is not later than --from'],
    [
      ['--clinic', 'Demo clinic', '--access-log', '/nowhere/server.log'],
      '/nowhere/server.log cannot be read',
    ],
  ])('refuses %j in one line and leaves no file', async (args, why) => {
    const out = folder.file('wrong.ndjson');
    const { code, err } = await exportAudit(server.db, [...args, '--out', out]);
    expect([code, err]).toEqual([1, expect.stringContaining(why)]);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    await expect(stat(out)).rejects.toThrow('ENOENT');
  });

  it('never writes over a file, nor into a folder that is not there', async () => {
    const out = await folder.write('kept.txt', 'kept');
    const { code, err } = await exportAudit(server.db, ['--clinic', DEMO_ID, '--out', out]);
    expect([code, err]).toEqual([1, expect.stringContaining('is there already')]);
    expect(await folder.read('kept.txt')).toBe('kept');
    const nowhere = folder.file('no-folder/x.csv');
    expect((await exportAudit(server.db, ['--clinic', DEMO_ID, '--out', nowhere])).err).toContain(
      'cannot be written',
    );
  });

  it('runs under the role that owns the tables, and says so to one that may not read everything', async () => {
    const out = folder.file('role.ndjson');
    const bare = new URL(server.db.url);
    bare.pathname = '/postgres';
    const noTables = await exportAudit({ url: String(bare) }, ['--clinic', DEMO_ID, '--out', out]);
    expect(noTables).toMatchObject({ code: 1, err: expect.stringContaining('npm run migrate') });
    await server.db.query('REVOKE SELECT ON history FROM billing_api');
    const asServer = await exportAudit({ url: server.db.apiUrl }, ['--clinic', DEMO_ID, '--out', out]);
    await server.db.query('GRANT SELECT ON history TO billing_api');
    expect(asServer).toMatchObject({ code: 1, err: expect.stringContaining('MIGRATION_DATABASE_URL') });
    const nobody = await exportAudit({ url: 'postgres://127.0.0.1:9/x' }, [
      '--clinic',
      DEMO_ID,
      '--out',
      out,
    ]);
    expect(nobody).toMatchObject({
      code: 1,
      err: expect.stringContaining('cannot be reached (ECONNREFUSED)'),
    });
  });

  it('stopped, it leaves no file', async () => {
    const stop = new AbortController();
    stop.abort();
    const out = folder.file('stopped.ndjson');
    const told = await exportAudit(server.db, ['--clinic', DEMO_ID, '--out', out], { signal: stop.signal });
    expect(told).toMatchObject({ code: 130, err: expect.stringContaining('Stopped') });
    await expect(stat(out)).rejects.toThrow('ENOENT');
  });

  it('shows its usage', async () => {
    expect(await exportAudit(server.db, ['--help'])).toMatchObject({ code: 0, err: '' });
    expect(await verifyAudit('--help')).toMatchObject({ code: 0, err: '' });
  });

  it('changes nothing in the database', async () => {
    const entries = async () => (await server.db.query('SELECT count(*), max(id) FROM history'))[0];
    const before = await entries();
    await server.ask(ADMIN, '{ viewer { email } }');
    await exported('again.ndjson');
    expect(await entries()).toEqual(before);
  });
});
