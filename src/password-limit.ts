import type { ApolloServerPlugin } from '@apollo/server';
import {
  type DocumentNode,
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

/** The fragments of a document, by name. */
const fragmentsOf = (document: DocumentNode): Map<string, FragmentDefinitionNode> =>
  new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === 'FragmentDefinition' ? [[definition.name.value, definition] as const] : [],
    ),
  );

const countFailure = async ({ viewer, services, statements }: RequestContext): Promise<void> => {
  if (viewer !== null) await services.confirmation.countFailure(statements, viewer);
};

/**
 * Refuses, as a whole and before anything of it runs, an operation that carries more than one password: aliases must
 * not multiply attempts. It counts as one failed confirmation of the viewer, also where a limit refuses it first.
 */
export function onePasswordARequest(): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      return {
        // A limit refused it in validation, before there was an operation. Apollo awaits this hook, and not the end of
        // validation.
        async didEncounterErrors({ schema, document, operation, contextValue }) {
          if (document === undefined || operation !== undefined) return;
          const fragments = fragmentsOf(document);
          const operations = document.definitions.filter((one) => one.kind === 'OperationDefinition');
          const tooMany = operations.some((one) => passwordFields(schema, one, fragments) > 1);
          if (tooMany) await countFailure(contextValue);
        },
        async didResolveOperation({ schema, operation, document, contextValue }) {
          if (operation === undefined || passwordFields(schema, operation, fragmentsOf(document)) < 2) return;
          await countFailure(contextValue);
          throw badUserInput('A request may carry one password: send these mutations one by one.');
        },
      };
    },
  };
}
