import type { ApolloServerPlugin } from '@apollo/server';
import {
  type DocumentNode,
  type GraphQLField,
  type GraphQLSchema,
  getNullableType,
  getVariableValues,
  isListType,
  Kind,
  type OperationDefinitionNode,
  visit,
} from 'graphql';
import { type ComplexityEstimatorArgs, getComplexity } from 'graphql-query-complexity';
import { putBounded } from '../bounded';
import type { RequestContext } from '../context';
import { ApiError } from '../errors';
import { DEFAULT_PAGE, LARGEST_PAGE } from '../paging';

/** How long a list is taken to be that cannot be cut: the items of a bill, the entries of a delegation list. */
const UNCUT_LIST = 10;
/** How many selections are looked at, wherever fragments lead; more would be over any limit. */
const MOST_SELECTIONS = 10_000;

const isPaged = (field: GraphQLField<unknown, unknown>): boolean =>
  field.args.some((argument) => argument.name === 'first');

/** How many values of the field's type there will be at most. */
function valuesOf({ field, type, args }: ComplexityEstimatorArgs): number {
  if (isPaged(field)) {
    const asked: unknown = args.last ?? args.first ?? DEFAULT_PAGE;
    return typeof asked === 'number' ? Math.min(Math.max(asked, 0), LARGEST_PAGE) : LARGEST_PAGE;
  }
  // A connection has been multiplied by its page already; it holds the page, as nodes or as edges.
  if (type.name.endsWith('Connection')) return 1;
  return isListType(getNullableType(field.type)) ? UNCUT_LIST : 1;
}

const estimate = (field: ComplexityEstimatorArgs): number =>
  // What stands beside the nodes of a connection (its totals) is multiplied too: dearer than it is, never cheaper.
  1 + valuesOf(field) * field.childComplexity;

/**
 * How many values an operation can answer with: one for each field, multiplied by the lists it lies in (their `first`
 * or `last`; 50 where a paged list has none; 10 for a list that has no pages). Raises what makes it incalculable.
 */
export function costOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Record<string, unknown>,
): number {
  return getComplexity({
    schema,
    // The library takes its operation by name; some have none.
    query: {
      ...document,
      definitions: document.definitions.filter(
        (one) => one.kind !== 'OperationDefinition' || one === operation,
      ),
    },
    variables,
    maxQueryNodes: MOST_SELECTIONS,
    estimators: [estimate],
  });
}

const tooCostly = (most: number, cost?: number): ApiError =>
  new ApiError(
    'BAD_USER_INPUT',
    `The operation could answer with ${cost === undefined ? 'far' : `${cost} values,`} more than the ${most} allowed. Ask for fewer at a time (\`first\`), or for fewer fields.`,
    { extensions: { limit: 'cost', ...(cost === undefined ? {} : { cost }) } },
  );

/** How many costs are kept of one operation. */
const MOST_COSTS = 16;

/** The variables that a cost depends on, anywhere in the document: lengths of pages, and conditions. */
function countingVariables(document: DocumentNode): string[] {
  const names = new Set<string>();
  visit(document, {
    [Kind.ARGUMENT]: ({ name, value }) => {
      if (value.kind === Kind.VARIABLE && /^(first|last|if)$/.test(name.value)) names.add(value.name.value);
    },
  });
  return [...names];
}

/** What is known of the costs of one operation, by the values of the variables that they depend on. */
class KnownCosts {
  private readonly names: readonly string[];
  private readonly costs = new Map<string, number>();

  constructor(document: DocumentNode) {
    this.names = countingVariables(document);
  }

  of(variables: Readonly<Record<string, unknown>>): number | undefined {
    return this.costs.get(this.keyOf(variables));
  }

  /** For variables that fit the operation; others could be of any length. */
  keep(variables: Readonly<Record<string, unknown>>, cost: number): void {
    putBounded(this.costs, this.keyOf(variables), cost, MOST_COSTS);
  }

  private keyOf(variables: Readonly<Record<string, unknown>>): string {
    return JSON.stringify(
      this.names.map((name) => (Object.hasOwn(variables, name) ? [variables[name]] : [])),
    );
  }
}

/** Refuses, before anything of it runs, an operation that could cost more than `most`. */
export function costLimit(most: number): ApolloServerPlugin<RequestContext> {
  // Parsed documents are kept by Apollo, bounded.
  const known = new WeakMap<OperationDefinitionNode, KnownCosts>();
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ schema, document, operation, request }) {
          if (operation === undefined) return;
          const costs = known.get(operation) ?? new KnownCosts(document);
          known.set(operation, costs);
          const variables = request.variables ?? {};
          let cost = costs.of(variables);
          if (cost === undefined) {
            const definitions = operation.variableDefinitions ?? [];
            // Variables that do not fit are told by the execution, which then runs nothing.
            if (getVariableValues(schema, definitions, variables, { maxErrors: 1 }).errors !== undefined)
              return;
            try {
              cost = costOf(schema, document, operation, variables);
            } catch {
              throw tooCostly(most);
            }
            costs.keep(variables, cost);
          }
          if (cost > most) throw tooCostly(most, cost);
        },
      };
    },
  };
}
