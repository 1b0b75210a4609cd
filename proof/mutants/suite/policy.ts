import assert from 'node:assert/strict';
import type { Logger } from 'pino';
import { Decisions } from '../../../src/access/decisions';
import type { ProviderRef } from '../../../src/access/loader';
import {
  type Action,
  BILL_ACTIONS,
  type ClinicAction,
  type ClinicRelation,
  GROUNDS,
  permits,
  permitsInClinic,
  permitting,
  RELATIONS,
  type Relation,
} from '../../../src/access/policy';
import { clinicRelations, type Permission, reachesClinic, type Viewer } from '../../../src/access/viewer';
import { type DecisionCase, id } from './kit';

/** Which relation permits what: yes for x. */
const TABLE: Readonly<Record<Action, string>> = {
  //                       SUPPORT NOT_SEGREGATED OWNER USER_DELEGATE GROUP_DELEGATE ADMINISTRATOR
  VIEW_BILL: '             x       x              x     x             x              -',
  EXPLAIN_BILL_ACCESS: '   x       -              x     -             -              x',
  COUNT_BILLS_FOR_LAUNCH: 'x       -              -     -             -              x',
  READ_DELEGATION_LIST: '  x       -              x     -             -              x',
  CHANGE_DELEGATION_LIST: '-       -              x     -             -              x',
};
const RELATION_NAMES: readonly Relation[] = [
  ...(['SUPPORT', 'NOT_SEGREGATED', 'OWNER', 'USER_DELEGATE', 'GROUP_DELEGATE', 'ADMINISTRATOR'] as const),
];

/** The same for what belongs to a clinic as a whole. */
const CLINIC_TABLE: Readonly<Record<ClinicAction, string>> = {
  //                      MEMBER EDITOR ADMINISTRATOR SUPPORT
  READ_RECORDS: '         x      -      -             x',
  EDIT_USERS_AND_GROUPS: '-      x      x             -',
  SCHEDULE_LAUNCH: '      -      -      -             x',
  READ_LAUNCH_READINESS: '-      -      x             x',
  READ_CLINIC_HISTORY: '  -      -      x             x',
};
const CLINIC_NAMES: readonly ClinicRelation[] = ['MEMBER', 'EDITOR', 'ADMINISTRATOR', 'SUPPORT'];

const entries = <Key extends string>(table: Readonly<Record<Key, string>>): [Key, boolean[]][] =>
  (Object.entries(table) as [Key, string][]).map(([key, row]) => [
    key,
    row
      .trim()
      .split(/\s+/)
      .map((mark) => mark === 'x'),
  ]);

const tables: DecisionCase[] = [
  ...entries(TABLE).flatMap(([action, row]) =>
    RELATION_NAMES.map(
      (relation, index): DecisionCase => ({
        name: `${relation} ${row[index] ? 'permits' : 'does not permit'} ${action}`,
        run: () => {
          assert.equal(permits(action, [relation]), row[index]);
          assert.equal(permits(action, [relation, relation]), row[index]);
          assert.equal(permitting(action).includes(relation), row[index]);
        },
      }),
    ),
  ),
  ...entries(CLINIC_TABLE).flatMap(([action, row]) =>
    CLINIC_NAMES.map(
      (relation, index): DecisionCase => ({
        name: `${relation} of a clinic ${row[index] ? 'permits' : 'does not permit'} ${action}`,
        run: () => assert.equal(permitsInClinic(action, [relation]), row[index]),
      }),
    ),
  ),
  {
    name: 'one relation that permits is enough among others',
    run: () => {
      assert.equal(permits('VIEW_BILL', ['ADMINISTRATOR', 'OWNER']), true);
      assert.equal(permits('VIEW_BILL', ['OWNER', 'ADMINISTRATOR']), true);
      assert.equal(permitsInClinic('EDIT_USERS_AND_GROUPS', ['MEMBER', 'EDITOR']), true);
      assert.equal(permitsInClinic('READ_RECORDS', ['EDITOR', 'MEMBER']), true);
    },
  },
  {
    name: 'no relation, and no action that is known: no',
    run: () => {
      assert.equal(permits('VIEW_BILL', []), false);
      assert.equal(permitsInClinic('READ_RECORDS', []), false);
      for (const unknown of ['SOMETHING', 'toString', '__proto__', 'constructor']) {
        assert.deepEqual(permitting(unknown as Action), []);
        assert.equal(permits(unknown as Action, RELATION_NAMES), false);
        assert.equal(permitsInClinic(unknown as ClinicAction, CLINIC_NAMES), false);
      }
    },
  },
  {
    name: 'the grounds, the relations and what is done with bills',
    run: () => {
      assert.deepEqual([...GROUNDS], RELATION_NAMES.slice(0, 5));
      assert.deepEqual([...RELATIONS], RELATION_NAMES);
      assert.deepEqual([...BILL_ACTIONS], ['VIEW_BILL', 'EXPLAIN_BILL_ACCESS', 'COUNT_BILLS_FOR_LAUNCH']);
    },
  },
];

