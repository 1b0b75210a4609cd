import {
  type DocumentNode,
  defaultTypeResolver,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLAbstractType,
  GraphQLError,
  type GraphQLLeafType,
  type GraphQLList,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
} from 'graphql';
// Not of graphql-js's public interface, and better than rules of our own for what @skip, @include and fragments select.
import { collectFields, collectSubfields } from 'graphql/execution/collectFields';
import { inspect } from 'graphql/jsutils/inspect';
import { plan } from '../look-ahead';
import {
  type AnyField,
  type Complete,
  type FieldPlan,
  isPromise,
  type SelectionPlan,
} from './compiled-parts';

/** The values of the variables that decide what @skip and @include leave of an operation. */
export type Conditions = Readonly<Record<string, unknown>>;

/**
 * An operation made ready to be executed many times: which fields are asked of which type, and what is done with the
 * value of each, is found out once. It holds nothing of any request: not the context, and of the variables only those
 * that @skip and @include look at.
 */
export class OperationPlan {
  readonly fragments: Record<string, FragmentDefinitionNode> = Object.create(null);
  /** Whether its fields are to be resolved one after the other. */
  readonly serially: boolean;
  private readonly rootType: GraphQLObjectType;
  private root: SelectionPlan | undefined;

  constructor(
    readonly schema: GraphQLSchema,
    document: DocumentNode,
    readonly operation: OperationDefinitionNode,
    private readonly conditions: Conditions,
  ) {
    const rootType = schema.getRootType(operation.operation);
    if (!rootType || operation.operation === OperationTypeNode.SUBSCRIPTION) {
      throw new Error(`an operation of type ${operation.operation} cannot be planned`);
    }
    this.rootType = rootType;
    this.serially = operation.operation === OperationTypeNode.MUTATION;
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) this.fragments[definition.name.value] = definition;
    }
  }

  /** The fields of the operation itself; those below are planned when they are first met. Raises what a condition says. */
  fields(): SelectionPlan {
    this.root ??= this.selectionOf(
      this.rootType,
      collectFields(this.schema, this.fragments, this.conditions, this.rootType, this.operation.selectionSet),
    );
    return this.root;
  }

  private selectionOf(
    type: GraphQLObjectType,
    collected: ReadonlyMap<string, readonly FieldNode[]>,
  ): SelectionPlan {
    const fields = [...collected].flatMap(([key, nodes]) => this.fieldOf(type, key, nodes) ?? []);
    return { type, fields, takesAnyName: collected.has('__proto__') };
  }

  private fieldOf(parentType: GraphQLObjectType, key: string, nodes: readonly FieldNode[]): FieldPlan | null {
    const [node] = nodes;
    const definition = node && this.definitionOf(parentType, node.name.value);
    if (node === undefined || definition === undefined) return null;
    const below = this.belowOf(definition.type, nodes);
    if (below !== undefined) plan(nodes, below);
    return {
      key,
      nodes,
      node,
      parentType,
      definition,
      below,
      takesArguments: definition.args.length > 0,
      nullable: !isNonNullType(definition.type),
      complete: this.completeOf(definition.type, nodes, below),
      constant: definition === TypeNameMetaFieldDef ? parentType.name : undefined,
    };
  }

  private definitionOf(type: GraphQLObjectType, name: string): AnyField | undefined {
    if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef;
    if (type === this.schema.getQueryType()) {
      if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
      if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
    }
    return type.getFields()[name];
  }

  /** The plan of the fields below one of an object type, made when it is first asked for. Raises what a condition says. */
  private belowOf(type: GraphQLOutputType, nodes: readonly FieldNode[]): (() => SelectionPlan) | undefined {
    const named = getNamedType(type);
    return isObjectType(named) ? this.lazily(named, nodes) : undefined;
  }

  private lazily(type: GraphQLObjectType, nodes: readonly FieldNode[]): () => SelectionPlan {
    let made: SelectionPlan | undefined;
    return () => {
      made ??= this.selectionOf(
        type,
        collectSubfields(this.schema, this.fragments, this.conditions, type, nodes),
      );
      return made;
    };
  }

  private completeOf(
    type: GraphQLOutputType,
    nodes: readonly FieldNode[],
    below: (() => SelectionPlan) | undefined,
  ): Complete {
    if (isNonNullType(type)) return notNull(this.completeOf(type.ofType, nodes, below));
    return orNull(this.completeValueOf(type, nodes, below));
  }

  private completeValueOf(
    type: Exclude<GraphQLOutputType, { ofType: never }>,
    nodes: readonly FieldNode[],
    below: (() => SelectionPlan) | undefined,
  ): Complete {
    if (isLeafType(type)) return leaf(type);
    if (isListType(type)) return list(type, this.completeOf(type.ofType as GraphQLOutputType, nodes, below));
    if (isAbstractType(type)) return this.abstract(type, nodes);
    return object(type as GraphQLObjectType, below ?? this.lazily(type as GraphQLObjectType, nodes));
  }

  private abstract(type: GraphQLAbstractType, nodes: readonly FieldNode[]): Complete {
    const resolveType = type.resolveType ?? defaultTypeResolver;
    const plans = new Map<GraphQLObjectType, Complete>();
    const planOf = (name: unknown, info: GraphQLResolveInfo, value: unknown): Complete => {
      const found = this.typeNamed(name, type, info, value);
      const plan = plans.get(found) ?? object(found, this.lazily(found, nodes));
      plans.set(found, plan);
      return plan;
    };
    return (run, info, path, value) => {
      const name: unknown = resolveType(value, run.context, info, type);
      return isPromise(name)
        ? name.then((resolved) => planOf(resolved, info, value)(run, info, path, value))
        : planOf(name, info, value)(run, info, path, value);
    };
  }

  /** The object type that was said to be the one of a value. Raises, in graphql-js's words, what is wrong with it. */
  private typeNamed(
    name: unknown,
    abstract: GraphQLAbstractType,
    info: GraphQLResolveInfo,
    value: unknown,
  ): GraphQLObjectType {
    const field = `${info.parentType.name}.${info.fieldName}`;
    const must = `Abstract type "${abstract.name}" must resolve to an Object type at runtime for field "${field}"`;
    if (name === null || name === undefined) {
      throw new GraphQLError(
        `${must}. Either the "${abstract.name}" type should provide a "resolveType" function or each possible type should provide an "isTypeOf" function.`,
      );
    }
    if (typeof name !== 'string') {
      throw new GraphQLError(`${must} with value ${inspect(value)}, received "${inspect(name)}".`);
    }
    const found = this.schema.getType(name);
    if (!isObjectType(found)) {
      const what = found
        ? `a non-object type "${name}".`
        : `a type "${name}" that does not exist inside the schema.`;
      throw new GraphQLError(`Abstract type "${abstract.name}" was resolved to ${what}`);
    }
    if (!this.schema.isSubType(abstract, found)) {
      throw new GraphQLError(`Runtime Object type "${name}" is not a possible type for "${abstract.name}".`);
    }
    return found;
  }
}

