import assert from 'node:assert/strict';
import { everybodysRelationRows, losingAtLaunch } from '../../../src/access/everybody';
import { loadRelations, RelationLoader } from '../../../src/access/loader';
import { permittedByPrimary } from '../../../src/access/permitted-by-primary';
import { GROUNDS, RELATIONS, type Relation } from '../../../src/access/policy';
import { told, toldProviders } from '../../../src/access/predicate';
import { relationRows } from '../../../src/access/relations';
import type { Viewer } from '../../../src/access/viewer';
import { Parameters, type Statements } from '../../../src/sql';
import { type DecisionCase, id, type Kit, nameOf } from './kit';
import { BEFORE_LAUNCH, JUST_AFTER, JUST_BEFORE, LAUNCH, NOW } from './world';

/** Every provider there is, and some that there are not: of another clinic, of none, at an unknown clinic. */
const REFS = [
  ['A', 'ann'],
  ['A', 'ben'],
  ['A', 'cyn'],
  ['A', 'bob'],
  ['A', 'ghost'],
  ['B', 'ann'],
  ['B', 'bob'],
  ['B', 'ben'],
  ['ghost', 'ann'],
] as const;
const refs = REFS.map(([clinic, provider]) => ({ clinicId: id(clinic), providerId: id(provider) }));

const ALL_B = 'B.ann NOT_SEGREGATED; B.bob NOT_SEGREGATED';
const ALL_SUPPORT = 'A.ann SUPPORT; A.ben SUPPORT; A.cyn SUPPORT; B.ann SUPPORT; B.bob SUPPORT';
const ALL_A = 'A.ann NOT_SEGREGATED; A.ben NOT_SEGREGATED; A.cyn NOT_SEGREGATED';

/** Who, at which instant, stands in which relations to whom; a group in brackets. */
const RELATIONS_HELD: readonly (readonly [who: string, when: string, now: string, held: string])[] = [
  ['ann', 'after the launch', NOW, 'A.ann OWNER; B.ann NOT_SEGREGATED OWNER; B.bob NOT_SEGREGATED'],
  ['ben', 'after the launch', NOW, 'A.ben OWNER'],
  ['bob', 'of the other clinic', NOW, 'B.ann NOT_SEGREGATED; B.bob NOT_SEGREGATED OWNER'],
  ['cyn', 'deactivated, a provider', NOW, ''],
  ['del', 'a delegate, deactivated in the other clinic', NOW, 'A.ann USER_DELEGATE; A.cyn USER_DELEGATE'],
  ['exp', 'before the end', JUST_BEFORE, 'A.ann USER_DELEGATE'],
  ['exp', 'at the end', NOW, ''],
  ['soon', 'a microsecond before the end', NOW, 'A.ann USER_DELEGATE'],
  ['soon', 'at the end', JUST_AFTER, ''],
  ['gus', 'a member', NOW, 'A.ann GROUP_DELEGATE(g1)'],
  ['hex', 'a member, before the end', JUST_BEFORE, 'A.ben GROUP_DELEGATE(g2)'],
  ['hex', 'a member, at the end', NOW, ''],
  ['hey', 'a member, a microsecond before the end', NOW, 'A.ben GROUP_DELEGATE(g3)'],
  ['hey', 'a member, at the end', JUST_AFTER, ''],
  ['off', 'deactivated, active in the other clinic', NOW, ALL_B],
  ['adm', 'with both permissions', NOW, 'A.ann ADMINISTRATOR; A.ben ADMINISTRATOR; A.cyn ADMINISTRATOR'],
  ['edi', 'with one permission, and the other in the other clinic', NOW, ALL_B],
  ['set', 'with the other permission, and the one in the other clinic', NOW, ALL_B],
  [
    ...(['str', 'a stranger, delegate in the other clinic', NOW] as const),
    'B.ann GROUP_DELEGATE(g5) NOT_SEGREGATED USER_DELEGATE; B.bob NOT_SEGREGATED',
  ],
  ['sup', 'support', NOW, ALL_SUPPORT],
  ['out', 'deactivated support', NOW, ''],
  ['ghost', 'nobody', NOW, ''],
  [
    'str',
    'a microsecond before the launch',
    BEFORE_LAUNCH,
    `${ALL_A}; B.ann GROUP_DELEGATE(g5) NOT_SEGREGATED USER_DELEGATE; B.bob NOT_SEGREGATED`,
  ],
  [
    'ben',
    'a microsecond before the launch',
    BEFORE_LAUNCH,
    'A.ann NOT_SEGREGATED; A.ben NOT_SEGREGATED OWNER; A.cyn NOT_SEGREGATED',
  ],
  ['ben', 'at the launch', LAUNCH, 'A.ben OWNER'],
  [
    'bob',
    'of the other clinic, before the launch',
    BEFORE_LAUNCH,
    'B.ann NOT_SEGREGATED; B.bob NOT_SEGREGATED OWNER',
  ],
  ['off', 'deactivated, before the launch', BEFORE_LAUNCH, ALL_B],
  ['sup', 'support, before the launch', BEFORE_LAUNCH, ALL_SUPPORT],
];

