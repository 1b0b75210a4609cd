import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  buildSchema,
  type GraphQLField,
  type GraphQLSchema,
  isObjectType,
  TypeNameMetaFieldDef,
} from 'graphql';
import { applyMiddleware } from 'graphql-middleware';
import { Decisions } from '../../../src/access/decisions';
import { guardedWithKnownGrants, knownGrantsOf } from '../../../src/access/grant-known';
import type { ProviderRef } from '../../../src/access/loader';
import type { Relation } from '../../../src/access/policy';
import type { AccessContext } from '../../../src/access/rules';
import { permissions } from '../../../src/access/shield-map';
import type { Viewer } from '../../../src/access/viewer';
import { badUserInput, unavailable } from '../../../src/errors';
import type { Selected } from '../../../src/look-ahead';
import { type DecisionCase, id } from './kit';
import { logOf } from './policy';

/**
 * The shield alone: every field of the schema with a resolver that leaks whatever it is asked, behind the rules. For
 * each field, who gets the leak and who gets a refusal is told here, type by type, apart from the map.
 */

/** Who may read a field: what it takes. */
type Guard =
  | 'anybody'
  | 'signed in'
  | 'reach of the clinic'
  | 'sight of the bill'
  | 'sight of all bills behind'
  | 'the list'
  | 'the history'
  | 'the explanation'
  | 'who sees'
  | 'the readiness';

const TYPES: Readonly<Record<Guard, string>> = {
  anybody: 'SignInPayload',
  'signed in': `Query Mutation BillEdge BillViewerEdge BlankListEdge EntryWithoutAccessEdge LaunchLossEdge
    ScheduleSegregationLaunchPayload DelegationPayload SaveBillingDelegatesPayload DelegateCandidateEdge
    HistoryConnection HistoryEntryEdge ProviderAccessConnection ProviderAccessEdge Viewer VisitConnection VisitEdge
    EncounterConnection EncounterEdge PatientConnection PatientEdge ClinicConnection ClinicEdge UserConnection UserEdge
    GroupConnection GroupEdge CreateGroupPayload RenameGroupPayload DeleteGroupPayload AddGroupMembersPayload
    RemoveGroupMembersPayload DeactivateUserPayload ReactivateUserPayload PageInfo`,
  'reach of the clinic':
    'BillConnection Dashboard Encounter Visit PatientChart Patient Payer Clinic User Group',
  'sight of the bill': 'Bill BillItem Payment ProviderAccess',
  'sight of all bills behind': 'BillTotals BillSummaryRow',
  'the list':
    'DelegationList UserDelegate GroupDelegate DelegationChange DelegateCandidateConnection DelegateCandidate',
  'the history': 'HistoryEntry HistoryState',
  'the explanation': 'BillAccessExplanation BillAccessGround',
  'who sees': 'BillViewer BillViewerConnection',
  'the readiness':
    'LaunchReadiness BlankList BlankListConnection EntryWithoutAccess EntryWithoutAccessConnection LaunchLoss LaunchLossConnection',
};
const guardOf = new Map<string, Guard>(
  (Object.entries(TYPES) as [Guard, string][]).flatMap(([guard, types]) =>
    types.split(/\s+/).map((type) => [type, guard] as const),
  ),
);

interface Person {
  readonly viewer: Viewer | null;
  /** Their relations to ann and to ben, providers of clinic A. */
  readonly ann: readonly Relation[];
  readonly ben: readonly Relation[];
}

const person = (
  clinic: string | null,
  ann: Relation[],
  ben: Relation[] = [],
  administrator = false,
): Person => ({
  viewer: {
    userId: id('me'),
    clinicId: clinic && id(clinic),
    permissions: new Set(administrator ? ['EDIT_OTHER_USERS', 'BILLING_DELEGATION_SETTINGS'] : []),
    now: '2026-06-01T00:00:00Z',
  },
  ann,
  ben,
});

