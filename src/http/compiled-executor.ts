import type { ApolloServerOptionsWithGateway } from '@apollo/server';
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLIncludeDirective,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
  visit,
} from 'graphql';
import type { Logger } from 'pino';
import { putBounded } from '../bounded';
import type { RequestContext } from '../context';
import { type Conditions, OperationPlan } from './compiled-plan';
import { Run } from './compiled-run';

type Gateway = ApolloServerOptionsWithGateway<RequestContext>['gateway'];
type Executor = Awaited<ReturnType<Gateway['load']>>['executor'];
type Asked = Parameters<NonNullable<Executor>>[0];

/** How many plans are kept of one document: its operations, times what conditions leave of them. */
export const MOST_PLANS = 16;
/** As graphql-js has it, and Apollo leaves it. */
const MOST_COERCION_ERRORS = 50;

type Plan = (...parts: ConstructorParameters<typeof OperationPlan>) => OperationPlan;

/** What is known of one document. */
class PlansOfDocument {
  /** Null: it could not be planned. */
  private readonly plans = new Map<string, OperationPlan | null>();
  private readonly conditionNames: readonly string[];

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly document: DocumentNode,
    private readonly log: Logger,
    private readonly plan: Plan,
  ) {
    this.conditionNames = conditionNames(document);
  }

  get size(): number {
    return this.plans.size;
  }

  of(operation: OperationDefinitionNode, variables: Readonly<Record<string, unknown>>): OperationPlan | null {
    const conditions = Object.fromEntries(
      this.conditionNames
        .filter((name) => Object.hasOwn(variables, name))
        .map((name) => [name, variables[name]]),
    );
    const key = `${operation.name?.value ?? ''} ${this.conditionNames.map((name) => String(conditions[name])).join(' ')}`;
    let plan = this.plans.get(key);
    if (plan === undefined) {
      plan = this.make(operation, conditions);
      putBounded(this.plans, key, plan, MOST_PLANS);
    }
    return plan;
  }

  private make(operation: OperationDefinitionNode, conditions: Conditions): OperationPlan | null {
    try {
      return this.plan(this.schema, this.document, operation, conditions);
    } catch (error) {
      this.log.error(
        { err: error, operation: operation.name?.value ?? null },
        'an operation could not be compiled; graphql-js executes it',
      );
      return null;
    }
  }
}

/**
 * Executes operations by plans that are made once for each (compiled-plan.ts), in the place where Apollo takes a
 * gateway: it has no other for an executor. What it answers is what graphql-js answers; whatever there is no plan for
 * is left to graphql-js itself.
 *
 * Plans are kept as long as Apollo keeps the parsed and validated document that they are of, and Apollo bounds those by
 * their size; so nothing is kept of an operation that Apollo forgot. A plan is made when an operation first comes: for a
 * page of bills that took 12 microseconds of processor time, where executing the page by it, 50 bills, took 220.
 *
 * Not graphql-jit, which makes JavaScript of operations. Executing the page took 180 microseconds by it, but compiling it
 * 500, so that new operations would be an attack; and in 0.8.9 a string in the text of an operation can be made to run
 * as code of the server (dates are put into the code by a text that anybody can send, `__MAGIC_DATE__`), aliases with
 * underscores are taken for one another (`a_b` in `c`, `a` in `b_c`), conditions of a fragment in one place count in
 * another, and types that are resolved asynchronously are not waited for.
 */
export class CompiledExecutor {
  private readonly known = new WeakMap<DocumentNode, PlansOfDocument>();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly log: Logger,
    private readonly plan: Plan = (...parts) => new OperationPlan(...parts),
  ) {}

  /** How many plans are kept of a document. */
  plansOf(document: DocumentNode): number {
    return this.known.get(document)?.size ?? 0;
  }

  /** For ApolloServer's option of that name, instead of `schema`. */
  gateway(): Gateway {
    return {
      onSchemaLoadOrUpdate: (listen) => {
        listen({ apiSchema: this.schema, coreSupergraphSdl: '' });
        return () => undefined;
      },
      load: async () => ({ executor: (asked) => this.execute(asked) as ReturnType<NonNullable<Executor>> }),
      stop: async () => undefined,
    };
  }

  /** The answer to one operation. */
  async execute(
    asked: Pick<Asked, 'document' | 'operation' | 'context' | 'request'>,
  ): Promise<ExecutionResult> {
    const { document, operation, context, request } = asked;
    const standard = () =>
      execute({
        schema: this.schema,
        document,
        contextValue: context,
        variableValues: request.variables,
        operationName: request.operationName,
      });
    // Apollo finds none where the name is unknown or missing.
    if (!operation) return standard();
    const { coerced } = getVariableValues(
      this.schema,
      operation.variableDefinitions ?? [],
      request.variables ?? {},
      { maxErrors: MOST_COERCION_ERRORS },
    );
    const plan = coerced && this.plansFor(document).of(operation, coerced);
    return plan ? new Run(plan, context, coerced).execute() : standard();
  }

  private plansFor(document: DocumentNode): PlansOfDocument {
    let plans = this.known.get(document);
    if (plans === undefined) {
      plans = new PlansOfDocument(this.schema, document, this.log, this.plan);
      this.known.set(document, plans);
    }
    return plans;
  }
}

const CONDITIONS = new Set([GraphQLSkipDirective.name, GraphQLIncludeDirective.name]);

/** The variables that @skip and @include look at, anywhere in the document. */
function conditionNames(document: DocumentNode): string[] {
  const names = new Set<string>();
  visit(document, {
    [Kind.DIRECTIVE]: (directive) => {
      if (!CONDITIONS.has(directive.name.value)) return;
      for (const { value } of directive.arguments ?? []) {
        if (value.kind === Kind.VARIABLE) names.add(value.name.value);
      }
    },
  });
  return [...names];
}
