import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';
import { startTestServer } from '../support/server';
import { buildPageIfStale, CHROMIUM_ARGUMENTS, findChromium } from './browser';

const executablePath = findChromium();
if (executablePath === undefined) {
  process.stderr.write(
    'SKIPPED: the browser test of the GraphiQL page. There is no Chromium here; install it or set CHROMIUM_PATH.\n',
  );
}
const describeWithBrowser = executablePath === undefined ? describe.skip : describe;

const EMAIL = 'delegate@demo.example';
const PASSWORD = 'demo-password-only';

describeWithBrowser('the GraphiQL page in a browser', () => {
  let server: Awaited<ReturnType<typeof startTestServer>>;
  let browser: Browser;
  let page: Page;
  /** What the page must not do: requests to elsewhere, errors on the console (a policy violation is one). */
  let faults: string[];

  beforeAll(async () => {
    buildPageIfStale();
    server = await startTestServer({ graphiql: true });
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: CHROMIUM_ARGUMENTS });
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  beforeEach(async () => {
    faults = [];
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(20_000);
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (!['data:', 'blob:'].includes(protocol) && origin !== server.url) {
        faults.push(`request to ${request.url()}`);
      }
    });
    page.on('console', (message) => {
      // Chromium reports each answer with status 400 and up; the tests that provoke one look at the page instead.
      const answered = message.text().startsWith('Failed to load resource: the server responded');
      if (message.type() === 'error' && !(answered && message.location().url.endsWith('/graphql'))) {
        faults.push(`console: ${message.text()}`);
      }
    });
    page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
    await page.goto(`${server.url}/graphiql`);
    await page.locator('main:not([inert])').waitFor();
  });

  afterEach(async () => {
    await page.close();
    expect(faults).toEqual([]);
  });

  async function signIn(password: string): Promise<void> {
    await page.getByLabel('E-mail').fill(EMAIL);
    await page.getByLabel('Password').fill(password);
    await page.getByLabel('Password').press('Enter');
  }

  async function openTab(title: string): Promise<void> {
    await page.getByRole('tab').getByRole('button', { name: title, exact: true }).click();
    // GraphiQL takes up the operation's name 100 ms after a change; the page's own clock keeps the order.
    await page.evaluate('new Promise((resolve) => setTimeout(resolve, 300))');
  }

  /** Runs the operation of the open tab, which has this name, and gives the answer once the page shows it. */
  async function execute(
    name: string,
  ): Promise<{ data?: Record<string, unknown> | null; errors?: unknown[] }> {
    const [response] = await Promise.all([
      page.waitForResponse((candidate) => candidate.request().postDataJSON()?.operationName === name),
      page.getByRole('button', { name: /Execute query/ }).click(),
    ]);
    await page
      .locator('.graphiql-response .view-lines')
      .getByText(/"(data|errors)"/)
      .first()
      .waitFor();
    return response.json();
  }

  /** Everything the browser keeps for the page, and all the text and field values it shows. */
  async function whatThePageHolds(): Promise<string> {
    // A string, because this code runs in the page and not here.
    return page.evaluate<string>(`JSON.stringify([
      { ...localStorage }, { ...sessionStorage }, document.cookie, location.href, document.body.innerText,
      ...[...document.querySelectorAll('input')].map((input) => input.value),
    ])`);
  }

  it('signs in, runs an example, signs out', async () => {
    await signIn(PASSWORD);
    const status = page.getByRole('status').filter({ hasText: 'Signed in as' });
    await status.waitFor();
    expect(await status.textContent()).toContain(`(${EMAIL}), Demo clinic`);

    await openTab('Dashboard');
    const answer = await execute('Dashboard');
    expect(answer.errors).toBeUndefined();
    expect(answer).toHaveProperty('data.dashboard.bills.totalCount', expect.any(Number));
    await page.locator('.graphiql-response').getByText('"totalCount"').first().waitFor();
    expect(await whatThePageHolds()).not.toContain(PASSWORD);

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('E-mail').waitFor();
    expect(await page.evaluate<number>('sessionStorage.length')).toBe(0);
    const anonymous = await execute('Dashboard');
    expect(anonymous).not.toHaveProperty('data.dashboard.bills');
  });

  it('runs every example as it is', async () => {
    await signIn(PASSWORD);
    await page.getByText('Signed in as').waitFor();
    const tabs = ['Dashboard', 'Encounter', 'PatientChart', 'Visits', 'BillById', 'ExplainAccess', 'WhoAmI'];
    for (const title of tabs) {
      await openTab(title);
      if (title === 'BillById' || title === 'ExplainAccess') {
        await page
          .getByLabel('Variables')
          .getByText(/"billId":\s".+"/)
          .waitFor();
      }
      const answer = await execute(title);
      expect({ title, errors: answer.errors }).toEqual({ title, errors: undefined });
      expect(Object.values(answer.data ?? {})).not.toContain(null);
    }
  });

  it('says that the password is wrong, and keeps nothing of it', async () => {
    await signIn('not-the-password');
    const problem = page.getByRole('alert').filter({ hasText: 'Wrong e-mail or password' });
    await problem.waitFor();
    expect(await page.getByLabel('Password').inputValue()).toBe('');
    expect(await whatThePageHolds()).not.toContain('not-the-password');
    expect(await page.evaluate<number>('sessionStorage.length')).toBe(0);
  });

  it('asks for a new sign-in when the token no longer holds', async () => {
    await page.evaluate("sessionStorage.setItem('billing-access.token', 'expired')");
    await page.reload();
    await page.getByRole('alert').filter({ hasText: 'Please sign in again' }).waitFor();
    await page.getByLabel('E-mail').waitFor();
    expect(await page.evaluate<number>('sessionStorage.length')).toBe(0);
  });

  it('keeps the tabs of an earlier visit, a password typed into one excepted', async () => {
    const tabs = page.getByRole('tab');
    await page.getByRole('button', { name: 'New tab' }).click();
    await page.getByLabel('Operation Editor').locator('.view-lines').first().click();
    await page.keyboard.type('mutation Mine { signIn(email: "me", password: "typed-secret") ');
    await page.getByLabel('Variables').locator('.view-lines').first().click();
    await page.keyboard.type('{ "password": "typed-secret", "other": "kept-value"');
    // GraphiQL writes half a second after the last change.
    let stored = '';
    for (let round = 0; round < 50 && !(stored.includes('Mine') && stored.includes('kept-value')); round++) {
      await page.waitForTimeout(200);
      stored = await page.evaluate<string>("localStorage.getItem('graphiql:tabState') ?? ''");
    }
    await page.waitForTimeout(700);
    stored = await page.evaluate<string>('JSON.stringify({ ...localStorage })');
    expect(stored).toContain('kept-value');
    expect(stored).not.toContain('typed-secret');

    await page.reload();
    await page.locator('main:not([inert])').waitFor();
    await tabs.filter({ hasText: 'Mine' }).waitFor();
    expect(await tabs.count()).toBe(8);
  });

  it('opens an example again from the side panel', async () => {
    await page.getByRole('button', { name: 'Show Examples' }).click();
    await page.getByRole('button', { name: 'Who am I' }).click();
    const tabs = page.getByRole('tab').filter({ hasText: 'WhoAmI' });
    await tabs.nth(1).waitFor();
    expect(await tabs.nth(1).getAttribute('aria-selected')).toBe('true');
  });
});