const text = (rows: readonly { relation: string; groupId: string | null }[]): string =>
  rows
    .map(({ relation, groupId }) => (groupId === null ? relation : `${relation}(${nameOf(groupId)})`))
    .sort()
    .join(' ');

/** Same text, whatever the order of the entries. */
const inOrder = (held: string): string => held.split('; ').sort().join('; ');

async function heldBy(statements: Statements, who: string, now: string): Promise<string> {
  const rows = await loadRelations(statements, { userId: id(who), now }, refs);
  assert.equal(rows.length, refs.length);
  return rows
    .flatMap((held, index) => (held.length === 0 ? [] : [`${REFS[index]?.join('.')} ${text(held)}`]))
    .join('; ');
}

const held: DecisionCase[] = RELATIONS_HELD.map(([who, when, now, wanted]) => ({
  name: `${who}, ${when}: ${wanted === '' ? 'nothing' : wanted}`,
  run: async ({ owner }) => assert.equal(await heldBy(owner, who, now), wanted),
}));

const viewer: Viewer = { userId: id('ann'), clinicId: id('A'), permissions: new Set(), now: NOW };
const ANN = { clinicId: id('A'), providerId: id('ann') };
const BEN = { clinicId: id('A'), providerId: id('ben') };

/** Statements that answer from the table of rows and count. */
function fake(rows: unknown[]): Statements & { asked: number } {
  const made = {
    asked: 0,
    query: async <Row extends object>() => {
      made.asked += 1;
      return rows as Row[];
    },
  };
  return made;
}

const loader: DecisionCase[] = [
  {
    name: 'a loader asks once for what is asked together, and remembers it until told to forget',
    run: async () => {
      const rows: unknown[] = [
        { clinic_id: id('A'), provider_id: id('ann'), relation: 'OWNER', group_id: null },
      ];
      const statements = fake(rows);
      const relations = new RelationLoader(statements, viewer);
      assert.equal(relations.known(ANN), undefined);
      const [ann, ben] = await Promise.all([relations.load(ANN), relations.load(BEN)]);
      assert.deepEqual([ann, ben], [[{ relation: 'OWNER', groupId: null }], []]);
      rows.length = 0;
      assert.equal((await relations.load({ ...ANN })).length, 1);
      assert.equal(statements.asked, 1);
      assert.deepEqual([relations.known({ ...ANN }), relations.known(BEN)], [['OWNER'], []]);
      // What was loaded is all of it; what is learnt besides changes nothing.
      relations.learn(BEN, 'SUPPORT');
      assert.deepEqual(relations.known(BEN), []);
      relations.clear();
      assert.deepEqual([relations.known(ANN), relations.known(BEN)], [undefined, undefined]);
      assert.deepEqual(await relations.load(ANN), []);
      assert.deepEqual(relations.known(ANN), []);
      assert.equal(statements.asked, 2);
    },
  },
  {
    name: 'a loader takes over what was learnt, and still asks for the whole',
    run: async () => {
      const statements = fake([
        { clinic_id: id('A'), provider_id: id('ann'), relation: 'SUPPORT', group_id: null },
        { clinic_id: id('A'), provider_id: id('ann'), relation: 'OWNER', group_id: null },
      ]);
      const relations = new RelationLoader(statements, viewer);
      relations.learn(ANN, 'OWNER');
      assert.deepEqual([relations.known({ ...ANN }), relations.known(BEN)], [['OWNER'], undefined]);
      assert.equal(statements.asked, 0);
      assert.equal((await relations.load(ANN)).length, 2);
      assert.deepEqual(relations.known(ANN), ['SUPPORT', 'OWNER']);
      relations.clear();
      assert.equal(relations.known(ANN), undefined);
    },
  },
  {
    name: 'a loader that was told to forget meanwhile knows nothing of what it asked before',
    run: async ({ owner }) => {
      const relations = new RelationLoader(owner, viewer);
      assert.equal(text(await relations.load(ANN)), 'OWNER');
      assert.equal(relations.known({ clinicId: id('B'), providerId: id('ann') }), undefined);
      assert.equal(relations.known({ clinicId: id('A'), providerId: id('ben') }), undefined);
    },
  },
  {
    name: 'no relation asked: no row',
    run: async ({ owner }) => {
      const question = {
        clinic: `'${id('A')}'::uuid`,
        viewer: `'${id('ann')}'::uuid`,
        now: `'${NOW}'::timestamptz`,
      };
      assert.deepEqual(await owner.query(`SELECT * FROM (${relationRows(question, [])}) none`, []), []);
    },
  },
];