const viewerOf = (clinic: string | null, ...permissions: Permission[]): Viewer => ({
  ...{
    userId: id('ann'),
    clinicId: clinic && id(clinic),
    permissions: new Set(permissions),
    now: '2026-06-01T00:00:00Z',
  },
});

/** Who, and how they stand to clinic A; whether they reach it. */
const STANDING: readonly (readonly [
  what: string,
  viewer: Viewer,
  relations: readonly ClinicRelation[],
  reaches: boolean,
])[] = [
  ['a user', viewerOf('A'), ['MEMBER'], true],
  ['a user who edits', viewerOf('A', 'EDIT_OTHER_USERS'), ['MEMBER', 'EDITOR'], true],
  ['a user with the other permission alone', viewerOf('A', 'BILLING_DELEGATION_SETTINGS'), ['MEMBER'], true],
  [
    ...(['a user with both', viewerOf('A', 'EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS')] as const),
    ...([['MEMBER', 'EDITOR', 'ADMINISTRATOR'], true] as const),
  ],
  ['a user of another clinic', viewerOf('B', 'EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS'), [], false],
  ['support', viewerOf(null), ['SUPPORT'], true],
];

const standing: DecisionCase[] = STANDING.map(([what, viewer, relations, reaches]) => ({
  name: `${what} stands to a clinic as ${relations.join(' and ') || 'nothing'}`,
  run: () => {
    assert.deepEqual(clinicRelations(viewer, id('A')), relations);
    assert.equal(reachesClinic(viewer, id('A')), reaches);
    // Support's own people belong to no clinic: everybody may know them.
    assert.equal(reachesClinic(viewer, null), true);
  },
}));

/** A log that remembers. */
export function logOf(): { log: Logger; lines: unknown[][] } {
  const lines: unknown[][] = [];
  const note = (...line: unknown[]): void => void lines.push(line);
  return { log: { error: note } as unknown as Logger, lines };
}

/** Decisions over relations that are told here: to each provider of A, by name. */
function decisionsOf(
  held: Readonly<Record<string, readonly Relation[]>>,
  viewer: Viewer | null = viewerOf('A'),
) {
  const { log, lines } = logOf();
  const learnt = new Map<string, Relation>();
  const known = (ref: ProviderRef): readonly Relation[] | undefined => {
    const name = Object.keys(held).find((one) => id(one) === ref.providerId);
    const relation = learnt.get(ref.providerId);
    return name === undefined ? relation && [relation] : held[name];
  };
  const relations = {
    load: async (ref: ProviderRef) => (known(ref) ?? []).map((relation) => ({ relation, groupId: null })),
    known,
    learn: (ref: ProviderRef, relation: Relation) => void learnt.set(ref.providerId, relation),
  };
  return { decisions: new Decisions(viewer, relations, log), lines };
}

const ref = (name: string): ProviderRef => ({ clinicId: id('A'), providerId: id(name) });
const held = {
  ann: ['OWNER'],
  ben: ['ADMINISTRATOR'],
  cyn: [],
  del: ['ADMINISTRATOR', 'USER_DELEGATE'],
} as const;

/** Whether all of these providers' may be done, by the relations above; whether that is known. */
const MAY: readonly (readonly [
  action: Action,
  providers: readonly string[],
  may: boolean,
  known: boolean,
])[] = [
  ['VIEW_BILL', [], true, true],
  ['VIEW_BILL', ['ann'], true, true],
  ['VIEW_BILL', ['del'], true, true],
  ['VIEW_BILL', ['ann', 'del'], true, true],
  ['VIEW_BILL', ['ben'], false, false],
  ['VIEW_BILL', ['cyn'], false, false],
  ['VIEW_BILL', ['ann', 'ben'], false, false],
  ['VIEW_BILL', ['ben', 'ann'], false, false],
  ['VIEW_BILL', ['bob'], false, false],
  ['VIEW_BILL', ['ann', 'bob'], false, false],
  ['CHANGE_DELEGATION_LIST', ['ann', 'ben', 'del'], true, true],
  ['COUNT_BILLS_FOR_LAUNCH', ['ann'], false, false],
];

