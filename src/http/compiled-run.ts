import {
  defaultFieldResolver,
  type ExecutionResult,
  type FieldNode,
  type GraphQLError,
  type GraphQLResolveInfo,
  getArgumentValues,
  locatedError,
} from 'graphql';
import type { AccessContext } from '../access/rules';
import { holdsWritten, writtenOf } from '../written';
import {
  type Complete,
  type FieldPlan,
  isPromise,
  type Path,
  type Running,
  type SelectionPlan,
} from './compiled-parts';
import type { OperationPlan } from './compiled-plan';

/**
 * One execution of a planned operation: whatever belongs to one request is here, and in no plan. It does what
 * graphql-js's `execute` does, with the same promises waiting for one another, so that errors which meet in one place
 * meet in the same order and the same ones are told.
 */
export class Run implements Running {
  private readonly errors: GraphQLError[] = [];
  private holdsWritten = false;
  /** Where values were nulled by an error; what fails below such a place later is not told. */
  private readonly nulled = new Set<Path | undefined>();

  constructor(
    private readonly plan: OperationPlan,
    readonly context: unknown,
    private readonly variableValues: Readonly<Record<string, unknown>>,
  ) {}

  /** The answer. Never raises. */
  async execute(): Promise<ExecutionResult> {
    try {
      const { serially } = this.plan;
      const fields = this.plan.fields();
      const data = await (serially ? this.oneByOne(fields) : this.selection(fields, undefined, undefined));
      return this.answer(data);
    } catch (error) {
      this.tell(error as GraphQLError, undefined);
      return this.answer(null);
    }
  }

  written(plan: SelectionPlan, value: unknown): unknown {
    const written = writtenOf(value, plan, this.context as AccessContext);
    if (written !== undefined) this.holdsWritten = true;
    return written;
  }

  selection(plan: SelectionPlan, source: unknown, path: Path | undefined): unknown {
    const values = emptyFor(plan);
    let pending: string[] | undefined;
    try {
      for (const field of plan.fields) {
        const value = field.constant ?? this.field(field, source, path);
        values[field.key] = value;
        if (isPromise(value)) {
          pending ??= [];
          pending.push(field.key);
        }
      }
    } catch (error) {
      if (pending === undefined) throw error;
      // What was begun may fail as well, which must be heard.
      return settled(values, pending).finally(() => {
        throw error;
      });
    }
    return pending === undefined ? values : settled(values, pending);
  }

  item(complete: Complete, info: GraphQLResolveInfo, path: Path, value: unknown, nullable: boolean): unknown {
    try {
      const completed = isPromise(value)
        ? value.then((resolved) => complete(this, info, path, resolved))
        : complete(this, info, path, value);
      return isPromise(completed)
        ? completed.then(undefined, (error) => this.failed(error, info.fieldNodes, path, nullable))
        : completed;
    } catch (error) {
      return this.failed(error, info.fieldNodes, path, nullable);
    }
  }

  /** The fields of a mutation: each begins when the one before it, with all that is asked of it, is complete. */
  private oneByOne(plan: SelectionPlan): unknown {
    const values = emptyFor(plan);
    const next = (field: FieldPlan): unknown => {
      const set = (value: unknown) => {
        values[field.key] = value;
        return values;
      };
      const value = field.constant ?? this.field(field, undefined, undefined);
      return isPromise(value) ? value.then(set) : set(value);
    };
    let done: unknown = values;
    for (const field of plan.fields) done = isPromise(done) ? done.then(() => next(field)) : next(field);
    return done;
  }

  private field(field: FieldPlan, source: unknown, parent: Path | undefined): unknown {
    const { definition, nodes, complete } = field;
    const path: Path = { prev: parent, key: field.key, typename: field.parentType.name };
    const info: GraphQLResolveInfo = {
      fieldName: definition.name,
      fieldNodes: nodes,
      returnType: definition.type,
      parentType: field.parentType,
      path,
      schema: this.plan.schema,
      fragments: this.plan.fragments,
      rootValue: undefined,
      operation: this.plan.operation,
      variableValues: this.variableValues as Record<string, unknown>,
    };
    try {
      const args = field.takesArguments
        ? getArgumentValues(definition, field.node, this.variableValues as Record<string, unknown>)
        : {};
      const result = (definition.resolve ?? defaultFieldResolver)(source, args, this.context, info);
      const completed = isPromise(result)
        ? result.then((resolved) => complete(this, info, path, resolved))
        : complete(this, info, path, result);
      return isPromise(completed)
        ? completed.then(undefined, (error) => this.failed(error, nodes, path, field.nullable))
        : completed;
    } catch (error) {
      return this.failed(error, nodes, path, field.nullable);
    }
  }

  /** Null where there may be null, told once; else raises, for the place above to be null. */
  private failed(raw: unknown, nodes: readonly FieldNode[], path: Path, nullable: boolean): null {
    const error = locatedError(raw, nodes, keysOf(path));
    if (!nullable) throw error;
    this.tell(error, path);
    return null;
  }

  private tell(error: GraphQLError, path: Path | undefined): void {
    for (let place = path; place !== undefined; place = place.prev) if (this.nulled.has(place)) return;
    if (this.nulled.has(undefined)) return;
    this.nulled.add(path);
    this.errors.push(error);
  }

  private answer(data: unknown): ExecutionResult {
    const known = data as NonNullable<ExecutionResult['data']> | null;
    if (this.holdsWritten && known !== null) holdsWritten(known);
    return this.errors.length === 0 ? { data: known } : { errors: this.errors, data: known };
  }
}

/** An object to fill. One without a prototype takes any name, and is slower: only where `__proto__` was asked for. */
const emptyFor = (plan: SelectionPlan): Record<string, unknown> =>
  plan.takesAnyName ? Object.create(null) : {};

/** The same object, when those of its values have come that are still promises. */
async function settled(values: Record<string, unknown>, pending: readonly string[]): Promise<unknown> {
  const come = await Promise.all(pending.map((key) => values[key]));
  for (const [index, key] of pending.entries()) values[key] = come[index];
  return values;
}

function keysOf(path: Path): (string | number)[] {
  const keys: (string | number)[] = [];
  for (let place: Path | undefined = path; place !== undefined; place = place.prev) keys.push(place.key);
  return keys.reverse();
}
