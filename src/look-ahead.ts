import { type FieldNode, type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql';

/** Documents are kept by Apollo, so a field of an operation that comes again is the same object. */
const known = new WeakMap<FieldNode, ReadonlySet<string>>();

/**
 * The names of the fields that an operation selects of the nodes of a connection, by `nodes` or `edges { node }`.
 * Directives are not looked at: what @skip leaves out is in it all the same, and so is what another type's fragment
 * names. Good for reading ahead, and for nothing that must be exact.
 */
export function fieldsOfNodes({
  fieldNodes,
  fragments,
}: Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>): ReadonlySet<string> {
  const [only] = fieldNodes;
  if (only === undefined || fieldNodes.length > 1) return namesUnder(fieldNodes, fragments);
  let names = known.get(only);
  if (names === undefined) {
    names = namesUnder(fieldNodes, fragments);
    known.set(only, names);
  }
  return names;
}

function namesUnder(
  connection: readonly FieldNode[],
  fragments: GraphQLResolveInfo['fragments'],
): ReadonlySet<string> {
  const under = (fields: readonly FieldNode[], name: string): FieldNode[] =>
    fields
      .flatMap((field) => fieldsOf(field.selectionSet, fragments))
      .filter((field) => field.name.value === name);
  const nodes = [...under(connection, 'nodes'), ...under(under(connection, 'edges'), 'node')];
  return new Set(
    nodes.flatMap((node) => fieldsOf(node.selectionSet, fragments).map((field) => field.name.value)),
  );
}

/** The fields of a selection, its fragments' too. A fragment within itself was refused before anything is resolved. */
function fieldsOf(
  set: SelectionSetNode | undefined,
  fragments: GraphQLResolveInfo['fragments'],
): FieldNode[] {
  return (set?.selections ?? []).flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection];
    const within = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments[selection.name.value];
    return fieldsOf(within?.selectionSet, fragments);
  });
}
