// How the page talks to the server: one POST for each operation.

// GraphiQL learns an operation's name a moment after it was typed; whoever is quicker would run a name that is gone.
function currentName(query, operationName) {
  const names = [...query.matchAll(/\b(?:query|mutation|subscription)\s+(\w+)/g)].map(([, name]) => name);
  return names.includes(operationName) ? operationName : undefined;
}

/**
 * Makes GraphiQL's fetcher.
 *
 * @param {(isRefused: boolean) => void} onAuthentication told after each answer whether the caller was refused as unknown
 */
export function createFetcher(onAuthentication) {
  return async ({ query, variables, operationName }, options) => {
    const response = await fetch('/graphql', {
      method: 'POST',
      credentials: 'same-origin',
      headers: {
        accept: 'application/graphql-response+json, application/json;q=0.9',
        'content-type': 'application/json',
        // A browser sends a cookie to us from any page, but this header only from our own: the server asks cookie callers for it.
        'x-toolcrib-csrf': '1',
        ...options?.headers,
      },
      body: JSON.stringify({ query, variables, operationName: currentName(query, operationName) }),
    });
    onAuthentication(response.status === 401);
    const text = await response.text();
    try {
      return JSON.parse(text);
    } catch {
      throw new Error(`The server answered ${response.status}, and not in JSON: ${text.slice(0, 500)}`);
    }
  };
}