const PEOPLE = {
  nobody: { viewer: null, ann: [], ben: [] },
  stranger: person('A', []),
  owner: person('A', ['OWNER']),
  delegate: person('A', ['USER_DELEGATE'], ['GROUP_DELEGATE']),
  admin: person('A', ['ADMINISTRATOR'], ['ADMINISTRATOR'], true),
  support: person(null, ['SUPPORT'], ['SUPPORT']),
  foreign: person('B', []),
} as const satisfies Record<string, Person>;
type Who = keyof typeof PEOPLE;

const ANN: ProviderRef = { clinicId: id('A'), providerId: id('ann') };
const BEN: ProviderRef = { clinicId: id('A'), providerId: id('ben') };

/** What a field's parent is of. */
const PARENTS = {
  'of ann': { ...ANN, providers: [ANN], aboutUserId: id('somebody'), entryProviderId: id('ann') },
  'of ann, about oneself': { ...ANN, providers: [ANN], aboutUserId: id('me'), entryProviderId: null },
  'of ann and ben': {
    ...ANN,
    providers: [ANN, BEN],
    aboutUserId: id('somebody'),
    entryProviderId: id('ben'),
  },
  'of no bill': {
    ...BEN,
    clinicId: null,
    providers: [],
    aboutUserId: id('somebody'),
    entryProviderId: id('ann'),
  },
} as const;
type Of = keyof typeof PARENTS;

const SIGNED_IN: readonly Who[] = ['stranger', 'owner', 'delegate', 'admin', 'support', 'foreign'];
const OF_A: readonly Who[] = ['stranger', 'owner', 'delegate', 'admin', 'support'];
const SEEING: readonly Who[] = ['owner', 'delegate', 'support'];
const ANSWERING: readonly Who[] = ['owner', 'admin', 'support'];
const PREPARING: readonly Who[] = ['admin', 'support'];

/** Who passes, for a parent of each kind. Anybody else is refused: FORBIDDEN, nobody UNAUTHENTICATED. */
const PASSES: Readonly<Record<Guard, Partial<Readonly<Record<Of, readonly Who[]>>>>> = {
  anybody: { 'of ann': ['nobody', ...SIGNED_IN] },
  'signed in': { 'of ann': SIGNED_IN },
  'reach of the clinic': { 'of ann': OF_A, 'of no bill': SIGNED_IN },
  'sight of the bill': { 'of ann': SEEING },
  'sight of all bills behind': {
    ...{ 'of ann': SEEING, 'of ann and ben': ['delegate', 'support'] },
    // Sums over no bill.
    'of no bill': SIGNED_IN,
  },
  'the list': { 'of ann': ANSWERING },
  'the history': { 'of ann': ANSWERING, 'of ann, about oneself': PREPARING, 'of ann and ben': PREPARING },
  'the explanation': { 'of ann': ANSWERING, 'of ann, about oneself': [...ANSWERING, 'delegate'] },
  'who sees': { 'of ann': ANSWERING },
  'the readiness': { 'of ann': PREPARING },
};

/** Nobody is told to sign in; an entry of the clinic's own history is refused as to a stranger. */
const refusalOfNobody = (guard: Guard, of: Of): string =>
  guard === 'the history' && PARENTS[of].entryProviderId === null ? 'FORBIDDEN' : 'UNAUTHENTICATED';

/** Needs less than the rest of its type. */
const OPEN_FIELDS = new Set(['Mutation.signIn']);

const LEAK = 'what nobody should get';
const sdl = readFileSync(path.join(rootOf(__dirname), 'schema.graphql'), 'utf8');

/** The folder of the clone, from the sources as from their compiled copy. */
function rootOf(folder: string): string {
  const above = folder.split(`${path.sep}dist${path.sep}`)[0] ?? folder;
  return above === folder ? path.resolve(folder, '../../..') : above;
}

const fieldsOf = (schema: GraphQLSchema): { type: string; field: GraphQLField<unknown, unknown> }[] =>
  Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) && !type.name.startsWith('__')
      ? Object.values(type.getFields()).map((field) => ({ type: type.name, field }))
      : [],
  );

