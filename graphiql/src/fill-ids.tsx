import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useEffect } from 'react';
import { EXAMPLES, variablesOf } from './examples';
import type { Session } from './session';

const NEWEST_BILL = /* GraphQL */ `
  query NewestBill {
    dashboard {
      bills(first: 1, orderBy: { field: SERVICE_DATE, direction: DESC }) { nodes { id } }
    }
  }
`;

interface NewestBillData {
  readonly dashboard: { readonly bills: { readonly nodes: readonly { readonly id: string }[] } } | null;
}

/**
 * Puts ids into the variables of an unchanged example whose ids are still blank, so that it runs as it is.
 * It writes into nothing else: what a person has typed stays as typed.
 */
export function FillIds({ session }: { readonly session: Session }) {
  const { updateActiveTabValues } = useGraphiQLActions();
  const { tab, variableEditor } = useGraphiQL(({ tabs, activeTabIndex, variableEditor }) => ({
    tab: tabs[activeTabIndex],
    variableEditor,
  }));
  const { who, send } = session;
  const example = EXAMPLES.find((candidate) => candidate.ids !== undefined && candidate.query === tab?.query);
  const blank = example !== undefined && tab?.variables === variablesOf(example);

  useEffect(() => {
    if (!blank || who === null || variableEditor === undefined) {
      return;
    }
    let stale = false;
    const fill = async () => {
      const answer = await send<NewestBillData>({ query: NEWEST_BILL, operationName: 'NewestBill' });
      const billId = answer.data?.dashboard?.bills.nodes[0]?.id;
      if (billId !== undefined && !stale) {
        const variables = variablesOf(example, { billId, userId: who.id }) ?? '';
        variableEditor.setValue(variables);
        updateActiveTabValues({ variables });
      }
    };
    // On a failure the ids stay blank, and the query that the person then runs says what is wrong.
    fill().catch(() => undefined);
    return () => {
      stale = true;
    };
  }, [blank, example, who, send, variableEditor, updateActiveTabValues]);

  return null;
}