/** Everybody with a ground at clinic A, by the text of the rows. */
async function everybody(
  { owner }: Kit,
  clinic: string,
  now: string,
  relations: readonly Relation[],
): Promise<string> {
  const parameters = new Parameters();
  const question = { clinic: parameters.add(id(clinic), 'uuid'), now: parameters.add(now, 'timestamptz') };
  const rows = await owner.query<{
    clinic_id: string | null;
    user_id: string;
    name: string;
    relation: string;
    provider_id: string;
    group_id: string | null;
  }>(
    // Both values stand in the statement, whatever the relations.
    `SELECT e.* FROM (${everybodysRelationRows(question, relations)}) e WHERE ${question.clinic} IS NOT NULL AND ${question.now} IS NOT NULL`,
    parameters.values,
  );
  return inOrder(
    rows
      .map((row) => {
        const who = nameOf(row.user_id);
        // Who works at B goes by another name there.
        assert.equal(row.name, clinic === 'B' && who !== 'sup' ? `${who} of B` : who);
        assert.equal(row.clinic_id, who === 'sup' ? null : id(clinic));
        const group = row.group_id === null ? '' : `(${nameOf(row.group_id)})`;
        return `${who}>${nameOf(row.provider_id)} ${row.relation}${group}`;
      })
      .join('; '),
  );
}

const SEEING_A =
  'ann>ann OWNER; ben>ben OWNER; del>ann USER_DELEGATE; del>cyn USER_DELEGATE; soon>ann USER_DELEGATE; gus>ann GROUP_DELEGATE(g1); hey>ben GROUP_DELEGATE(g3); sup>ann SUPPORT; sup>ben SUPPORT; sup>cyn SUPPORT';
const ADMINISTRATORS_A = 'adm>ann ADMINISTRATOR; adm>ben ADMINISTRATOR; adm>cyn ADMINISTRATOR';
const SEEING_B = [
  ...['ann', 'bob', 'off', 'edi', 'set', 'str'].flatMap((user) => [
    `${user}>ann NOT_SEGREGATED`,
    `${user}>bob NOT_SEGREGATED`,
  ]),
  'ann>ann OWNER; bob>bob OWNER; str>ann USER_DELEGATE; str>ann GROUP_DELEGATE(g5); sup>ann SUPPORT; sup>bob SUPPORT',
].join('; ');

/** Who sees bills of A before the launch, and of whom at it no more. */
const LOSING = [
  'ann>ben',
  'ben>ann',
  ...['gus', 'hex', 'hey', 'adm', 'edi', 'set', 'str'].flatMap((user) => [`${user}>ann`, `${user}>ben`]),
  'del>ben',
  'exp>ben',
  'soon>ben',
]
  .filter((pair) => !['gus>ann', 'hex>ben', 'hey>ben'].includes(pair))
  .join('; ');

async function losing(
  { owner }: Kit,
  now: string,
  launch: string,
  providers: readonly string[],
  clinic = 'A',
): Promise<string> {
  const parameters = new Parameters();
  const instants = [parameters.add(now, 'timestamptz'), parameters.add(launch, 'timestamptz')] as const;
  const sql = losingAtLaunch(
    parameters.add(id(clinic), 'uuid'),
    ...instants,
    parameters.add(providers.map(id), 'uuid[]'),
  );
  const rows = await owner.query<{ provider_id: string; user_id: string }>(
    `SELECT l.* FROM (${sql}) l WHERE ${instants[0]} < ${instants[1]}`,
    parameters.values,
  );
  return inOrder(rows.map((row) => `${nameOf(row.user_id)}>${nameOf(row.provider_id)}`).join('; '));
}

