import { isDeepStrictEqual } from 'node:util';
import type { GraphQLSchema } from 'graphql';
import type { Api } from '../api';
import { difference } from '../difference';
import type { Instant } from '../world';
import { ANY_CURSOR, behind, Refusal, shown, type Value, type Walker } from './graph';
import { aliasOf, operationOf, type Style, type Way, waysOf } from './operation';
import { endFields, nameOf, type Path } from './walk';
import { KINDS, type PathWorld } from './world';

/** What was walked and compared. */
export interface PathTally {
  /** Paths of the schema. */
  paths: number;
  /** Answers to one path with its arguments, in one style, for one viewer. */
  answers: number;
  /** Values at the ends that came back and were compared, and how many of the answers had any. */
  values: number;
  shown: number;
}

const BATCH = 20;

/**
 * Asks for the ends of the paths as every kind of viewer, and compares every value of the answers with what the oracle
 * says is behind them. Raises at the first difference.
 */
export async function comparePaths(
  api: Api,
  schema: GraphQLSchema,
  asked: {
    readonly path: PathWorld;
    readonly paths: readonly Path[];
    readonly style: Style;
    readonly now: Instant;
  },
  onBatch: (tally: Readonly<PathTally>) => void = () => undefined,
): Promise<PathTally> {
  const { path, style, now } = asked;
  const tally: PathTally = { paths: 0, answers: 0, values: 0, shown: 0 };
  for (let start = 0; start < asked.paths.length; start += BATCH) {
    const paths = asked.paths.slice(start, start + BATCH);
    const ways = paths.flatMap((one) => waysOf(one, path));
    const query = operationOf(schema, ways, style);
    await Promise.all(
      KINDS.map(async (kind) => {
        const walker = { path, viewer: path.viewers[kind], now };
        const reply = await api.ask(walker.viewer, query);
        const codes = Object.fromEntries(
          (reply.errors ?? []).map((error) => [
            error.path?.join('.') ?? error.message,
            error.extensions.code,
          ]),
        );
        if (reply.data === null || reply.data === undefined) {
          throw new Error(
            `as ${kind}, ${style}: the operation failed as a whole: ${JSON.stringify(reply.errors)}`,
          );
        }
        for (const [index, way] of ways.entries()) {
          const alias = `p${index}`;
          const expected = expectedOf(schema, way, walker, style);
          const came = { value: reply.data?.[alias], code: codes[alias] ?? null };
          delete codes[alias];
          const tallied = { values: 0 };
          if (!isDeepStrictEqual(settled(came, style, tallied), settled(expected, style, { values: 0 }))) {
            throw new Error(
              `${nameOf(way.path)} ${way.choices.map(({ text }) => text).join('')}, ${style}, as ${kind}: ${difference(settled(came, style, tallied), settled(expected, style, tallied))}`,
            );
          }
          tally.answers += 1;
          tally.values += tallied.values;
          tally.shown += tallied.values > 0 ? 1 : 0;
        }
        const [left] = Object.entries(codes);
        if (left !== undefined)
          throw new Error(`as ${kind}, ${style}: an error that should not be: ${left.join(' ')}`);
      }),
    );
    tally.paths += paths.length;
    onBatch(tally);
  }
  return tally;
}

/** What a way must answer: the value under its alias, and the code of its error. */
function expectedOf(
  schema: GraphQLSchema,
  { path, choices }: Way,
  walker: Walker,
  style: Style,
): { value: unknown; code: string | null } {
  const ends = endFields(schema, path.at(-1)?.type ?? '');
  const under = (value: Value, place: number): unknown => {
    const step = path[place];
    if (step === undefined) {
      const type = path.at(-1)?.type ?? '';
      return Object.fromEntries(
        ends.map(({ field }) => [aliasOf(style, field), shown(type, field, value, walker)]),
      );
    }
    return { [aliasOf(style, step.field)]: through(step, value, place) };
  };
  const through = (step: Path[number], value: Value, place: number): unknown => {
    const found = behind(step.parent, step.field, value, walker, choices[place]?.given);
    if (found instanceof Refusal || found === null) return found;
    return Array.isArray(found)
      ? found.map((one: Value) => under(one, place + 1))
      : under(found as Value, place + 1);
  };
  const [first] = path;
  const value = first === undefined ? null : through(first, {}, 0);
  return value instanceof Refusal ? { value: null, code: value.code } : { value, code: null };
}

/** An answer with its lists in one order and its cursors as such, and how many values it has. */
function settled(value: unknown, style: Style, tally: { values: number }): unknown {
  if (Array.isArray(value)) {
    return value
      .map((item) => settled(item, style, tally))
      .map((item) => [JSON.stringify(item), item] as const)
      .sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0))
      .map(([, item]) => item);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        key === aliasOf(style, 'cursor') && typeof inner === 'string' && inner !== ''
          ? ANY_CURSOR
          : settled(inner, style, tally),
      ]),
    );
  }
  if (value !== null && value !== undefined) tally.values += 1;
  return value;
}
