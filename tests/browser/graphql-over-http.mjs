// Runs the audits of the GraphQL-over-HTTP specification against a running server.
//
//   TOKEN=... node graphql-over-http.mjs URL
//
// URL is the server's `/graphql`, TOKEN a bearer token of somebody who may introspect. Prints each audit with its status as one
// JSON array.

import { auditServer } from 'graphql-http';

const [url] = process.argv.slice(2);
const token = process.env.TOKEN;
if (!url || !token) {
  console.error('usage: TOKEN=... node graphql-over-http.mjs URL');
  process.exit(2);
}

function fetchAsCaller(input, init = {}) {
  return fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });
}

const audits = await auditServer({ url, fetchFn: fetchAsCaller });
const results = audits.map(({ id, name, status, reason }) => ({ id, name, status, reason }));
process.stdout.write(JSON.stringify(results));