const people: DecisionCase[] = [
  {
    name: 'everybody who sees bills of A',
    run: async (kit) => assert.equal(await everybody(kit, 'A', NOW, GROUNDS), inOrder(SEEING_A)),
  },
  {
    name: 'everybody in any relation at A, administrators too',
    run: async (kit) =>
      assert.equal(await everybody(kit, 'A', NOW, RELATIONS), inOrder(`${SEEING_A}; ${ADMINISTRATORS_A}`)),
  },
  {
    name: 'everybody who sees bills of B, which has not launched',
    run: async (kit) => assert.equal(await everybody(kit, 'B', NOW, GROUNDS), inOrder(SEEING_B)),
  },
  {
    name: 'one relation alone',
    run: async (kit) => {
      assert.equal(await everybody(kit, 'A', NOW, ['OWNER']), 'ann>ann OWNER; ben>ben OWNER');
      assert.equal(await everybody(kit, 'A', NOW, ['NOT_SEGREGATED']), '');
    },
  },
  {
    name: 'who will lose sight of bills of ann and ben at the launch of A',
    run: async (kit) =>
      assert.equal(await losing(kit, BEFORE_LAUNCH, LAUNCH, ['ann', 'ben']), inOrder(LOSING)),
  },
  {
    name: 'who will lose sight of bills of cyn, at a launch after some lists ran out',
    run: async (kit) =>
      assert.equal(
        await losing(kit, BEFORE_LAUNCH, NOW, ['cyn']),
        inOrder(
          ['ann', 'ben', 'exp', 'soon', 'gus', 'hex', 'hey', 'adm', 'edi', 'set', 'str']
            .map((user) => `${user}>cyn`)
            .join('; '),
        ),
      ),
  },
  {
    name: 'who will lose sight of bills of ann, at a launch after some lists ran out',
    run: async (kit) => {
      const users = ['ben', 'exp', 'hex', 'hey', 'adm', 'edi', 'set', 'str'];
      assert.equal(
        await losing(kit, BEFORE_LAUNCH, NOW, ['ann']),
        inOrder(users.map((user) => `${user}>ann`).join('; ')),
      );
    },
  },
  {
    name: 'who would lose sight at a launch of B, which has no date yet',
    run: async (kit) => {
      const both = ['off', 'edi', 'set'].flatMap((user) => [`${user}>ann`, `${user}>bob`]);
      const wanted = ['ann>bob', 'bob>ann', 'str>bob', ...both].join('; ');
      assert.equal(await losing(kit, NOW, JUST_AFTER, ['ann', 'bob'], 'B'), inOrder(wanted));
    },
  },
  {
    name: 'after the launch nobody loses anything more',
    run: async (kit) => assert.equal(await losing(kit, LAUNCH, NOW, ['ann', 'ben', 'cyn']), ''),
  },
];

/** Who, at which clinic, to what end, at which instant: whose bills the text of the row-level policy lets through. */
const POLICY: readonly (readonly [
  who: string,
  clinic: string,
  action: string,
  now: string,
  providers: string,
])[] = [
  ['ann', 'A', 'VIEW_BILL', NOW, 'A.ann'],
  ['del', 'A', 'VIEW_BILL', NOW, 'A.ann A.cyn'],
  ['gus', 'A', 'VIEW_BILL', NOW, 'A.ann'],
  ['exp', 'A', 'VIEW_BILL', NOW, ''],
  ['exp', 'A', 'VIEW_BILL', JUST_BEFORE, 'A.ann'],
  ['str', 'A', 'VIEW_BILL', NOW, ''],
  ['str', 'A', 'VIEW_BILL', BEFORE_LAUNCH, 'A.ann A.ben A.cyn'],
  ['str', 'A', 'VIEW_BILL', LAUNCH, ''],
  ['str', 'B', 'VIEW_BILL', NOW, 'B.ann B.bob'],
  ['adm', 'A', 'VIEW_BILL', NOW, ''],
  ['sup', 'A', 'VIEW_BILL', NOW, 'A.ann A.ben A.cyn'],
  ['sup', 'B', 'VIEW_BILL', NOW, 'B.ann B.bob'],
  ['adm', 'A', 'EXPLAIN_BILL_ACCESS', NOW, 'A.ann A.ben A.cyn'],
  ['adm', 'A', 'COUNT_BILLS_FOR_LAUNCH', NOW, 'A.ann A.ben A.cyn'],
  ['ann', 'A', 'EXPLAIN_BILL_ACCESS', NOW, 'A.ann'],
  ['ann', 'A', 'COUNT_BILLS_FOR_LAUNCH', NOW, ''],
  ['del', 'A', 'EXPLAIN_BILL_ACCESS', NOW, ''],
  ['del', 'A', 'COUNT_BILLS_FOR_LAUNCH', NOW, ''],
  ['gus', 'A', 'EXPLAIN_BILL_ACCESS', NOW, ''],
  ['str', 'B', 'EXPLAIN_BILL_ACCESS', NOW, ''],
  ['str', 'B', 'COUNT_BILLS_FOR_LAUNCH', NOW, ''],
  ['sup', 'A', 'EXPLAIN_BILL_ACCESS', NOW, 'A.ann A.ben A.cyn'],
  ['sup', 'A', 'COUNT_BILLS_FOR_LAUNCH', NOW, 'A.ann A.ben A.cyn'],
  ['sup', 'A', 'READ_DELEGATION_LIST', NOW, ''],
  ['sup', 'A', 'ANYTHING', NOW, ''],
  ['sup', 'A', '', NOW, ''],
  ['', 'A', 'VIEW_BILL', NOW, ''],
  ['sup', '', 'VIEW_BILL', NOW, ''],
];

