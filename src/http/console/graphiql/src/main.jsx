// Toolcrib's GraphiQL: the editor, a header that names the tool, and a word on how to be let in.

import { StrictMode, useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { GraphiQL } from 'graphiql';
import 'graphiql/style.css';
import './page.css';
import { exampleTabs, examplesPlugin, loadExamples } from './examples.jsx';
import { createFetcher } from './fetcher.js';
import { storage } from './storage.js';

const tokenHeader = '{ "Authorization": "Bearer TOKEN" }';
const tokenCommand = 'toolcrib token create --user EMAIL --expires-in 1h';

function Access({ isRefused }) {
  if (!isRefused) {
    return (
      <p className="toolcrib-access">
        Operations run as whoever is signed in here, or as the token under <b>Headers</b>: <code>{tokenHeader}</code>
      </p>
    );
  }
  return (
    <p className="toolcrib-access toolcrib-refused" role="alert">
      <b>Not signed in.</b> Sign in and reload, or put <code>{tokenHeader}</code> under <b>Headers</b> and press
      Ctrl-Shift-R. <code>{tokenCommand}</code> makes a token.
    </p>
  );
}

/** Ends the session here, and goes where it ends at the provider. */
async function signOut() {
  const headers = { accept: 'application/json', 'x-toolcrib-csrf': '1' };
  const response = await fetch('/auth/logout', { method: 'POST', credentials: 'same-origin', headers });
  // Whatever went wrong, the page itself offers the same without a script.
  window.location.assign(response.ok ? (await response.json()).signOutUrl : '/auth/logout');
}

function Page({ tool, examples }) {
  const [isRefused, setIsRefused] = useState(false);
  const fetcher = useMemo(() => createFetcher(setIsRefused), []);
  const plugins = useMemo(() => (examples.length > 0 ? [examplesPlugin(examples)] : []), [examples]);
  return (
    <>
      <header className="toolcrib-header">
        <h1>{tool}</h1>
        <Access isRefused={isRefused} />
        {!isRefused && (
          <button type="button" className="toolcrib-sign-out" onClick={signOut}>
            Sign out
          </button>
        )}
      </header>
      <main>
        <GraphiQL
          fetcher={fetcher}
          storage={storage}
          shouldPersistHeaders={false}
          defaultTabs={exampleTabs(examples)}
          defaultEditorToolsVisibility="headers"
          plugins={plugins}
        />
      </main>
    </>
  );
}

const root = document.getElementById('graphiql');
const examples = await loadExamples();
createRoot(root).render(
  <StrictMode>
    <Page tool={root.dataset.tool} examples={examples} />
  </StrictMode>,
);
