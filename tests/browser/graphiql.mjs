// Works in GraphiQL as a person does, in a real Chromium, against a running server.
//
//   node graphiql.mjs BASE_URL SIGN_IN_PATH SCREENSHOT_FOLDER
//
// BASE_URL is the server's origin, SIGN_IN_PATH the link on its sign-in page for a person who may change tickets' subjects (a
// manager), and SCREENSHOT_FOLDER is made if it is missing. CHROMIUM names another browser than Debian's. Prints one JSON
// object and exits with 0 if everything went well: every step passed, the console stayed free of errors, the
// Content-Security-Policy was never violated, and nothing was asked of another origin.

import { chromium } from 'playwright-core';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [baseUrl, signInPath, screenshots] = process.argv.slice(2);
if (!screenshots) {
  console.error('usage: node graphiql.mjs BASE_URL SIGN_IN_PATH SCREENSHOT_FOLDER');
  process.exit(2);
}
const origin = new URL(baseUrl).origin;
const { host, hostname } = new URL(baseUrl);
const secret = 'header-that-must-not-be-stored';
const report = { isOk: false, steps: [], consoleErrors: [], policyViolations: [], foreignRequests: [], failure: null };
// Without a session the browser itself notes the 401; only then is that no error.
let isSignedIn = false;

function watch(context, page) {
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    const text = message.text();
    if (!isSignedIn && text.includes('status of 401')) return;
    report.consoleErrors.push(text);
  });
  page.on('pageerror', (error) => report.consoleErrors.push(String(error)));
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (['http:', 'https:', 'ws:', 'wss:'].includes(url.protocol) && url.host !== host) {
      report.foreignRequests.push(url.href);
    }
  });
}

async function watchPolicy(context) {
  await context.exposeBinding('reportPolicyViolation', (_source, violation) => report.policyViolations.push(violation));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber }) => {
      window.reportPolicyViolation({ violatedDirective, blockedURI, sourceFile, lineNumber });
    });
  });
}

async function step(page, name, work) {
  const detail = await work();
  await page.screenshot({ path: join(screenshots, `${String(report.steps.length + 1).padStart(2, '0')}-${name}.png`) });
  report.steps.push({ name, detail: detail ?? null });
  return detail;
}

function demand(condition, message) {
  if (!condition) throw new Error(message);
}

/** Replaces the text of one of the three editors. */
async function fill(page, label, text) {
  await page.locator(`section[aria-label="${label}"] .CodeMirror:visible`).click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(text);
}

/** All text of an editor: CodeMirror only draws the lines in view. */
function textOf(editor) {
  return editor.evaluate((element) => element.CodeMirror.getValue());
}

/** Runs what the query editor holds by `trigger`, and returns the answer that the page shows, as JSON. */
async function run(page, trigger) {
  const answered = page.waitForResponse((response) => response.url() === `${origin}/graphql`);
  await trigger();
  const answer = await (await answered).json();
  const pane = page.locator('section[aria-label="Result Window"] .CodeMirror');
  const deadline = Date.now() + 10_000;
  for (;;) {
    const shown = await textOf(pane);
    if (shown && JSON.stringify(JSON.parse(shown)) === JSON.stringify(answer)) return answer;
    const difference = `the result pane shows ${shown}, the server answered ${JSON.stringify(answer)}`;
    demand(Date.now() < deadline, difference.slice(0, 1000));
    await page.waitForTimeout(50);
  }
}

async function newTab(page) {
  await page.getByRole('button', { name: 'New tab' }).click();
}