/** A schema in which every field leaks, behind the shield; with the grants that are known, or without. */
function leaking(known: boolean, more = ''): GraphQLSchema {
  const schema = buildSchema(sdl + more);
  for (const { field } of fieldsOf(schema)) field.resolve = () => LEAK;
  const guard = (plain: GraphQLSchema): GraphQLSchema => applyMiddleware(plain, permissions());
  return known ? guardedWithKnownGrants(schema, guard) : guard(schema);
}

/** A request's context; `known`: whether the relations were asked before. */
function contextOf(
  { viewer, ann, ben }: Person,
  known = true,
  viewerError: AccessContext['viewerError'] = null,
) {
  const { log, lines } = logOf();
  const held = (ref: ProviderRef): readonly Relation[] => {
    if (ref.clinicId !== id('A')) return [];
    if (ref.providerId === id('ann')) return ann;
    return ref.providerId === id('ben') ? ben : [];
  };
  const relations = {
    load: async (ref: ProviderRef) => held(ref).map((relation) => ({ relation, groupId: null })),
    known: (ref: ProviderRef) => (known ? held(ref) : undefined),
    learn: () => undefined,
  };
  const context: AccessContext = {
    viewer,
    viewerError,
    decisions: new Decisions(viewer, relations, log),
    log,
  };
  return { context, lines };
}

/** What comes out of a field: the leak or the code of the refusal. */
async function outcome(
  field: GraphQLField<unknown, unknown> | undefined,
  parent: unknown,
  context: unknown,
  info: object = {},
): Promise<unknown> {
  try {
    const value: unknown = await field?.resolve?.(parent, {}, context, info as never);
    return value instanceof Error ? (value as { extensions?: { code?: unknown } }).extensions?.code : value;
  } catch (error) {
    return (error as { extensions?: { code?: unknown } }).extensions?.code ?? error;
  }
}

const schemas = new Map<boolean, GraphQLSchema>();
const schemaOf = (known: boolean): GraphQLSchema => {
  const made = schemas.get(known) ?? leaking(known);
  schemas.set(known, made);
  return made;
};
const fieldOf = (type: string, field: string, known = true): GraphQLField<unknown, unknown> | undefined => {
  const of = schemaOf(known).getType(type);
  return isObjectType(of) ? of.getFields()[field] : undefined;
};

const everyField: DecisionCase[] = (Object.keys(PASSES) as Guard[]).flatMap((guard) =>
  [true, false].flatMap((known) =>
    (Object.entries(PASSES[guard]) as [Of, readonly Who[]][]).map(
      ([of, passing]): DecisionCase => ({
        name: `what takes ${guard}, ${of}, ${known ? 'with known grants' : 'by the shield alone'}: ${passing.join(', ')}`,
        run: async () => {
          const wrong: string[] = [];
          for (const { type, field } of fieldsOf(schemaOf(known))) {
            const needs = OPEN_FIELDS.has(`${type}.${field.name}`) ? 'anybody' : guardOf.get(type);
            if (needs !== guard) continue;
            for (const [who, is] of Object.entries(PEOPLE) as [Who, Person][]) {
              const { context, lines } = contextOf(is, known);
              const found = await outcome(field, PARENTS[of], context);
              const wanted = passing.includes(who)
                ? LEAK
                : who === 'nobody'
                  ? refusalOfNobody(guard, of)
                  : 'FORBIDDEN';
              if (found !== wanted) wrong.push(`${type}.${field.name} gives ${who} ${String(found)}`);
              // A refusal to somebody says that a resolver is wrong, and is logged as that.
              const defects = lines.filter(([about]) => (about as { defect?: boolean }).defect).length;
              if (defects !== (wanted === 'FORBIDDEN' ? 1 : 0))
                wrong.push(`${type}.${field.name} logs ${defects} defects`);
            }
          }
          assert.deepEqual(wrong, []);
        },
      }),
    ),
  ),
);