/** An object: as it was written for this selection, where its viewer may have all of that; else field by field. */
function object(type: GraphQLObjectType, below: () => SelectionPlan): Complete {
  return (run, info, path, value) => {
    const plan = below();
    const selection = (is: boolean): unknown => {
      if (is) return run.selection(plan, value, path);
      throw new GraphQLError(`Expected value of type "${type.name}" but got: ${inspect(value)}.`);
    };
    if (!type.isTypeOf) return run.written(plan, value) ?? run.selection(plan, value, path);
    const is = type.isTypeOf(value, run.context, info);
    return isPromise(is) ? is.then(selection) : selection(is);
  };
}

/** Null for null. Raises a value that is an error. */
const orNull =
  (complete: Complete): Complete =>
  (run, info, path, value) => {
    if (value === null || value === undefined) return null;
    if (value instanceof Error) throw value;
    return complete(run, info, path, value);
  };

const notNull =
  (complete: Complete): Complete =>
  (run, info, path, value) => {
    const completed = complete(run, info, path, value);
    if (completed !== null) return completed;
    throw new Error(`Cannot return null for non-nullable field ${info.parentType.name}.${info.fieldName}.`);
  };

const leaf =
  (type: GraphQLLeafType): Complete =>
  (_run, _info, _path, value) => {
    const serialized: unknown = type.serialize(value);
    if (serialized !== null && serialized !== undefined) return serialized;
    throw new Error(
      `Expected \`${inspect(type)}.serialize(${inspect(value)})\` to return non-nullable value, returned: ${inspect(serialized)}`,
    );
  };

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === 'object' && typeof (value as Partial<Iterable<unknown>>)?.[Symbol.iterator] === 'function';

function list(type: GraphQLList<GraphQLOutputType>, complete: Complete): Complete {
  const nullable = !isNonNullType(type.ofType);
  return (run, info, path, value) => {
    if (!isIterable(value)) {
      throw new GraphQLError(
        `Expected Iterable, but did not find one for field "${info.parentType.name}.${info.fieldName}".`,
      );
    }
    let pending = false;
    const items: unknown[] = [];
    try {
      for (const given of value) {
        const place = { prev: path, key: items.length, typename: undefined };
        const item = run.item(complete, info, place, given, nullable);
        items.push(item);
        if (isPromise(item)) pending = true;
      }
    } catch (error) {
      // The others may fail as well. graphql-js leaves that unheard, which ends a process of Node.
      void Promise.allSettled(Array.isArray(value) ? [...items, ...value] : items);
      throw error;
    }
    return pending ? Promise.all(items) : items;
  };
}
