import type { ApolloServerPlugin } from '@apollo/server';
import {
  type DocumentNode,
  type GraphQLField,
  type GraphQLSchema,
  getNullableType,
  getVariableValues,
  isListType,
  type OperationDefinitionNode,
} from 'graphql';
import { type ComplexityEstimatorArgs, getComplexity } from 'graphql-query-complexity';
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

/** Refuses, before anything of it runs, an operation that could cost more than `most`. */
export function costLimit(most: number): ApolloServerPlugin<RequestContext> {
  // Without variables the cost is that of the text; parsed texts are kept by Apollo, bounded.
  const known = new WeakMap<OperationDefinitionNode, number>();
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ schema, document, operation, request }) {
          if (operation === undefined) return;
          let cost = known.get(operation);
          if (cost === undefined) {
            const definitions = operation.variableDefinitions ?? [];
            const variables = request.variables ?? {};
            // Variables that do not fit are told by the execution, which then runs nothing.
            if (getVariableValues(schema, definitions, variables, { maxErrors: 1 }).errors !== undefined)
              return;
            try {
              cost = costOf(schema, document, operation, variables);
            } catch {
              throw tooCostly(most);
            }
            if (definitions.length === 0) known.set(operation, cost);
          }
          if (cost > most) throw tooCostly(most, cost);
        },
      };
    },
  };
}