/** What each rule asks the decisions, and about what. */
const ASKS: readonly (readonly [type: string, field: string, parent: Of, asked: readonly string[]])[] = [
  ['Bill', 'id', 'of ann', ['VIEW_BILL', 'A', 'ann']],
  ['BillTotals', 'count', 'of ann', ['VIEW_BILL', 'A', 'ann']],
  ['DelegationList', 'entries', 'of ann', ['READ_DELEGATION_LIST', 'A', 'ann']],
  ['HistoryEntry', 'at', 'of ann', ['READ_CLINIC_HISTORY', 'A', 'READ_DELEGATION_LIST', 'A', 'ann']],
  ['HistoryEntry', 'at', 'of ann, about oneself', ['READ_CLINIC_HISTORY', 'A']],
  ['BillAccessExplanation', 'user', 'of ann', ['EXPLAIN_BILL_ACCESS', 'A', 'ann']],
  [
    ...(['BillAccessExplanation', 'user', 'of ann, about oneself'] as const),
    ['VIEW_BILL', 'A', 'ann', 'EXPLAIN_BILL_ACCESS', 'A', 'ann'],
  ],
  ['BillViewer', 'user', 'of ann', ['EXPLAIN_BILL_ACCESS', 'A', 'ann']],
  ['LaunchReadiness', 'losses', 'of ann', ['READ_LAUNCH_READINESS', 'A']],
];

const OUTAGE = unavailable(new Error('no database'));

