import { type GraphiQLPlugin, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { EXAMPLES, type Example, variablesOf } from './examples';

/** The side panel that opens an example again in a new tab, whatever became of the first tabs. */
export const EXAMPLES_PANEL: GraphiQLPlugin = {
  title: 'Examples',
  icon: () => (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  ),
  content: ExamplesPanel,
};

function ExamplesPanel() {
  const { addTab, updateActiveTabValues } = useGraphiQLActions();
  const editors = useGraphiQL(({ queryEditor, variableEditor }) => ({ queryEditor, variableEditor }));

  const open = (example: Example) => {
    const variables = variablesOf(example) ?? '';
    addTab();
    editors.queryEditor?.setValue(example.query);
    editors.variableEditor?.setValue(variables);
    updateActiveTabValues({ query: example.query, variables });
  };

  return (
    <section aria-label="Examples" className="examples">
      <h2 className="examples-title">Examples</h2>
      <p>Each opens in a new tab.</p>
      <ul>
        {EXAMPLES.map((example) => (
          <li key={example.title}>
            <button type="button" onClick={() => open(example)}>
              {example.title}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