const codeOf = async (work: () => unknown): Promise<unknown> => {
  try {
    await work();
    return 'done';
  } catch (error) {
    return (error as { extensions?: { code?: unknown } }).extensions?.code ?? error;
  }
};

const decisions: DecisionCase[] = [
  ...MAY.map(
    ([action, providers, may, known]): DecisionCase => ({
      name: `${action} with what is of ${providers.join(' and ') || 'nobody'}: ${may ? 'yes' : 'no'}`,
      run: async () => {
        const made = decisionsOf(held);
        const refs = providers.map(ref);
        assert.equal(await made.decisions.mayAll(action, refs), may);
        assert.equal(made.decisions.knowsMayAll(action, refs), known);
        assert.equal(made.lines.length, 0);
        assert.equal(await codeOf(() => made.decisions.confirm(action, refs)), may ? 'done' : 'FORBIDDEN');
        // A refusal here means that a resolver is wrong.
        assert.equal(made.lines.length, may ? 0 : 1);
        assert.equal(made.decisions.defects, may ? 0 : 1);
        if (!may) assert.deepEqual(made.lines[0]?.[0], { defect: true, what: action });
        if (providers.length === 1) {
          const demanded = await codeOf(() => made.decisions.require(action, refs[0] ?? ref('ghost')));
          assert.equal(demanded, may ? 'done' : 'FORBIDDEN');
        }
      },
    }),
  ),
  {
    name: "a bill is known to be the viewer's to see, once learnt or asked, and no longer than that",
    run: async () => {
      const made = decisionsOf({ ann: ['OWNER'], ben: ['ADMINISTRATOR'] });
      const [ann, ben, bob, gus] = [ref('ann'), ref('ben'), ref('bob'), ref('gus')];
      assert.equal(made.decisions.knowsMay('VIEW_BILL', ann), true);
      assert.equal(made.decisions.knowsMay('VIEW_BILL', ann), true);
      assert.equal(made.decisions.knowsMay('VIEW_BILL', ben), false);
      assert.equal(made.decisions.knowsMay('VIEW_BILL', bob), false);
      made.decisions.learn(bob, null);
      assert.equal(made.decisions.knowsMay('VIEW_BILL', bob), false);
      made.decisions.learn(bob, 'ADMINISTRATOR');
      assert.equal(made.decisions.knowsMay('VIEW_BILL', bob), false);
      assert.equal(await made.decisions.mayAll('VIEW_BILL', [bob]), false);
      made.decisions.learn(gus, 'GROUP_DELEGATE');
      assert.equal(made.decisions.knowsMay('VIEW_BILL', gus), true);
      assert.equal(made.decisions.knowsMayAll('EXPLAIN_BILL_ACCESS', [gus]), false);
      assert.equal(await made.decisions.mayAll('VIEW_BILL', [ann, gus]), true);
      const lost: Record<string, Relation[]> = { ann: ['OWNER'] };
      const changing = decisionsOf(lost);
      assert.equal(changing.decisions.knowsMay('VIEW_BILL', ann), true);
      lost.ann = [];
      assert.equal(changing.decisions.knowsMay('VIEW_BILL', ann), false);
    },
  },
  ...entries(CLINIC_TABLE).flatMap(([action, row]) =>
    (
      [
        ['a user', viewerOf('A'), row[0]],
        ['an administrator', STANDING[3]?.[1] ?? null, (row[0] || row[1] || row[2]) ?? false],
        ['support', viewerOf(null), row[3]],
        ['an administrator of another clinic', STANDING[4]?.[1] ?? null, false],
        ['nobody', null, false],
      ] as const
    ).map(
      ([who, viewer, may]): DecisionCase => ({
        name: `${action} by ${who}: ${may ? 'yes' : 'no'}`,
        run: async () => {
          const made = decisionsOf({}, viewer);
          assert.equal(made.decisions.mayInClinic(action, id('A')), may);
          const demanded = await codeOf(() => made.decisions.requireInClinic(action, id('A')));
          assert.equal(demanded, may ? 'done' : 'FORBIDDEN');
        },
      }),
    ),
  ),
];

export const cases: readonly DecisionCase[] = [...tables, ...standing, ...decisions];
