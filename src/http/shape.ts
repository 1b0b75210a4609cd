import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationRule,
} from 'graphql';
import type { Limits } from './limits';

type ShapeLimits = Pick<Limits, 'depth' | 'aliases' | 'directives' | 'repeats'>;
type Shape = Record<keyof ShapeLimits, number>;

const NOTHING: Shape = { depth: 0, aliases: 0, directives: 0, repeats: 0 };

const WORDS: Readonly<Record<keyof ShapeLimits, (most: number) => string>> = {
  depth: (most) => `The operation nests fields more than ${most} deep. Split it.`,
  aliases: (most) => `The operation has more than ${most} aliases. Split it into several requests.`,
  directives: (most) => `The operation has more than ${most} directives.`,
  repeats: (most) => `The operation names the same field more than ${most} times in one place.`,
};

/** Measures a document in one pass: every fragment once, its measures added wherever it is spread. */
class Measuring {
  private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  private readonly known = new Map<string, Shape>();

  constructor(document: DocumentNode) {
    this.fragments = new Map(
      document.definitions.flatMap((definition) =>
        definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : [],
      ),
    );
  }

  ofSelections(set: SelectionSetNode, named = new Map<string, number>()): Shape {
    const shape = { ...NOTHING };
    for (const selection of set.selections) {
      shape.directives += selection.directives?.length ?? 0;
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value;
        const times = (named.get(key) ?? 0) + 1;
        named.set(key, times);
        shape.repeats = Math.max(shape.repeats, times);
        if (selection.alias !== undefined) shape.aliases += 1;
        const within = selection.selectionSet ? this.ofSelections(selection.selectionSet) : NOTHING;
        // The schema's description of itself is deep by nature; graphql-js limits its depth by a rule of its own.
        const introspects = selection.name.value === '__schema' || selection.name.value === '__type';
        add(shape, within, introspects ? 0 : 1 + within.depth);
      } else {
        const within =
          selection.kind === Kind.INLINE_FRAGMENT
            ? this.ofSelections(selection.selectionSet, named)
            : this.ofFragment(selection.name.value);
        add(shape, within, within.depth);
      }
    }
    return shape;
  }

  private ofFragment(name: string): Shape {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const fragment = this.fragments.get(name);
    // Nothing, while it is measured: a fragment within itself is refused by another rule.
    this.known.set(name, NOTHING);
    if (fragment === undefined) return NOTHING;
    const shape = this.ofSelections(fragment.selectionSet);
    shape.directives += fragment.directives?.length ?? 0;
    this.known.set(name, shape);
    return shape;
  }
}

function add(shape: Shape, within: Shape, depth: number): void {
  shape.depth = Math.max(shape.depth, depth);
  shape.repeats = Math.max(shape.repeats, within.repeats);
  shape.aliases += within.aliases;
  shape.directives += within.directives;
}

/**
 * Refuses an operation that is too deep or has too many aliases, directives or repeated fields. Ours, and not the
 * rules of graphql-armor: those do not count the directives of a fragment that is spread again, nor aliases of
 * __typename, and go over the document once for each limit. The error names its limit in `extensions.limit`.
 *
 * @param maxErrors after how many errors the validation that the rule is part of ends.
 */
export function shapeRule(limits: ShapeLimits, maxErrors: number): ValidationRule {
  return (context) => ({
    Document(document) {
      const measuring = new Measuring(document);
      for (const definition of document.definitions) {
        if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
        const shape = measuring.ofSelections(definition.selectionSet);
        shape.directives += definition.directives?.length ?? 0;
        for (const variable of definition.variableDefinitions ?? []) {
          shape.directives += variable.directives?.length ?? 0;
        }
        const over = (Object.keys(NOTHING) as (keyof Shape)[]).find((limit) => shape[limit] > limits[limit]);
        if (over === undefined) continue;
        const error = new GraphQLError(WORDS[over](limits[over]), {
          nodes: definition,
          extensions: { limit: over },
        });
        // One error more than validation takes ends it, before the rules whose work grows with the square of the
        // fields have begun; there is no other way to end it. The client gets one of them (see outcome.ts).
        for (let reported = 0; reported <= maxErrors; reported += 1) context.reportError(error);
      }
    },
  });
}
