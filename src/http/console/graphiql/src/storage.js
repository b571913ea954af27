// What GraphiQL may keep in the browser: everything but request headers. They hold bearer tokens, and `localStorage` can be
// read for as long as the browser's profile exists. GraphiQL's own setting covers tabs, not the history.

const holdsHeaders = new Set(['graphiql:tabState', 'graphiql:queries', 'graphiql:favorites']);

function withoutHeaders(text) {
  return JSON.stringify(JSON.parse(text), (name, value) => (name === 'headers' ? null : value));
}

function keys() {
  return Object.keys(localStorage).filter((key) => key.startsWith('graphiql:'));
}

export const storage = {
  getItem: (key) => localStorage.getItem(key),
  setItem(key, text) {
    if (key === 'graphiql:headers') return;
    localStorage.setItem(key, holdsHeaders.has(key) ? withoutHeaders(text) : text);
  },
  removeItem: (key) => localStorage.removeItem(key),
  clear: () => keys().forEach((key) => localStorage.removeItem(key)),
  get length() {
    return keys().length;
  },
};
