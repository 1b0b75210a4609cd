import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { canonicalJson, type Json } from '../../src/audit-export/canonical-json';
import { HashChain } from '../../src/audit-export/chain';
import type { Content } from '../../src/audit-export/records';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { exportAudit, Folder, recordsOf, verifyAudit } from './support';

let db: TestDatabase;
let folder: Folder;
const heads: string[] = [];

beforeAll(async () => {
  folder = await Folder.make();
  db = await createTestDatabase({ demo: true });
  // A name with a line feed in it, and one that a spreadsheet would run.
  await db.query("UPDATE groups SET name = E'=HYPERLINK(\"x\")\\nand \u2028 more' WHERE name = 'Front_desk'");
  for (const format of ['ndjson', 'csv']) {
    const out = folder.file(`whole.${format}`);
    const told = await exportAudit(db, ['--clinic', 'Demo clinic', '--out', out, '--format', format]);
    heads.push(/Head hash: (\w+)/.exec(told.out)?.[1] ?? '');
  }
});
afterAll(async () => {
  await db?.drop();
  await folder?.remove();
});

/** What a line of a broken file is said to be. */
const broken = (line: number, why: string) => ({
  code: 1,
  out: '',
  err: expect.stringMatching(new RegExp(`^NOT INTACT\\. .* line ${line}: .*${why}`)),
});

describe.each([
  ['ndjson', '\n', 0],
  ['csv', '\r\n', 1],
] as const)('an export as %s', (format, end, headers) => {
  /** The lines of the whole file. What is at `at(n)` is record n. */
  const lines = async (): Promise<string[]> => (await folder.read(`whole.${format}`)).split(end).slice(0, -1);
  const at = (record: number): number => record + headers;
  /** On which line of the file record n begins: names can have line feeds in them, and then it is further down. */
  const place = (all: readonly string[], record: number): number =>
    all.slice(0, at(record)).flatMap((line) => line.split('\n')).length + 1;
  const verifyLines = async (all: readonly string[]) =>
    verifyAudit(await folder.write(`changed.${format}`, all.map((line) => line + end).join('')));

  it('is intact as it was written', async () => {
    expect(await verifyAudit(folder.file(`whole.${format}`))).toMatchObject({ code: 0, err: '' });
    expect(await verifyLines(await lines())).toMatchObject({ code: 0, err: '' });
    expect(heads[0]).toBe(heads[1]);
  });

  it('is not where a line was changed, and that line is named', async () => {
    const all = await lines();
    const changed = (all[at(5)] ?? '').replace('GROUP_CREATED', 'GROUP_DELETED');
    expect(changed).not.toBe(all[at(5)]);
    expect(await verifyLines(all.with(at(5), changed))).toEqual(broken(place(all, 5), 'hash does not fit'));
  });

  it.each([0, 1, 7])('is not where record %i was removed', async (record) => {
    const all = await lines();
    expect(await verifyLines(all.toSpliced(at(record), 1))).toEqual(
      broken(place(all, record), `record ${record} should stand here`),
    );
  });

  it('is not where a line was put in twice', async () => {
    const all = await lines();
    expect(await verifyLines(all.toSpliced(at(4), 0, all[at(3)] ?? ''))).toEqual(
      broken(place(all, 4), 'one was added'),
    );
  });

  it('is not where two lines changed places', async () => {
    const all = await lines();
    const swapped = all.with(at(2), all[at(3)] ?? '').with(at(3), all[at(2)] ?? '');
    expect(await verifyLines(swapped)).toEqual(broken(place(all, 2), 'the order was changed'));
  });

  it('is not where the end is missing, or something follows it', async () => {
    const all = await lines();
    expect(await verifyLines(all.slice(0, -1))).toMatchObject({
      code: 1,
      err: expect.stringContaining('cut off'),
    });
    expect(await verifyLines(all.slice(0, 4))).toEqual(broken(5, 'cut off'));
    expect(await verifyLines([...all, all.at(-1) ?? ''])).toMatchObject({
      code: 1,
      err: expect.stringContaining('after the end'),
    });
  });

  it('is not where a byte is another, wherever it stands', async () => {
    const whole = Buffer.from(await folder.read(`whole.${format}`));
    for (let place = 0; place < whole.length; place += 397) {
      const changed = Buffer.from(whole);
      changed[place] = (changed[place] ?? 0) === 0x78 ? 0x79 : 0x78;
      const verdict = await verifyAudit(await folder.write(`byte.${format}`, changed));
      expect([place, verdict.code]).toEqual([place, 1]);
    }
  });

  it('is not where it was cut off in the middle of a line', async () => {
    const whole = await folder.read(`whole.${format}`);
    for (const length of [0, 1, 40, whole.length - 70, whole.length - 1]) {
      const verdict = await verifyAudit(await folder.write(`cut.${format}`, whole.slice(0, length)));
      expect([length, verdict.code]).toEqual([length, 1]);
    }
  });
});

