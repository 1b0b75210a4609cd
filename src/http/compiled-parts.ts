import type { FieldNode, GraphQLField, GraphQLObjectType, GraphQLResolveInfo } from 'graphql';

export type Path = GraphQLResolveInfo['path'];

/**
 * What a value becomes in the answer, or a promise of it. Raises what is wrong with it, to be told where the value is.
 * `info` is the one of the field that the value is of.
 */
export type Complete = (run: Running, info: GraphQLResolveInfo, path: Path, value: unknown) => unknown;

export const isPromise = <Value>(value: Value | PromiseLike<Value>): value is Promise<Value> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === 'function';

/** What an execution offers to those who complete its values. */
export interface Running {
  readonly context: unknown;
  /** An object as it was written for the selection, where its viewer may have all of that; else undefined. */
  written(plan: SelectionPlan, value: unknown): unknown;
  /** The fields of an object, in the order in which they were asked for, or a promise of them. */
  selection(plan: SelectionPlan, source: unknown, path: Path | undefined): unknown;
  /** A value of a list, or a promise of one; `nullable`: whether its place can be null. */
  item(complete: Complete, info: GraphQLResolveInfo, path: Path, value: unknown, nullable: boolean): unknown;
}

export type AnyField = GraphQLField<unknown, unknown>;

/** One field that an operation asks of one object type. */
export interface FieldPlan {
  /** Its name in the answer. */
  readonly key: string;
  readonly nodes: readonly FieldNode[];
  /** The first of them, whose arguments count. */
  readonly node: FieldNode;
  readonly parentType: GraphQLObjectType;
  readonly definition: AnyField;
  /** The plan of what is selected below it; undefined for a field without fields, or with those of several types. */
  readonly below: (() => SelectionPlan) | undefined;
  readonly takesArguments: boolean;
  readonly nullable: boolean;
  readonly complete: Complete;
  /** Its value, where that is known without asking: `__typename`. */
  readonly constant: string | undefined;
}

/** The fields that an operation asks of one object type in one place. */
export interface SelectionPlan {
  readonly type: GraphQLObjectType;
  readonly fields: readonly FieldPlan[];
  /** Whether a name in the answer is one that only an object without a prototype can hold. */
  readonly takesAnyName: boolean;
}
