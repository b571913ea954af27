// Signs in at a provider's pages, works in GraphiQL and signs out again, in a real Chromium, against a running server.
//
//   node sign-in.mjs BASE_URL ISSUER LOGIN SCREENSHOT_FOLDER
//
// Prints one JSON object and exits with 0 if everything went well.

import { chromium } from 'playwright-core';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

const [baseUrl, issuer, login, screenshots] = process.argv.slice(2);
const report = { isOk: false, steps: [], policyViolations: [], failure: null };

function demand(condition, message) {
  if (!condition) throw new Error(message);
}

async function signInAs(page, name) {
  await page.locator('input[name="login"]').fill(name);
  await page.locator('input[name="password"]').fill('any');
  await page.locator('button[type="submit"]').click();
  // The provider asks whether this server may know who it is.
  await page.locator('button[type="submit"]').click();
}

/** Asks with the browser's cookies, but past the pages, which let nothing be asked. */
async function whoami(page) {
  const response = await page.context().request.get(`${baseUrl}/auth/whoami`);
  return { status: response.status(), body: await response.json() };
}

await mkdir(screenshots, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) report.policyViolations.push(message.text());
  });
  const step = async (name, work) => {
    await work();
    await page.screenshot({ path: join(screenshots, `${report.steps.length + 1}-${name}.png`) });
    report.steps.push(name);
  };

  await step('sent-to-the-provider', async () => {
    await page.goto(`${baseUrl}/graphiql`);
    demand(page.url().startsWith(`${issuer}/interaction/`), `at ${page.url()}`);
  });
  await step('signed-in', async () => {
    await signInAs(page, login);
    await page.waitForURL(`${baseUrl}/graphiql`);
    const { status, body } = await whoami(page);
    demand(status === 200 && body.email === `${login}@desk.test`, JSON.stringify(body));
    const cookies = await context.cookies(baseUrl);
    const session = cookies.find((cookie) => cookie.name === 'toolcrib_session');
    demand(session?.httpOnly && session.sameSite === 'Lax', JSON.stringify(cookies));
    demand(!cookies.some((cookie) => cookie.name.startsWith('toolcrib_login_')), 'a cookie of the sign-in is left');
    demand(!(await page.evaluate(() => document.cookie)).includes('ts_'), 'a script reads the session');
  });
  await step('graphiql-works', async () => {
    await page.locator('.CodeMirror').first().waitFor();
    const count = await page.evaluate(async () => {
      const headers = { 'content-type': 'application/json', 'x-toolcrib-csrf': '1' };
      const body = JSON.stringify({ query: '{ sessions { totalCount } }' });
      return (await (await fetch('/graphql', { method: 'POST', headers, body })).json()).data.sessions.totalCount;
    });
    demand(count === 1, `${count} sessions`);
  });
  await step('signed-out', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    // The provider asks whether it is to forget its own session, too.
    await page.waitForURL(`${issuer}/session/end**`);
    demand(!page.url().includes('id_token_hint'), 'a script saw the ID token');
    await page.locator('button[type="submit"]').first().click();
    await page.waitForURL(`${baseUrl}/auth/signed-out**`);
    const { status } = await whoami(page);
    demand(status === 401, `still ${status}`);
  });
  await step('asked-anew', async () => {
    await page.goto(`${baseUrl}/graphiql`);
    demand(page.url().startsWith(`${issuer}/interaction/`), `at ${page.url()}`);
  });
  await step('a-stranger-stays-out', async () => {
    await signInAs(page, 'stranger');
    await page.locator('h1', { hasText: 'Not signed in' }).waitFor();
    const { status } = await whoami(page);
    demand(status === 401, `${status}`);
  });
  demand(report.policyViolations.length === 0, report.policyViolations.join('\n'));
  report.isOk = true;
} catch (error) {
  report.failure = String(error?.stack ?? error);
} finally {
  await browser.close();
}
console.log(JSON.stringify(report));
process.exit(report.isOk ? 0 : 1);
