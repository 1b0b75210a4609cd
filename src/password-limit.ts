import type { ApolloServerPlugin } from '@apollo/server';
import {
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import type { RequestContext } from './context';
import { badUserInput } from './errors';

/** Whether a mutation takes a password, itself or in its input. */
function takesPassword(field: GraphQLField<unknown, unknown> | undefined): boolean {
  return (field?.args ?? []).some((argument) => {
    const type = getNamedType(argument.type);
    return argument.name === 'password' || (isInputObjectType(type) && 'password' in type.getFields());
  });
}

/**
 * How many of an operation's mutations take a password, aliases and fragments included, counted no further than two:
 * more is one too many, and fragments within fragments could be many more. Conditions (@skip) are not looked at.
 */
export function passwordFields(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): number {
  if (operation.operation !== 'mutation') return 0;
  const fields = schema.getMutationType()?.getFields() ?? {};
  let found = 0;
  const visit = (selections: SelectionSetNode): void => {
    for (const selection of selections.selections) {
      if (found > 1) return;
      if (selection.kind === 'Field') found += takesPassword(fields[selection.name.value]) ? 1 : 0;
      else if (selection.kind === 'InlineFragment') visit(selection.selectionSet);
      else {
        const fragment = fragments.get(selection.name.value);
        if (fragment !== undefined) visit(fragment.selectionSet);
      }
    }
  };
  visit(operation.selectionSet);
  return found;
}

/**
 * Refuses, as a whole and before anything of it runs, an operation that carries more than one password: aliases must
 * not multiply attempts. It counts as one failed confirmation of the viewer.
 */
export function onePasswordARequest(): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ schema, operation, document, contextValue }) {
          const fragments = new Map(
            document.definitions.flatMap((definition) =>
              definition.kind === 'FragmentDefinition' ? [[definition.name.value, definition] as const] : [],
            ),
          );
          if (operation === undefined || passwordFields(schema, operation, fragments) < 2) return;
          const { viewer, services, statements } = contextValue;
          if (viewer !== null) await services.confirmation.countFailure(statements, viewer);
          throw badUserInput('A request may carry one password: send these mutations one by one.');
        },
      };
    },
  };
}