/** Whose bills the policies let through where the database is told this; null: it is not told that. */
async function policyShows(
  kit: Kit,
  told: Readonly<Partial<Record<'viewer' | 'clinic' | 'now' | 'action', string>>>,
): Promise<string> {
  const providers = toldProviders({
    clinic: '$2::uuid',
    viewer: '$1::uuid',
    now: '$3::timestamptz',
    action: '$4::text',
  });
  const rows = await kit.owner.query<{ clinic: string; provider: string }>(
    `SELECT DISTINCT clinic_id AS clinic, provider_id AS provider FROM bills
     WHERE clinic_id = $2::uuid AND provider_id = ANY (${providers})`,
    [told.viewer || null, told.clinic || null, told.now ?? null, told.action ?? null],
  );
  return rows
    .map(({ clinic, provider }) => `${nameOf(clinic)}.${nameOf(provider)}`)
    .sort()
    .join(' ');
}

const secondWall: DecisionCase[] = [
  ...POLICY.map(
    ([who, clinic, action, now, providers]): DecisionCase => ({
      name: `the row-level policy, told of ${who || 'nobody'} at ${clinic || 'no clinic'}, to ${action || 'no end'} at ${now}: ${providers || 'nothing'}`,
      run: async (kit) =>
        assert.equal(
          await policyShows(kit, {
            viewer: who && id(who),
            clinic: clinic && id(clinic),
            now,
            action,
          }),
          providers,
        ),
    }),
  ),
  ...POLICY.flatMap(([who, clinic, action, now, providers]): DecisionCase[] =>
    who === '' || clinic === '' || action !== 'VIEW_BILL'
      ? []
      : [
          {
            name: `whose bills the primary lets ${who} see at ${clinic} at ${now}: ${providers || 'nothing'}`,
            run: async ({ owner }) => {
              const found = await permittedByPrimary(owner, { viewer: id(who), clinic: id(clinic), now });
              assert.deepEqual(
                found.map((provider) => `${clinic}.${nameOf(provider)}`).sort(),
                providers.split(' ').filter((one) => one !== ''),
              );
            },
          },
        ],
  ),
  {
    name: 'the row-level policy, told nothing, or not everything: nothing',
    run: async (kit) => {
      const all = { viewer: id('sup'), clinic: id('A'), now: NOW, action: 'VIEW_BILL' };
      assert.equal(await policyShows(kit, {}), '');
      for (const left of ['clinic', 'viewer', 'action']) {
        assert.equal(await policyShows(kit, { ...all, [left]: '' }), '');
      }
    },
  },
  {
    name: 'the database is told who asks, where, when and to what end',
    run: () => {
      const wanted = { viewer: id('ann'), clinic: id('B'), now: NOW, action: 'COUNT_BILLS_FOR_LAUNCH' };
      assert.deepEqual(told('COUNT_BILLS_FOR_LAUNCH', viewer, id('B')), wanted);
    },
  },
];

export const cases: readonly DecisionCase[] = [...held, ...loader, ...people, ...secondWall];
