import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { canonicalJson, type Json } from '../../src/audit-export/canonical-json';
import { HashChain, hashOf } from '../../src/audit-export/chain';
import { CSV_HEADER, csvLine, recordOfCells } from '../../src/audit-export/csv';
import type { SealedRecord } from '../../src/audit-export/records';

describe('canonical JSON', () => {
  it('sorts keys at every depth, has no blanks, and writes text as RFC 8785 does', () => {
    expect(canonicalJson({ b: [1, { z: null, a: true }], a: '€\u2028"\n', Ö: -0.5 })).toBe(
      '{"a":"€\u2028\\"\\n","b":[1,{"a":true,"z":null}],"Ö":-0.5}',
    );
  });

  it('is the same for the same value, and gives the value back', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value as Json);
        const again = JSON.parse(text) as Json;
        expect(canonicalJson(again)).toBe(text);
      }),
    );
  });
});

describe('the chain', () => {
  it('is SHA-256 over the hash before, a line feed and the record', () => {
    const chain = new HashChain();
    const first = chain.seal({ kind: 'end', count: 0 });
    expect(first).toEqual({
      kind: 'end',
      count: 0,
      seq: 0,
      // printf '%064d\n{"count":0,"kind":"end","seq":0}' 0 | sha256sum
      hash: '306364ce4043cd1d060ec2388bc46cbeff346b3b1f89c75cfd90165a8b0c8511',
    });
    const second = chain.seal({ kind: 'end', count: 1 });
    expect(second.hash).toBe(hashOf(first.hash, { kind: 'end', count: 1, seq: 1 }));
  });
});

/** A record with this text wherever text can stand. */
const recordWith = (text: string, json: Json): SealedRecord =>
  new HashChain().seal({
    kind: 'history',
    historyId: '1',
    at: '2026-01-01T00:00:00.000000Z',
    action: 'GROUP_RENAMED',
    actorUserId: null,
    actorSupportUserId: null,
    actorName: text,
    providerId: null,
    providerName: null,
    userId: null,
    userName: null,
    groupId: null,
    groupName: text,
    before: json,
    after: null,
  });

const cellsOf = (record: SealedRecord): string[] =>
  (
    parse(`${csvLine(record)}\r\n`, { relax_column_count: true, record_delimiter: '\r\n' }) as string[][]
  )[0] ?? [];

describe('a line of CSV', () => {
  it.each([
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '  =cmd|x',
    '\u200B=1',
    '＝1',
    "'=1",
    "''",
    'plain, "quoted"\r\nand more',
  ])('holds %j as text that no spreadsheet runs, and gives it back', (text) => {
    const record = recordWith(text, { name: text });
    for (const cell of cellsOf(record)) expect(cell).not.toMatch(/^[\s\u200B]*[=+\-@＝]/u);
    expect(recordOfCells(cellsOf(record))).toEqual(record);
  });

  it('gives back whatever was in it', () => {
    const texts = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 });
    const risky = fc.stringMatching(/^['=+@\t -]{0,3}[a-z"',\r\n]{1,4}$/);
    fc.assert(
      fc.property(fc.oneof(texts, risky), fc.dictionary(fc.string(), fc.string()), (text, json) => {
        const record = recordWith(text, JSON.parse(JSON.stringify(json)) as Json);
        expect(recordOfCells(cellsOf(record))).toEqual(record);
      }),
    );
  });

  it('has as many cells as the header has names', () => {
    expect(cellsOf(recordWith('x', null))).toHaveLength(CSV_HEADER.split(',').length);
  });
});