describe('a line of NDJSON', () => {
  it('is not intact where it says the same in other letters, or one thing twice', async () => {
    const all = (await folder.read('whole.ndjson')).split('\n');
    const other = (change: (line: string) => string): Promise<string> =>
      folder.write('other.ndjson', all.with(5, change(all[5] ?? '')).join('\n'));
    // The last of two values is the one that counts for a program; a person may see the first.
    const twice = await other((line) => line.replace('{', '{"action":"GROUP_DELETED",'));
    expect(await verifyAudit(twice)).toEqual(broken(6, 'not as an export writes'));
    const blank = await other((line) => line.replace(',', ', '));
    expect(await verifyAudit(blank)).toEqual(broken(6, 'not as an export writes'));
  });
});

describe('an export that somebody made anew, with a chain of its own', () => {
  it('is whole in itself, and another one by its head hash', async () => {
    const records = recordsOf(await folder.read('whole.ndjson'));
    const chain = new HashChain();
    const forged = records.toSpliced(5, 1).map(({ seq: _seq, hash: _hash, ...content }) =>
      chain.seal({
        ...content,
        ...(content.kind === 'end' ? { count: records.length - 3 } : {}),
      } as Content),
    );
    const text = forged.map((record) => `${canonicalJson(record as unknown as Json)}\n`).join('');
    const file = await folder.write('forged.ndjson', text);
    expect(await verifyAudit(file)).toMatchObject({ code: 0 });
    expect(await verifyAudit(file, '--head', heads[0] ?? '')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^NOT THE SAME\./),
    });
  });

  it('is not whole where the numbers run on over a gap, or the count is another', async () => {
    const contents: readonly (readonly Content[])[] = [
      [
        { kind: 'export', format: 1 },
        { kind: 'end', count: 1 },
      ],
      [
        { kind: 'export', format: 2 },
        { kind: 'end', count: 0 },
      ],
      [{ kind: 'end', count: 0 }],
      [
        { kind: 'export', format: 1 },
        { kind: 'export', format: 1 },
        { kind: 'end', count: 1 },
      ],
    ];
    for (const [index, content] of contents.entries()) {
      const chain = new HashChain();
      const text = content.map((one) => `${canonicalJson(chain.seal(one) as unknown as Json)}\n`).join('');
      const verdict = await verifyAudit(await folder.write(`${index}.ndjson`, text));
      expect([index, verdict.code]).toEqual([index, 1]);
    }
  });
});

describe('the command', () => {
  it.each([
    [[], 'Name the file to verify.'],
    [['a', 'b'], 'what is "b"?'],
    [['a', '--head', 'abc'], '--head takes the 64 hexadecimal digits'],
  ])('misused as %j, it says why and exits with 2', async (args, why) => {
    expect(await verifyAudit(...args)).toMatchObject({ code: 2, err: expect.stringContaining(why) });
  });

  it('says of a file that is not there, is another, or is no text, that it is', async () => {
    expect(await verifyAudit('/nowhere/x.csv')).toMatchObject({
      code: 1,
      err: expect.stringContaining('/nowhere/x.csv cannot be read'),
    });
    expect(await verifyAudit(await folder.write('other.txt', 'a,b\n1,2\n'))).toEqual(
      broken(1, 'not as an export'),
    );
    const bytes = await folder.write('bytes', Buffer.from([0x7b, 0xff, 0xfe, 0x0a]));
    expect(await verifyAudit(bytes)).toMatchObject({
      code: 1,
      err: expect.stringContaining('is not UTF-8 text'),
    });
  });
});
