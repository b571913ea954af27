// The tool's example operations: tabs on the first visit, and a list in the side bar from which they come back.

import { Button, useEditorContext } from '@graphiql/react';

/** Loads `[{name, document, variables}]`; a page without examples is better than no page. */
export async function loadExamples() {
  try {
    const response = await fetch('/graphiql/examples.json', { credentials: 'same-origin' });
    return response.ok ? await response.json() : [];
  } catch {
    return [];
  }
}

/** The examples as GraphiQL's first tabs, or `undefined` for its own welcome tab. */
export function exampleTabs(examples) {
  const tabs = examples.map(({ document, variables }) => ({ query: document, variables }));
  return tabs.length > 0 ? tabs : undefined;
}

function ExamplesIcon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M4 5h16M4 10h16M4 15h10M4 20h7" />
      <path d="m16.5 14.5 4 2.75-4 2.75z" fill="currentColor" />
    </svg>
  );
}

function ExampleList({ examples }) {
  const { queryEditor, variableEditor } = useEditorContext({ nonNull: true });
  const open = ({ document, variables }) => {
    queryEditor?.setValue(document);
    variableEditor?.setValue(variables ?? '');
  };
  return (
    <section aria-label="Examples">
      <div className="toolcrib-panel-title">Examples</div>
      <p>A click puts the example into the current tab.</p>
      {examples.map((example) => (
        <Button key={example.name} className="toolcrib-example" onClick={() => open(example)}>
          {example.name}
        </Button>
      ))}
    </section>
  );
}

/** GraphiQL's plugin for the list; made once, because GraphiQL tells plugins apart by identity. */
export function examplesPlugin(examples) {
  return { title: 'Examples', icon: ExamplesIcon, content: () => <ExampleList examples={examples} /> };
}
