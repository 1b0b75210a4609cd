import type { FieldNode, GraphQLResolveInfo } from 'graphql';

/** What an operation selects of one object type in one place, conditions and fragments resolved. */
export interface Selected {
  readonly type: { readonly name: string };
  readonly fields: readonly SelectedField[];
}

/** One field of a selection. */
export interface SelectedField {
  /** Its name in the answer. */
  readonly key: string;
  readonly definition: { readonly name: string; readonly resolve?: object | undefined };
  /** What is selected below it; undefined: it has no fields, or those of several types. */
  readonly below: (() => Selected) | undefined;
}

/** The selections below fields that an executor planned, by the nodes that it hands out in `info`. */
const planned = new WeakMap<readonly FieldNode[], () => Selected>();

/** Tells what an executor has planned below a field, for `selectedBelow`. */
export function plan(nodes: readonly FieldNode[], below: () => Selected): void {
  planned.set(nodes, below);
}

/**
 * What the operation selects below the field that is being resolved; exactly that. Undefined where its executor makes
 * no plans, or could not make this one: then the execution tells why.
 */
export function selectedBelow({ fieldNodes }: Pick<GraphQLResolveInfo, 'fieldNodes'>): Selected | undefined {
  try {
    return planned.get(fieldNodes)?.();
  } catch {
    return undefined;
  }
}

/** The one selection of the nodes of a connection, by `nodes` or `edges { node }`; undefined for none and for several. */
export function selectedOfNodes(connection: Selected): Selected | undefined {
  const below = ({ fields }: Selected, name: string): (Selected | undefined)[] =>
    fields.filter((field) => field.definition.name === name).map((field) => field.below?.());
  const ofEdges = below(connection, 'edges').flatMap((edge) => (edge ? below(edge, 'node') : []));
  const all = [...below(connection, 'nodes'), ...ofEdges];
  return all.length === 1 ? all[0] : undefined;
}