const others: DecisionCase[] = [
  {
    name: 'every type of the schema is in one class above',
    run: () => {
      const types = new Set(fieldsOf(schemaOf(true)).map(({ type }) => type));
      assert.deepEqual([...types].sort(), [...guardOf.keys()].sort());
    },
  },
  {
    name: 'a field that is not in the map is refused to everybody, a type that is not too',
    run: async () => {
      for (const known of [true, false]) {
        const schema = leaking(
          known,
          ' extend type Bill { more: String } type More { more: String } extend type Query { more: More }',
        );
        for (const name of ['Bill', 'More', 'Query']) {
          const type = schema.getType(name);
          const field = isObjectType(type) ? type.getFields().more : undefined;
          for (const is of Object.values(PEOPLE)) {
            assert.equal(await outcome(field, PARENTS['of ann'], contextOf(is).context), 'FORBIDDEN');
          }
        }
      }
    },
  },
  {
    name: 'why there is no viewer is told, where it is another reason than no sign-in',
    run: async () => {
      for (const [type, field] of [
        ['Query', 'viewer'],
        ['Dashboard', 'bills'],
        ['Bill', 'id'],
        ['LaunchReadiness', 'losses'],
      ] as const) {
        for (const known of [true, false]) {
          const { context, lines } = contextOf(PEOPLE.nobody, known, OUTAGE);
          assert.equal(await outcome(fieldOf(type, field, known), PARENTS['of ann'], context), 'UNAVAILABLE');
          assert.equal(lines.length, 0);
        }
      }
    },
  },
  {
    name: 'a rule that cannot be asked is an outage, and logged',
    run: async () => {
      for (const error of [new Error('broken'), OUTAGE]) {
        const { context, lines } = contextOf(PEOPLE.owner, false);
        const decisions = {
          confirm: () => Promise.reject(error),
          knowsMayAll: () => false,
          knowsMay: () => false,
        };
        const failing = { ...context, decisions };
        assert.equal(await outcome(fieldOf('Bill', 'id'), PARENTS['of ann'], failing), 'UNAVAILABLE');
        assert.deepEqual(
          lines,
          error === OUTAGE ? [] : [[{ err: error, rule: 'viewsBill' }, 'an access rule failed']],
        );
      }
    },
  },
  {
    name: "a resolver's own errors pass through",
    run: async () => {
      const schema = buildSchema(sdl);
      const fields = fieldsOf(schema);
      for (const { field } of fields) {
        field.resolve = () => {
          throw badUserInput('own');
        };
      }
      const guarded = applyMiddleware(schema, permissions());
      const type = guarded.getType('Bill');
      const field = isObjectType(type) ? type.getFields().id : undefined;
      assert.equal(
        await outcome(field, PARENTS['of ann'], contextOf(PEOPLE.owner).context),
        'BAD_USER_INPUT',
      );
    },
  },
  {
    name: 'each parent is decided by itself, in one request and at once',
    run: async () => {
      const field = fieldOf('Bill', 'id', false);
      const { context } = contextOf(PEOPLE.owner, false);
      const all = await Promise.all([ANN, BEN, ANN, BEN].map((parent) => outcome(field, parent, context)));
      assert.deepEqual(all, [LEAK, 'FORBIDDEN', LEAK, 'FORBIDDEN']);
      const payments = fieldOf('Payment', 'amount', false);
      const again = await Promise.all([BEN, ANN].map((parent) => outcome(payments, parent, context)));
      assert.deepEqual(again, ['FORBIDDEN', LEAK]);
    },
  },
  {
    name: 'a verdict is not remembered by shield: what changed meanwhile is seen, for the same parent too',
    run: async () => {
      const field = fieldOf('Bill', 'id', false);
      const info = { parentType: 'Bill', fieldName: 'id' };
      const { context } = contextOf(PEOPLE.owner, false);
      let may = true;
      const decisions = {
        confirm: async () => {
          if (!may) throw context.decisions.defect('revoked');
        },
      };
      const changing = { ...context, decisions };
      assert.equal(await outcome(field, ANN, changing, info), LEAK);
      may = false;
      assert.equal(await outcome(field, ANN, changing, info), 'FORBIDDEN');
    },
  },
  ...ASKS.map(
    ([type, field, parent, wanted]): DecisionCase => ({
      name: `${type}.${field} asks for ${wanted.join(', then ')}`,
      run: async () => {
        const asked: string[] = [];
        const { context } = contextOf(PEOPLE.stranger, false);
        const note = (answer: unknown) => (action: string, of: readonly ProviderRef[] | string) => {
          const about = typeof of === 'string' ? [of] : of.flatMap((ref) => [ref.clinicId, ref.providerId]);
          asked.push(
            action,
            ...about.map((one) => (one === id('A') ? 'A' : one === id('ann') ? 'ann' : one)),
          );
          return answer;
        };
        const decisions = {
          ...{
            confirm: note(Promise.resolve()),
            mayAll: note(Promise.resolve(false)),
            mayInClinic: note(false),
          },
          defect: () => new Error('defect'),
        };
        await outcome(fieldOf(type, field, false), PARENTS[parent], { ...context, decisions });
        assert.deepEqual(asked, wanted);
      },
    }),
  ),
  {
    name: 'what is known is granted at once; what is not known goes the long way, and comes out alike',
    run: async () => {
      for (const [type, name, who] of [
        ['Bill', 'id', 'owner'],
        ['BillTotals', 'count', 'owner'],
        ['Dashboard', 'bills', 'stranger'],
        ['Query', 'viewer', 'stranger'],
        ['SignInPayload', 'token', 'nobody'],
      ] as const) {
        const { context } = contextOf(PEOPLE[who]);
        const field = fieldOf(type, name);
        assert.equal(field?.resolve?.(PARENTS['of ann'], {}, context, {} as never), LEAK, `${type}.${name}`);
      }
      const field = fieldOf('Bill', 'id');
      const unknown = contextOf(PEOPLE.owner, false).context;
      assert.ok(field?.resolve?.(ANN, {}, unknown, {} as never) instanceof Promise);
      assert.equal(await outcome(field, ANN, unknown), LEAK);
      assert.equal(await outcome(field, BEN, contextOf(PEOPLE.owner).context), 'FORBIDDEN');
    },
  },
  {
    name: 'a field without a resolver of its own is granted at once too',
    run: () => {
      const schema = guardedWithKnownGrants(buildSchema(sdl), (plain) =>
        applyMiddleware(plain, permissions()),
      );
      const type = schema.getType('Bill');
      const field = isObjectType(type) ? type.getFields().number : undefined;
      const info = { fieldName: 'number' } as never;
      assert.equal(
        field?.resolve?.({ ...ANN, number: LEAK }, {}, contextOf(PEOPLE.owner).context, info),
        LEAK,
      );
    },
  },
];

