import type { Fetcher } from '@graphiql/toolkit';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { useCallback, useMemo, useState } from 'react';
import { EditorReady } from './editor-ready';
import { EXAMPLES, variablesOf } from './examples';
import { EXAMPLES_PANEL } from './examples-panel';
import { FillIds } from './fill-ids';
import { useSession } from './session';
import { SignInBox } from './sign-in-box';
import { graphiqlStorage } from './storage';

// GraphiQL opens these only where it has stored no tabs: the tabs of an earlier visit stay.
const FIRST_TABS = EXAMPLES.map((example) => ({
  query: example.query,
  variables: variablesOf(example) ?? null,
}));
const PLUGINS = [HISTORY_PLUGIN, EXAMPLES_PANEL];

/** The page: the sign-in box above GraphiQL. */
export function App() {
  const session = useSession();
  const { send } = session;
  // A new fetcher makes GraphiQL ask for the schema again, which is what a sign-in and a sign-out call for.
  const fetcher = useMemo<Fetcher>(
    () =>
      ({ query, variables, operationName }) =>
        send({ query, variables, operationName: operationName ?? null }) as ReturnType<Fetcher>,
    [send],
  );

  // Until its editor is there, "New tab" in GraphiQL empties the open tab, and stores it so.
  const [ready, setReady] = useState(false);
  const onReady = useCallback(() => setReady(true), []);

  return (
    <>
      <SignInBox session={session} />
      <main inert={!ready}>
        <GraphiQL
          fetcher={fetcher}
          defaultTabs={FIRST_TABS}
          plugins={PLUGINS}
          storage={graphiqlStorage}
          defaultEditorToolsVisibility
          // The page itself sends the token; a token typed as a header would be kept in GraphiQL's history.
          isHeadersEditorEnabled={false}
        >
          <GraphiQL.Logo>
            Graph<em>i</em>QL
          </GraphiQL.Logo>
          <EditorReady onReady={onReady} />
          <FillIds session={session} />
        </GraphiQL>
      </main>
    </>
  );
}