async function walk(page) {
  const pressRun = () => page.getByRole('button', { name: /^Execute query/ }).click();
  const pressKeys = () => page.keyboard.press('Control+Enter');

  await step(page, 'not-signed-in', async () => {
    await page.goto(`${origin}/graphiql`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  await step(page, 'signed-in', async () => {
    const introspected = page.waitForResponse((response) => response.url() === `${origin}/graphql`);
    isSignedIn = true;
    await page.locator(`a[href="${signInPath}"]`).click();
    demand((await introspected).ok(), 'introspection was refused');
    demand(page.url() === `${origin}/graphiql`, `sign-in leads to ${page.url()}`);
    demand((await page.getByRole('alert').count()) === 0, 'the page still says that nobody is signed in');
    return page.title();
  });

  await step(page, 'example-tabs', async () => {
    const examples = await page.evaluate(() => fetch('/graphiql/examples.json').then((response) => response.json()));
    demand(examples.length > 0, 'the server has no examples');
    const operations = examples.map(({ document }) => /^(?:query|mutation|subscription)\s+(\w+)/m.exec(document)[1]);
    const tabs = await page.getByRole('tab').allInnerTexts();
    demand(JSON.stringify(tabs) === JSON.stringify(operations), `tabs are ${tabs}, examples are ${operations}`);
    const query = page.locator('section[aria-label="Query Editor"] .CodeMirror');
    const variables = page.locator('.graphiql-editor-tool .CodeMirror').first();
    for (const [index, example] of examples.entries()) {
      await page.getByRole('tab').nth(index).click();
      const shown = { query: await textOf(query), variables: await textOf(variables) };
      demand(shown.query === example.document, `tab ${index} holds ${shown.query}`);
      demand(shown.variables === (example.variables ?? ''), `tab ${index} has the variables ${shown.variables}`);
    }
    return tabs;
  });

  const ticket = await step(page, 'query-by-button', async () => {
    await newTab(page);
    await fill(page, 'Query Editor', 'query First { tickets(first: 1) { totalCount nodes { id caseId subject } } }');
    const { data } = await run(page, pressRun);
    demand(data?.tickets?.nodes?.length === 1, `the query answered ${JSON.stringify(data)}`);
    return data.tickets.nodes[0];
  });

  await step(page, 'mutation-by-keyboard', async () => {
    const subject = `Changed in the browser: ${ticket.caseId}`;
    await newTab(page);
    const values = `id: "${ticket.id}", set: {subject: "${subject}"}, reason: "browser test"`;
    await fill(page, 'Query Editor', `mutation Rename { updateTicket(${values}) { ticket { id subject } } }`);
    const { data, errors } = await run(page, pressKeys);
    demand(data?.updateTicket?.ticket?.subject === subject, `the mutation answered ${JSON.stringify({ data, errors })}`);
    return data.updateTicket.ticket;
  });

  await step(page, 'header-is-sent-but-not-stored', async () => {
    await page.getByRole('button', { name: 'Headers' }).click();
    await fill(page, 'Headers', JSON.stringify({ 'x-example': secret }));
    await page.locator('section[aria-label="Query Editor"] .CodeMirror').click();
    await fill(page, 'Query Editor', `query Again { ticket(id: "${ticket.id}") { subject } }`);
    const sent = page.waitForRequest((request) => request.url() === `${origin}/graphql`);
    await run(page, pressKeys);
    const headers = (await sent).headers();
    demand(headers['x-example'] === secret, 'the header was not sent');
    demand(headers['x-toolcrib-csrf'] === '1', 'the CSRF header was not sent');
    // Tabs are stored half a second after they change.
    await page.waitForFunction(() => (localStorage.getItem('graphiql:tabState') ?? '').includes('Again'));
    const stored = await page.evaluate(() => JSON.stringify(localStorage));
    demand(stored.includes('Again'), 'the history was not stored');
    demand(!stored.includes(secret), 'a request header went into localStorage');
  });

  await step(page, 'documentation', async () => {
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await page.getByText('Root Types').waitFor();
  });

  await step(page, 'examples-panel', async () => {
    await page.getByRole('button', { name: 'Show Examples' }).click();
    await page.locator('section[aria-label="Examples"] button').first().click();
  });

  await step(page, 'settings-dialog', async () => {
    await page.getByRole('button', { name: 'Open settings dialog' }).click();
    await page.getByRole('dialog').getByText('Clear storage').waitFor();
  });

  await step(page, 'reloaded', async () => {
    const introspected = page.waitForResponse((response) => response.url() === `${origin}/graphql`);
    await page.reload();
    demand((await introspected).ok(), 'introspection was refused');
    await page.getByRole('tab', { name: 'First' }).waitFor();
  });

  await step(page, 'signed-out', async () => {
    // The page that does without a script asks first.
    await page.goto(`${origin}/auth/logout`);
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await page.goto(`${origin}/graphiql`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${origin}/auth/signed-out`);
    const whoami = await page.context().request.get(`${origin}/auth/whoami`);
    demand(whoami.status() === 401, 'still signed in');
  });
}

async function main() {
  await mkdir(screenshots, { recursive: true });
  const profile = await mkdtemp(join(tmpdir(), 'toolcrib-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    chromiumSandbox: process.getuid() !== 0,
    viewport: { width: 1400, height: 900 },
    args: [
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Whatever asks for another host anyway finds none.
      `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${hostname}`,
    ],
  });
  try {
    context.setDefaultTimeout(15_000);
    await watchPolicy(context);
    const page = context.pages()[0] ?? (await context.newPage());
    watch(context, page);
    try {
      await walk(page);
    } catch (error) {
      report.failure = error.message;
      await page.screenshot({ path: join(screenshots, 'failure.png') });
    }
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
  const isQuiet = [report.consoleErrors, report.policyViolations, report.foreignRequests].every((list) => list.length === 0);
  report.isOk = report.failure === null && isQuiet;
}

await main();
console.log(JSON.stringify(report, null, 2));
process.exitCode = report.isOk ? 0 : 1;