/** The guarded schema, over resolvers that it was built with. */
const built = (): GraphQLSchema =>
  guardedWithKnownGrants(buildSchema(sdl), (plain) => applyMiddleware(plain, permissions()));

/** What an executor would plan for these fields of a type, each with what is selected below it. */
const selectedOf = (
  schema: GraphQLSchema,
  type: string,
  fields: Readonly<Record<string, Selected | null>>,
): Selected => {
  const of = schema.getType(type);
  assert.ok(isObjectType(of));
  return {
    type: of,
    fields: Object.entries(fields).map(([name, below]) => {
      const definition = name === '__typename' ? TypeNameMetaFieldDef : of.getFields()[name];
      assert.ok(definition);
      return { key: name, definition, below: below === null ? undefined : () => below };
    }),
  };
};

/** A selection of a bill, and to whom of those who see ann's bills, or none, it is known to be granted as a whole. */
const whole: DecisionCase[] = [
  {
    name: 'a selection is known to be granted where the rule of each field in it is',
    run: () => {
      const schema = built();
      const name = selectedOf(schema, 'Patient', { name: null, __typename: null });
      const amount = selectedOf(schema, 'BillItem', { amount: null });
      const bill = { id: null, patient: name, items: amount, __typename: null };
      const grants = knownGrantsOf(selectedOf(schema, 'Bill', bill));
      const passing = (parent: ProviderRef): Who[] =>
        (Object.entries(PEOPLE) as [Who, Person][])
          .filter(([, is]) => grants?.every((known) => known(parent, contextOf(is).context)))
          .map(([who]) => who);
      // One of the bill and its items, one of the patient.
      assert.equal(grants?.length, 2);
      assert.deepEqual(passing(ANN), ['owner', 'delegate', 'support']);
      assert.deepEqual(passing(BEN), ['delegate', 'support']);
      const patients = knownGrantsOf(name);
      assert.equal(patients?.length, 1);
      assert.equal(patients[0]?.(ANN, contextOf(PEOPLE.stranger).context), true);
      assert.equal(patients[0]?.(ANN, contextOf(PEOPLE.foreign).context), false);
      assert.deepEqual(knownGrantsOf(selectedOf(schema, 'Bill', { __typename: null })), []);
    },
  },
  {
    name: 'a selection is not known to be granted where any field in it has no rule that tells, or another resolver',
    run: () => {
      const schema = built();
      const none = (selection: Selected): void => assert.equal(knownGrantsOf(selection), null);
      none(selectedOf(schema, 'DelegationList', { version: null }));
      none(selectedOf(buildSchema(sdl), 'Bill', { id: null }));
      const list = selectedOf(schema, 'DelegationList', { version: null });
      none(
        selectedOf(schema, 'Bill', {
          id: null,
          provider: selectedOf(schema, 'User', { billingDelegation: list }),
        }),
      );
      const leaks = schemaOf(true);
      none(selectedOf(leaks, 'Bill', { id: null }));
      const other = built();
      const type = other.getType('Bill');
      assert.ok(isObjectType(type));
      const number = type.getFields().number;
      assert.ok(number);
      number.resolve = () => LEAK;
      none(selectedOf(other, 'Bill', { id: null, number: null }));
      assert.notEqual(knownGrantsOf(selectedOf(other, 'Bill', { id: null })), null);
    },
  },
];

export const cases: readonly DecisionCase[] = [...everyField, ...others, ...whole];
